"""Speed, smoothness and memory of the app in Chromium, detection included.

    python benchmarks/app.py [--seconds 600] [--model mobilenet_v2]

Needs the built app (`make app`), Chromium and Playwright. The camera shows a photograph that trembles. Prints, for each
model: seconds from the tap on "Open the camera" to the first result with nothing cached, frames a second, milliseconds
a step, tasks over 50 ms on the page's own thread, and the browser's memory (all its processes) in the middle and at the
end, since it settles in the first minute. Writes results/benchmarks/app.json.
"""

import argparse
import json
import platform
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import expect, sync_playwright
from rich.console import Console
from rich.table import Table

from mien.recognition.model import models_folder
from mien.recognition.pictures import read_picture
from mien.server.serving import app_folder
from mien.storage import write_json

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "web"))
from chromium import PATIENCE, launch, on_canvas, serving, write_video  # noqa: E402

# Seconds a face of the nearest peer, the browser demo of RMN 3.3: stated when this project was planned, not run here.
PEER = 0.9
FIGURES = re.compile(r"([\d.]+) frames/s · grab ([\d.]+) · find ([\d.]+) · crop ([\d.]+) · read ([\d.]+) ms")
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
"""


def measure(driver: Any, address: str, video: Path, model: str, seconds: int) -> dict[str, Any]:
    """One model, in a new browser."""
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
    first = time.perf_counter() - opened
    page.wait_for_timeout(3000)  # the figures are means of the last frames
    from_here = page.evaluate("performance.now()")
    memory: list[float] = []
    samples: list[list[float]] = []
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        if not memory and passed >= seconds / 2:
            memory.append(browser_megabytes())
        page.wait_for_timeout(1000)
        if match := FIGURES.search(page.locator(".figures").text_content() or ""):
            samples.append([float(number) for number in match.groups()])
    memory.append(browser_megabytes())
    tasks = [duration for start, duration in page.evaluate("window.longTasks") if start > from_here]
    browser.close()
    rate, grab, find, crop, read = (median(column) for column in zip(*samples, strict=True))
    return {
        "first_result_s": round(first, 2),
        "frames_per_s": rate,
        "ms": {"grab": grab, "find": find, "crop": crop, "read": read},
        "long_tasks": len(tasks),
        "longest_task_ms": max(tasks, default=0),
        "memory_mb": [round(megabytes) for megabytes in memory],
        "seconds": seconds,
        "times_faster_than_peer": round(PEER * 1000 / (grab + find + crop + read), 1),
    }


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
    chosen = parser.parse_args()
    listed = json.loads((app_folder() / "models.json").read_text(encoding="utf-8"))["models"]
    names = [model["properties"]["name"] for model in listed]
    table = Table(
        "model", "first result s", "frames/s", "grab", "find", "crop", "read ms", "long tasks", "memory MB", "x peer"
    )
    results: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(app_folder(), models_folder()) as server,
        sync_playwright() as driver,
    ):
        frame = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)
        video = write_video(frame, Path(folder) / "camera.y4m")
        for name in names if chosen.model is None else [chosen.model]:
            found = measure(driver, server.address, video, name, chosen.seconds)
            results[name] = found
            table.add_row(
                name,
                str(found["first_result_s"]),
                f"{found['frames_per_s']:.0f}",
                *(f"{time:.1f}" for time in found["ms"].values()),
                f"{found['long_tasks']} (<= {found['longest_task_ms']:.0f} ms)",
                " -> ".join(map(str, found["memory_mb"])),
                str(found["times_faster_than_peer"]),
            )
    Console().print(table)
    machine = {"system": platform.platform(), "processor": platform.processor() or platform.machine()}
    write_json(
        ROOT / "results" / "benchmarks" / "app.json", {"machine": machine, "peer_s_a_face": PEER, "models": results}
    )


if __name__ == "__main__":
    main()
