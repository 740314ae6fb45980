"""Read archives of pictures: many processes, one Parquet part a shard, and what is done is never done again.

The pictures, in order, are dealt into shards. A shard is read as a whole by one process, always in the same batches, so
that its rows are the same to the last digit whoever reads it and however often the work was interrupted. The processes
hand their rows to this one, which alone writes.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from mien.errors import MienError, PictureError
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.gate import Gating
from mien.recognition.model import file_hash
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import PICTURE_COLUMNS, as_text, rows
from mien.recognition.tables import as_table, write_table
from mien.storage import write_json

COLUMNS = (*PICTURE_COLUMNS, "problem")
SHARD = 512
"""Pictures a shard: some ten seconds of one core's work, which is what a kill costs at most."""
BATCH = 32
"""Pictures whose faces the model reads in one call."""
ABOUT = "_mien.json"
"""Beside the parts: the model that made them. Readers of Parquet pass over names that begin with an underscore."""

NO_PIXELS = np.empty((0, 0, 3), np.uint8)
"""Rows need none, and a batch of large pictures would fill the memory."""

Records = list[dict[str, Any]]
Shard = list[str]


class Archive:
    """A folder of results that can be gone on with.

    Raises MienError where the folder holds results of another model or gate, or other files.
    """

    def __init__(self, folder: Path, model: Path, gate: Gating = Gating.WARN) -> None:
        self.folder = folder
        about = {"model": model.stem, "model_hash": file_hash(model), "gate": gate}
        path = folder / ABOUT
        if path.is_file():
            if json.loads(path.read_text(encoding="utf-8")) != about:
                raise MienError(f"{folder} holds the results of another model or gate; choose another folder")
        elif folder.is_dir() and any(folder.iterdir()):
            raise MienError(f"{folder} is not empty and was not made by this command; choose another folder")
        else:
            write_json(path, about)
        for draft in folder.glob(".part-*.draft"):  # of a process that was killed
            draft.unlink()

    def shards(self, pictures: Iterable[Path]) -> list[Shard]:
        """What is left to do of the pictures."""
        dealt = [str(picture) for picture in pictures]
        done = self._done()
        parts = [dealt[start : start + SHARD] for start in range(0, len(dealt), SHARD)]
        left = [[picture for picture in part if as_text(picture) not in done] for part in parts]
        return [part for part in left if part]

    def store(self, shard: Shard, records: Records) -> None:
        """Keep a shard's rows; from now on it is done. Raises StorageError when the disk refuses."""
        name = hashlib.sha256(as_text("\n".join(shard)).encode()).hexdigest()[:16]
        write_table(self.folder / f"part-{name}.parquet", as_table(records, COLUMNS))

    def _done(self) -> set[str]:
        parquet = load("pyarrow.parquet")
        parts = sorted(self.folder.glob("part-*.parquet"))
        return {picture for part in parts for picture in parquet.read_table(part, columns=["picture"])[0].to_pylist()}


def read_shard(recognizer: Recognizer, shard: Shard, stop: Callable[[], bool] = lambda: False) -> Records | None:
    """The rows of a shard's pictures, in order; None where `stop` said so between two batches.

    A picture that cannot be read is a row whose `problem` says why.
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
    """Each shard with its rows, as they get done, by so many processes of this machine.

    When the iterator is closed the processes end after the batch they are at. Raises MienError where one of them dies.
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
    cv2.setNumThreads(1)
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
