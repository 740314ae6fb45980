"""Fills the figures of docs/app.md from results/; `--check` only says whether they are up to date.

Usage: python benchmarks/app_document.py [--check]
"""

import json
from pathlib import Path
from statistics import median

from filling import fill

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- figures: written by benchmarks/app_document.py -->", "<!-- end of figures -->"
STEADY, END_STEADY = "<!-- steadiness: written by benchmarks/app_document.py -->", "<!-- end of steadiness -->"
NOT_RUN = "not run"


def figures(folder: Path) -> str:
    """The Markdown of the block: every figure from a file in results/benchmarks/, "not run" where there is none."""
    parts = [
        _speed(folder / "app.json"),
        _first(folder / "app-first.json"),
        _faces(folder / "app-faces.json"),
        _picture(folder / "app-picture.json"),
        _memory(folder / "app-memory.json"),
        _rounding(folder),
    ]
    return "\n\n".join(parts)


def _speed(path: Path) -> str:
    if not path.is_file():
        return f"Speed: {NOT_RUN}."
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        "| | first result, s | frames/s | by the steps' time | grab, find, crop, read: ms | longest task, ms | x RMN |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, model in found["models"].items():
        steps = ", ".join(f"{value:.1f}" for value in model["ms"].values())
        task = f"{model['longest_task_ms']:.0f}" if model["long_tasks"] else "none over 50"
        rows.append(
            f"| {name} | {model['first_result_s']:.1f} | {model['frames_per_s']:.0f} "
            f"| {model['frames_per_s_by_steps']:.0f} | {steps} | {task} | {model['times_faster_than_peer']:.0f} |"
        )
    size = found["app_bytes_compressed"] / 1e6
    return "\n".join(rows) + f"\n\nThe app without models: {size:.1f} MB compressed."


def _faces(path: Path) -> str:
    if not path.is_file():
        return f"Frames with several faces: {NOT_RUN}."
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = ["| faces | frames/s | find, read: ms | the build before: frames/s | find, read: ms |", "|---" * 5 + "|"]
    for count in ("1", "3", "6"):
        cells = []
        for build in ("now", "before"):
            one = found[count].get(build)
            steps = f"{one['ms']['find']:.0f}, {one['ms']['read']:.0f}" if one else NOT_RUN
            cells += [f"{one['frames_per_s']:.0f}" if one else NOT_RUN, steps]
        rows.append(f"| {count} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _picture(path: Path) -> str:
    if not path.is_file():
        return f"Memory for a JPEG of 100 megapixels: {NOT_RUN}."
    found = json.loads(path.read_text(encoding="utf-8"))["megabytes"]
    before = f"; in the build before {found['before']:.0f} MB" if "before" in found else ""
    return f"A JPEG of 100 megapixels takes at most {found['now']:.0f} MB more{before}."


def steadiness(path: Path) -> str:
    """A row a camera: changes a second of the word and the gate's line, now and in the build before."""
    if not path.is_file():
        return f"Changes a second: {NOT_RUN}."
    found = json.loads(path.read_text(encoding="utf-8"))["cameras"]
    rows = ["| camera | word, before | now | gate, before | now |", "|---" * 5 + "|"]
    for name, builds in found.items():
        before, now = builds.get("before", {}), builds["now"]
        cells = [f"{build.get(what, NOT_RUN)}" for what in ("word", "gate") for build in (before, now)]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _memory(path: Path) -> str:
    if not path.is_file():
        return f"Memory over ten minutes of video: {NOT_RUN}."
    found = json.loads(path.read_text(encoding="utf-8"))
    series = {build: ", ".join(map(str, megabytes)) for build, megabytes in found["megabytes"].items()}
    before = f"; in the build before {series['before']} MB" if "before" in series else ""
    return (
        f"Memory of all the browser's processes after each of {found['minutes']} minutes of video: "
        f"{series['now']} MB{before}."
    )


def _first(path: Path) -> str:
    if not path.is_file():
        return f"First result beside the build before: {NOT_RUN}."
    seconds = json.loads(path.read_text(encoding="utf-8"))["seconds"]
    before = f"; in the build before {median(seconds['before']):.1f} s" if "before" in seconds else ""
    return (
        f'From the tap on "Open the camera" to the first result, nothing cached, the median of {len(seconds["now"])}: '
        f"{median(seconds['now']):.1f} s{before}."
    )


def _rounding(folder: Path) -> str:
    pairs = ("native / web", "native / native, graph not optimised", "native / unrounded", "unrounded / unrounded, web")
    rows = ["| int8: largest difference of a share (median) | " + " | ".join(pairs) + " |", "|---" * 5 + "|"]
    for path in sorted(folder.glob("int8_rounding-*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))["pairs"]
        cells = [f"{found[pair]['largest']:.2g} ({found[pair]['median']:.1g})" for pair in pairs]
        rows.append(f"| {path.stem.removeprefix('int8_rounding-')} | " + " | ".join(cells) + " |")
    return "\n".join(rows) if len(rows) > 2 else f"Rounding of int8: {NOT_RUN}."


if __name__ == "__main__":
    folder = ROOT / "results" / "benchmarks"
    command = "python benchmarks/app_document.py"
    fill(ROOT / "docs" / "app.md", BEGIN, figures(folder), END, command)
    fill(ROOT / "docs" / "app.md", STEADY, steadiness(folder / "app-steadiness.json"), END_STEADY, command)
