"""The expressions: names, words and colours of classes, and the seven that every shipped model knows.

A model's own classes stand in its file, a data set's in its folder; the seven of FER2013 are taken where nothing else
is said, and their order is that of FER2013's labels. Image folders sort by the alphabet ("neutral" before "sad"),
so a folder's place among its neighbours is never an index; look it up by name.
"""

import colorsys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Expression:
    """One class.

    Attributes:
        name: As in file names and data.
        adjective: As said of a face.
        noun: As said of a feeling.
        colour: As #rrggbb.
    """

    name: str
    adjective: str
    noun: str
    colour: str


EXPRESSIONS = (
    Expression("angry", "angry", "anger", "#d1493f"),
    Expression("disgust", "disgusted", "disgust", "#7a9a3a"),
    Expression("fear", "fearful", "fear", "#7d5ba6"),
    Expression("happy", "happy", "happiness", "#e0a526"),
    Expression("sad", "sad", "sadness", "#3d7ab8"),
    Expression("surprise", "surprised", "surprise", "#d9782d"),
    Expression("neutral", "neutral", "neutral", "#7f8790"),
)
NAMES = tuple(expression.name for expression in EXPRESSIONS)
CONTEMPT = Expression("contempt", "contemptuous", "contempt", "#b0568c")
"""The eighth of FER+, AffectNet and CK+."""
BY_NAME = {expression.name: expression for expression in EXPRESSIONS}
_KNOWN = {**BY_NAME, CONTEMPT.name: CONTEMPT}
MOST_CLASSES = 99
_COLUMNS = frozenset(
    [
        "picture",
        "face",
        "video",
        "time",
        "frame",
        "track",
        "left",
        "top",
        "right",
        "bottom",
        "score",
        "verdict",
        "expression",
        "problem",
        "yaw",
        "pitch",
        "roll",
        "size",
        "sharpness",
        "light",
        "valence_derived",
        "arousal_derived",
    ]
)
"""Columns of the tables that a class's probability would stand beside under the same name."""
_REFUSED = frozenset(',/\\:*?"<>|')


def label_of(name: str, classes: Sequence[str] = NAMES) -> int | None:
    """The label of a class.

    Args:
        name: Its name, adjective or noun, in upper or lower case.
        classes: The classes' names, in order.

    Returns:
        Its index in `classes`; None for another word.
    """
    wanted = _folded(name)
    for label, own in enumerate(classes):
        if wanted == _folded(own):
            return label
    for label, own in enumerate(classes):
        if own in _KNOWN and wanted in (_KNOWN[own].adjective, _KNOWN[own].noun):
            return label
    return None


@lru_cache(maxsize=64)
def described(classes: tuple[str, ...]) -> tuple[Expression, ...]:
    """Words and a colour for each class; no two colours are alike.

    Args:
        classes: The classes' names, in order.

    Returns:
        In their order; of unknown classes the name is the only word.
    """
    own = [name for name in classes if name not in _KNOWN]
    colours = {name: _colour(place) for place, name in enumerate(own)}
    return tuple(_KNOWN.get(name) or Expression(name, name, name, colours[name]) for name in classes)


def _colour(place: int) -> str:
    """The colour of the unknown class at `place`, from 0: hues a golden angle apart, in three strengths by turns."""
    hue, lightness = (0.47 + 0.618034 * place) % 1, (0.42, 0.56, 0.34)[place % 3]
    return "#" + "".join(f"{int(255 * part + 0.5):02x}" for part in colorsys.hls_to_rgb(hue, lightness, 0.5))


def why_not(classes: Sequence[str]) -> str | None:
    """What is wrong with a list of class names, and what to do.

    Args:
        classes: The classes' names, in order.

    Returns:
        None where it can be used.
    """
    if not 2 <= len(classes) <= MOST_CLASSES:
        return f"{len(classes)} classes ({', '.join(classes)}): from 2 to {MOST_CLASSES} can be told apart"
    for name in classes:
        if not name.strip() or name != name.strip() or name.startswith((".", "#")):
            return f"{name!r} is no name for a class; give it letters or digits, without spaces around them"
        if bad := sorted(letter for letter in name if letter in _REFUSED or not letter.isprintable()):
            return f"the class name {name!r} has {bad[0]!r} in it; rename it"
        if _folded(name) in _COLUMNS or _folded(name).startswith("raw_"):
            return f"a class cannot be called {name!r}, which is a column of the results; rename it"
    twice = [folded for folded, count in Counter(map(_folded, classes)).items() if count > 1]
    if twice:
        alike = [name for name in classes if _folded(name) == twice[0]]
        return f"the classes {' and '.join(alike)} differ in upper and lower case or in nothing; rename or join them"
    return None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Class names in the order of labels: the seven have theirs, others stay as they are given.

    Args:
        names: Class names.

    Returns:
        Each once.
    """
    given = tuple(names)
    return NAMES if set(given) == set(NAMES) else given


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


PLEASURE_AND_AROUSAL = {
    "angry": (-0.51, 0.59),
    "disgust": (-0.60, 0.35),
    "fear": (-0.64, 0.60),
    "happy": (0.81, 0.51),
    "sad": (-0.63, -0.27),
    "surprise": (0.40, 0.67),
    "neutral": (0.0, 0.0),
}
"""The words' published places, in [-1, 1]; `recognition.circumplex` says whence, and derives valence and arousal."""
