"""Pictures of every screen, for looking at: out/screenshots/{phone,desktop}-*.png, and the docs' picture of the app.

    python tests/web/screenshots.py

The phone is dark, the desktop light. Needs the built app, Chromium and Playwright.
"""

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
SHOWN = ("phone-1-welcome", "phone-2-live", "phone-6-detected", "desktop-2-live")
SIZES = {"phone": ((390, 844), "dark"), "desktop": ((1280, 800), "light")}


def visit(browser: Any, address: str, name: str, covered: Path) -> None:
    """Goes through all screens of the app at one size; covered: a picture that the gate refuses."""
    (width, height), scheme = SIZES[name]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, permissions=["camera"], device_scale_factor=2
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def shoot(what: str, whole: bool = False) -> None:
        page.screenshot(path=TARGET / f"{name}-{what}.png", full_page=whole)

    page.goto(address)
    page.locator(".welcome").wait_for()
    shoot("1-welcome")
    page.get_by_role("button", name="Open the camera").click()
    expect(page.locator(".result:not(.empty)")).to_be_visible(timeout=PATIENCE)
    shoot("2-live")
    page.get_by_text("Options").click()
    page.get_by_label("Heat map").check()
    page.get_by_label("Speed figures").check()
    expect(page.locator(".figures")).to_contain_text("frames", timeout=PATIENCE)
    page.locator(".stage").scroll_into_view_if_needed()
    shoot("3-heat")
    page.get_by_text("Options").click()
    page.get_by_label("Real time").uncheck()
    page.evaluate("scrollTo(0, 0)")
    shoot("4-real-time-off")
    page.get_by_role("button", name="Take a picture").click()
    detect = page.get_by_role("button", name="Detect expression")
    detect.wait_for()
    page.evaluate("scrollTo(0, 0)")
    shoot("5-checked")
    detect.click()
    page.get_by_role("button", name="Save").wait_for()
    page.evaluate("scrollTo(0, 0)")
    shoot("6-detected")
    page.get_by_role("button", name="Back").click()
    page.get_by_role("navigation").get_by_role("link", name="History").click()
    page.get_by_label("Keep a history").check()
    page.get_by_role("navigation").get_by_role("link", name="Camera").click()
    page.locator("input[type=file]").set_input_files(covered)
    anyway = page.get_by_role("button", name="Try all the same")
    anyway.wait_for()
    shoot("6-refused-picture")
    anyway.click()
    page.get_by_text("Kept in the history").wait_for()
    shoot("6-refused-picture-tried")
    for screen in ("Models", "History", "About"):
        page.get_by_role("navigation").get_by_role("link", name=screen).click()
        page.wait_for_timeout(500)  # pictures of the history load
        shoot(f"7-{screen.lower()}", whole=True)
    context.close()
    refused = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = refused.new_page()
    page.goto(address)
    page.get_by_role("button", name="Open the camera").click()
    page.locator(".message button").wait_for(timeout=PATIENCE)
    shoot("8-refused")
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
    TARGET.mkdir(parents=True, exist_ok=True)
    models = Path(os.environ.get("MIEN_MODELS") or models_folder())
    with tempfile.TemporaryDirectory() as folder, serving(app_folder(), models) as server, sync_playwright() as driver:
        frame = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)
        covered = Path(folder) / "covered.png"
        Image.fromarray(masked(frame)).save(covered)
        browser = launch(driver, write_video(frame, Path(folder) / "camera.y4m"))
        for name in SIZES:
            visit(browser, server.address, name, covered)
        browser.close()
    beside_each_other().save(FIGURE, quality=88)
    print(f"written: {TARGET} and {FIGURE}")


if __name__ == "__main__":
    main()
