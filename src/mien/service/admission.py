"""Who is let in: so many requests are worked on in threads, so many may wait, and every other is refused at once."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from mien.service.limits import Limits
from mien.service.refusals import busy, too_slow

Result = TypeVar("Result")


class Admission:
    """The places of a service, and the threads in which the work of those who have one is done.

    A thread cannot be ended from outside. So a request that is answered with "not done in time" keeps its place until
    its thread has really ended, and the limits hold for what the machine does, not only for what clients see.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._threads = ThreadPoolExecutor(limits.at_once, thread_name_prefix="recognition")
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Requests that are worked on or wait."""
        return self._taken

    def enter(self) -> "Place":
        """Give a request a place, before anything of its body is read.

        Returns:
            The place.

        Raises:
            Refusal: All are taken.
        """
        with self._lock:
            if self._taken >= self.limits.at_once + self.limits.waiting:
                raise busy()
            self._taken += 1
        return Place(self)

    def leave(self) -> None:
        """Give a place back; from any thread."""
        with self._lock:
            self._taken -= 1

    def submit(self, work: Callable[[], Result]) -> "Future[Result]":
        """Do work in a thread when its turn comes.

        Args:
            work: Called without arguments.

        Returns:
            What comes of it.
        """
        return self._threads.submit(work)

    def close(self) -> None:
        """End the threads; what waits is not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Place:
    """One request's place; a context manager that gives it back when the request's work has ended."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._job: Future | None = None
        self._deadline = time.monotonic() + admission.limits.seconds
        self.abandoned = threading.Event()
        """Set when nobody waits for the work any more: it may end early."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandoned.set()
        if self._job is None:
            self._admission.leave()
        else:
            self._job.cancel()
            self._job.add_done_callback(lambda _: self._admission.leave())

    @property
    def seconds_left(self) -> float:
        """Until the request must be answered; 0 where that is over."""
        return max(self._deadline - time.monotonic(), 0.0)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do the request's work in a thread.

        Args:
            work: Called without arguments.

        Returns:
            What it returns.

        Raises:
            Refusal: It was not done in time.
        """
        job = self._admission.submit(work)
        self._job = job
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(job)), self.seconds_left)
        except TimeoutError:
            raise too_slow(self._admission.limits.seconds) from None
