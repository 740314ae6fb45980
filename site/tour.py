"""The page that says where things are: a line a file, from what the files say of themselves."""

import ast
from pathlib import Path

PACKAGE = Path("src") / "mien"


def tour(root: Path) -> str:
    """A section a folder of the package, a line a file."""
    text = ["# Where things are", "", "A line a file, from its own first sentence. Folders import downwards only:"]
    text += ["`cli` on top, `expressions` at the bottom (`lint-imports` watches over it).", ""]
    folders = sorted({path.parent for path in (root / PACKAGE).rglob("*.py")})
    for folder in folders:
        text += [f"## `{folder.relative_to(root).as_posix()}`", "", _first(folder / "__init__.py"), ""]
        files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        if files:
            text += [
                "| file | what it is |",
                "|---|---|",
                *(f"| `{path.name}` | {_first(path)} |" for path in files),
                "",
            ]
    return "\n".join(text)


def _first(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if not told:
        raise ValueError(f"{path}: no docstring")
    return " ".join(told.split("\n\n")[0].split()).replace("|", "\\|").replace("<", "&lt;")
