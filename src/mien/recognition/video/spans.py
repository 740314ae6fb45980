"""Times and spans of a video as people write them: "90", "1:30", "00:01:30.5", "500ms", "10-20,1:05-1:10"."""

import math
import re

_PLAIN = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?) ?(?P<unit>ms|s)?", re.ASCII)
_CLOCK = re.compile(r"(?:(?P<hours>\d+):(?=[0-5]?\d:))?(?P<minutes>\d+):(?P<seconds>[0-5]?\d(?:\.\d*)?)", re.ASCII)


def seconds(text: str) -> float:
    """A time in seconds.

    Args:
        text: Seconds ("90", "0.5s", "500ms"), minutes and seconds ("1:30") or hours too ("00:01:30.5").

    Returns:
        Seconds, finite; negative only where written with a minus and no colon.

    Raises:
        ValueError: It is written otherwise.
    """
    found = _CLOCK.fullmatch(text.strip()) or _PLAIN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"no time: '{text}'")
    if found.re is _PLAIN:
        value = float(found["number"]) * (0.001 if found["unit"] == "ms" else 1)
    else:
        value = int(found["hours"] or 0) * 3600 + int(found["minutes"]) * 60 + float(found["seconds"])
    if not math.isfinite(value):
        raise ValueError(f"no time: '{text}'")
    return value


def spans(text: str) -> list[tuple[float, float]]:
    """Spans such as "10-20,1:05-1:10", in seconds, in order.

    Args:
        text: As people write it.

    Returns:
        Starts and ends.

    Raises:
        ValueError: For others, and where one is empty.
    """
    found = []
    for part in text.split(","):
        start, _, end = part.partition("-")
        found.append((seconds(start), seconds(end)))
        if found[-1][1] <= found[-1][0]:
            raise ValueError(f"no time lies in '{part}'")
    return sorted(found)
