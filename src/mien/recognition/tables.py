"""Rows as Parquet: a folder of parts, each complete in itself, so that an end at any moment leaves a table to read.

`pandas.read_parquet(folder)`, DuckDB, Spark and Arrow read such a folder as one table. Needs the extra `video`.
"""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.sinks import VIDEO_COLUMNS, rows
from mien.storage import write_atomically

PART = 50_000
"""Rows a part: some 5 MB, a few minutes of video."""
CHUNK = 1_000
"""Rows that wait as Python's objects, which take thirty times the memory of Arrow's."""
_TEXTS = frozenset({"picture", "video", "verdict", "expression", "problem"})
_COUNTS = frozenset({"face", "frame", "track"})
_EXACT = frozenset({"time"})


def as_table(records: list[dict[str, Any]], columns: tuple[str, ...]) -> Any:
    """An Arrow table of records; a column that a record lacks is null there.

    Texts are strings, counts int32, times float64 seconds, all else float32.
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
    """Write an Arrow table as one Parquet file, atomically."""
    parquet = load("pyarrow.parquet")
    write_atomically(path, lambda draft: parquet.write_table(table, draft, compression="zstd"))


class ParquetSink:
    """A folder of Parquet files: one row a face and frame, a row with nulls for a frame without a face."""

    def __init__(self, folder: Path, columns: tuple[str, ...] = VIDEO_COLUMNS) -> None:
        self._arrow = load("pyarrow")
        self._folder, self._columns = folder, columns
        self._records: list[dict[str, Any]] = []
        self._chunks: list[Any] = []
        self._parts = 0

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        self._records += rows(frame)
        if len(self._records) >= CHUNK:
            self._close_chunk()
        if len(self._chunks) * CHUNK >= PART:
            self._close_part()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_chunk()
        if len(self._chunks[0]) or not self._parts:
            self._close_part()

    def _close_chunk(self) -> None:
        self._chunks.append(as_table(self._records, self._columns))
        self._records = []

    def _close_part(self) -> None:
        write_table(self._folder / f"part-{self._parts:05d}.parquet", self._arrow.concat_tables(self._chunks))
        self._parts += 1
        self._chunks = []
