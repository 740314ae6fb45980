"""Head pose from the detector's six landmarks: the turned head whose landmarks lie nearest to them.

A rigid head is fitted by least squares under scaled orthographic projection, the first step of DeMenthon and Davis
(1995), "Model-based object pose in 25 lines of code". Its outline from the front is the detector's own: the median over
208 posed portraits; its depth is that of MediaPipe's canonical face model, rounded, which fits turned heads as it is.
Other people's proportions, an open mouth and the detector's errors show as some degrees: over those portraits yaw and
pitch vary by about 5. Far beyond 60 degrees the landmarks are guesses, and so are the angles.
"""

from dataclasses import dataclass

import numpy as np

HEAD = np.array(
    [
        [-3.15, 0.0, 3.6],
        [3.15, 0.0, 3.6],
        [0.0, 3.13, 7.5],
        [0.0, 6.37, 5.8],
        [-6.47, 1.75, -2.4],
        [6.47, 1.75, -2.4],
    ]
)
"""The landmarks of a head that looks at the viewer, in centimetres: x to the viewer's right, y down, z to the viewer.

In the detections' order: left eye, right eye, nose tip, mouth centre, left ear, right ear, from the viewer's side.
"""


@dataclass(frozen=True)
class Pose:
    """Where a head is turned, in degrees; all 0 where it looks at the viewer.

    yaw: to the viewer's right (left: negative); pitch: up (down: negative); roll: tilted clockwise as the viewer sees
    it. Turning the picture changes roll alone.
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(landmarks: np.ndarray) -> Pose:
    """The pose of a head.

    Args:
        landmarks: float64 [6, 2] in picture coordinates, as `Detection.landmarks`.

    Returns:
        The angles in degrees; NaN where the landmarks are not finite, or lie all in one place.
    """
    spread = landmarks - landmarks.mean(0)
    if not np.isfinite(spread).all() or np.abs(spread).max() < 1e-9:
        return Pose(np.nan, np.nan, np.nan)
    head = HEAD - HEAD.mean(0)
    affine = np.linalg.lstsq(head, spread, rcond=None)[0].T
    left, _, right = np.linalg.svd(affine, full_matrices=False)
    first, second = left @ right
    third = np.cross(first, second)
    yaw, pitch = np.arcsin(np.clip(-third[0], -1, 1)), np.arctan2(third[1], third[2])
    roll = np.arctan2(second[0], first[0])
    return Pose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))
