"""Notebooks as pages of the site: their words, and their code as blocks."""

import json
from pathlib import Path


def page(notebook: Path, place: str) -> str:
    """A notebook as Markdown; `place` is where it stands in the repository."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = ["".join(cell["source"]) for cell in cells]
    blocks = [
        part if cell["cell_type"] == "markdown" else f"```python\n{part}\n```"
        for cell, part in zip(cells, parts, strict=True)
    ]
    blocks.insert(1, f"This page is the notebook `{place}`.")
    return "\n\n".join(blocks) + "\n"
