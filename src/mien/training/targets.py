"""What the class head is to answer for each picture: its label, and a share of what FER+'s raters said."""

import numpy as np

from mien.data.dataset import FaceData
from mien.data.votes import VOTED
from mien.errors import RecipeError
from mien.expressions import described


def class_targets(data: FaceData, raters: float) -> np.ndarray:
    """Class targets from labels and FER+'s votes.

    The votes for the data set's own classes count: contempt's where it is one. Where there are none the label stands
    alone.

    Args:
        data: The pictures.
        raters: How much of each target comes from the votes, in [0, 1]; the rest is the label's.

    Returns:
        float32 [N, classes], rows sum to 1.

    Raises:
        RecipeError: `raters` is above 0 and the data set has no votes at all, or a class of which the raters were not
            asked.
    """
    labels = np.eye(len(data.classes), dtype=np.float32)[data.labels]
    if not raters:
        return labels
    if data.votes is None:
        raise RecipeError(
            "this recipe learns from FER+'s raters and the data set has no votes; put the index fer2013.csv beside it"
        )
    nouns = [kind.noun for kind in described(data.classes)]
    if unasked := [noun for noun in nouns if noun not in VOTED]:
        raise RecipeError(f"FER+'s raters were not asked about {', '.join(unasked)}; leave raters out of the recipe")
    votes = data.votes[:, [VOTED.index(noun) for noun in nouns]]
    total = votes.sum(1, keepdims=True)
    said = np.where(total > 0, votes / np.where(total > 0, total, 1), labels)
    return ((1 - raters) * labels + raters * said).astype(np.float32)
