"""Say where every face is in every frame, while the detector looks at some of them only.

Ten times a second the detector looks: at the neighbourhoods of the faces it knows, and now and then at the whole frame.
A face seen by two looks in a row moved evenly between them, which holds for a tenth of a second; so the frames between
wait for the second look. Live there is no waiting: every frame is looked at.
"""

from collections.abc import Iterable, Iterator

from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Box, Detection
from mien.recognition.video.reading import Shot
from mien.recognition.video.tracking import Tracker

LOOK_EVERY = 0.1
"""The detector looks this often, in seconds of the video."""
SEARCH_EVERY = 0.4
"""While faces are followed, the whole frame is searched this often, in seconds of the video."""
MOST_WAITING = 15
"""No more frames than this wait for a look, whatever a broken video's clock says."""

Places = dict[int, Detection]
"""The faces of a frame by their tracks' numbers."""


class Placer:
    """Finds and follows the faces of one video; `look_every` as `LOOK_EVERY`, 0 to look at every frame."""

    def __init__(self, detector: FaceDetector, look_every: float = LOOK_EVERY) -> None:
        self._detector = detector
        self._look_every = look_every
        self._tracker = Tracker()
        self._searched: float | None = None
        self._size: tuple[int, int] | None = None

    def place(self, shots: Iterable[Shot]) -> Iterator[tuple[Shot, Places]]:
        """Every shot, in order, with its faces; holds `MOST_WAITING` shots at most."""
        waiting: list[Shot] = []
        before: tuple[float, Places] | None = None
        for shot in shots:
            if waiting and shot.pixels.shape != waiting[-1].pixels.shape:  # another size: no face moved evenly into it
                yield from _between(before, waiting, self._look(waiting[-1]))
                before, waiting = None, []
            waiting.append(shot)
            # to the microsecond: 3 frames of 1/30 s are 0.1 s
            early = before is not None and 0 <= shot.time - before[0] < self._look_every - 1e-6
            if early and len(waiting) <= MOST_WAITING:
                continue
            places = self._look(shot)
            yield from _between(before, waiting, places)
            before, waiting = (shot.time, places), []
        if waiting:
            yield from _between(before, waiting, self._look(waiting[-1]))

    def _look(self, shot: Shot) -> Places:
        size = shot.pixels.shape[:2]
        if self._size not in (None, size):
            self._tracker.rescale(size[1] / self._size[1], size[0] / self._size[0])
            self._searched = None
        self._size = size
        expected = self._tracker.expected(shot.time)
        if not expected or self._searched is None or not 0 <= shot.time - self._searched < SEARCH_EVERY:
            found = self._detector.detect(shot.pixels)
            self._searched = shot.time
        else:
            found = self._detector.follow(shot.pixels, expected)
        return self._tracker.update(shot.pixels, found, shot.time)


def _between(before: tuple[float, Places] | None, waiting: list[Shot], places: Places) -> Iterator[tuple[Shot, Places]]:
    """The shots since the look before; the last of them is the one where the faces are in `places`."""
    last = waiting[-1]
    for shot in waiting[:-1]:
        if before is None:
            yield shot, {}
            continue
        time, old = before
        share = (shot.time - time) / max(last.time - time, 1e-6)
        yield shot, {number: blend(old[number], places[number], share) for number in places if number in old}
    yield last, places


def blend(one: Detection, other: Detection, share: float) -> Detection:
    """The detection `share`, in [0, 1], of the way from one to the other."""
    rest = 1 - share
    return Detection(
        Box(
            rest * one.box.left + share * other.box.left,
            rest * one.box.top + share * other.box.top,
            rest * one.box.right + share * other.box.right,
            rest * one.box.bottom + share * other.box.bottom,
        ),
        rest * one.score + share * other.score,
        rest * one.landmarks + share * other.landmarks,
    )
