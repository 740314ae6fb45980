"""How fast the Android app's page reads a face with the native engine, and in WebAssembly, in one run in Chromium.

    python benchmarks/android.py [--seconds 12]

Needs the Android app (`make apk`), Java, Chromium and Playwright. The page comes out of the signed APK under a phone's
profile; the desktop's ONNX Runtime stands in the phone's place behind the same messages, so this says what the messages
cost and how the two runtimes compare on this machine, and nothing about a phone. Both run on one thread. Writes
results/benchmarks/android.json.
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

from playwright.sync_api import expect, sync_playwright

from mien.recognition.pictures import read_picture
from mien.storage import write_json

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=12, help="of video for each model and engine")
    seconds = parser.parse_args().seconds
    files = page_files()
    if files is None:
        sys.exit("build the Android app first: make apk")
    names = [model["properties"]["name"] for model in json.loads(files["models.json"])["models"]]
    results = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver, desktop_engine() as native:
        frame = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)
        video = write_video(frame, Path(folder) / "camera.y4m")
        for name in names:
            ms = {}
            for engine, behind in (("native", native), ("webassembly", None)):
                with phone(files, behind) as (address, asked):
                    ms[engine] = read_ms(driver, address, video, name, seconds)
                ran = any(path.startswith("native/1/run/") and status == 200 for path, status in asked)
                assert ran == (behind is not None), f"{name}: the page took the other engine"
            results[name] = {**ms, "times_faster": round(ms["webassembly"] / ms["native"], 2)}
            print(f"{name}: native {ms['native']} ms, WebAssembly {ms['webassembly']} ms", flush=True)
    machine = {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
    write_json(
        ROOT / "results" / "benchmarks" / "android.json", {"machine": machine, "seconds": seconds, "ms": results}
    )


if __name__ == "__main__":
    main()
