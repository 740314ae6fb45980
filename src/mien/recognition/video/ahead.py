"""Let one stage of a stream work in a thread of its own, while the next stage uses what it made."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[Item], most: int, drop: bool = False) -> Generator[Item]:
    """Make items in a thread, ahead of their use; what they raise is raised here, after the items before it.

    Closing the iterator ends the thread after the item it is making.

    Args:
        items: What is made.
        most: How many may wait.
        drop: Never let the maker wait; where the user is slow, the oldest item gives way to the newest, for live video.

    Yields:
        The items, in order.
    """
    made: queue.Queue[Item | _End] = queue.Queue(most)
    closed = threading.Event()

    def put(item: Item | _End) -> None:
        while not closed.is_set():
            try:
                return made.put(item, timeout=0.1)
            except queue.Full:
                if drop and not isinstance(item, _End):
                    _discard(made)

    def make() -> None:
        end = _End()
        try:
            for item in items:
                if drop and made.full():
                    _discard(made)
                put(item)
                if closed.is_set():
                    return
        except BaseException as error:  # handed on to the thread that uses the items
            end = _End(error)
        put(end)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        closed.set()
        thread.join()


def _discard(made: queue.Queue) -> None:
    with suppress(queue.Empty):
        made.get_nowait()
