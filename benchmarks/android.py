"""How fast the Android app's page reads faces with the native engine, and in WebAssembly, in one run in Chromium.

    python benchmarks/android.py [--seconds 12]

Needs the Android app (`make apk`), Java, Chromium and Playwright. The page comes out of the signed APK under a phone's
profile; the desktop's ONNX Runtime stands in the phone's place behind the same messages, so this says what the messages
cost and how the two runtimes compare on this machine, and nothing about a phone. Both run on one thread. It measures
the reading of a frame with one face, and with four, of which the page reads two (the largest, and one of the others in
turn), and four faces in one message beside four messages of one. Writes results/benchmarks/android.json.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import expect, sync_playwright

from mien.provenance import origin
from mien.recognition.pictures import read_picture
from mien.results.benchmarks import AndroidSpeed
from mien.results.record import made, write

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "web"))
from app import FIGURES  # noqa: E402
from chromium import PATIENCE, launch, on_canvas, write_video  # noqa: E402
from phone import AGENT, SCREEN, desktop_engine, page_files, phone  # noqa: E402


def read_ms(driver: Any, address: str, video: Path, model: str, seconds: int) -> float:
    """Milliseconds from the crop to the answer, the median over the time."""
    browser = launch(driver, video)
    context = browser.new_context(permissions=["camera"], user_agent=AGENT, **SCREEN)
    settings = json.dumps({"model": model, "figures": True, "saver": False})
    context.add_init_script(f"localStorage.setItem('mien', {json.dumps(settings)})")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_role("button", name="Open the camera", exact=True).click()
    expect(page.locator(".result:not(.empty) .result-share").first).to_contain_text("%", timeout=PATIENCE)
    page.wait_for_timeout(3000)  # the figures are means of the last frames
    found = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.wait_for_timeout(1000)
        if match := FIGURES.search(page.locator(".figures").text_content() or ""):
            found.append(float(match.groups()[-1]))
    browser.close()
    return median(found)


# Milliseconds for the same faces in one message, and in a message each: medians of `rounds`.
MESSAGES = """
async ([model, faces, rounds]) => {
  const area = 48 * 48;
  const text = (count) => btoa(String.fromCharCode(...Array.from({ length: count * area }, (_, i) => (i * 31) % 256)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const [all, one] = [text(faces), text(1)];
  const ask = async (headers) => {
    const answer = await fetch(`native/1/run/${model}`, { headers });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.arrayBuffer();
  };
  const middle = (times) => times.sort((one, other) => one - other)[times.length >> 1];
  await fetch(`native/1/open/${model}`);
  const together = [], apart = [];
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now();
    await ask({ "Mien-Faces": all });
    const half = performance.now();
    for (let k = 0; k < faces; k++) await ask({ "Mien-Faces": one });
    if (i) together.push(half - start), apart.push(performance.now() - half);
  }
  return [middle(together), middle(apart)];
}
"""


def messages_ms(driver: Any, address: str, video: Path, model: str, faces: int) -> dict[str, float]:
    """Milliseconds for several faces in one message to the native engine, and in one message each."""
    browser = launch(driver, video)
    page = browser.new_page(user_agent=AGENT)
    page.goto(address)
    together, apart = page.evaluate(MESSAGES, [model, faces, 30])
    browser.close()
    return {"one_message": round(together, 2), "a_message_each": round(apart, 2)}


def four_faces() -> np.ndarray:
    """A camera's picture uint8 RGB [480, 640, 3] of the four example portraits."""
    frame = np.full((480, 640, 3), 40, np.uint8)
    for i, path in enumerate(sorted((ROOT / "examples").glob("*.jpg"))[:4]):
        part = on_canvas(read_picture(path), 240, 0)[:240, :240]
        top, left = 240 * (i // 2), 320 * (i % 2)
        frame[top : top + 240, left : left + 240] = part
    return frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=12, help="of video for each model and engine")
    seconds = parser.parse_args().seconds
    files = page_files()
    if files is None:
        sys.exit("build the Android app first: make apk")
    models = json.loads(files["models.json"])["models"]
    names = {model["properties"]["name"]: Path(model["url"]).name.partition("?")[0] for model in models}
    results = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, desktop_engine() as native:
        frames = {"one_face": on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)}
        frames["four_faces"] = four_faces()
        videos = {name: write_video(frame, Path(folder) / f"{name}.y4m") for name, frame in frames.items()}
        for name, file in names.items():
            results[name] = {}
            for faces, video in videos.items():
                ms = {}
                for engine, behind in (("native", native), ("webassembly", None)):
                    with phone(files, behind) as (address, asked):
                        ms[engine] = read_ms(driver, address, video, name, seconds)
                    ran = any(path.startswith("native/1/run/") and status == 200 for path, status in asked)
                    assert ran == (behind is not None), f"{name}: the page took the other engine"
                results[name][faces] = {**ms, "times_faster": round(ms["webassembly"] / ms["native"], 2)}
            with phone(files, native) as (address, _):
                results[name]["four_in_messages"] = messages_ms(driver, address, videos["one_face"], file, 4)
            print(f"{name}: {json.dumps(results[name])}", flush=True)
    machine = {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
    said = {"machine": machine, "seconds": seconds, "load": os.getloadavg()[0], "ms": results}
    said |= {"hashes": {model["properties"]["name"]: model["sha256"] for model in models}}
    said |= origin()
    write(ROOT / "results" / "benchmarks" / "android.json", made(AndroidSpeed, said))


if __name__ == "__main__":
    main()
