"""What a video showed, in short: each face's time in sight and its expressions' shares, in bins to save memory.

Both the summary's table and the timeline are made from it.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

from mien.expressions import NAMES
from mien.recognition.faces import Frame, TrackedFace

BIN = 0.25
"""A bin's length in seconds."""


@dataclass
class TrackSummary:
    """A face's stay.

    Attributes:
        number: The track's.
        first: When it was first seen, in seconds.
        last: When it was last seen, in seconds.
        frames: In how many it was seen.
        bins: Sums of probabilities, as `Summary` tells.
        classes: How many expressions are told apart.
    """

    number: int
    first: float
    last: float
    frames: int = 0
    bins: dict[int, np.ndarray] = field(default_factory=dict)
    classes: int = len(NAMES)

    @property
    def shares(self) -> np.ndarray:
        """float64 [classes]: the mean probabilities over the face's frames, summing to 1; zeros if withheld."""
        total = sum(self.bins.values(), np.zeros(self.classes))
        return total / max(float(total.sum()), 1e-9)


class Summary(AbstractContextManager):
    """A sink that sums up a video.

    Attributes:
        tracks: By number; in their bins, each of `bin_length` seconds, stand the sums of the frames' probabilities,
            float64 [classes].

    Args:
        bin_length: A bin's length in seconds: longer where frames are further apart.
        classes: What the model tells apart, in order.
    """

    def __init__(self, bin_length: float = BIN, classes: tuple[str, ...] = NAMES) -> None:
        self.bin_length = bin_length
        self.classes = classes
        self.tracks: dict[int, TrackSummary] = {}
        self.frames = 0
        self.frames_without_face = 0
        self.start: float | None = None
        self.end = 0.0

    def write(self, frame: Frame) -> None:
        """Count a frame and its faces; withheld ones only in `frames`.

        Args:
            frame: Of a video, in order.
        """
        assert frame.time is not None, "only a video's frames have a time"
        self.frames += 1
        self.frames_without_face += not frame.faces
        self.start = frame.time if self.start is None else self.start
        self.end = frame.time
        for face in frame.faces:
            if isinstance(face, TrackedFace):
                started = TrackSummary(face.track, frame.time, frame.time, classes=len(self.classes))
                track = self.tracks.setdefault(face.track, started)
                track.last, track.frames = frame.time, track.frames + 1
                if not face.withheld:
                    place = int(frame.time // self.bin_length)
                    track.bins[place] = track.bins.get(place, np.zeros(len(self.classes))) + face.probabilities

    def __exit__(self, *raised: object) -> None: ...
