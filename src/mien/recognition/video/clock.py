"""One rising clock for a video, whatever its container says.

Times that rise are left as they are. Where they jump, as where two recordings are joined, wrap, or are missing, they go
on from the time before.
"""

import math
import time
from collections.abc import Callable
from typing import Any

BACK = 0.1
"""A stream's clock that falls back by more than this, in seconds, has been set anew."""
BACK_SHOWN = 2.0
"""The same where packets say only when they are shown, which is not the order in which they come."""
AHEAD = 10.0
"""One that springs ahead by more than this has too, in containers whose clock may jump by their own rules (MPEG)."""
AHEAD_ELSEWHERE = 30 * 3600.0
"""The same for other containers, where hours may lie between two frames of a camera that records what moves."""


APART = 0.5
"""Sound that is further from where it should go on than this, in seconds, has jumped."""
STILL = 2e-4
"""Frames less than this apart, in seconds, were stamped without a clock: writers add a tick to a time used before."""
LEAST = 1e-3
"""What a frame that does not rise is put behind the one before, in seconds."""


class Joints:
    """Finds where the clock of a file's packets jumps, and moves the packets after it so that they follow on.

    Fed with the same packets of video it moves the sound as it moves the pictures.

    Args:
        may_jump: Whether jumps ahead are usual in this container, as in MPEG transport streams.
    """

    def __init__(self, may_jump: bool) -> None:
        self._most = AHEAD if may_jump else AHEAD_ELSEWHERE
        self._last = {True: -math.inf, False: -math.inf}  # of packets that say when they are decoded, and of others
        self._end = -math.inf
        self._step = 0.04
        self.shifts = [0.0]
        self.jumps: list[float] = []

    def move(self, packet: Any) -> None:
        """Correct the times of the pictures' next packet in place.

        Args:
            packet: PyAV's; its `pts` and `dts` are changed.
        """
        told = packet.dts is not None
        stamp = packet.dts if told else packet.pts
        if stamp is None or not packet.time_base:
            return
        unit = float(packet.time_base)
        self._step = packet.duration * unit if packet.duration else self._step
        ahead = stamp * unit + self.shifts[-1] - self._last[told]
        shown = (stamp if packet.pts is None else packet.pts) * unit
        if math.isfinite(ahead) and not -(BACK if told else BACK_SHOWN) <= ahead <= self._most:
            self.shifts.append(self._end - shown)
            self.jumps.append(self._end)
        self._last[told] = stamp * unit + self.shifts[-1]
        self._end = max(self._end, shown + self.shifts[-1] + self._step)
        _shift(packet, self.shifts[-1])

    def move_sound(self, packet: Any, expected: float | None) -> None:
        """Correct a packet of sound in place: as the pictures around it, whichever side of a jump suits it better.

        Args:
            packet: The packet.
            expected: When the sound before it ends, in seconds on the corrected clock; None at the start.
        """
        if packet.pts is not None and len(self.shifts) > 1:
            _shift(packet, self._shift_of_sound(packet, self.jumps[-1] if expected is None else expected))

    def follows(self, packet: Any, expected: float | None) -> bool:
        """Whether a packet of sound follows on the one before once it is moved; else the pictures may jump soon too.

        Args:
            packet: PyAV's; it is not changed.
            expected: When the sound before it ends, in seconds; None at the start.

        Returns:
            True too where there is nothing to compare.
        """
        if packet.pts is None or expected is None:
            return True
        moved = float(packet.pts * packet.time_base) + self._shift_of_sound(packet, expected)
        return abs(moved - expected) < APART

    def _shift_of_sound(self, packet: Any, aim: float) -> float:
        now = float(packet.pts * packet.time_base)
        return min(self.shifts[-2:], key=lambda shift: abs(now + shift - aim))


def _shift(packet: Any, seconds: float) -> None:
    if seconds:
        ticks = round(seconds / float(packet.time_base))
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


class Clock:
    """The times of a video's frames, each later than the one before.

    Args:
        start: The first frame's time where it states none, in seconds.
        step: Seconds from frame to frame where the frames state no time.
        arrivals: Whether frames without a usable time have that of their arrival, as live video should.
        now: Seconds on a clock that rises, for arrivals.
    """

    def __init__(
        self, start: float, step: float, arrivals: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._start, self.step, self._arrivals, self._now = start, step, arrivals, now
        self._last: float | None = None
        self._stated: float | None = None
        self._arrived = now()
        self._standing = 0
        self.invented = 0

    def time(self, stated: float | None) -> float:
        """The next frame's time.

        Args:
            stated: What the container says, in seconds; None where it says nothing.

        Returns:
            Seconds, later than the frame before.
        """
        arrived = self._now()
        passed, self._arrived = arrived - self._arrived, arrived
        if self._last is None:
            self._last = self._start if stated is None else stated
            self.invented += stated is None
        elif stated is not None and stated > self._last and not self._stands(stated):
            self._last, self._standing = stated, 0
        else:
            self.invented += 1
            self._last += max(passed, LEAST) if self._arrivals else self._step_from(stated)
        self._stated = stated
        return self._last

    def _stands(self, stated: float) -> bool:
        return self._stated is not None and abs(stated - self._stated) < STILL

    def _step_from(self, stated: float | None) -> float:
        if stated is None:
            return self.step
        if not self._stands(stated):
            return LEAST  # out of order: the next may be in order again
        self._standing += 1
        # one that stands still is a hiccup; with the second, what the first was given too little is made up for
        return {1: LEAST, 2: 2 * self.step - LEAST}.get(self._standing, self.step)
