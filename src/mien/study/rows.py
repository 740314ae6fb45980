"""Read the rows that `mien predict` writes of videos, CSV files and Parquet, as clips."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from mien.errors import DataError
from mien.names import abridged, natural
from mien.recognition.extra import load
from mien.study.clips import Clip, Sight, clock

SUFFIXES = (".csv", ".parquet")
RAW = "raw_"
"""Before a class's name: the probability before smoothing. What has such a twin is a class."""
_TEXTS = ("video", "verdict", "expression")
_WHOLE = ("frame", "track")
_NEEDED = ("video", "time", "frame", "track", "left", "top", "right", "bottom", "verdict")
_KNOWN = "known"


@dataclass(frozen=True)
class Rows:
    """All clips of a study, and the classes of their rows in the rows' order."""

    clips: list[Clip]
    classes: tuple[str, ...]


def read_rows(
    places: Iterable[Path], longest_gap: float | None = None, say: Callable[[str], object] = lambda line: None
) -> Rows:
    """Read the rows of many clips.

    Args:
        places: CSV and Parquet files, and folders that hold them at any depth.
        longest_gap: As for `clips.clock`.
        say: Is told, a line each, of files that are passed over.

    Returns:
        The clips, in the order of their names.

    Raises:
        DataError: There are no rows, they are damaged, of different class lists, or tell of a clip twice.
    """
    tables: dict[Path, Any] = {}
    for file in _files(places):
        table = _read(file)
        if not _is_of_video(table.column_names):
            say(f"{file}: passed over: {_otherwise(table.column_names)}")
        elif not table.num_rows:
            say(f"{file}: passed over: no rows in it")
        else:
            tables[file] = table
    if not tables:
        given = ", ".join(map(str, places)) or "nothing"
        raise DataError(f"no rows of videos in {abridged(given)}; mien predict CLIPS --csv rows/NAME.csv writes them")
    classes = _classes(tables)
    parts = _by_clip(tables)
    names = short_names(parts)
    clips = [
        _clip(source, names[source], *parts[source], classes, longest_gap) for source in sorted(parts, key=natural)
    ]
    return Rows(clips, classes)


def short_names(sources: Iterable[str]) -> dict[str, str]:
    """For each clip the end of its path that no other has: the file's name, or with folders before it.

    Args:
        sources: The clips' paths or addresses.

    Returns:
        The short names by the long ones.
    """
    sources = list(sources)
    names = {}
    for source in sources:
        parts = PurePath(source).parts if "://" not in source else (source,)
        for count in range(1, len(parts) + 1):
            ending = parts[-count:]
            if sum(PurePath(other).parts[-count:] == ending for other in sources) == 1:
                names[source] = str(PurePath(*ending)) if "://" not in source else source
                break
        else:
            names[source] = source
    return names


def _files(places: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
            inside = [
                path for path in inside if not any(part.startswith(".") for part in path.relative_to(place).parts)
            ]
            found += inside
        elif place.is_file() and place.suffix.lower() in SUFFIXES:
            found.append(place)
        elif place.exists():
            raise DataError(f"{place}: rows are read from .csv and .parquet files, as mien predict writes them")
        else:
            raise DataError(f"{place}: no such file or folder")
    return list(dict.fromkeys(path.resolve() for path in found))


def _read(file: Path) -> Any:
    arrow = load("pyarrow")
    try:
        if file.suffix.lower() == ".parquet":
            return load("pyarrow.parquet").read_table(file, partitioning=None)
        reading = load("pyarrow.csv")
        with file.open("rb") as opened:
            header = next(csv.reader([opened.readline().decode("utf-8-sig")]), [])
        kinds = {name: arrow.string() if name in _TEXTS else arrow.float64() for name in header}
        if not _is_of_video(header):
            return arrow.table({name: arrow.array([], arrow.string()) for name in dict.fromkeys(header)})
        convert = reading.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""])
        parse = reading.ParseOptions(newlines_in_values=True)
        return reading.read_csv(file, convert_options=convert, parse_options=parse)
    except (arrow.ArrowInvalid, arrow.ArrowKeyError, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read as rows ({abridged(' '.join(str(error).split()), 120)})") from error


def _is_of_video(columns: Iterable[str]) -> bool:
    return set(_NEEDED) <= set(columns)


def _otherwise(columns: list[str]) -> str:
    if "picture" in columns:
        return "rows of pictures; a study is of videos"
    return f"not the rows of mien predict ({', '.join(name for name in _NEEDED if name not in columns)} missing)"


def _classes(tables: dict[Path, Any]) -> tuple[str, ...]:
    found: dict[tuple[str, ...], Path] = {}
    for file, table in tables.items():
        there = set(table.column_names)
        classes = tuple(name for name in table.column_names if RAW + name in there)
        if len(classes) < 2:
            raise DataError(f"{file}: no columns of probabilities; write the rows anew with mien predict")
        found.setdefault(classes, file)
    if len(found) > 1:
        told = "; ".join(f"{file.name}: {', '.join(classes)}" for classes, file in list(found.items())[:2])
        raise DataError(f"rows of different classes: {abridged(told, 160)}; study each list of classes by itself")
    return next(iter(found))


def _by_clip(tables: dict[Path, Any]) -> dict[str, tuple[Path, Any]]:
    """Each clip's rows. The parts of one Parquet folder belong together; elsewhere a clip stands in one file."""
    arrow, compute = load("pyarrow"), load("pyarrow.compute")
    parts: dict[str, list[tuple[Path, Any]]] = {}
    for file, table in tables.items():
        if table["video"].null_count:
            raise DataError(f"{file}: a row without a video's name")
        for source in compute.unique(table["video"]).to_pylist():
            parts.setdefault(source, []).append((file, table.filter(compute.equal(table["video"], source))))
    joined = {}
    for source, found in parts.items():
        homes = {file.parent if file.suffix.lower() == ".parquet" else file for file, _ in found}
        if len(homes) > 1:
            raise DataError(
                f"{source} is in {found[0][0].name} and in {found[1][0].name}; give the rows of each clip once"
            )
        joined[source] = found[0][0], arrow.concat_tables([table for _, table in found], promote_options="default")
    return joined


def _clip(source: str, name: str, file: Path, table: Any, classes: tuple[str, ...], longest_gap: float | None) -> Clip:
    def column(called: str) -> np.ndarray:
        return np.asarray(table[called].to_numpy(zero_copy_only=False), np.float64)

    def wrong(what: str) -> DataError:
        return DataError(f"{file}: {source}: {what}")

    times, numbers, tracks = column("time"), column("frame"), column("track")
    if not (np.isfinite(times).all() and np.isfinite(numbers).all()):
        raise wrong("a row without a time or frame")
    _, first, places = np.unique(numbers, return_index=True, return_inverse=True)
    if (np.diff(times[first]) <= 0).any() or not np.array_equal(times[first][places], times):
        raise wrong("its times do not rise from frame to frame; are these rows of two runs?")
    probabilities = np.stack([column(one) for one in classes], 1)
    told = probabilities[np.isfinite(probabilities)]
    if told.size and (told.min() < -1e-6 or told.max() > 1 + 1e-3):
        raise wrong("a probability outside 0 to 1")
    left, top, right, bottom = (column(side) for side in ("left", "top", "right", "bottom"))
    centres, areas = np.stack([left + right, top + bottom], 1) / 2, (right - left) * (bottom - top)
    strange = np.array([verdict not in (None, "", _KNOWN) for verdict in table["verdict"].to_pylist()])
    found = {}
    for track in np.unique(tracks[np.isfinite(tracks)]):
        rows = np.flatnonzero(tracks == track)
        rows = rows[np.argsort(places[rows], kind="stable")]
        if len(np.unique(places[rows])) < len(rows):
            raise wrong(f"face {int(track)} twice in a frame; are these rows of two runs?")
        found[int(track)] = _sight(places[rows], probabilities[rows], strange[rows], centres[rows], areas[rows])
    made = clock(times[first], numbers[first], longest_gap)
    return Clip(source, name, times[first], made.seconds, made.parted, made.gap, found)


def _sight(frames: np.ndarray, probabilities: np.ndarray, *rest: np.ndarray) -> Sight:
    told = np.isfinite(probabilities).all(1)
    shown = np.where(told, np.where(told[:, None], probabilities, 0).argmax(1), -1)
    return Sight(frames, probabilities, shown, *rest)
