"""How long a newcomer's first five minutes take: every block of docs/start.md, from an empty folder.

    python benchmarks/first_minutes.py

Clones the last commit into a new folder, takes two of examples/ as the pictures that the page speaks of, and runs its
blocks in order, each as the page has it; prints the seconds of each and all together. pip takes what its cache has:
--no-cache fetches everything, as on a machine that never had it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(python)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURES = {"party.jpg": "obama3.jpg", "talk.jpg": "obama.jpg"}


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """The page's blocks as shell commands, each with its first line for a title."""
    for language, text in BLOCK.findall(page):
        first = text.strip().splitlines()[0]
        yield first, f"python - <<'END'\n{text}END" if language else text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--no-cache", action="store_true", help="pip fetches everything anew")
    options = parser.parse_args()
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"PIP_NO_CACHE_DIR": "1"} if options.no_cache else {}
    table = Table("block", "seconds")
    whole = 0.0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", ROOT, Path(folder) / "mien"], check=True)
        for name, example in PICTURES.items():
            shutil.copy(ROOT / "examples" / example, Path(folder) / "mien" / name)
        done = [f"cd {folder}", "set -e"]
        for title, block in blocks((ROOT / "docs" / "start.md").read_text(encoding="utf-8")):
            started = time.monotonic()
            ran = subprocess.run(
                ["bash", "-c", "\n".join([*done, block])], env=environment, capture_output=True, text=True
            )
            seconds = time.monotonic() - started
            if ran.returncode:
                print(ran.stdout, ran.stderr, sep="\n", file=sys.stderr)
                return 1
            if len(done) == 2:  # later blocks are run in the environment that the first one made
                done += ["cd mien", ". .venv/bin/activate"]
            whole += seconds
            table.add_row(title, f"{seconds:.1f}")
    table.add_row("all together", f"{whole:.1f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
