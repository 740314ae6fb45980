"""Rows as Parquet: a folder of parts, each complete in itself, so that an end at any moment leaves a table to read.

`pandas.read_parquet(folder)`, DuckDB, Spark and Arrow read such a folder as one table. Needs the extra `video`.
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from mien.errors import MienError
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.sinks import VIDEO_COLUMNS, rows
from mien.storage import draft_beside, refused, write_atomically

PART = 50_000
"""Rows a part: some 5 MB, a few minutes of video."""
CHUNK = 1_000
"""Rows that wait as Python's objects, which take thirty times the memory of Arrow's."""
_OURS = re.compile(r"part-\d{5}\.parquet|\.part-.*|\.DS_Store")
"""What a folder of an earlier run holds: the parts, and what a kill or a reader left beside them."""
_TEXTS = frozenset({"picture", "video", "verdict", "expression", "problem"})
_COUNTS = frozenset({"face", "frame", "track"})
_EXACT = frozenset({"time"})


def as_table(records: list[dict[str, Any]], columns: tuple[str, ...]) -> Any:
    """Put records into an Arrow table.

    Texts are strings, counts int32, times float64 seconds, all else float32.

    Args:
        records: As `sinks.rows` makes them.
        columns: The table's; one that a record lacks is null there.

    Returns:
        A `pyarrow.Table` with a row a record.

    Raises:
        MissingExtraError: PyArrow is not installed.
    """
    arrow = load("pyarrow")

    def kind(column: str) -> Any:
        if column in _TEXTS:
            return arrow.string()
        if column in _COUNTS:
            return arrow.int32()
        return arrow.float64() if column in _EXACT else arrow.float32()

    schema = arrow.schema([(column, kind(column)) for column in columns])
    return arrow.Table.from_pylist(records, schema=schema)


def write_table(path: Path, table: Any) -> None:
    """Write an Arrow table as one Parquet file, atomically.

    Args:
        path: Where it goes.
        table: A `pyarrow.Table`.

    Raises:
        StorageError: The disk refuses.
    """
    parquet = load("pyarrow.parquet")
    write_atomically(path, lambda draft: parquet.write_table(table, draft, compression="zstd"))


class ParquetSink:
    """A folder of Parquet files: one row a face and frame, a row with nulls for a frame without a face.

    Rows of an earlier run in the folder give way, all at once, to the first part that is written.

    Args:
        folder: Made where it is missing.
        columns: The tables'.

    Raises:
        MienError: The folder holds anything else.
    """

    def __init__(self, folder: Path, columns: tuple[str, ...] = VIDEO_COLUMNS) -> None:
        self._arrow = load("pyarrow")
        load("pyarrow.parquet")
        self._folder, self._columns = Path(os.path.realpath(folder)), columns
        if not all(map(_OURS.fullmatch, _names(self._folder))):
            raise MienError(f"{folder} holds more than the rows of an earlier run; choose another folder")
        self._records: list[dict[str, Any]] = []
        self._chunks: list[Any] = []
        self._parts = 0

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        """Take the rows of a frame; full parts are written at once.

        Args:
            frame: A picture or one frame of a video.

        Raises:
            StorageError: The disk refuses.
        """
        self._records += rows(frame)
        if len(self._records) >= CHUNK:
            self._close_chunk()
        if len(self._chunks) * CHUNK >= PART:
            self._close_part()

    def __exit__(self, *raised: object) -> None:
        self._close_chunk()
        if len(self._chunks[0]) or not self._parts:
            self._close_part()

    def _close_chunk(self) -> None:
        self._chunks.append(as_table(self._records, self._columns))
        self._records = []

    def _close_part(self) -> None:
        table = self._arrow.concat_tables(self._chunks)
        if self._parts == 0 and _names(self._folder):
            self._replace(table)
        else:
            write_table(self._folder / _part(self._parts), table)
        self._parts += 1
        self._chunks = []

    def _replace(self, first: Any) -> None:
        """Put a folder with the first part in the earlier run's place."""
        new, old = draft_beside(self._folder), draft_beside(self._folder, ".old")
        try:
            write_table(new / _part(0), first)
            self._folder.replace(old)
            new.replace(self._folder)
        except OSError as error:
            with suppress(OSError):
                old.replace(self._folder)
            raise refused(self._folder, error) from error
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _part(number: int) -> str:
    return f"part-{number:05d}.parquet"


def _names(folder: Path) -> list[str]:
    """What lies in a folder; nothing where there is none."""
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise refused(folder, error) from error
