"""Speed, smoothness, memory and size of the app in Chromium, detection included.

    python benchmarks/app.py [--seconds 20] [--model mobilenet_v2]
    python benchmarks/app.py --first | --faces | --picture | --memory MINUTES [--before APP]

Needs the app built with the models of the folder (`npm run build` in web/, MIEN_MODELS names another folder for both),
Chromium and Playwright. The camera is a file of 640 x 480 at 30 frames a second in which a photograph trembles: 30 is
the most that can be seen, so the frames that the steps' own time would allow stand beside. Chromium draws without a
graphics card here and makes the camera's pictures itself, which is part of what the machine does.

For each model: seconds from the tap on "Open the camera" to the first result with nothing cached, frames a second,
milliseconds a step, tasks over 50 ms on the page's own thread, and how many times faster a face is than in the nearest
peer. The app's size without models, compressed. Writes results/benchmarks/app.json.

The second line measures one thing instead, with the default model, and beside it another build of the app in the same
run (--before): --first the seconds to the first result, five times each in turn; --faces frames a second with 1, 3 and
6 faces; --picture the most memory that a JPEG of 100 megapixels takes; --memory the memory of all the browser's
processes after each of so many minutes of video, one build after the other. It writes app-first.json and so on.
"""

import argparse
import gzip
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from app_steadiness import beside as side_by_side
from app_steadiness import portraits
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from rich.console import Console
from rich.table import Table

from mien.provenance import file_hash, origin
from mien.recognition.model import models_folder
from mien.recognition.pictures import read_picture
from mien.results.benchmarks import AppFaces, AppFirst, AppMemory, AppPicture, AppSpeed
from mien.results.record import made, write
from mien.server.serving import app_folder

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "benchmarks"
sys.path.insert(0, str(ROOT / "tests" / "web"))
from chromium import PATIENCE, launch, on_canvas, serving, write_video  # noqa: E402

# Seconds a face of the nearest peer, the browser demo of RMN 3.3: stated when this project was planned, not run here.
PEER = 0.9
DEFAULT = "mobilenet_v2.onnx"  # which the app takes
CROWDS = (1, 3, 6)
TRIES = 5
KINDS = {"first": AppFirst, "memory": AppMemory, "faces": AppFaces, "picture": AppPicture}
FIGURES = re.compile(r"([\d.]+) frames/s · grab ([\d.]+) · find ([\d.]+) · crop ([\d.]+) · read ([\d.]+) ms")
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
"""


@contextmanager
def reading(driver: Any, address: str, video: Path, model: str | None) -> Iterator[tuple[Any, float]]:
    """A new browser's page that reads the camera with a model (None: the default); and seconds to the first result."""
    browser = launch(driver, video)
    context = browser.new_context(permissions=["camera"], viewport={"width": 1280, "height": 800})
    settings = json.dumps({"model": model, "figures": True, "saver": False})
    context.add_init_script(f"localStorage.setItem('mien', {json.dumps(settings)}); {WATCH}")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    opened = time.perf_counter()
    page.get_by_role("button", name="Open the camera").click()
    expect(page.locator(".result:not(.empty) .result-share")).to_contain_text("%", timeout=PATIENCE)
    yield page, time.perf_counter() - opened
    browser.close()


def measure(driver: Any, address: str, video: Path, model: str, seconds: int) -> dict[str, Any]:
    """One model's speed."""
    with reading(driver, address, video, model) as (page, first):
        page.wait_for_timeout(3000)  # the figures are means of the last frames
        from_here = page.evaluate("performance.now()")
        samples: list[list[float]] = []
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            page.wait_for_timeout(1000)
            if match := FIGURES.search(page.locator(".figures").text_content() or ""):
                samples.append([float(number) for number in match.groups()])
        tasks = [duration for start, duration in page.evaluate("window.longTasks") if start > from_here]
    rate, grab, find, crop, read = (median(column) for column in zip(*samples, strict=True))
    face = grab + find + crop + read
    return {
        "first_result_s": round(first, 2),
        "frames_per_s": rate,
        "frames_per_s_by_steps": round(1000 / face, 1),
        "ms": {"grab": grab, "find": find, "crop": crop, "read": read},
        "long_tasks": len(tasks),
        "longest_task_ms": max(tasks, default=0),
        "seconds": seconds,
        "times_faster_than_peer": round(PEER * 1000 / face, 1),
    }


def measure_faces(driver: Any, address: str, video: Path, seconds: int) -> dict[str, Any]:
    """Frames a second and milliseconds a step with the default model, medians."""
    with reading(driver, address, video, None) as (page, _):
        page.wait_for_timeout(3000)
        samples = []
        for _ in range(seconds):
            page.wait_for_timeout(1000)
            if match := FIGURES.search(page.locator(".figures").text_content() or ""):
                samples.append([float(number) for number in match.groups()])
    rate, grab, find, crop, read = (median(column) for column in zip(*samples, strict=True))
    return {"frames_per_s": rate, "ms": {"grab": grab, "find": find, "crop": crop, "read": read}}


def measure_picture(driver: Any, address: str, video: Path, picture: Path) -> float:
    """The most megabytes above those before that the browser takes while it opens a picture."""
    browser = launch(driver, video)
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.locator(".welcome").wait_for()
    page.wait_for_timeout(2000)
    before = most = browser_megabytes()
    page.locator("input[type=file]").set_input_files(picture)
    ended = time.monotonic() + 60
    while time.monotonic() < ended:
        most = max(most, browser_megabytes())
        if "No face found" in (page.locator(".verdict").text_content() or ""):
            break
    browser.close()
    return round(most - before)


def crowd(count: int) -> Any:
    """A camera's picture with so many faces of one size."""
    return side_by_side(([*portraits(), portraits()[0]])[:count], min(count, 3))


def watch_memory(driver: Any, address: str, video: Path, minutes: int) -> list[int]:
    """The browser's megabytes after each minute of video."""
    megabytes = []
    with reading(driver, address, video, None) as (page, _):
        for _ in range(minutes):
            page.wait_for_timeout(60_000)
            megabytes.append(round(browser_megabytes()))
    return megabytes


def measure_first(driver: Any, address: str, video: Path) -> float:
    """Seconds from the tap on "Open the camera" to the first result, with nothing cached."""
    with reading(driver, address, video, None) as (_, first):
        return round(first, 2)


def compare(driver: Any, folder: Path, models: Path, chosen: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """One thing, of this build and of the one before: what it is called, and what was measured."""
    builds = {"before": chosen.before, "now": app_folder()} if chosen.before else {"now": app_folder()}

    def beside(measure: Callable[..., Any], faces: int, *more: Any) -> dict[str, Any]:
        video = write_video(crowd(faces), folder / f"{faces}.y4m", tremble=1)
        found = {}
        for build, app in builds.items():
            with serving(app, models) as server:
                found[build] = measure(driver, server.address, video, *more)
            print(faces, build, found[build], flush=True)
        return found

    if chosen.first:
        tries = [beside(measure_first, 1) for _ in range(TRIES)]
        return "first", {"seconds": {build: [found[build] for found in tries] for build in builds}}
    if chosen.memory:
        return "memory", {"minutes": chosen.memory, "megabytes": beside(watch_memory, 1, chosen.memory)}
    if chosen.faces:
        crowds = {str(faces): beside(measure_faces, faces, chosen.seconds) for faces in CROWDS}
        return "faces", {"seconds": chosen.seconds, **crowds}
    picture = folder / "large.jpg"
    Image.new("RGB", (12_000, 8_333), (90, 120, 90)).save(picture, "JPEG")
    return "picture", {"megabytes": beside(measure_picture, 1, picture)}


def compressed_bytes(folder: Path) -> int:
    """The app's files without models, each compressed as a server would (gzip, level 6)."""
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in folder.rglob("*") if path.is_file())


def browser_megabytes() -> float:
    """Memory of all processes below this one, shared pages counted once; Linux only, elsewhere 0."""
    parents: dict[str, str] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[status.parent.name] = status.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has ended
            continue
    own = str(Path("/proc/self").resolve().name) if Path("/proc/self").exists() else ""
    total = 0
    for process in parents:
        ancestor = process
        while ancestor in parents and ancestor != own:
            ancestor = parents[ancestor]
        if ancestor != own or process == own:
            continue
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="of video for each model")
    parser.add_argument("--model", help="only this one")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--first", action="store_true", help="measure the time to the first result instead")
    one.add_argument("--faces", action="store_true", help="measure with 1, 3 and 6 faces instead")
    one.add_argument("--picture", action="store_true", help="measure the memory of a large picture instead")
    one.add_argument("--memory", type=int, metavar="MINUTES", help="watch the memory instead")
    parser.add_argument("--before", type=Path, metavar="APP", help="another build's folder, measured beside this one's")
    chosen = parser.parse_args()
    listed = json.loads((app_folder() / "models.json").read_text(encoding="utf-8"))["models"]
    names = [model["properties"]["name"] for model in listed]
    machine = {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
    }
    models = Path(os.environ.get("MIEN_MODELS") or models_folder())
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(app_folder(), models) as server,
        sync_playwright() as driver,
    ):
        frame = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)
        video = write_video(frame, Path(folder) / "camera.y4m")
        if chosen.first or chosen.faces or chosen.picture or chosen.memory:
            name, found = compare(driver, Path(folder), models, chosen)
            hashed = {"model_hash": file_hash(models / DEFAULT)} if name in ("first", "faces") else {}
            told = {"machine": machine, **found, **hashed, **origin()}
            write(RESULTS / f"app-{name}.json", made(KINDS[name], told))
            return
        results = {
            name: measure(driver, server.address, video, name, chosen.seconds)
            for name in (names if chosen.model is None else [chosen.model])
        }
    size = compressed_bytes(app_folder())
    show(results)
    print(f"The app without models: {size / 1e6:.2f} MB compressed")
    for model in listed:
        if (name := model["properties"]["name"]) in results:
            results[name]["model_hash"] = model["sha256"]
    told = {"machine": machine, "app_bytes_compressed": size, "peer_s_a_face": PEER, "models": results}
    write(RESULTS / "app.json", made(AppSpeed, told | origin()))


def show(results: dict[str, dict[str, Any]]) -> None:
    """Print a line a model."""
    table = Table("model", "first s", "frames/s", "by steps", "grab", "find", "crop", "read ms", "long tasks", "x peer")
    for name, found in results.items():
        table.add_row(
            name,
            str(found["first_result_s"]),
            f"{found['frames_per_s']:.0f}",
            f"{found['frames_per_s_by_steps']:.0f}",
            *(f"{time:.1f}" for time in found["ms"].values()),
            f"{found['long_tasks']} (<= {found['longest_task_ms']:.0f} ms)",
            str(found["times_faster_than_peer"]),
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
