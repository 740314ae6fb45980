"""The Android app's page in Chromium, out of the signed APK's own assets: with the native engine's messages answered by
the desktop's runtime, and with none, in WebAssembly. WebView itself and the shell are not here."""

import base64
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import PATIENCE, crowd
from expectation import ROOT, Expectation
from phone import AGENT, SCREEN, can_run_engine, desktop_engine, page_files, phone
from PIL import Image

from mien.recognition.pictures import read_picture
from mien.server.serving import LOOPBACK


@pytest.fixture(scope="module")
def assets() -> dict[str, bytes]:
    """The page's files by their address."""
    files = page_files()
    if files is None:
        pytest.skip("needs the Android app: make apk")
    return files


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """The address of the desktop's runtime behind the phone's messages."""
    if not can_run_engine():
        pytest.skip("needs Java and ONNX Runtime for it: make apk")
    with desktop_engine() as address:
        yield address


@pytest.fixture(scope="module")
def browser(launch: Callable, video: Callable[[np.ndarray], Path], frame: np.ndarray) -> Any:
    return launch(video(frame))


@contextmanager
def app(browser: Any, address: str) -> Iterator[Any]:
    """A phone's page on the app, in which nothing may go wrong. What the shell is asked to save is window.saved."""
    context = browser.new_context(permissions=["camera"], user_agent=AGENT, **SCREEN)
    context.add_init_script(
        "window.mienSaver = { save: (name, text) => { window.saved = [name, text]; return true; } }"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    assert errors == []
    context.close()


def live(browser: Any, address: str, word: str) -> None:
    """The camera opens and the live result is `word`; then, on the models' screen, every model reads."""
    from playwright.sync_api import expect

    with app(browser, address) as page:
        page.get_by_role("button", name="Open the camera", exact=True).click()
        expect(page.locator(".result:not(.empty) .result-word").locator("visible=true")).to_have_text(word)
        page.get_by_role("navigation").get_by_role("link", name="Models").click()
        cards = page.locator(".card.model")
        for i in range(cards.count()):
            expect(cards.nth(i)).to_contain_text("Part of the app")
            cards.nth(i).get_by_role("button").click()
            expect(cards.nth(i)).to_contain_text("ms a face")


def test_the_live_flow_with_the_native_engine(
    browser: Any, assets: dict[str, bytes], engine: str, expectation: Expectation, frame: np.ndarray
) -> None:
    with phone(assets, engine) as (address, asked):
        live(browser, address, expectation.word(frame))
    assert {one.status for one in asked} == {200}
    read = {one.path.rsplit("/", 1)[1] for one in asked if one.what == "run"}
    assert read == {path.removeprefix("models/") for path in assets if path.startswith("models/")}


def test_the_live_flow_without_it_in_webassembly(
    browser: Any, assets: dict[str, bytes], expectation: Expectation, frame: np.ndarray
) -> None:
    with phone(assets, None) as (address, asked):
        live(browser, address, expectation.word(frame))
    assert {one.what for one in asked} == {"open"}


def test_the_faces_of_a_frame_go_to_the_native_engine_together(
    launch: Callable, video: Callable, assets: dict[str, bytes], engine: str
) -> None:
    with phone(assets, engine) as (address, asked), app(launch(video(crowd(6))), address) as page:
        page.get_by_role("button", name="Open the camera", exact=True).click()
        # Fewer at first: a face is believed when it was seen twice, and a slow engine gets one at a time.
        ended = time.monotonic() + PATIENCE / 1000
        while not any(one.faces == 6 for one in asked) and time.monotonic() < ended:
            page.wait_for_timeout(200)
    assert max(one.faces for one in asked) == 6
    assert {one.status for one in asked} == {200}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A picture of six people."""
    Image.fromarray(crowd(6)).save(tmp_path / "people.png")
    return tmp_path / "people.png"


def read_all(browser: Any, address: str, picture: Path) -> None:
    """The picture is opened, and all its six faces are read."""
    from playwright.sync_api import expect

    with app(browser, address) as page:
        page.locator("input[type=file]").set_input_files(picture)
        expect(page.locator(".result:not(.empty) .result-word").locator("visible=true").first).to_be_visible()
        expect(page.locator("body")).to_contain_text("6 faces")


def test_the_faces_of_a_picture_go_to_the_native_engine_in_one_request(
    browser: Any, assets: dict[str, bytes], engine: str, people: Path
) -> None:
    with phone(assets, engine) as (address, asked):
        read_all(browser, address, people)
    # Once for the gate and once for the reading.
    assert [one.faces for one in asked if one.what == "run"] == [6, 6]


def test_webassembly_reads_them_when_the_native_engine_fails(
    browser: Any, assets: dict[str, bytes], people: Path
) -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500 if "/run/" in self.path else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with HTTPServer((LOOPBACK, 0), Broken) as engine:
        threading.Thread(target=engine.serve_forever).start()
        with phone(assets, f"http://{LOOPBACK}:{engine.server_port}/") as (address, asked):
            read_all(browser, address, people)
        engine.shutdown()
    assert [(one.faces, one.status) for one in asked if one.what == "run"] == [(6, 500)]


def test_a_picture_is_chosen_read_and_handed_to_the_shell_to_save(
    browser: Any, assets: dict[str, bytes], expectation: Expectation
) -> None:
    from playwright.sync_api import expect

    picture = ROOT / "examples" / "astronaut.jpg"
    with phone(assets, None) as (address, _), app(browser, address) as page:
        page.locator("input[type=file]").set_input_files(picture)
        word = page.locator(".result:not(.empty) .result-word").locator("visible=true")
        expect(word).to_have_text(expectation.word(read_picture(picture)))
        page.get_by_role("button", name="Save", exact=True).click()
        # Not wait_for_function: to look again it evaluates text, which the page's policy forbids.
        look = "const look = () => window.saved ? done(window.saved) : setTimeout(look, 50)"
        name, text = page.evaluate(f"new Promise(done => {{ {look}; look() }})")
    assert name == "mien.jpg"
    with Image.open(io.BytesIO(base64.b64decode(text))) as saved:
        assert saved.format == "JPEG"
