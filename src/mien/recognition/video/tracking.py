"""Give each face of a video a number that stays: where it should be by now, and what it looks like, say who is who.

Detections and tracks are paired by the least total cost (Hungarian method). The cost of a pair is the distance from the
detection to where the track's own movement leads it, in face sizes, and how little their thumbnails agree. Position
alone would swap two faces that cross; the thumbnail tells which of them came out on which side.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from mien.recognition.extra import load, require
from mien.recognition.faces import Box, Detection

PATIENCE = 2.0
"""A face that is not seen keeps its number for this long, in seconds: longer than another takes to pass before it."""
COAST = 0.5
"""A face that is not seen is taken to move on as it did for this long, in seconds, and to stand then."""
REACH = 0.6
"""How far from its expected place a face may be found, in face sizes; boxes at this distance overlap by a quarter."""
REACH_GROWTH = 2.0
"""What a second out of sight adds to the reach, in face sizes: a face that turns back while it is hidden."""
LIKE = 0.3
"""Thumbnails of one face agree at least this much (their correlation): most faces after a cut do not."""
LIKE_AGAIN = 0.5
"""The same for a face found beyond `REACH`: its place says less, so its looks must say more."""
STEADINESS = 0.7
"""How much of a track's speed and thumbnail stays when it is seen again."""
THUMBNAIL = 12
"""Side of the thumbnail in pixels: enough for hair, skin and light, too few for an expression."""
HUNGARIAN = "scipy.optimize"
"""Where the Hungarian method is; it takes longer to import than a second of video to read."""


@dataclass
class Track:
    """A face over time.

    Attributes:
        detection: Where it was last seen.
        seen: When that was, in seconds.
        thumbnail: float32 [432], what it looked like then.
        speed: float [2], of its centre, in pixels a second.
    """

    detection: Detection
    seen: float
    thumbnail: np.ndarray
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def expected(self, time: float) -> Detection:
        """Where the face should be: its last place, moved on, for at most `COAST` seconds.

        Args:
            time: In seconds.

        Returns:
            With the score it had.
        """
        x, y = self.speed * min(time - self.seen, COAST)
        box = self.detection.box
        moved = Box(box.left + x, box.top + y, box.right + x, box.bottom + y)
        return Detection(moved, self.detection.score, self.detection.landmarks + np.array([x, y]))

    def rescale(self, across: float, down: float) -> None:
        """Follow the video to another size.

        Args:
            across: How many times as wide the video is now.
            down: How many times as high it is now.
        """
        self.detection = scaled(self.detection, across, down)
        self.speed = self.speed * np.array([across, down])


class Tracker:
    """The faces of one video so far; numbers start at 1 and none is given twice."""

    def __init__(self) -> None:
        require(HUNGARIAN)
        self._tracks: dict[int, Track] = {}
        self._newcomers: list[Track] = []
        self._next = 1

    def rescale(self, across: float, down: float) -> None:
        """Go on in pictures of another size.

        Args:
            across: How many times as wide the video is now.
            down: How many times as high it is now.
        """
        for track in (*self._tracks.values(), *self._newcomers):
            track.rescale(across, down)

    def expected(self, time: float) -> list[Detection]:
        """Where to look for the faces seen a moment ago.

        Args:
            time: Of the next frame, in seconds.

        Returns:
            One detection for each face seen within `COAST` seconds.
        """
        tracks = [*self._tracks.values(), *self._newcomers]
        return [track.expected(time) for track in tracks if time - track.seen <= COAST]

    def update(self, picture: np.ndarray, found: list[Detection], time: float) -> dict[int, Detection]:
        """Pair the detections in a picture with the tracks.

        One that is nobody's gets the next number; while a known face is missing, though, only when it is found a second
        time: half a face that comes out from behind another is easily taken for a stranger's. A track unseen for longer
        than `PATIENCE` ends.

        Args:
            picture: uint8 RGB [H, W, 3].
            found: The faces in it.
            time: In seconds.

        Returns:
            The detections by their track's number.
        """
        self._tracks = {number: track for number, track in self._tracks.items() if time - track.seen <= PATIENCE}
        thumbnails = [thumbnail(picture, detection.box) for detection in found]
        numbers, tracks = list(self._tracks), list(self._tracks.values())
        known = _pairs(tracks, found, thumbnails, time)
        unmatched = [row for row in range(len(found)) if row not in known]
        left = [found[row] for row in unmatched], [thumbnails[row] for row in unmatched]
        second = _pairs(self._newcomers, *left, time)
        all_in_sight = len(known) == len(tracks)
        newcomers = []
        result = {}
        for row, column in known.items():
            _see(tracks[column], found[row], thumbnails[row], time)
            result[numbers[column]] = found[row]
        for index, row in enumerate(unmatched):
            track = Track(found[row], time, thumbnails[row])
            if all_in_sight or index in second:
                self._tracks[self._next] = track
                result[self._next] = found[row]
                self._next += 1
            else:
                newcomers.append(track)
        self._newcomers = newcomers
        return result


def scaled(detection: Detection, across: float, down: float) -> Detection:
    """The detection in a picture of another size.

    Args:
        detection: In the picture as it is.
        across: How many times as wide the other is.
        down: How many times as high it is.

    Returns:
        Box and landmarks scaled, the score kept.
    """
    box = detection.box
    larger = Box(box.left * across, box.top * down, box.right * across, box.bottom * down)
    return Detection(larger, detection.score, detection.landmarks * np.array([across, down]))


def thumbnail(picture: np.ndarray, box: Box) -> np.ndarray:
    """What a face looks like in short: the box's colours, without their mean and of length 1.

    Args:
        picture: uint8 RGB [H, W, 3].
        box: Of the face; it may lie partly outside.

    Returns:
        float32 [432].
    """
    height, width = picture.shape[:2]
    left, right = _span(box.left, box.right, width)
    top, bottom = _span(box.top, box.bottom, height)
    small = Image.fromarray(picture[top:bottom, left:right]).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    values = np.asarray(small, np.float32).flatten()
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), 1e-6)


def _cost(track: Track, detection: Detection, seen_now: np.ndarray, time: float) -> float:
    """Small for a track and a detection that are one face, infinite where they cannot be."""
    expected = track.expected(time).box
    size = math.sqrt(math.sqrt(max(expected.area, 1.0) * max(detection.box.area, 1.0)))
    distance = math.dist(expected.centre, detection.box.centre) / size
    alike = float(track.thumbnail @ seen_now)
    grown = max(expected.area, detection.box.area) / max(min(expected.area, detection.box.area), 1.0)
    reach = REACH + REACH_GROWTH * (time - track.seen)
    if distance > reach or alike < (LIKE if distance <= REACH else LIKE_AGAIN) or grown > 4:
        return math.inf
    return distance + (1 - alike)


def _pairs(tracks: list[Track], found: list[Detection], thumbnails: list[np.ndarray], time: float) -> dict[int, int]:
    """The indices of detections and of the tracks that they belong to, at the least total cost."""
    if not tracks or not found:
        return {}
    pairs = zip(found, thumbnails, strict=True)
    costs = np.array([[_cost(track, *detection, time) for track in tracks] for detection in pairs])
    possible = np.isfinite(costs)
    if (possible.sum(axis=0) <= 1).all() and (possible.sum(axis=1) <= 1).all():  # nobody has a choice
        return {int(row): int(column) for row, column in np.argwhere(possible)}
    impossible = 1e6
    matched = zip(*load(HUNGARIAN).linear_sum_assignment(np.minimum(costs, impossible)), strict=True)
    return {int(row): int(column) for row, column in matched if costs[row, column] < impossible}


def _see(track: Track, detection: Detection, seen_now: np.ndarray, time: float) -> None:
    passed = time - track.seen
    if passed > 0:
        moved = (np.array(detection.box.centre) - track.detection.box.centre) / passed
        track.speed = STEADINESS * track.speed + (1 - STEADINESS) * moved
    mixed = STEADINESS * track.thumbnail + (1 - STEADINESS) * seen_now
    track.thumbnail = mixed / max(float(np.linalg.norm(mixed)), 1e-6)
    track.detection, track.seen = detection, time


def _span(start: float, end: float, extent: int) -> tuple[int, int]:
    first = min(max(int(start), 0), extent - 1)
    return first, min(max(math.ceil(end), first + 1), extent)
