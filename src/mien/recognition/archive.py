"""Read archives of pictures: many processes, one Parquet part a shard, and what is done is not done again.

The pictures, in order, are dealt into shards. A shard is read as a whole by one process, always in the same batches, so
that its rows are the same to the last digit whoever reads it and however often the work was interrupted. The processes
hand their rows to this one, which alone writes.

Done is a picture whose file is the one that was read: the same path once links and folders are resolved, the same size
and time of change, which each part notes in its schema's metadata. What could not be read is tried again. New rows of a
picture that was changed take the old ones' place in the same part, in one step.
"""

import hashlib
import json
import math
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from mien.errors import MienError, PictureError
from mien.expressions import NAMES
from mien.names import as_text
from mien.provenance import file_hash
from mien.recognition.extra import load
from mien.recognition.faces import NO_PIXELS, Frame
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import picture_columns, rows
from mien.recognition.tables import as_table, write_table
from mien.recognition.verdicts import Gating
from mien.storage import write_json

SHARD = 512
"""Pictures a shard at most: some ten seconds of one core's work, which is what a kill costs at most."""
SHARDS = 256
"""Into so many shards pictures are dealt at least, where there are enough: at the end no process waits long for one."""
BATCH = 8
"""Pictures whose faces the model reads in one call; all shards but the last are of whole batches."""
ABOUT = "_mien.json"
"""Beside the parts: the model that made them. Readers of Parquet pass over names that begin with an underscore."""
NOTE = b"mien.pictures"
"""In a part's schema: the stamp of each picture's file, as JSON."""
MISSING, CHANGED = -1, -2
"""In the place of a size: there is no such file; it is another one than was read."""

Records = list[dict[str, Any]]
Shard = list[str]


class Stamp(NamedTuple):
    """A picture's file as it was before it was read: its resolved path, its size in bytes and time of change in ns."""

    path: str
    size: int
    changed: int


@dataclass
class Plan:
    """What an archive says of the pictures it is asked for.

    Attributes:
        shards: What is left to do.
        done: How many pictures are done.
        twice: How many were given by a second name; they are read once.
        gone: How many have rows and are no longer where they were.
        undated: How many were judged done by their part's age, as parts of the first version note no stamps.
    """

    shards: list[Shard]
    done: int = 0
    twice: int = 0
    gone: int = 0
    undated: int = 0


class Archive:
    """A folder of results that can be gone on with.

    Args:
        folder: Made where it is missing.
        model: The model file; its hash is noted in the folder.
        gate: What becomes of strange faces.

    Raises:
        MienError: The folder holds results of another model or gate, or other files.
    """

    def __init__(self, folder: Path, model: Path, gate: Gating = Gating.WARN, classes: tuple[str, ...] = NAMES) -> None:
        self.folder = folder
        self._columns = (*picture_columns(classes), "problem")
        self._homes: dict[str, _Home] = {}
        self._stamps: dict[str, Stamp] = {}
        about = {"model": model.stem, "model_hash": file_hash(model), "gate": gate}
        path = folder / ABOUT
        if path.is_file():
            if _read_about(path) != about:
                raise MienError(f"{folder} holds the results of another model or gate; choose another folder")
        elif folder.is_dir() and any(folder.iterdir()):
            raise MienError(f"{folder} is not empty and was not made by this command; choose another folder")
        else:
            write_json(path, about)
        for draft in folder.glob(".part-*.draft"):  # of a process that was killed
            draft.unlink()

    def shards(self, pictures: Iterable[Path]) -> list[Shard]:
        """What is left to do of the pictures.

        Args:
            pictures: All that the archive is to hold.

        Returns:
            The pictures without rows, in groups of at most `SHARD`.

        Raises:
            MienError: A part cannot be read.
        """
        return self.plan(pictures).shards

    def plan(self, pictures: Iterable[Path]) -> Plan:
        """What is done of the pictures and what is left.

        Rows that stand twice, as the first version wrote where a folder was given by two paths, are left out of the
        later part.

        Args:
            pictures: All that the archive is to hold.

        Returns:
            The groups that are left to do, and counts of the rest.

        Raises:
            MienError: A part cannot be read.
        """
        given = [str(picture) for picture in pictures]
        folders: dict[str, str] = {}
        stamps = {picture: stamp(picture, folders) for picture in given}
        dealt = list({stamps[picture].path: picture for picture in reversed(given)}.values())[::-1]
        plan = Plan([], twice=len(given) - len(dealt))
        done = self._find_done({stamps[picture].path: stamps[picture] for picture in dealt}, plan)
        size = shard_size(len(dealt))
        parts = [dealt[start : start + size] for start in range(0, len(dealt), size)]
        left = [[picture for picture in part if stamps[picture].path not in done] for part in parts]
        plan.shards, plan.done = [part for part in left if part], len(done)
        self._stamps = {picture: stamps[picture] for part in left for picture in part}
        return plan

    def store(self, shard: Shard, records: Records) -> None:
        """Keep a shard's rows; from now on it is done.

        Args:
            shard: Pictures, as `shards` gave them.
            records: Their rows, as `read_shard` makes them.

        Raises:
            StorageError: The disk refuses.
        """
        noted = {picture: self._stamps.get(picture) or stamp(picture) for picture in shard}
        groups: dict[Path, dict[str, str]] = {}
        for picture in shard:
            home = self._homes.get(noted[picture].path)
            part, name = (home.part, home.name) if home else (self._new_part(noted.values()), as_text(picture))
            groups.setdefault(part, {})[picture] = name
        by_name: dict[str, Records] = {}
        for record in records:
            by_name.setdefault(record["picture"], []).append(record)
        for part, names in groups.items():
            rows = [row | {"picture": name} for picture, name in names.items() for row in by_name[as_text(picture)]]
            self._write(part, rows, {name: noted[picture] for picture, name in names.items()})

    def _new_part(self, stamps: Iterable[Stamp]) -> Path:
        name = hashlib.sha256("\n".join(stamp.path for stamp in stamps).encode()).hexdigest()
        return self.folder / f"part-{name[:16]}.parquet"

    def _find_done(self, wanted: dict[str, Stamp], plan: Plan) -> set[str]:
        """The paths that are done; those whose rows are to be replaced are noted in `_homes`."""
        done: set[str] = set()
        self._homes = {}
        for part in sorted(self.folder.glob("part-*.parquet")):
            repeated = []
            for row in _rows_of(part):
                if row.path in done or row.path in self._homes:
                    repeated.append(row.name)
                    continue
                now = wanted.get(row.path)
                if now is None or (now.size == MISSING and not row.problem):
                    plan.gone += not os.path.lexists(row.path)
                    done.update([] if now is None else [row.path])
                elif row.is_done(now):
                    done.add(row.path)
                    plan.undated += row.stamp is None
                else:
                    self._homes[row.path] = _Home(part, row.name)
            if repeated:
                self._write(part, [], dict.fromkeys(repeated))
        return done

    def _write(self, part: Path, records: Records, stamps: Mapping[str, Stamp | None]) -> None:
        """Put rows into a part in the place of those of the pictures named in `stamps`; None leaves a picture out."""
        arrow, parquet = load("pyarrow"), load("pyarrow.parquet")
        compute = load("pyarrow.compute")
        made, noted = as_table(records, self._columns), dict[str, Stamp]()
        if part.is_file():
            before = parquet.read_table(part)
            noted = {row.name: row.stamp or row.stamp_by_age() for row in _rows_of(part)}
            others = compute.invert(compute.is_in(before["picture"], arrow.array(list(stamps), arrow.string())))
            made = arrow.concat_tables([before.filter(others), made], promote_options="default")
        noted = {name: stamp for name, stamp in (noted | dict(stamps)).items() if stamp is not None}
        if not len(made):
            return part.unlink()
        kept = {name: list(stamp) for name, stamp in noted.items()}
        write_table(part, made.replace_schema_metadata({NOTE: json.dumps(kept)}))


class _Home(NamedTuple):
    """Where a picture's old rows stand, and the name that they give it."""

    part: Path
    name: str


class _Row(NamedTuple):
    """A picture of a part."""

    name: str
    path: str
    stamp: Stamp | None
    problem: bool
    written: int

    def is_done(self, now: Stamp) -> bool:
        if self.problem:
            return False
        return (self.stamp or self.stamp_by_age()) == now

    def stamp_by_age(self) -> Stamp:
        """Where no stamp was noted, a picture older than its part is the one that was read."""
        now = stamp(self.name)
        return now if now.changed <= self.written else now._replace(size=CHANGED)


def stamp(picture: str, folders: dict[str, str] | None = None) -> Stamp:
    """A picture's file as it is now.

    Args:
        picture: A path.
        folders: Resolved folders by their names, filled as they are met, so that each is resolved once.

    Returns:
        The stamp; the size of a file that is not there is `MISSING`.
    """
    folder, name = os.path.split(picture)
    resolved = {} if folders is None else folders
    if folder not in resolved:
        resolved[folder] = os.path.realpath(folder)
    path = os.path.join(resolved[folder], name)  # noqa: PTH118 - for a million pictures a Path takes too long
    if name in ("", os.curdir, os.pardir) or os.path.islink(path):  # noqa: PTH114
        path = os.path.realpath(path)
    try:
        there = os.stat(path)  # noqa: PTH116
    except OSError:
        return Stamp(as_text(path), MISSING, 0)
    return Stamp(as_text(path), there.st_size, there.st_mtime_ns)


def _rows_of(part: Path) -> Iterator[_Row]:
    """The pictures of a part. Raises MienError where it cannot be read."""
    arrow, parquet = load("pyarrow"), load("pyarrow.parquet")
    try:
        table = parquet.read_table(part, columns=["picture", "problem"])
        stamps = _stamps_in(table.schema)
    except (OSError, ValueError, KeyError, arrow.ArrowException) as error:
        raise MienError(f"{part}: damaged; remove it, and its pictures are read again") from error
    written = part.stat().st_mtime_ns
    problems = dict(zip(table["picture"].to_pylist(), table["problem"].to_pylist(), strict=True))
    folders: dict[str, str] = {}
    for name, problem in problems.items():
        noted = stamps.get(name)
        path = stamp(name, folders).path if noted is None else noted.path
        yield _Row(name, path, noted, problem is not None, written)


def _stamps_in(schema: Any) -> dict[str, Stamp]:
    noted = json.loads((schema.metadata or {}).get(NOTE, b"{}"))
    return {name: Stamp(*values) for name, values in noted.items()}


def _read_about(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MienError(f"{path}: damaged; choose another folder") from error


def shard_size(pictures: int) -> int:
    """How many pictures belong to one shard.

    Args:
        pictures: All of them.

    Returns:
        At least 1.
    """
    return min(BATCH * max(math.ceil(pictures / (BATCH * SHARDS)), 1), SHARD)


def read_shard(recognizer: Recognizer, shard: Shard, stop: Callable[[], bool] = lambda: False) -> Records | None:
    """The rows of a shard's pictures, in order.

    A picture that cannot be read is a row whose `problem` says why.

    Args:
        recognizer: Reads them, `BATCH` faces a call.
        shard: The pictures' paths.
        stop: Is asked before each batch whether to end early.

    Returns:
        One row a face, or one for a picture without a face; None where `stop` ended it.
    """
    records: Records = []
    for start in range(0, len(shard), BATCH):
        if stop():
            return None
        batch = shard[start : start + BATCH]
        problems: dict[str, str] = {}
        faces = iter(list(recognizer.recognize_all(_readable(batch, problems), BATCH)))
        for picture in batch:
            if picture in problems:
                records.append({"picture": as_text(picture), "problem": as_text(problems[picture])})
            else:
                records += rows(Frame(picture, NO_PIXELS, next(faces)))
    return records


def _readable(pictures: list[str], problems: dict[str, str]) -> Iterator[np.ndarray]:
    """The pixels of one picture after another; of those that cannot be read, why."""
    for picture in pictures:
        try:
            yield read_picture(picture)
        except PictureError as error:
            problems[picture] = str(error)


def read_with_workers(shards: list[Shard], model: str, gate: Gating, workers: int) -> Generator[tuple[Shard, Records]]:
    """Read shards in several processes of this machine.

    When the iterator is closed the processes end after the batch they are at.

    Args:
        shards: What is to be read.
        model: A shipped model's name or a model file's path.
        gate: What becomes of strange faces.
        workers: How many processes.

    Yields:
        A shard and its rows, in the order in which they get done.

    Raises:
        MienError: A process dies.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy ONNX Runtime's threads in the middle of work
    stop = context.Event()
    waiting = iter(shards)
    with ProcessPoolExecutor(workers, context, _start_worker, (model, gate, stop)) as pool:
        try:
            running: dict[Future[Records | None], Shard] = {}
            while True:
                # no more than one shard waits for each process: a million pictures' names need not
                while len(running) < 2 * workers and (shard := next(waiting, None)) is not None:
                    running[pool.submit(_work, shard)] = shard
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    records = future.result()
                    if records is not None:
                        yield running.pop(future), records
        except BrokenProcessPool as error:
            raise MienError("a worker was killed, perhaps for want of memory; use fewer --workers") from error
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


_recognizer: Recognizer
_stop: Event


def _start_worker(model: str, gate: Gating, stop: Event) -> None:
    """Load the model once a process; the one that started it says when to stop, and no Ctrl-C does."""
    global _recognizer, _stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warnings.showwarning = cast(Any, _say)
    _recognizer, _stop = Recognizer(model, 1, gate), stop


def _say(warning: Warning | str, *_: Any, **__: Any) -> None:
    """What a picture had to be read as, in one line; where in the program is not the user's business."""
    print(f"mien: {warning}", file=sys.stderr)


def _end_with_parent() -> None:
    """A killed process cannot say when to stop."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(shard: Shard) -> Records | None:
    return read_shard(_recognizer, shard, _stop.is_set)
