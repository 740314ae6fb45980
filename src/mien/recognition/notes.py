"""Warnings about pictures: given to the line that asked for the picture, whichever thread has read it."""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mien.errors import MienWarning

_held: ContextVar[list[MienWarning] | None] = ContextVar("_held", default=None)


def note(message: str, kind: str) -> None:
    """Warn (`MienWarning`) at the line outside this package that asked for the picture, or hold it: see `held`.

    Args:
        message: One line.
        kind: What sort of thing it says; see `MienWarning`.
    """
    warning = MienWarning(message, kind)
    held = _held.get()
    if held is None:
        give([warning])
    else:
        held.append(warning)


@contextmanager
def held() -> Iterator[list[MienWarning]]:
    """Collect what this thread has to say in the block, so that another can `give` it in its turn.

    Yields:
        The list that it is put into.
    """
    collected: list[MienWarning] = []
    before = _held.set(collected)
    try:
        yield collected
    finally:
        _held.reset(before)


def give(collected: list[MienWarning]) -> None:
    """Warn of what was held.

    Args:
        collected: What `held` gave.
    """
    frame, level = inspect.currentframe(), 0
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("mien."):
        frame, level = frame.f_back, level + 1
    for warning in collected:
        warnings.warn(warning, stacklevel=level + 1)
