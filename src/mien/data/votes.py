"""FER+'s votes: what its ten raters could say of a picture, and how often they did."""

import numpy as np
import pandas as pd

# FER+'s eight emotions; the columns `unknown` and `nf` (no face) are left out of soft labels.
VOTED = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
# All ten answers that a FER+ rater could give.
RATED = (*VOTED, "unknown", "nf")


def bad_votes(index: pd.DataFrame) -> str | None:
    """What is wrong with the columns of FER+'s votes.

    Args:
        index: A row a picture.

    Returns:
        None where nothing is, or where there are none.
    """
    there = [name for name in RATED if f"votes_{name}" in index.columns]
    if not there:
        return None
    if missing := [f"votes_{name}" for name in VOTED if name not in there]:
        return f"the column {missing[0]} is missing beside votes_{there[0]}"
    for name in there:
        votes = pd.to_numeric(index[f"votes_{name}"], errors="coerce")
        bad = ~(np.isfinite(votes) & (votes >= 0) & (votes % 1 == 0))
        if bad.any():
            first = index[bad].iloc[0]
            return f"votes_{name} of row {first['row']} is {first[f'votes_{name}']}"
    return None


def vote_shares(votes: np.ndarray) -> np.ndarray:
    """Shares of FER+'s votes: a vote of one is dropped as an outlier (Barsoum et al. 2016).

    Args:
        votes: int [N, 8], columns `VOTED`.

    Returns:
        float32 [N, 8]; rows sum to 1, or to 0 where nothing is left.
    """
    votes = np.where(votes > 1, votes, 0)
    return votes / np.maximum(votes.sum(1, keepdims=True), 1)
