"""Find the pictures and videos among files and folders, and say what else there is."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import PictureError
from mien.recognition.file_types import MOVING, PICTURE_SUFFIXES, VIDEO_SUFFIXES, FileType, likely_file_type
from mien.recognition.pictures import name_of

_SYSTEM = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "Thumbs.db", "desktop.ini"})
"""What systems leave in folders beside names that begin with a dot."""

Say = Callable[[str], object]


@dataclass
class MediaFiles:
    """The pictures and the videos, in order, each once.

    Attributes:
        pictures: Paths of pictures, and of what is no video.
        videos: Paths of videos, animations and playlists.
    """

    pictures: list[Path] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)


def find_pictures(paths: Iterable[Path], say: Say = lambda passed_over: None) -> list[Path]:
    """Find pictures: the files among `paths`, and the pictures in the folders among them, at any depth.

    Args:
        paths: Files and folders. A file stands for itself, whatever it is, as does a folder that may not be read, so
            that reading it says why. In folders, content decides what a picture is; hidden files are passed over.
        say: Gets a line about what was passed over in the folders, where there is anything.

    Returns:
        Each picture once, in order.

    Raises:
        PictureError: A folder holds no picture.
    """
    return _find(paths, say, videos=False).pictures


def find_media(paths: Iterable[Path], say: Say = lambda passed_over: None) -> MediaFiles:
    """Find pictures and videos as `find_pictures` does; a file is what its content is, and else counts as a picture.

    What macOS noted about files (`._party.jpg`) is passed over where anything else is there.

    Args:
        paths: Files, and folders that are searched with all that is below them.
        say: Is told in one line what was passed over.

    Returns:
        Both kinds, each in order.

    Raises:
        PictureError: A folder holds neither.
    """
    found = _find(paths, say, videos=True)
    notes = [path for path in found.pictures if likely_file_type(path) is FileType.NOTES]
    if notes and len(notes) < len(found.pictures) + len(found.videos):
        say(f"{_counted(len(notes), 'file')} of macOS's notes passed over ({_names(path.name for path in notes)})")
        found.pictures = [path for path in found.pictures if path not in set(notes)]
    return found


def _find(paths: Iterable[Path], say: Say, videos: bool) -> MediaFiles:
    """The pictures, and where `videos` is set the videos too."""
    found: dict[bool, dict[Path, None]] = {False: {}, True: {}}  # by whether they move, in order
    others: Counter[str] = Counter()
    hidden: list[str] = []
    for path in paths:
        if not _is_folder(path):
            found[videos and _plays(path)][path] = None
            continue
        inside, beside = _look_into(path, hidden)
        for file, moves in inside:
            if videos or not moves:
                found[moves][file] = None
            else:
                beside[_suffix(file)] += 1
        if not any(videos or not moves for _, moves in inside):
            only = f", only other files ({_kinds(beside)})" if beside else ""
            raise PictureError(f"{name_of(path)}: no pictures{' or videos' * videos} in this folder{only}")
        others += beside
    if others:
        say(f"{_counted(others.total(), 'other file')} passed over ({_kinds(others)})")
    if hidden:
        say(f"{_counted(len(hidden), 'hidden file')} passed over ({_names(hidden)})")
    return MediaFiles(list(found[False]), list(found[True]))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # the folder that it lies in may not be entered, or this is no name
        return False


def _look_into(folder: Path, hidden: list[str]) -> tuple[list[tuple[Path, bool]], Counter[str]]:
    """The pictures and videos in a folder, sorted, each with whether it moves; and how many others of each suffix.

    Hidden files that are called as pictures or videos are added to `hidden`.
    """
    found: list[tuple[Path, bool]] = []
    others: Counter[str] = Counter()
    for file in _files(folder, found):
        parts = file.relative_to(folder).parts
        if any(part.startswith(".") or part in _SYSTEM for part in parts):
            if file.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES:
                hidden.append(file.name)
            continue
        kind = likely_file_type(file)
        if kind is FileType.PICTURE or kind in MOVING:
            found.append((file, kind in MOVING))
        else:
            others[_suffix(file)] += 1
    return sorted(found), others


def _files(folder: Path, found: list[tuple[Path, bool]]) -> Iterator[Path]:
    """The files of a folder; folders in it that may not be read are entered into `found`."""
    for place, _, names in os.walk(folder, onerror=lambda error: found.append((Path(error.filename), False))):
        yield from (Path(place, name) for name in names)


def _plays(path: Path) -> bool:
    """Whether a file that was named is a video, or should have been one, so that reading it says what is wrong."""
    try:
        kind = likely_file_type(path)
        return _holds_video(path) if kind is FileType.OTHER else kind in MOVING | {FileType.HLS, FileType.PLAYLIST}
    except ValueError:  # no name of a file
        return False


def _holds_video(path: Path) -> bool:
    from mien.recognition.video.reading import holds_video  # it takes a while, and hardly any file needs it

    return holds_video(path)


def _suffix(file: Path) -> str:
    return file.suffix.lower() or "no suffix"


def _kinds(suffixes: Counter[str]) -> str:
    """The most frequent first."""
    return _names(sorted(suffixes, key=lambda suffix: (-suffixes[suffix], suffix)))


def _names(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(name_of(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
