"""The Android app's page in Chromium, out of the signed APK's own assets: with the native engine's messages answered by
the desktop's runtime, and with none, in WebAssembly. WebView itself and the shell are not here."""

import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from expectation import ROOT, Expectation

from mien.recognition.model import models_folder
from mien.server.serving import CONTENT_TYPES, LOOPBACK

APK = ROOT / "out" / "mien.apk"
ASSETS = "assets/app/"
CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 "
    "Mobile Safari/537.36 MienAndroid/1"
)


@pytest.fixture(scope="module")
def assets() -> dict[str, bytes]:
    """The page's files by their address."""
    if not APK.is_file():
        pytest.skip("needs the Android app: make apk")
    with zipfile.ZipFile(APK) as archive:
        names = [name for name in archive.namelist() if name.startswith(ASSETS)]
        return {name.removeprefix(ASSETS): archive.read(name) for name in names}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the desktop's runtime behind the phone's messages."""
    runtimes = sorted(CACHE.glob("onnxruntime-[0-9]*.jar"))
    if not shutil.which("javac") or not runtimes:
        pytest.skip("needs Java and ONNX Runtime for it: make apk")
    classes = tmp_path_factory.mktemp("classes")
    java = ROOT / "android" / "src"
    sources = [
        *(java / "main/java/app/mien/inference").glob("*.java"),
        java / "test/java/app/mien/inference/DesktopEngine.java",
    ]
    subprocess.run(["javac", "-cp", runtimes[-1], "-d", classes, *sources], check=True)
    command = ["java", "-cp", f"{classes}:{runtimes[-1]}", "app.mien.inference.DesktopEngine", models_folder()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield f"http://{LOOPBACK}:{int(process.stdout.readline())}/"
        finally:
            process.kill()


@contextmanager
def phone(assets: dict[str, bytes], engine: str | None) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The shell's part: the page's address, and what was asked of the engine, with the status of each answer."""
    asked: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path[1:].partition("?")[0] or "index.html"
            kind = CONTENT_TYPES.get(Path(path).suffix, "text/plain")
            if path.startswith("native/"):
                status, body = self.native(path)
                asked.append((path, status))
            elif path in assets:
                status, body = 200, assets[path]
            else:
                status, body = 404, b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def native(self, path: str) -> tuple[int, bytes]:
            if engine is None:
                return 404, b""
            faces = self.headers.get("Mien-Faces")
            request = urllib.request.Request(engine + path, headers={"Mien-Faces": faces} if faces else {})
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def browser(launch: Callable, video: Callable[[np.ndarray], Path], frame: np.ndarray) -> Any:
    return launch(video(frame))


def live(browser: Any, address: str, word: str) -> None:
    """The camera opens and the live result is `word`; then, on the models' screen, every model reads."""
    from playwright.sync_api import expect

    context = browser.new_context(
        permissions=["camera"], user_agent=PHONE, viewport={"width": 412, "height": 915}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="Open the camera", exact=True).click()
    expect(page.locator(".result:not(.empty) .result-word").locator("visible=true")).to_have_text(word)
    page.get_by_role("navigation").get_by_role("link", name="Models").click()
    cards = page.locator(".card.model")
    for i in range(cards.count()):
        cards.nth(i).get_by_role("button").click()
        expect(page.locator(".card.model.chosen")).to_contain_text("ms a face")
    assert errors == []
    context.close()


def test_the_live_flow_with_the_native_engine(
    browser: Any, assets: dict[str, bytes], engine: str, expectation: Expectation, frame: np.ndarray
) -> None:
    with phone(assets, engine) as (address, asked):
        live(browser, address, expectation.word(frame))
    assert {status for _, status in asked} == {200}
    read = {path.rsplit("/", 1)[1] for path, _ in asked if path.startswith("native/1/run/")}
    assert read == {path.removeprefix("models/") for path in assets if path.startswith("models/")}


def test_the_live_flow_without_it_in_webassembly(
    browser: Any, assets: dict[str, bytes], expectation: Expectation, frame: np.ndarray
) -> None:
    with phone(assets, None) as (address, asked):
        live(browser, address, expectation.word(frame))
    assert asked
    assert {path.split("/")[2] for path, _ in asked} == {"open"}
