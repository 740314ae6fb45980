"""The seven expressions: the one list of their order, names and colours.

The order is that of FER2013's labels. Image folders sort by the alphabet ("neutral" before "sad"), so a
folder's place among its neighbours is never an index; look it up here by name.
"""

from dataclasses import dataclass


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
BY_NAME = {expression.name: expression for expression in EXPRESSIONS}
_LABELS = {called: label for label, of in enumerate(EXPRESSIONS) for called in (of.name, of.adjective, of.noun)}


def label_of(name: str) -> int | None:
    """The label of a class.

    Args:
        name: Its name, adjective or noun, in upper or lower case.

    Returns:
        Its index in `NAMES`; None for another word.
    """
    return _LABELS.get(name.lower())


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
