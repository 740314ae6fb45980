"""Mien reads the expression a face shows.

>>> import mien
>>> mien.Recognizer().recognize("party.jpg")  # doctest: +SKIP
>>> for frame in mien.open("party.mp4"):  # doctest: +SKIP
...     print(frame.time, frame.faces)

`EXPRESSIONS` are the seven names, in the order of `Face.probabilities`. `Face.to_dict` and `Frame.to_dict` give plain
values for JSON, and `to_frame` a pandas DataFrame of faces.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.expressions import NAMES as EXPRESSIONS
    from mien.recognition.dataframes import to_frame
    from mien.recognition.faces import Box, Face, Frame, TrackedFace
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.video.watching import open_video as open

    __version__: str

__all__ = ["EXPRESSIONS", "Box", "Face", "Frame", "Recognizer", "TrackedFace", "open", "to_frame"]

_HOMES = {
    "EXPRESSIONS": ("mien.expressions", "NAMES"),
    "Box": ("mien.recognition.faces", "Box"),
    "Face": ("mien.recognition.faces", "Face"),
    "Frame": ("mien.recognition.faces", "Frame"),
    "Recognizer": ("mien.recognition.recognizer", "Recognizer"),
    "TrackedFace": ("mien.recognition.faces", "TrackedFace"),
    "open": ("mien.recognition.video.watching", "open_video"),
    "to_frame": ("mien.recognition.dataframes", "to_frame"),
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
