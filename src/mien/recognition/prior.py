"""The class prior: how likely each expression is before a face is seen.

A model that learned from many happy faces and few disgusted ones expects the same of the faces that it reads. Where
they are otherwise, as posed pictures are with as many of each, its probabilities can be brought to another prior: each
is multiplied by the new prior over the one of training, and normalised (Saerens et al. 2002, equation 2.4).
"""

from collections.abc import Mapping

import numpy as np

from mien.errors import MienError, ModelError
from mien.expressions import NAMES, label_of

TRAINING, EQUAL = "training", "equal"
CLASS_PRIOR = "class_prior"
"""The metadata property: each class's fraction of the training pictures, in the order of `classes`, comma-separated."""
_FER2013 = dict(zip(NAMES, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True))
"""Its training pictures of each class: what files of version 0.1, which do not say, have learned from."""

Prior = str | Mapping[str, float]


def training_prior(metadata: Mapping[str, str]) -> np.ndarray:
    """The class prior that a model file was trained under, by its metadata.

    Args:
        metadata: A model file's properties.

    Returns:
        float64 [classes], each above 0, sum 1.

    Raises:
        ModelError: The property is damaged, or missing in a file of other classes than FER2013's.
    """
    classes = metadata["classes"].split(",")
    try:
        said = metadata.get(CLASS_PRIOR)
        prior = np.array([_FER2013[name] for name in classes] if said is None else said.split(","), np.float64)
    except (KeyError, ValueError):
        raise ModelError(f"its metadata tells no {CLASS_PRIOR} that can be read; export it again") from None
    if prior.shape != (len(classes),) or not (np.isfinite(prior) & (prior > 0)).all():
        raise ModelError(f"its {CLASS_PRIOR} must be a number above 0 for each of its {len(classes)} classes")
    return prior / prior.sum()


def prior_ratio(prior: Prior, metadata: Mapping[str, str]) -> np.ndarray | None:
    """What a model's probabilities are multiplied by to be of another prior.

    Args:
        prior: "training" for the model's own, "equal", or how frequent each class is, by its name, noun or adjective,
            in any unit.
        metadata: The model file's.

    Returns:
        float64 [classes]; None where nothing changes.

    Raises:
        MienError: No such prior, a class is unknown, missing or named twice, or a number is not above 0.
        ModelError: The model does not tell its own.
    """
    if isinstance(prior, str):
        if prior not in (TRAINING, EQUAL):
            raise MienError(f"unknown prior {prior!r}; there are '{TRAINING}', '{EQUAL}', or a number for each class")
        if prior == TRAINING:
            return None
        return 1 / training_prior(metadata)
    return _wanted(prior, metadata["classes"].split(",")) / training_prior(metadata)


def apply_prior(probabilities: np.ndarray, ratio: np.ndarray | None) -> np.ndarray:
    """Bring probabilities to another prior.

    Args:
        probabilities: float32 [N, classes].
        ratio: What `prior_ratio` gave; None leaves them as they are.

    Returns:
        float32 [N, classes], each row summing to 1.
    """
    if ratio is None:
        return probabilities
    weighted = probabilities * ratio
    return (weighted / weighted.sum(1, keepdims=True)).astype(np.float32)


def _wanted(prior: Mapping[str, float], classes: list[str]) -> np.ndarray:
    """The frequencies [classes] that a user asks for, sum 1."""
    wanted = np.zeros(len(classes))
    for name, number in prior.items():
        label = classes.index(name) if name in classes else label_of(name, classes)
        if label is None:
            raise MienError(f"a prior for {name!r}, which is none of the classes: {', '.join(classes)}")
        wanted[label] = number
    if len(prior) != len(classes) or not (np.isfinite(wanted) & (wanted > 0)).all():
        raise MienError(f"a prior needs a number above 0 for each class once: {', '.join(classes)}")
    return wanted / wanted.sum()
