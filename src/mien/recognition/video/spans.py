"""Times and spans of a video as people write them: "90", "1:30", "00:01:30.5", "500ms", "10-20,1:05-1:10"."""

import math


def seconds(text: str) -> float:
    """A time in seconds.

    Args:
        text: Seconds ("90", "0.5s", "500ms"), minutes and seconds ("1:30") or hours too ("00:01:30.5").

    Returns:
        Seconds, finite; negative only where written with a minus and no colon.

    Raises:
        ValueError: It is written otherwise.
    """
    text = text.strip()
    if ":" not in text:
        factor = 1.0
        if text.lower().endswith("ms"):
            text, factor = text[:-2], 0.001
        elif text.lower().endswith("s"):
            text = text[:-1]
        value = float(text) * factor
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    *whole, last = text.split(":")
    if len(whole) > 2 or not all(part.isascii() and part.isdigit() for part in whole):
        raise ValueError(text)
    values = [*map(float, whole), float(last)]
    if not all(0 <= value < 60 for value in values[1:]):
        raise ValueError(text)
    return sum(value * 60**place for place, value in enumerate(reversed(values)))


def spans(text: str) -> list[tuple[float, float]]:
    """Spans such as "10-20,1:05-1:10", in seconds, in order. Raises ValueError for others, and where one is empty."""
    found = []
    for part in text.split(","):
        start, dash, end = part.partition("-")
        if not dash:
            raise ValueError(part)
        found.append((seconds(start), seconds(end)))
        if found[-1][1] <= found[-1][0]:
            raise ValueError(part)
    return sorted(found)
