"""Speed of `mien predict` and `Recognizer` with several pictures, threads and workers, beside an earlier commit.

Writes results/benchmarks/side_by_side.json and prints a table. Both builds run by turns in one run, each from its own
source tree (the earlier one is checked out into a temporary folder), and every time is a median over the rounds. The
photographs are made of the portraits in examples/, five megapixels each. What both builds say of them is compared. Run
it on a machine that does nothing else.
"""

import argparse
import json
import platform
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from builds import COMMAND, ROOT, Build, builds, commit_of
from PIL import Image
from rich.console import Console
from rich.table import Table

from mien.cores import cores
from mien.provenance import file_hash, origin
from mien.recognition.model import models_folder
from mien.results.benchmarks import SideBySide
from mien.results.record import made, write

MODEL = "mobilenet_v2"
NEEDS = "import numpy, PIL.Image, simplejpeg, onnxruntime, rich.console, typer"
RECOGNIZE = (
    "import sys, time; from mien import Recognizer; recognizer = Recognizer({threads}); times = []\n"
    "for _ in range(12):\n"
    "    before = time.perf_counter(); recognizer.recognize(sys.argv[1]); times.append(time.perf_counter() - before)\n"
    "print(sorted(times[2:])[5])"
)
"""Prints the median of ten; the first two, which open files, are left out."""


def photograph(portraits: list[Image.Image], number: int, width: int, height: int) -> Image.Image:
    """One or two portraits before a slope of greys with noise, which is as much work to decode as a photograph."""
    random = np.random.default_rng(number)
    grey = np.linspace(60, 180, width)[None, :, None] + random.normal(0, 6, (height, width, 1))
    made = Image.fromarray(np.repeat(grey, 3, 2).clip(0, 255).astype(np.uint8))
    for place in range(1 + number % 2):
        side = int(random.integers(height // 4, height // 2))
        portrait = portraits[(number + place) % len(portraits)].resize((side, side))
        made.paste(portrait, (int(random.integers(0, width // 2 - side)) + place * width // 2, height // 4))
    return made


def make_photographs(folder: Path, count: int) -> None:
    portraits = []
    for path in sorted((ROOT / "examples").glob("*.jpg")):
        with Image.open(path) as picture:
            portraits.append(picture.convert("RGB"))
    folder.mkdir()
    for number in range(count):
        photograph(portraits, number, 2592, 1944).save(folder / f"{number:04d}.jpg", quality=90)
    photograph(portraits, 1, 4000, 3000).save(folder.parent / "large.jpg", quality=90)


def measure(build: Build, photographs: Path, place: Path) -> dict[str, tuple[float, float]]:
    """One round: (seconds, seconds of work) by what is measured."""
    large, place = photographs.parent / "large.jpg", place / build.name
    place.mkdir(exist_ok=True)
    found = {"folder": build.run(COMMAND, "predict", photographs, "--json", place / "rows.json")}
    for workers in (1, 2):
        rows = Path(tempfile.mkdtemp(dir=place)) / "rows"
        found[f"archive_{workers}"] = build.run(
            COMMAND, "predict", photographs, "--parquet", rows, "--workers", workers
        )
    for name, threads in (("large_1", "threads=1"), ("large_2", "threads=2"), ("large_all", "")):
        _, work, printed = build.run(RECOGNIZE.format(threads=threads), large)
        found[name] = (float(printed), work / 12, printed)
    found |= start_up(build)
    return {name: (seconds, work) for name, (seconds, work, _) in found.items()}


def start_up(build: Build) -> dict[str, tuple[float, float, str]]:
    first = build.run(COMMAND, "predict", ROOT / "examples" / "astronaut.jpg")
    return {"help": build.run(COMMAND, "--help"), "first": first, "imports": build.run(NEEDS)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="the commit to compare with")
    parser.add_argument("--photographs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, builds(options.before) as both:
        place, photographs = Path(folder), Path(folder) / "photographs"
        make_photographs(photographs, options.photographs)
        for build in both.values():
            start_up(build)
        rounds = [
            {name: measure(build, photographs, place) for name, build in both.items()} for _ in range(options.rounds)
        ]
        told = [json.loads((place / name / "rows.json").read_text()) for name in both]
    measured = {
        what: {
            name: {
                "seconds": median(one[name][what][0] for one in rounds),
                "work_seconds": median(one[name][what][1] for one in rounds),
            }
            for name in both
        }
        for what in rounds[0]["now"]
    }
    found = made(
        SideBySide,
        {
            "machine": f"{platform.machine()}, {cores()} cores",
            "before": commit_of(options.before),
            "model": MODEL,
            "model_hash": file_hash(models_folder() / f"{MODEL}.onnx"),
            "photographs": options.photographs,
            "rounds": options.rounds,
            "same_rows": told[0] == told[1],
            "times": measured,
            **origin(),
        },
    )
    write(ROOT / "results" / "benchmarks" / "side_by_side.json", found)
    show(found)


def show(found: SideBySide) -> None:
    table = Table("median", f"before ({found.before}), s", "now, s", "now / before", "cores' work, now / before")
    for what, one in found.times.items():
        assert one.before is not None
        share, work = one.now.seconds / one.before.seconds, one.now.work_seconds / one.before.work_seconds
        table.add_row(what, f"{one.before.seconds:.3f}", f"{one.now.seconds:.3f}", f"{share:.2f}", f"{work:.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"{found.photographs} photographs: two workers {found.by_two_workers:.2f} times as fast as one; one large "
        f"picture by two threads {found.by_two_threads:.2f} times as fast as by one; `mien predict` takes "
        f"{found.start_up:.1f} times its imports; both builds say the same: {found.same_rows}"
    )


if __name__ == "__main__":
    main()
