"""This build beside that of an earlier commit: both run by turns in one benchmark, each from its own source tree."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = "from mien.cli.main import main; main()"


@dataclass(frozen=True)
class Build:
    """A source tree whose package is run."""

    name: str
    source: Path
    compiled: Path

    def run(self, code: str, *arguments: object) -> tuple[float, float, str]:
        """Seconds and seconds of all cores' work that Python takes for the code, and what it prints.

        Modules are compiled once, as an installation does it.
        """
        compiled = {"PYTHONPYCACHEPREFIX": str(self.compiled), "PYTHONDONTWRITEBYTECODE": ""}
        environment = {**os.environ, **compiled, "PYTHONPATH": str(self.source / "src")}
        before, started = _work(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            cwd=self.source,
            capture_output=True,
            text=True,
            check=True,
        )
        return time.perf_counter() - started, _work() - before, done.stdout


def _work() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def builds(before: str) -> Iterator[dict[str, Build]]:
    """This tree, and that of an earlier commit in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, before], cwd=ROOT, check=True)
        try:
            compiled = Path(folder) / "compiled"
            yield {"before": Build("before", tree, compiled), "now": Build("now", ROOT, compiled)}
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def commit_of(name: str) -> str:
    """A commit's short name."""
    asked = ["git", "rev-parse", "--short", name]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
