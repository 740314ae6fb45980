"""Which pictures a run learns from, and which it chooses the epoch by."""

from pathlib import Path

import numpy as np

from mien.data.dataset import FaceData
from mien.data.splitting import hold_out
from mien.errors import DataError, RecipeError
from mien.training.recipe import Recipe

# How the balancing command names the pictures that it adds to a data set.
SYNTHETIC_PREFIX = "syn-"
# For data sets without a validation part, where the recipe asks for no share of its own.
_SHARE_WITHOUT_VALIDATION = 0.1
# Not the run's seed: runs that differ in it only are then judged on the same pictures.
_SEED = 0


def training_and_validation(recipe: Recipe, faces: FaceData) -> tuple[FaceData, FaceData]:
    """Pictures to learn from, and pictures to choose the epoch by.

    No picture is learned from whose exact pixels occur in what is judged. Synthetic pictures are learned from as far as
    the recipe says, and choose nothing.

    Args:
        recipe: Says which parts.
        faces: A data set with all its parts.

    Returns:
        Both, in that order.

    Raises:
        RecipeError: The recipe needs synthetic pictures and there are none, or a batch is larger than all that there is
            to learn from.
        DataError: A class is missing.
    """
    learned, choosing = _divided(recipe, faces)
    missing = [name for label, name in enumerate(learned.classes) if label not in learned.labels]
    if missing:
        raise DataError(
            f"no picture of {', '.join(missing)} to learn from; `mien data check` says what is in the data set and "
            "what was left out"
        )
    if recipe.batch_size > (most := len(learned)):
        raise RecipeError(f"batch_size must be at most {most}, the pictures to learn from, not {recipe.batch_size}")
    return learned, choosing


def _divided(recipe: Recipe, faces: FaceData) -> tuple[FaceData, FaceData]:
    train = _with_synthetic(faces.training_part(), recipe.synthetic)
    share = recipe.hold_out
    if not share and "validation" not in faces.parts:
        share = _SHARE_WITHOUT_VALIDATION
    if not share:
        return train, faces.part("validation")
    _, held = hold_out(train.where(~is_synthetic(train)), share, _SEED)
    learned = train.without_copies_of(held)
    if learned.subjects is not None and held.subjects is not None:  # nobody who is judged was learned from
        learned = learned.where(~np.isin(learned.subjects, held.subjects[held.subjects != ""]))
    return learned, held


def is_synthetic(faces: FaceData) -> np.ndarray:
    """Which pictures were made by a network.

    Args:
        faces: Of a data set.

    Returns:
        bool [N].
    """
    return np.array([Path(name).name.startswith(SYNTHETIC_PREFIX) for name in faces.ids], bool)


def _with_synthetic(train: FaceData, share: float) -> FaceData:
    synthetic = np.flatnonzero(is_synthetic(train))
    if share and not len(synthetic):
        raise RecipeError(
            f"this recipe learns from synthetic pictures and the data set has none ({SYNTHETIC_PREFIX}*.png); "
            "balance it first, see docs/experiments.md"
        )
    order = np.random.default_rng(_SEED).permutation(synthetic)
    left_out = order[round(share * len(order)) :]
    return train.where(~np.isin(np.arange(len(train)), left_out))
