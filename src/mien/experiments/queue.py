"""Run what is missing: each run is a process of its own, so that one which fails takes no other along."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mien.errors import DataError, RecipeError, StorageError
from mien.experiments.job_status import FAILURE
from mien.experiments.jobs import Job
from mien.experiments.run_results import has_result, is_complete
from mien.storage import write_text
from mien.training.run import RunFolder

LOG = "log.txt"
_POLL_SECONDS = 0.2
# A training knows the deadline and stops at an epoch's end before it; one that misjudged its epoch is interrupted.
_GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class Commands:
    """The command lines of a job.

    Attributes:
        train: Trains or goes on, with the hours left, or None.
        file: Puts it on file.
    """

    train: Callable[[Job, float | None], list[str]]
    file: Callable[[Job], list[str]]


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        job: The job.
        kind: "done", "stopped" (the time is over; it goes on next time), or "failed".
        reason: Why it failed.
    """

    job: Job
    kind: str
    reason: str = ""


class Queue:
    """Runs jobs into folders under `runs`, and files them under `results`.

    Killed at any moment, a new queue with the same jobs goes on: what is on file is left alone, what has a checkpoint
    goes on from it, and a training that outlived its queue, or is another queue's, is waited for.

    Args:
        commands: How a job is run.
        runs: The folder of runs' folders.
        results: The folder of results.
        parallel: How many at a time.
        deadline: On time.monotonic()'s clock, or None.
        say: Takes a line whenever something happens.
    """

    def __init__(
        self,
        commands: Commands,
        runs: Path,
        results: Path,
        parallel: int,
        deadline: float | None,
        say: Callable[[str], None],
    ) -> None:
        self._commands, self._runs, self._results = commands, runs, results
        self._parallel, self._deadline, self._say = parallel, deadline, say
        self._full = False
        self._waited_for: set[str] = set()

    def run(self, jobs: list[Job]) -> list[Outcome]:
        """Run the jobs that are not on file: first what was begun, then in the order given.

        Args:
            jobs: In the order of their turn.

        Returns:
            What became of those that were begun.
        """
        missing = [job for job in jobs if not has_result(job.name, self._results)]
        waiting = sorted(missing, key=lambda job: not self._folder(job).checkpoint.is_file())
        active: list[_Process] = []
        outcomes: list[Outcome] = []

        def take(follows: "Job | Outcome | _Process") -> None:
            if isinstance(follows, Job):
                waiting.append(follows)
            elif isinstance(follows, Outcome):
                outcomes.append(follows)
                self._say(f"{follows.job.name}: {follows.kind}" + (f": {follows.reason}" if follows.reason else ""))
            else:
                active.append(follows)

        try:
            while active or (waiting and not self._closed()):
                while len(active) < self._parallel and not self._closed():
                    free = next((job for job in waiting if not self._folder(job).is_locked()), None)
                    if free is None:
                        self._say_waited_for(waiting)
                        break
                    waiting.remove(free)
                    take(self._begin(free))
                for process in [process for process in active if process.ended()]:
                    active.remove(process)
                    take(self._after(process))
                if self._deadline is not None and time.monotonic() > self._deadline + _GRACE_SECONDS:
                    for process in active:
                        process.interrupt()
                time.sleep(_POLL_SECONDS)
        finally:
            # An error or Ctrl-C here: what runs is asked to stop too, and keeps its last checkpoint.
            for process in active:
                process.interrupt()
                process.wait()
        return outcomes + [Outcome(job, "stopped", self._why()) for job in waiting]

    def _folder(self, job: Job) -> RunFolder:
        return RunFolder(self._runs / job.name)

    def _closed(self) -> bool:
        """Whether nothing new may begin."""
        return self._full or (self._deadline is not None and time.monotonic() >= self._deadline)

    def _why(self) -> str:
        return "the disk is full" if self._full else "the time is over"

    def _say_waited_for(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.name not in self._waited_for:
                self._waited_for.add(job.name)
                self._say(f"{job.name}: another process trains it; waiting for that to end")

    def _begin(self, job: Job) -> "Outcome | _Process":
        folder = self._folder(job)
        (folder.path / FAILURE).unlink(missing_ok=True)
        if (filing := self._file(job)) is not None:
            return filing
        hours = None if self._deadline is None else max(self._deadline - time.monotonic(), 0) / 3600
        self._say(f"{job.name}: training" + (", going on" if folder.checkpoint.is_file() else ""))
        return _Process(job, self._commands.train(job, hours), folder.path, trains=True)

    def _file(self, job: Job) -> "Outcome | _Process | None":
        """Put a job on file that has all of its epochs; None where it lacks some."""
        if has_result(job.name, self._results):  # by another queue, since this one began
            return Outcome(job, "done")
        try:
            if not is_complete(self._folder(job).curve(), job.recipe):
                return None
        except DataError as error:
            return self._failed(job, str(error))
        return _Process(job, self._commands.file(job), self._folder(job).path, trains=False)

    def _after(self, process: "_Process") -> "Job | Outcome | _Process":
        """What follows on a process that has ended; its job where that goes back to waiting."""
        job, code = process.job, process.wait()
        if code == 0 and process.trains:
            return self._file(job) or Outcome(job, "stopped", "the time is over")
        if code == 0:
            return Outcome(job, "done")
        if process.interrupted:
            return Outcome(job, "stopped", "the time is over")
        if process.trains and code == RecipeError.exit_code and self._folder(job).is_locked():
            return job  # another queue began it at the same moment
        if code == StorageError.exit_code:
            self._full = True
        return self._failed(job, process.reason())

    def _failed(self, job: Job, reason: str) -> Outcome:
        try:
            write_text(self._folder(job).path / FAILURE, reason + "\n")
        except StorageError:
            self._full = True  # the reason is still in the outcome
        return Outcome(job, "failed", reason)


class _Process:
    """A command of a job, with its output in the log of the run's folder."""

    def __init__(self, job: Job, command: list[str], folder: Path, trains: bool) -> None:
        self.job, self.trains, self.interrupted = job, trains, False
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / LOG
        with self._log.open("ab") as log:
            self._begins = log.tell()  # below is what earlier ones said
            self._process = _start(command, log)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self) -> int:
        return self._process.wait()

    def interrupt(self) -> None:
        """Ask a training to stop; filing is short and is let finish."""
        if self.trains and not self.interrupted and not self.ended():
            self.interrupted = True
            self._process.terminate()  # not SIGINT, which processes begun in the background ignore

    def reason(self) -> str:
        """Why it failed: what it said itself, or how it ended."""
        code = self.wait()
        if code < 0:
            return f"killed by signal {-code}" + (" (out of memory?)" if -code == signal.SIGKILL else "")
        lines = self._log.read_bytes()[self._begins :].decode(errors="replace").splitlines()
        said = [line.removeprefix("mien: ") for line in lines if line.startswith("mien: ")]
        return said[-1] if said else f"ended with code {code}"


def _start(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
