"""How often a second the app's words change before five cameras in which nobody does anything.

    python benchmarks/app_steadiness.py [--seconds 20] [--before FOLDER]

two: two equal faces, each trembling by itself; five: five of one size; alternating: a face and the same one drawn, in
turn, 2.7 times a second; dim: a face at the border of what is found, in noise; still: a face that does not move.
Counted are changes of the large word and of the gate's line below it. --before names another build of the app, which is
measured in the same run. Writes results/benchmarks/app-steadiness.json. Needs what benchmarks/app.py needs.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import expect, sync_playwright

from mien.provenance import origin
from mien.recognition.detection import FaceDetector
from mien.recognition.model import models_folder
from mien.recognition.pictures import read_picture
from mien.results.benchmarks import AppSteadiness
from mien.results.record import made, write
from mien.server.serving import app_folder

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "web"))
from chromium import FRAME, PATIENCE, launch, on_canvas, serving, write_frames  # noqa: E402

FRAMES = 66
REFINE_CONTEXT = 2.2
"""Side of a portrait in widths of its face."""
COUNT = """
window.flips = { word: 0, gate: 0 };
for (const [name, selector] of [["word", ".result-word"], ["gate", ".result-detail"]]) {
    const element = document.querySelector(selector);
    let last = element.textContent;
    new MutationObserver(() => {
        if (element.textContent !== last) window.flips[name] += 1;
        last = element.textContent;
    }).observe(element, { childList: true, characterData: true, subtree: true });
}
"""


def portraits(side: int = 480) -> list[np.ndarray]:
    """Square pictures uint8 RGB of five faces, each of the same size in its middle."""
    detector = FaceDetector()
    squares = []
    for name in ("astronaut", "obama", "biden", "obama2", "obama3"):
        picture = read_picture(ROOT / "examples" / f"{name}.jpg")
        box = detector.detect(picture)[0].box
        scale = side / (REFINE_CONTEXT * box.width)
        (x, y), half = box.centre, side / 2
        matrix = np.array([[scale, 0, half - scale * x], [0, scale, half - scale * y]])
        squares.append(cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE))
    return squares


def tremble(picture: np.ndarray, random: np.random.Generator, pixels: float = 1.5) -> np.ndarray:
    """The picture, moved and enlarged a little, as a hand does."""
    scale = 1 + random.normal(0, 0.012)
    across, down = random.normal(0, pixels, 2)
    height, width = picture.shape[:2]
    matrix = np.array([[scale, 0, across + width * (1 - scale) / 2], [0, scale, down + height * (1 - scale) / 2]])
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def beside(pictures: list[np.ndarray], columns: int) -> np.ndarray:
    """A camera's picture with square pictures in rows."""
    rows = -(-len(pictures) // columns)
    side = min(FRAME[0] // columns, FRAME[1] // rows)
    canvas = np.full((FRAME[1], FRAME[0], 3), 40, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * side, place % columns * side
        canvas[top : top + side, left : left + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return canvas


def drawn(picture: np.ndarray) -> np.ndarray:
    """The picture as if it were drawn: few colours, dark lines."""
    flat = picture
    for _ in range(6):
        flat = cv2.bilateralFilter(flat, 9, 60, 9)
    flat = flat // 48 * 48 + 24
    grey = cv2.medianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 5)
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 4)
    return np.minimum(flat, lines[..., None]).astype(np.uint8)


def cameras() -> dict[str, list[np.ndarray]]:
    """What each camera shows, again and again: frames uint8 RGB [480, 640, 3], 30 a second."""
    random = np.random.default_rng(0)
    people = portraits()
    one = on_canvas(people[0], 480, 80)
    real, sketch = (on_canvas(picture, 480, 80) for picture in (people[4], drawn(people[4])))
    pair = [people[0], people[2]]
    dark = (one * 0.2).astype(np.float32)
    return {
        "two": [beside([tremble(person, random) for person in pair], 2) for _ in range(FRAMES)],
        "five": [beside([tremble(person, random) for person in people], 3) for _ in range(FRAMES)],
        "alternating": [tremble(sketch if step // 5.5 % 2 >= 1 else real, random) for step in range(FRAMES)],
        "dim": [
            np.clip(tremble(dark, random) + random.normal(0, 14, dark.shape), 0, 255).astype(np.uint8)
            for _ in range(FRAMES)
        ],
        "still": [one] * FRAMES,
    }


def flips(driver: Any, address: str, video: Path, seconds: int) -> dict[str, float]:
    """Changes a second of the word and of the line below it."""
    browser = launch(driver, video)
    context = browser.new_context(permissions=["camera"], viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_role("button", name="Open the camera").click()
    expect(page.locator(".result:not(.quiet) .result-word")).not_to_be_empty(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    page.evaluate(COUNT)
    page.wait_for_timeout(1000 * seconds)
    counted = page.evaluate("window.flips")
    browser.close()
    return {name: round(count / seconds, 2) for name, count in counted.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="of each camera")
    parser.add_argument("--before", type=Path, help="another build of the app, measured too")
    parser.add_argument("--camera", help="only this one; nothing is written")
    chosen = parser.parse_args()
    builds = {"before": chosen.before, "now": app_folder()} if chosen.before else {"now": app_folder()}
    models = Path(os.environ.get("MIEN_MODELS") or models_folder())
    results: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        for name, frames in cameras().items():
            if chosen.camera not in (None, name):
                continue
            video = write_frames(frames, Path(folder) / f"{name}.y4m")
            results[name] = {}
            for build, app in builds.items():
                with serving(app, models) as server:
                    results[name][build] = flips(driver, server.address, video, chosen.seconds)
            print(name, results[name], flush=True)
    if chosen.camera is None:
        told = {"seconds": chosen.seconds, "unit": "changes a second", "cores": os.cpu_count(), "cameras": results}
        told |= origin()
        write(ROOT / "results" / "benchmarks" / "app-steadiness.json", made(AppSteadiness, told))


if __name__ == "__main__":
    main()
