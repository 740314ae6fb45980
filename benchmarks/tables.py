"""Makes every table of the documents from results/: README.md, docs/, MODEL_CARD.md and the report.

Usage: python benchmarks/tables.py [--check]

--check writes nothing and exits with 1 where a document is behind; the report counts where it is there.
"""

import sys
from pathlib import Path

from mien.errors import MienError
from mien.experiments import documents, report
from mien.storage import write_text

ROOT = Path(__file__).parents[1]


def main() -> None:
    try:
        texts = documents.texts(ROOT)
    except MienError as error:
        sys.exit(str(error))
    there = {path: path.read_text(encoding="utf-8") for path in texts if path.is_file()}
    behind = [path for path, text in there.items() if text != texts[path]]
    if "--check" in sys.argv:
        said = [f"{path.relative_to(ROOT)} is behind results/: run {documents.COMMAND}" for path in behind]
        sys.exit("\n".join(said) or None)
    for path in behind:
        write_text(path, texts[path])
        print(f"wrote {path.relative_to(ROOT)}")
    report.write(ROOT / "results", None)


if __name__ == "__main__":
    main()
