"""What `mien predict` was given, sorted by what it holds: pictures, and what plays."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.cli.console import say
from mien.errors import MienError, MienWarning
from mien.names import abridged

_CAMERA = re.compile(r"(?:/dev/video)?(\d{1,2})")
"""How other programs name cameras; here it is webcam:0."""


@dataclass
class Inputs:
    """What was given, sorted.

    Attributes:
        pictures: Picture files.
        videos: Video files, cameras and streams.
    """

    pictures: list[Path] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)


def sort_inputs(texts: list[str]) -> Inputs:
    """Look into folders and into the files' first bytes; what is passed over is said on the error stream.

    Args:
        texts: What was given.

    Returns:
        Pictures and videos, in order.

    Raises:
        MienError: One can be neither.
        PictureError: A folder has neither pictures nor videos.
    """
    from mien.recognition.media_files import find_media
    from mien.recognition.video.live_names import is_live

    paths, playing = [], []
    for text in texts:
        camera = _CAMERA.fullmatch(text)
        if not text:
            raise MienError("an input without a name; if it is a variable of the shell, it is not set")
        if text[:5].lower() == "data:":
            raise MienError(f"{abridged(text, 40)}: a picture as text; write it to a file and name that")
        if camera and not Path(text).is_file():
            playing.append(f"webcam:{int(camera[1])}")
        elif is_live(text) or "://" in text:
            playing.append(text)
        else:
            paths.append(Path(text))
    found = find_media(paths, say)
    return Inputs(found.pictures, playing + [str(path) for path in found.videos])


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Say Mien's own warnings in one line each: the first of a kind, and in the end how many more there were.

    Yields:
        Nothing; warnings are said while the context is open.
    """
    kinds: Counter[str] = Counter()
    said: set[str] = set()
    others = warnings.showwarning

    def show(message: Warning | str, *rest: Any, **options: Any) -> None:
        if not isinstance(message, MienWarning):
            others(message, *rest, **options)
        elif str(message) not in said:
            said.add(str(message))
            kinds[message.kind] += 1
            if kinds[message.kind] == 1:
                say(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", MienWarning)
        warnings.showwarning = show
        try:
            yield
        finally:
            for kind, count in kinds.items():
                if count > 1:
                    say(f"{count - 1} more like that: {kind}")
