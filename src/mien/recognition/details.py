"""What can be told of a face besides its expression, where asked for: a line a group of columns."""

from collections.abc import Sequence

import numpy as np

from mien.errors import MienError
from mien.recognition.circumplex import AROUSAL, VALENCE, derived
from mien.recognition.faces import Detection
from mien.recognition.pose import head_pose

DETAILS: dict[str, tuple[str, ...]] = {
    "pose": ("yaw", "pitch", "roll"),
    "quality": ("size", "sharpness", "light"),
    "circumplex": (VALENCE, AROUSAL),
}
"""The groups, and their columns."""
Details = dict[str, dict[str, float]]


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The groups asked for, in their order.

    Args:
        names: Groups.

    Returns:
        Those of `DETAILS` that are named, each once.

    Raises:
        MienError: For one that is not there.
    """
    unknown = [name for name in names if name not in DETAILS]
    if unknown:
        raise MienError(f"no columns called '{unknown[0]}'; there are {', '.join(DETAILS)}")
    return tuple(name for name in DETAILS if name in names)


def columns(groups: Sequence[str]) -> tuple[str, ...]:
    """The groups' columns, one after another.

    Args:
        groups: As `chosen` gives them.

    Returns:
        Names as CSV has them.
    """
    return tuple(column for group in groups for column in DETAILS[group])


def seen(groups: Sequence[str], detection: Detection, crop: np.ndarray) -> Details:
    """Pose and quality of a face, as far as they are asked for.

    Args:
        groups: As `chosen` gives them.
        detection: Where the face is.
        crop: What the model reads, grey uint8 [48, 48].

    Returns:
        By group: yaw, pitch and roll in degrees (`pose.Pose`); size, the box's mean side in pixels, sharpness (see
        `sharpness`) and light, the crop's mean grey in [0, 1].
    """
    found: Details = {}
    if "pose" in groups:
        found["pose"] = vars(head_pose(detection.landmarks)).copy()
    if "quality" in groups:
        size = float(np.sqrt(detection.box.area))
        found["quality"] = {"size": size, "sharpness": sharpness(crop), "light": float(crop.mean()) / 255}
    return found


def with_derived(groups: Sequence[str], details: Details, probabilities: np.ndarray, classes: Sequence[str]) -> Details:
    """The details with what is derived from probabilities, as far as that is asked for.

    Args:
        groups: As `chosen` gives them.
        details: What there is already.
        probabilities: float32 [classes], of the face.
        classes: The classes' names, in the order of the probabilities.

    Returns:
        The same where nothing derived is asked for.
    """
    if "circumplex" not in groups:
        return details
    places = map(float, derived(probabilities, classes))
    return details | {"circumplex": dict(zip(DETAILS["circumplex"], places, strict=True))}


def sharpness(crop: np.ndarray) -> float:
    """How sharp a grey picture [H, W] is: the variance of its Laplacian over its own variance.

    0 for a plain picture; it falls when the picture is blurred and stays when it is made lighter or darker. The
    variance of the Laplacian is the usual measure (Pech-Pacheco and others 2000); alone it would grow with contrast.

    Args:
        crop: uint8 [H, W].

    Returns:
        0 or more; about 1 for a sharp face.
    """
    grey = crop.astype(np.float64)
    centre = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
    return float(laplacian.var() / max(grey.var(), 1e-9)) if grey.var() > 0 else 0.0
