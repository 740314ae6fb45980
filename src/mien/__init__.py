"""Mien reads the expression a face shows.

>>> import mien
>>> mien.Recognizer().recognize("party.jpg")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.recognition.faces import Box, Face
    from mien.recognition.recognizer import Recognizer

__all__ = ["Box", "Face", "Recognizer"]

_HOMES = {
    "Box": "mien.recognition.faces",
    "Face": "mien.recognition.faces",
    "Recognizer": "mien.recognition.recognizer",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import mien` costs next to nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mien' has no attribute '{name}'")
