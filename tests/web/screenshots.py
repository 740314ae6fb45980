"""Pictures of every screen, for looking at, and the docs' picture of the app: out/screenshots/LOOK-SCREEN.png.

    python tests/web/screenshots.py [--size 390x844] [--scheme dark] [--type 100] [--language en]

Without options: five sizes, dark and light, type of 100 and 200%, English and Arabic. Needs the built app, Chromium and
Playwright.
"""

import argparse
import itertools
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from chromium import PATIENCE, launch, masked, on_canvas, serving, write_video
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from mien.recognition.model import models_folder
from mien.recognition.pictures import read_picture
from mien.server.serving import app_folder

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "out" / "screenshots"
FIGURE = ROOT / "docs" / "figures" / "app.jpg"
SIZES = ("360x640", "390x844", "844x390", "768x1024", "1280x800")
SHOWN = (
    "390x844-dark-100-en-1-welcome",
    "390x844-dark-100-en-2-live",
    "390x844-dark-100-en-3-sheet",
    "1280x800-light-100-en-2-live",
)


def visit(browser: Any, address: str, look: tuple[str, str, int, str], covered: Path) -> None:
    """Goes through all screens of the app in one look; covered: a picture that the gate refuses."""
    size, scheme, type_size, language = look
    width, height = map(int, size.split("x"))
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, permissions=["camera"], device_scale_factor=2
    )
    kept = json.dumps(json.dumps({"language": language, "history": True}))
    context.add_init_script(
        f"if (!localStorage.getItem('mien')) localStorage.setItem('mien', {kept});"
        "addEventListener('DOMContentLoaded', () => "
        f"document.documentElement.style.fontSize = '{1.0625 * type_size}%');"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def shoot(what: str, whole: bool = False) -> None:
        page.screenshot(path=TARGET / f"{'-'.join(map(str, look))}-{what}.png", full_page=whole)

    page.goto(address)
    page.locator(".welcome").wait_for()
    shoot("1-welcome")
    page.locator(".welcome-actions button").first.click()
    expect(page.locator(".result:not(.empty)")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    shoot("2-live")
    if page.locator(".handle").is_visible():
        page.locator(".handle").press("Enter")
        page.wait_for_timeout(400)
        shoot("3-sheet")
    page.locator(".switches input").first.uncheck()
    shoot("4-real-time-off")
    page.locator(".dock-row button").locator("visible=true").last.click()
    shoot("5-more")
    page.keyboard.press("Escape")
    page.locator(".shutter").click()
    page.locator(".dock-main:not([disabled])").locator("visible=true").wait_for()
    page.wait_for_timeout(400)
    shoot("6-read")
    page.locator("input[type=file]").set_input_files(covered)
    page.locator(".verdict.refused").wait_for()
    shoot("7-refused")
    page.locator(".dock-main").locator("visible=true").click()
    page.locator(".verdict small").wait_for()
    shoot("7-refused-tried")
    for screen in ("models", "history", "about"):
        page.evaluate("screen => void (location.hash = screen)", screen)
        page.wait_for_timeout(500)  # pictures of the history load
        shoot(f"8-{screen}", whole=True)
    context.close()
    refused = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = refused.new_page()
    page.goto(address)
    page.locator(".welcome-actions button").first.click()
    page.locator(".message button").wait_for(timeout=PATIENCE)
    shoot("9-no-camera")
    refused.close()


def beside_each_other(height: int = 640, gap: int = 16) -> Image.Image:
    """What the docs show of the app."""
    shots = [Image.open(TARGET / f"{name}.png").convert("RGB") for name in SHOWN]
    shots = [shot.resize((shot.width * height // shot.height, height), Image.Resampling.LANCZOS) for shot in shots]
    sheet = Image.new("RGB", (sum(shot.width + gap for shot in shots) - gap, height), "white")
    left = 0
    for shot in shots:
        sheet.paste(shot, (left, 0))
        left += shot.width + gap
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", help="such as 390x844; may be given several times")
    parser.add_argument("--scheme", action="append", choices=["dark", "light"])
    parser.add_argument("--type", action="append", type=int, help="the size of the type in percent")
    parser.add_argument("--language", action="append")
    chosen = parser.parse_args()
    looks = itertools.product(
        chosen.size or SIZES,
        chosen.scheme or ["dark", "light"],
        chosen.type or [100, 200],
        chosen.language or ["en", "ar"],
    )
    TARGET.mkdir(parents=True, exist_ok=True)
    models = Path(os.environ.get("MIEN_MODELS") or models_folder())
    with tempfile.TemporaryDirectory() as folder, serving(app_folder(), models) as server, sync_playwright() as driver:
        frame = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)
        covered = Path(folder) / "covered.png"
        Image.fromarray(masked(frame)).save(covered)
        browser = launch(driver, write_video(frame, Path(folder) / "camera.y4m"))
        for look in looks:
            visit(browser, server.address, look, covered)
        browser.close()
    print(f"written: {TARGET}")
    if all((TARGET / f"{name}.png").is_file() for name in SHOWN):
        beside_each_other().save(FIGURE, quality=88)
        print(f"written: {FIGURE}")


if __name__ == "__main__":
    main()
