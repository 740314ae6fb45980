"""Puts the pages of the documentation site together and builds it: out/site/html.

    python site/build.py           # all links checked; a warning ends it
    python site/build.py --pages   # only the pages, out/site/pages

Pages are docs/, notebooks/, what stands beside them (changelog, model card, contributing), and the reference, made from
the code.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import reference  # noqa: E402
from links import Links  # noqa: E402
from tour import tour  # noqa: E402

import notebooks  # noqa: E402

OUT = ROOT / "out" / "site"
BESIDE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "MODEL_CARD.md": "model_card.md",
    "SECURITY.md": "security.md",
    "results/README.md": "results_files.md",
    "web/package/README.md": "npm.md",
}
"""Pages that lie elsewhere in the repository."""
STANDS_FOR = {
    "README.md": "index.md",
    "results": "results_files.md",
    "src/mien/__init__.py": "reference_api.md",
    "src/mien/cli/main.py": "reference_cli.md",
    "src/mien/study/tables.py": "reference_study.md",
    "src/mien/service/api.py": "reference_http.md",
    "src/mien/training/recipe.py": "reference_recipe.md",
    "src/mien": "tour.md",
}
"""What links to these files mean on the site."""


def sources() -> dict[str, str]:
    """The site's pages that are written by hand, by the file each is made from."""
    pages = {f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))}
    pages |= {
        f"notebooks/{path.name}": f"notebook_{path.stem}.md" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    return pages | BESIDE


def text_of(place: str) -> str:
    """A page's Markdown, by the file it is made from."""
    path = ROOT / place
    return notebooks.page(path, place) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def write_pages(folder: Path) -> None:
    """Write all pages."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    links = Links(ROOT, sources() | STANDS_FOR, folder)
    texts = {name: links.rewritten(text_of(place), place) for place, name in sources().items()}
    texts |= {
        "reference_api.md": reference.api(),
        "reference_cli.md": reference.cli(),
        "reference_http.md": reference.http(),
        "reference_recipe.md": reference.recipe(),
        "reference_study.md": reference.study(),
        "tour.md": tour(ROOT),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    write_pages(OUT / "pages")
    if "--pages" in sys.argv:
        return
    shutil.copy(HERE / "zensical.toml", OUT / "zensical.toml")
    program = Path(sys.executable).parent / "zensical"
    done = subprocess.run([program, "build", "--clean", "--strict"], cwd=OUT, capture_output=True, text=True)
    said = done.stdout + done.stderr
    print(said)
    if done.returncode or "warning" in said.lower():
        sys.exit("the site is not built without warnings")
    print(f"The site: {(OUT / 'html' / 'index.html').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
