"""Mien reads the expression a face shows.

>>> import mien
>>> mien.Recognizer().recognize("party.jpg")  # doctest: +SKIP
>>> for frame in mien.open("party.mp4"):  # doctest: +SKIP
...     print(frame.time, frame.faces)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.recognition.faces import Box, Face, Frame, TrackedFace
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.video.watching import open_video as open

    __version__: str

__all__ = ["Box", "Face", "Frame", "Recognizer", "TrackedFace", "open"]

_HOMES = {
    "Box": ("mien.recognition.faces", "Box"),
    "Face": ("mien.recognition.faces", "Face"),
    "Frame": ("mien.recognition.faces", "Frame"),
    "Recognizer": ("mien.recognition.recognizer", "Recognizer"),
    "TrackedFace": ("mien.recognition.faces", "TrackedFace"),
    "open": ("mien.recognition.video.watching", "open_video"),
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import mien` costs next to nothing."""
    if name == "__version__":
        return import_module("importlib.metadata").version("mien")
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'mien' has no attribute '{name}'")


def __dir__() -> list[str]:
    """For completion: the public names too, loaded or not."""
    return sorted({*globals(), *__all__, "__version__"})
