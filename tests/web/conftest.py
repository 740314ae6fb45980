"""The built app, its server, and Chromium with a camera that shows a file."""

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import chromium
import numpy as np
import pytest
from chromium import PATIENCE, on_canvas, serving, write_video
from expectation import MODELS, ROOT, Expectation, file_of
from pages import App, Start

from mien.errors import MienError
from mien.provenance import file_hash
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.server.serving import AppServer, app_folder

# The model that reads until the user chooses another: Python's default and the app's.
DEFAULT = inspect.signature(Recognizer).parameters["model"].default


@pytest.fixture(scope="session")
def catalogue() -> list[dict]:
    """The models that the built app offers; skips the test where it is not built, or with other model files."""
    path = app_folder() / "models.json"
    if not path.is_file():
        pytest.skip("needs the built app: npm ci && npm run build, in web/")
    models = json.loads(path.read_text(encoding="utf-8"))["models"]
    if not models:
        pytest.skip("needs expression models: the app was built without any")
    for model in models:
        file = file_of(model)
        if not file.is_file() or file_hash(file) != model["sha256"]:
            pytest.skip(f"the app was built with another {file.name}: npm run build, in web/")
    return models


@pytest.fixture(scope="session")
def server(catalogue: list[dict]) -> Iterator[AppServer]:
    with serving(app_folder(), MODELS) as server:
        yield server


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable]:
    """Starts Chromium with a camera that shows a video file again and again; all are closed in the end."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    if chromium.program() is None:
        pytest.skip("needs Chromium: apt install chromium")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver, ExitStack() as browsers:

        def start(camera: Path) -> Any:
            browser = chromium.launch(driver, camera)
            browsers.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="session")
def frame() -> np.ndarray:
    """A camera's picture: the astronaut, sitting in the middle."""
    return on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)


@pytest.fixture(scope="session")
def two_faces() -> np.ndarray:
    """A camera's picture of two people, the left one larger."""
    picture = read_picture(ROOT / "examples" / "astronaut.jpg")
    return np.hstack([on_canvas(picture, 360, 0)[:, :360], on_canvas(picture, 280, 0)[:, :280]])


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[[np.ndarray], Path]:
    """Writes a camera's picture as a video."""
    folder = tmp_path_factory.mktemp("video")
    return lambda picture: write_video(picture, folder / f"{hash(picture.tobytes())}.y4m")


@pytest.fixture(scope="session")
def expectation(catalogue: list[dict]) -> Expectation:
    """Of the app's default model."""
    try:
        return Expectation(next((model for model in catalogue if model["properties"]["name"] == DEFAULT), catalogue[0]))
    except MienError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def browser(launch: Callable, video: Callable[[np.ndarray], Path], frame: np.ndarray) -> Any:
    return launch(video(frame))


@pytest.fixture
def start(browser: Any, server: AppServer) -> Iterator[Start]:
    """Opens the app in a fresh profile; no script error may have happened by the end."""
    opened: list[App] = []

    def begin(camera: bool = True, at: str = server.address, within: Any = browser) -> App:
        context = within.new_context(
            permissions=["camera"] if camera else [], viewport={"width": 390, "height": 844}, accept_downloads=True
        )
        app = App(context, at)
        opened.append(app)
        return app

    yield begin
    for app in opened:
        assert app.errors == []
        app.context.close()
