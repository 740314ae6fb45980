"""Fills a marked block of a document from results/; `--check` on the command line only says whether it is behind."""

import sys
from pathlib import Path

from mien.storage import write_text


def fill(path: Path, begin: str, block: str, end: str, command: str) -> None:
    """Put `block` between the marks `begin` and `end` of the document; command: what writes it, for the message."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    filled = f"{before}{begin}\n{block}\n{end}{after}"
    if "--check" not in sys.argv:
        write_text(path, filled)
    elif filled != text:
        sys.exit(f"{path.name} is behind results/: run {command}")
