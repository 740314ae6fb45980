"""Read faces at most so many times a second, and say what they show in the frames between as boxes are said there.

What the model says of a face changes little from frame to frame. Where a rate is asked for, a face is read in the first
frame in which it is seen and then in the first frame of each step; in a frame between two readings probabilities, the
gate's scores, features and map lie between those of both, by time. A face that is gone before its next reading keeps
the last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mien.recognition.faces import Face
from mien.recognition.model import Outputs
from mien.recognition.recognizer import FaceCrop, Recognizer
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.selection import Pacer

MOST_WAITING = 15
"""No more frames than this wait for a reading, whatever a broken video's clock says."""


@dataclass(frozen=True)
class Reading:
    """What a recogniser says of a face in one frame: a row of outputs."""

    recognizer: Recognizer
    outputs: Outputs
    index: int

    def face(self, crop: FaceCrop) -> Face:
        """The face that was read.

        Args:
            crop: The face's in its own frame.

        Returns:
            With the gate's verdict.
        """
        return self.recognizer.face(crop, self.outputs, self.index)

    def towards(self, other: "Reading", share: float) -> "Reading":
        """A reading between two.

        Args:
            other: Of the same recogniser.
            share: How far it lies towards the other, in [0, 1].

        Returns:
            Every output interpolated linearly.
        """
        mixed: dict[str, Any] = {}
        for part in fields(Outputs):
            one, two = getattr(self.outputs, part.name), getattr(other.outputs, part.name)
            if one is None or two is None:
                mixed[part.name] = None
                continue
            row, other_row = one[self.index : self.index + 1], two[other.index : other.index + 1]
            mixed[part.name] = row + np.float32(share) * (other_row - row)
        return Reading(self.recognizer, Outputs(**mixed), 0)


@dataclass(frozen=True)
class CroppedFrame:
    """A frame and its faces.

    Attributes:
        decoded: The frame.
        numbers: The faces' tracks.
        crops: Of the faces, in the same order.
        due: Which of them are to be read, in the same order.
    """

    decoded: DecodedFrame
    numbers: list[int]
    crops: list[FaceCrop]
    due: list[bool]


class Schedule:
    """Says which faces of each frame are to be read.

    Args:
        rate: At most so many times a second; None for every frame.
    """

    def __init__(self, rate: float | None) -> None:
        self._pacer = Pacer(None if rate is None else 1 / rate)
        self._read: set[int] = set()
        self._passed = 0

    def due(self, time: float, numbers: Sequence[int]) -> list[bool]:
        """Which faces of the next frame are to be read.

        Args:
            time: Of the frame, in seconds; times rise.
            numbers: The faces' tracks.

        Returns:
            One word a face: all of a frame with which a step begins, else those not read since it began.
        """
        if self._pacer.is_due(time) or self._passed == MOST_WAITING:
            self._read, self._passed = set(), 0
        else:
            self._passed += 1
        due = [number not in self._read for number in numbers]
        self._read |= set(numbers)
        return due


def filled(
    frames: Iterable[tuple[CroppedFrame, Sequence[Reading | None]]],
) -> Iterator[tuple[CroppedFrame, list[Reading]]]:
    """Give every face of every frame a reading; holds `MOST_WAITING` frames at most.

    Args:
        frames: In order, with a reading for each face that was due, None for the others.

    Yields:
        The same frames, with a reading for each face. What `frames` raises is raised after those before it.
    """
    before: dict[int, tuple[float, Reading]] = {}
    waiting: list[tuple[CroppedFrame, Sequence[Reading | None]]] = []
    try:
        for item in frames:
            waiting.append(item)
            if all(item[0].due):
                ready, waiting = waiting, []
                yield from _between(before, ready)
                before = {number: before[number] for number in item[0].numbers}
    except Exception:  # what came before an error is given first
        yield from _between(before, waiting)
        raise
    yield from _between(before, waiting)


def _between(
    before: dict[int, tuple[float, Reading]], waiting: Sequence[tuple[CroppedFrame, Sequence[Reading | None]]]
) -> Iterator[tuple[CroppedFrame, list[Reading]]]:
    """The frames since all faces of one were read; `before` has each face's last reading, and is kept up."""
    for place, (frame, readings) in enumerate(waiting):
        time, found = frame.decoded.time, []
        for number, reading in zip(frame.numbers, readings, strict=True):
            if reading is not None:
                before[number] = time, reading
            found.append(_at(time, before[number], _next(number, waiting[place + 1 :])))
        yield frame, found


def _next(number: int, later: Sequence[tuple[CroppedFrame, Sequence[Reading | None]]]) -> tuple[float, Reading] | None:
    """When a face is read next, and what is said then."""
    for frame, readings in later:
        if number in frame.numbers and (reading := readings[frame.numbers.index(number)]) is not None:
            return frame.decoded.time, reading
    return None


def _at(time: float, before: tuple[float, Reading], after: tuple[float, Reading] | None) -> Reading:
    then, reading = before
    if after is None or time <= then or after[1].recognizer is not reading.recognizer:
        return reading
    return reading.towards(after[1], (time - then) / max(after[0] - then, 1e-6))
