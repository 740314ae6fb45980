"""Write files so that a reader, or the next start after a kill or a full disk, never finds half of one."""

import csv
import errno
import io
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mien.errors import MienError, StorageError
from mien.names import draft_name

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def refused(what: object, error: OSError | RuntimeError) -> StorageError:
    """The error that says why something cannot be written, and what to do.

    Args:
        what: Its name.
        error: What the system or a library raised.

    Returns:
        The error, which is not raised here.
    """
    # torch's and safetensors' own writers report a full disk as a RuntimeError
    full = not isinstance(error, OSError) or error.errno in _FULL
    remedy = "free some space or choose another place" if full else "choose another place"
    return StorageError(f"cannot write {what}: {getattr(error, 'strerror', None) or error}; {remedy}")


def check_suffix(path: Path | None, *suffixes: str, what: str) -> None:
    """Refuse a name under which a file would be something else than it says.

    Args:
        path: Where the file is to be written, None for one that was not asked for.
        suffixes: The endings that promise what is written, such as ".onnx", as other programs look for them.
        what: What is written, such as "an ONNX model".

    Raises:
        MienError: For another ending or none.
    """
    if path is not None and path.suffix.lower() not in suffixes:
        raise MienError(f"cannot write {path}: {what} is written; give a name that ends in {' or '.join(suffixes)}")


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    Where `path` is a link, the file that it leads to is written.

    Args:
        path: Where the file goes; its folder is made.
        write: Is called with the temporary file's path.

    Raises:
        StorageError: The disk refuses; whatever stood at `path` before is then untouched.
    """
    place = _place(path)
    draft = draft_beside(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(place)
    except (OSError, RuntimeError) as error:
        raise refused(path, error) from error
    finally:
        with suppress(OSError):  # gone into its place, or never made
            draft.unlink()


def csv_text(columns: Iterable[str], records: Iterable[Mapping[str, Any]], head: bool = True) -> str:
    """Lines of CSV, one a record.

    Args:
        columns: The fields, in order.
        records: Values by column; what one lacks is an empty field.
        head: Whether the columns' names come first.

    Returns:
        Lines that end in a line feed.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    if head:
        writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def draft_beside(path: Path, ending: str = ".draft") -> Path:
    """The temporary file that becomes `path`.

    Args:
        path: Of the file.
        ending: Of the draft's name.

    Returns:
        In the same folder.
    """
    return path.with_name(draft_name(path.name, ending))


def check_file(path: Path) -> None:
    """Make sure that a file can be written at `path`, before the work that fills it.

    Args:
        path: It is left as it is.

    Raises:
        StorageError: Something that is no file stands there, or the disk takes no file of that name.
    """
    place = _place(path)
    if place.is_file() and not os.access(place, os.W_OK):
        raise refused(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    _try_to_write(path, place.parent, draft_beside(place).name)


def check_folder(folder: Path) -> None:
    """Make sure that files can be written into `folder`, which need not be there yet.

    Args:
        folder: It is left as it is.

    Raises:
        StorageError: A file stands there, or the disk takes no files there.
    """
    try:
        other = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise refused(folder, error) from error
    if other:
        raise StorageError(f"cannot write into {folder}: a file, not a folder; choose another place")
    _try_to_write(folder, folder, draft_name("mien"))


def _place(path: Path) -> Path:
    """Where a file named `path` is written: where a link leads.

    Raises StorageError where something that is no file stands there: a rename would put a file in its place.
    """
    try:
        place = Path(os.path.realpath(path)) if path.is_symlink() else path
        mode = place.stat().st_mode
    except FileNotFoundError:
        return place
    except (OSError, ValueError) as error:
        raise refused(path, error if isinstance(error, OSError) else OSError(str(error))) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a file"
        raise StorageError(f"cannot write {path}: {kind}; give a file's name")
    return place


def _try_to_write(what: Path, folder: Path, name: str) -> None:
    """Write a few bytes into the folder, or into the one that it will be made in; nothing is left of them."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    trial = folder / name
    try:
        with trial.open("xb") as file:
            file.write(b"mien")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:  # this very process writes there
        return
    except OSError as error:
        with suppress(OSError):
            trial.unlink()
        raise refused(what, error) from error
    trial.unlink()


class GrowingFile:
    """A text file that grows piece by piece under a temporary name and gets its own name when it is closed.

    It is whole at every moment: after the last whole piece stands the ending, also where the disk was full in the
    middle of the next.

    Args:
        path: Where it goes.
        ending: Stands after the last piece.

    Raises:
        StorageError: The disk refuses.
    """

    def __init__(self, path: Path, ending: str = "") -> None:
        self.path = path
        self._place = _place(path)
        self._draft = draft_beside(self._place)
        self._ending = ending.encode()
        self._size = 0
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._draft.open("wb", buffering=0)
            self._write(self._ending)
        except OSError as error:
            raise refused(self.path, error) from error

    def add(self, piece: str) -> None:
        """Put a piece before the ending.

        Args:
            piece: UTF-8 text.

        Raises:
            StorageError: The disk refuses.
        """
        data = piece.encode()
        try:
            self._write(data + self._ending)
        except OSError as error:
            with suppress(OSError):  # of a disk that is gone
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
            self._draft.replace(self._place)
        except OSError as error:
            raise refused(self.path, error) from error


def write_folder(folder: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write into a temporary folder beside `folder`, and give it that name.

    Args:
        folder: May exist only if empty.
        fill: Is called with the temporary folder's path.

    Raises:
        StorageError: The disk refuses. On any failure nothing is left.
    """
    draft = draft_beside(folder)
    try:
        draft.mkdir(parents=True)
        fill(draft)
        draft.replace(folder)
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, the same bytes on every system, atomically.

    Args:
        path: Where it goes.
        text: What is written.

    Raises:
        StorageError: The disk refuses.
    """
    write_atomically(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON, atomically.

    Args:
        path: Where it goes.
        value: Plain numbers, texts, lists and dicts.

    Raises:
        StorageError: The disk refuses.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
