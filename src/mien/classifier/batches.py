"""Go through many rows a batch at a time, and tell how far it is."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Show = Callable[[int, int], object]
"""Takes how many rows are done and how many there are."""
BATCH = 256


def silent(done: int, total: int) -> None:
    """Show nothing.

    Args:
        done: Not needed.
        total: Not needed.
    """


def in_batches(run: Callable[[Any], T], rows: Any, size: int = BATCH, show: Show = silent) -> list[T]:
    """Run a function over the rows of an array or a tensor.

    Args:
        run: Takes some of the rows.
        rows: Anything with a length and slices, [N, ...]; N may be 0.
        size: Rows at a time, 1 or more.
        show: Is called after each batch.

    Returns:
        What came of each batch, at least one: of no rows, what the function makes of none.
    """
    made = []
    for start in range(0, max(len(rows), 1), size):
        made.append(run(rows[start : start + size]))
        show(min(start + size, len(rows)), len(rows))
    return made
