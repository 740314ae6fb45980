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
_TEXTS = frozenset({"picture", "video", "verdict", "expression", "problem"})
_COUNTS = frozenset({"face", "frame", "track"})
_EXACT = frozenset({"time"})


def write_table(path: Path, records: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Write records as one Parquet file, atomically; a column that a record lacks is null there.

    Texts are dictionary-encoded strings, counts int32, times float64 seconds, all else float32.
    """
    arrow, parquet = load("pyarrow"), load("pyarrow.parquet")

    def kind(column: str) -> Any:
        if column in _TEXTS:
            return arrow.string()
        if column in _COUNTS:
            return arrow.int32()
        return arrow.float64() if column in _EXACT else arrow.float32()

    schema = arrow.schema([(column, kind(column)) for column in columns])
    table = arrow.Table.from_pylist(records, schema=schema)
    write_atomically(path, lambda draft: parquet.write_table(table, draft, compression="zstd"))


class ParquetSink:
    """A folder of Parquet files: one row a face and frame, a row with nulls for a frame without a face."""

    def __init__(self, folder: Path, columns: tuple[str, ...] = VIDEO_COLUMNS) -> None:
        load("pyarrow")
        self._folder, self._columns = folder, columns
        self._rows: list[dict[str, Any]] = []
        self._parts = 0

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        self._rows += rows(frame)
        if len(self._rows) >= PART:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._rows or not self._parts:
            self._flush()

    def _flush(self) -> None:
        write_table(self._folder / f"part-{self._parts:05d}.parquet", self._rows, self._columns)
        self._parts += 1
        self._rows = []
