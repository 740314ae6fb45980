"""The commands that the README shows."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_commands_of_the_readme_exist():
    from typer.main import get_command

    from mien.cli.main import app

    known = set(get_command(app).commands)
    said = {line.split()[1] for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("mien ")}
    assert said
    assert said <= known
