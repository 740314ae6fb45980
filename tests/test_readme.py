"""The README's figures are those of results/."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_table_is_what_results_say():
    done = subprocess.run([sys.executable, "benchmarks/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_commands_of_the_readme_exist():
    from typer.main import get_command

    from mien.cli.main import app

    known = set(get_command(app).commands)
    said = {line.split()[1] for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("mien ")}
    assert said
    assert said <= known
