"""Write files so that a reader, or the next start after a kill or a full disk, never finds half of one."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mien.errors import MienError, StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def refused(what: object, error: OSError | RuntimeError) -> StorageError:
    """The line that says why `what` cannot be written, and what to do."""
    # torch's and safetensors' own writers report a full disk as a RuntimeError
    full = not isinstance(error, OSError) or error.errno in _FULL
    remedy = "free some space or choose another place" if full else "choose another place"
    return StorageError(f"cannot write {what}: {getattr(error, 'strerror', None) or error}; {remedy}")


def check_output(path: Path, *suffixes: str, what: str) -> None:
    """Refuse a name under which a file would be something else than it says, before any work begins.

    Args:
        path: Where the file is to be written.
        suffixes: The endings that promise what is written, such as ".onnx", as other programs look for them.
        what: What is written, such as "an ONNX model".

    Raises:
        MienError: For another ending or none.
        StorageError: For a folder that stands there, or a place in which no file can be made.
    """
    if path.suffix.lower() not in suffixes:
        raise MienError(f"cannot write {path}: {what} is written; give a name that ends in {' or '.join(suffixes)}")
    _draft_beside(path)
    place = path.absolute().parent
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise StorageError(f"cannot write {path}: {place} is no folder that can be written to; choose another place")


def check_folder(path: Path) -> None:
    """Refuse, before any work begins, a folder for outputs that is a file. Raises StorageError."""
    if path.exists() and not path.is_dir():
        raise StorageError(f"cannot write into {path}: it is a file; give a folder")


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    Raises StorageError when the disk refuses; whatever stood at `path` before is then untouched.
    """
    draft = _draft_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except (OSError, RuntimeError) as error:
        raise refused(path, error) from error
    finally:
        with suppress(OSError):  # gone into its place, or never made
            draft.unlink()


def _draft_beside(path: Path) -> Path:
    """Raises StorageError where something that is no file stands at `path`: a rename would put a file in its place."""
    try:
        other = path.exists() and not path.is_file()
    except OSError as error:
        raise refused(path, error) from error
    if other:
        raise StorageError(f"cannot write {path}: not a file; give a file's name")
    return path.with_name(f".{path.name}.{os.getpid()}.draft")


class GrowingFile:
    """A text file that grows piece by piece under a temporary name and gets its own name when it is closed.

    It is whole at every moment: after the last whole piece stands the ending, also where the disk was full in the
    middle of the next.
    """

    def __init__(self, path: Path, ending: str = "") -> None:
        self.path = path
        self._draft = _draft_beside(path)
        self._ending = ending.encode()
        self._size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._draft.open("wb", buffering=0)
            self._write(self._ending)
        except OSError as error:
            raise refused(self.path, error) from error

    def add(self, piece: str) -> None:
        """Put a piece of UTF-8 text before the ending. Raises StorageError when the disk refuses."""
        data = piece.encode()
        try:
            self._write(data + self._ending)
        except OSError as error:
            self._write(self._ending)  # in the place that it had before
            self._file.truncate()
            raise refused(self.path, error) from error
        self._size += len(data)

    def _write(self, data: bytes) -> None:
        self._file.seek(self._size)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Give the file its name."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            self._draft.replace(self.path)
        except OSError as error:
            raise refused(self.path, error) from error


def write_folder(folder: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write into a temporary folder beside `folder`, which may exist only if empty, and give it that name.

    Raises StorageError when the disk refuses; on any failure nothing is left.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.draft")
    try:
        draft.mkdir(parents=True)
        fill(draft)
        draft.replace(folder)
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, atomically."""
    write_atomically(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
