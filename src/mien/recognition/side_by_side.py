"""Work on several items at the same time by threads: NumPy, Pillow and ONNX Runtime let others work meanwhile."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Mapping = Callable[[Callable[[Item], Result], Iterable[Item]], Iterable[Result]]


def side_by_side(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    weigh: Callable[[Item], float] = lambda _: 0,
    most: float = 0,
) -> Generator[tuple[Item, Result]]:
    """Apply a function to items, several at the same time.

    Closing the iterator, as an interrupt does, ends the threads after the items they are at.

    Args:
        function: Is called once for each item, by any of the threads; by the calling one where it is the only one.
        items: Are gone through by the calling thread, at most one more ahead than there are threads. What they raise is
            raised here, after the results of the items before.
        threads: How many items are worked on at the same time, 1 or more.
        weigh: How much an item and its result take, such as pixels; is called where there are several threads.
        most: Items whose weights are more together are not worked on at the same time: an item waits until those before
            it are done and given, and one that is heavier alone is worked on alone.

    Yields:
        Each item with its result, in the items' order. What the function raises is raised in the result's place.
    """
    if threads == 1:
        for item in items:
            yield item, function(item)
        return
    pool = ThreadPoolExecutor(threads)
    working: deque[tuple[Item, Future[Result], float]] = deque()

    def taken() -> tuple[Item, Result]:  # keeps nothing of what it gives, which may be large
        first, future, _ = working.popleft()
        return first, future.result()

    raised: Exception | None = None
    try:
        given = iter(items)
        while raised is None:
            try:
                item = next(given)
            except StopIteration:
                break
            except Exception as error:
                raised = error
                break
            weight = weigh(item)
            while working and sum(one[-1] for one in working) + weight > most:
                yield taken()
            working.append((item, pool.submit(function, item), weight))
            del item
            if len(working) > threads:  # one waits, so that no thread does
                yield taken()
        while working:
            yield taken()
        if raised is not None:
            raise raised
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def mapping(threads: int) -> Iterator[Mapping]:
    """A `map` by several threads, for the block's time.

    Args:
        threads: How many; for a single one it is the built-in `map`.

    Yields:
        A function as `map` is; its results are in order.
    """
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map
