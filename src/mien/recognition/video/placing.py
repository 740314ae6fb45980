"""Say where every face is in every frame, while the detector looks at some of them only.

Ten times a second it looks: at the neighbourhoods of the faces it knows, and now and then at the whole frame.
A face seen by two looks in a row moved evenly between them, which holds for a tenth of a second; so the frames between
wait for the second detection. Live there is no waiting: every frame is looked at.
"""

from collections.abc import Iterable, Iterator

from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Box, Detection
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.tracking import Tracker

DETECT_EVERY = 0.1
"""Faces are detected this often, in seconds of the video."""
SEARCH_EVERY = 0.4
"""While faces are followed, the whole frame is searched this often, in seconds of the video."""
MOST_WAITING = 15
"""No more frames than this wait for a look, whatever a broken video's clock says."""

TrackedDetections = dict[int, Detection]
"""The faces of a frame by their tracks' numbers."""


class Placer:
    """Finds and follows the faces of one video.

    Args:
        detector: Looks for new faces, and for known ones where they are expected.
        detect_every: Seconds between two looks at a whole frame, 0 for every frame.
    """

    def __init__(self, detector: FaceDetector, detect_every: float = DETECT_EVERY) -> None:
        self._detector = detector
        self._detect_every = detect_every
        self._tracker = Tracker()
        self._searched: float | None = None
        self._size: tuple[int, int] | None = None

    def place(self, frames: Iterable[DecodedFrame]) -> Iterator[tuple[DecodedFrame, TrackedDetections]]:
        """Place the faces of every frame; holds `MOST_WAITING` frames at most.

        Args:
            frames: In order.

        Yields:
            Every frame, in order, with its faces by their track's number.
        """
        waiting: list[DecodedFrame] = []
        before: tuple[float, TrackedDetections] | None = None
        for decoded in frames:
            if waiting and decoded.pixels.shape != waiting[-1].pixels.shape:  # no face moved evenly into another size
                yield from _between(before, waiting, self._detect(waiting[-1]))
                before, waiting = None, []
            waiting.append(decoded)
            # to the microsecond: 3 frames of 1/30 s are 0.1 s
            early = before is not None and 0 <= decoded.time - before[0] < self._detect_every - 1e-6
            if early and len(waiting) <= MOST_WAITING:
                continue
            tracked = self._detect(decoded)
            yield from _between(before, waiting, tracked)
            before, waiting = (decoded.time, tracked), []
        if waiting:
            yield from _between(before, waiting, self._detect(waiting[-1]))

    def _detect(self, decoded: DecodedFrame) -> TrackedDetections:
        size = decoded.pixels.shape[:2]
        if self._size not in (None, size):
            self._tracker.rescale(size[1] / self._size[1], size[0] / self._size[0])
            self._searched = None
        self._size = size
        expected = self._tracker.expected(decoded.time)
        if not expected or self._searched is None or not 0 <= decoded.time - self._searched < SEARCH_EVERY:
            found = self._detector.detect(decoded.pixels)
            self._searched = decoded.time
        else:
            found = self._detector.follow(decoded.pixels, expected)
        return self._tracker.update(decoded.pixels, found, decoded.time)


def _between(
    before: tuple[float, TrackedDetections] | None, waiting: list[DecodedFrame], tracked: TrackedDetections
) -> Iterator[tuple[DecodedFrame, TrackedDetections]]:
    """The frames since the last detection; the last of them is the one where the faces are in `tracked`."""
    last = waiting[-1]
    for decoded in waiting[:-1]:
        if before is None:
            yield decoded, {}
            continue
        time, old = before
        fraction = (decoded.time - time) / max(last.time - time, 1e-6)
        yield decoded, {number: blend(old[number], tracked[number], fraction) for number in tracked if number in old}
    yield last, tracked


def blend(one: Detection, other: Detection, fraction: float) -> Detection:
    """A detection between two.

    Args:
        one: Where `fraction` is 0.
        other: Where `fraction` is 1.
        fraction: In [0, 1].

    Returns:
        Box, score and landmarks, each interpolated linearly.
    """
    rest = 1 - fraction
    return Detection(
        Box(
            rest * one.box.left + fraction * other.box.left,
            rest * one.box.top + fraction * other.box.top,
            rest * one.box.right + fraction * other.box.right,
            rest * one.box.bottom + fraction * other.box.bottom,
        ),
        rest * one.score + fraction * other.score,
        rest * one.landmarks + fraction * other.landmarks,
    )
