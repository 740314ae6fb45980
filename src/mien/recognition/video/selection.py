"""Which of a video's frames are read, and where in them: spans of time, a distance in time, a part of the picture."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mien.errors import MienError, VideoError
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.spans import seconds, spans

ROUNDING = 1e-6
"""Times closer than this, in seconds, are one: 0.1 is no sum of thirds."""


@dataclass(frozen=True)
class Region:
    """A part of the picture: left, top, width and height, each in pixels or as a share of the picture's size.

    shares: whether left, top, width, height are shares in [0, 1] and not pixels.
    """

    left: float
    top: float
    width: float
    height: float
    shares: tuple[bool, bool, bool, bool] = (False, False, False, False)

    @classmethod
    def from_text(cls, text: str) -> "Region":
        """A region such as "320,0,640,720" or "50%,0,50%,100%".

        Args:
            text: As people write it.

        Returns:
            The region.

        Raises:
            MienError: For what is none.
        """
        parts = [part.strip() for part in text.split(",")]
        try:
            values = [float(part.removesuffix("%")) / (100 if part.endswith("%") else 1) for part in parts]
        except ValueError:
            values = []
        if len(values) != 4 or not all(math.isfinite(one) and one >= 0 for one in values) or min(values[2:]) <= 0:
            raise MienError(f"a region is x,y,width,height in pixels or percent, as 50%,0,50%,100%; not '{text}'")
        left, top, width, height = values
        shares = tuple(part.endswith("%") for part in parts)
        return cls(left, top, width, height, (shares[0], shares[1], shares[2], shares[3]))

    def sides(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in a picture of a size in pixels.

        Args:
            width: Of the picture.
            height: Of the picture.

        Returns:
            In pixels.

        Raises:
            VideoError: Where it reaches beyond.
        """
        scale = [size if share else 1 for share, size in zip(self.shares, (width, height) * 2, strict=True)]
        left, top, across, down = (
            one * factor for one, factor in zip((self.left, self.top, self.width, self.height), scale, strict=True)
        )
        if left + across > width + 0.5 or top + down > height + 0.5:
            raise VideoError(
                f"the region reaches to {left + across:.0f},{top + down:.0f}, beyond its picture of {width}x{height}"
            )
        return left, top, left + across, top + down


@dataclass(frozen=True)
class Selection:
    """What is read of a video. All times are seconds on the video's own clock, as the rows have them.

    every: seconds from one frame that is read to the next, None for every frame; start, end: only frames from and
    before these times, None for no limit; excluded: spans that are left out; region: where the faces' centres must lie;
    rate: how many times a second a face is read at most, None for every frame that is read; see `readings`.
    """

    every: float | None = None
    start: float | None = None
    end: float | None = None
    excluded: tuple[tuple[float, float], ...] = ()
    region: Region | None = None
    rate: float | None = None

    @classmethod
    def from_texts(
        cls,
        every: str | None = None,
        start: str | None = None,
        end: str | None = None,
        excluded: str | None = None,
        region: str | None = None,
        rate: float | None = None,
    ) -> "Selection":
        """What people write: "500ms", "90", "00:01:30.5", "10-20,1:05-1:10".

        Args:
            every: A time.
            start: A time.
            end: A time.
            excluded: Spans.
            region: As `Region.from_text` takes it.
            rate: Readings of a face a second, at most.

        Returns:
            What is read.

        Raises:
            MienError: For what cannot be.
        """
        step = _time("--every", every)
        first, last = _time("--from", start), _time("--to", end)
        if step is not None and step <= 0:
            raise MienError(f"--every takes a time above 0, such as 0.5s; not '{every}'")
        if first is not None and last is not None and first >= last:
            raise MienError(f"--from {start} is not before --to {end}; nothing lies between")
        try:
            without = tuple(spans(excluded)) if excluded is not None else ()
        except ValueError:
            raise MienError(f"--exclude takes spans such as 10-20,1:05-1:10, each to later; not '{excluded}'") from None
        if rate is not None and not (0 < rate < math.inf):
            raise MienError(f"--reading-rate takes a number above 0, such as 15; not {rate:g}")
        return cls(step, first, last, without, None if region is None else Region.from_text(region), rate)

    @property
    def in_time(self) -> bool:
        """Whether frames are left out at all."""
        return self.every is not None or self.cuts

    @property
    def cuts(self) -> bool:
        """Whether spans of time are left out."""
        return self.start is not None or self.end is not None or bool(self.excluded)

    def has(self, time: float) -> bool:
        """Whether a time lies in what is read.

        Args:
            time: In seconds.

        Returns:
            False for what is left out.
        """
        if self.start is not None and time < self.start - ROUNDING:
            return False
        if self.ended(time):
            return False
        return not any(start - ROUNDING <= time < end - ROUNDING for start, end in self.excluded)

    def ended(self, time: float) -> bool:
        """Whether all that is read lies before a time.

        Args:
            time: In seconds.

        Returns:
            True from `end` on.
        """
        return self.end is not None and time >= self.end - ROUNDING


class Pacer:
    """Says which frames are due: from the first on, at each step of so many seconds the first frame from then on."""

    def __init__(self, every: float | None) -> None:
        self._every = every
        self._first: float | None = None
        self._steps = 0

    def is_due(self, time: float) -> bool:
        """Whether the frame at a time, in seconds, is to be read; times rise.

        Args:
            time: In seconds.

        Returns:
            True for the first frame of each step.
        """
        if self._every is None:
            return True
        if self._first is None:
            self._first = time
        steps = math.floor((time - self._first + ROUNDING) / self._every) + 1
        due, self._steps = steps > self._steps, max(steps, self._steps)
        return due


def selected(frames: Iterable[DecodedFrame], selection: Selection) -> Iterator[DecodedFrame]:
    """The frames in the spans of time that are read; ends where nothing more is to come.

    Args:
        frames: All of a video.
        selection: What is read of it.

    Yields:
        The frames that are read.

    Raises:
        VideoError: None of them is; the message lacks the video's name.
    """
    found, last = False, None
    for frame in frames:
        last = frame.time
        if selection.ended(frame.time):
            break
        if selection.has(frame.time):
            found = True
            yield frame
    if not found and last is not None:
        raise VideoError(f"no frame of it lies in what is to be read; it was gone through to {last:.1f} s")


def _time(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return seconds(text)
    except ValueError:
        raise MienError(f"{option} takes a time such as 0.5s, 90, 1:30 or 00:01:30.5; not '{text}'") from None
