"""Give Mien damaged files: nothing may crash it, hang it, fill the memory or end in a traceback.

    python benchmarks/fuzz.py pictures --count 20000
    python benchmarks/fuzz.py                       # all kinds, as many as results/benchmarks/fuzz.json tells of

Every file is read in a process of its own kind that is started anew when it dies. Prints a table, names each file that
went wrong (it is kept in out/fuzz), and writes results/benchmarks/fuzz.json. Exits with 1 where anything went wrong.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.targets import TARGETS
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mien.errors import MienError
from mien.results.benchmarks import FUZZ, Fuzzed
from mien.results.record import made, read_if_there, write

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "benchmarks" / "fuzz.json"
KEPT = ROOT / "out" / "fuzz"
COUNTS = {"pictures": 20_000, "videos": 2_000, "models": 500, "recipes": 500}
PATIENCE = 10.0
"""Seconds that a file may take."""
LONGEST_LINE = 500
"""Characters that an error may have."""
OUTCOMES = READ, REFUSED, TRACEBACK, CRASH, HANG = "read", "refused", "traceback", "crash", "hang"


@dataclass
class Tally:
    """What became of the files of one kind.

    Attributes:
        outcomes: How many were read, refused, and so on.
        wrong: The number of each file that went wrong, and how.
        slowest: Seconds that the slowest file took.
        peak_mb: The most memory that a process came to hold, in megabytes.
    """

    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    wrong: dict[int, str] = field(default_factory=dict)
    slowest: float = 0.0
    peak_mb: float = 0.0


class Reader:
    """A process that reads files of one kind; one that died is replaced."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._kind, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # ready

    def read(self, path: Path) -> tuple[str, str, float]:
        """What became of a file, the reason, and the process's memory in megabytes."""
        self._connection.send(str(path))
        try:
            if self._connection.poll(PATIENCE):
                answer: tuple[str, str, float] = self._connection.recv()
                return answer
            self._process.kill()
            answer = (HANG, f"more than {PATIENCE:.0f} s", 0.0)
        except EOFError:
            self._process.join()
            answer = (CRASH, f"the process died ({self._process.exitcode})", 0.0)
        self._start()
        return answer

    def close(self) -> None:
        self._process.kill()


def _serve(kind: str, connection: Connection) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders' own words
    read = TARGETS[kind].open()
    connection.send("ready")
    while True:
        path = Path(connection.recv())
        try:
            read(path)
            outcome, reason = READ, ""
        except MienError as error:
            outcome, reason = REFUSED, str(error)
            if "\n" in reason or len(reason) > LONGEST_LINE:
                outcome = TRACEBACK
        except BaseException as error:
            outcome, reason = TRACEBACK, f"{type(error).__name__}: {error}"[:LONGEST_LINE]
        connection.send((outcome, reason, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def fuzz(kind: str, count: int, start: int = 0) -> Tally:
    """Read `count` damaged files of a kind; file i is seed i of the mutation, whatever came before it."""
    target, tally = TARGETS[kind], Tally()
    seeds = target.seeds()
    KEPT.mkdir(parents=True, exist_ok=True)
    reader = Reader(kind)
    try:
        for number in track(range(start, start + count), kind, console=Console(stderr=True)):
            suffix, content = seeds[number % len(seeds)]
            path = KEPT / f"{kind}-{number}{suffix}"
            path.write_bytes(target.mutate(content, number))
            begun = time.monotonic()
            outcome, reason, memory = reader.read(path)
            tally.slowest = max(tally.slowest, time.monotonic() - begun)
            tally.peak_mb = max(tally.peak_mb, memory)
            tally.outcomes[outcome] += 1
            if outcome in (READ, REFUSED):
                path.unlink()
            else:
                tally.wrong[number] = f"{outcome}: {reason}"
                Console(stderr=True).print(f"{path}: {outcome}: {reason}", markup=False, highlight=False)
    finally:
        reader.close()
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[[], *TARGETS], help="all if none is named")
    parser.add_argument("--count", type=int, help="files of each kind")
    parser.add_argument("--start", type=int, default=0, help="the first file's number")
    arguments = parser.parse_args()
    on_file = read_if_there(FUZZ, RESULTS) or {}
    table = Table("kind", "files", *OUTCOMES, "slowest", "memory")
    failed = False
    for kind in arguments.kinds or TARGETS:
        count = arguments.count or COUNTS[kind]
        tally = fuzz(kind, count, arguments.start)
        failed |= bool(tally.wrong)
        counts = [str(tally.outcomes[outcome]) for outcome in OUTCOMES]
        table.add_row(kind, str(count), *counts, f"{tally.slowest:.1f} s", f"{tally.peak_mb:.0f} MB")
        on_file[kind] = made(Fuzzed, {"files": count, "first": arguments.start, **asdict(tally)})
        write(RESULTS, on_file, FUZZ)
    Console().print(table)
    sys.exit(failed)


if __name__ == "__main__":
    main()
