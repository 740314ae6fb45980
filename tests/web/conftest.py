"""The built app, its server, and Chromium with a camera that shows a file.

MIEN_MODELS names another folder of model files than the shipped ones, for the build of the app and for these tests.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import MienError
from mien.expressions import BY_NAME
from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Detection
from mien.recognition.framing import Framing
from mien.recognition.model import ModelFile, file_hash, models_folder
from mien.recognition.pictures import read_picture
from mien.server.serving import AppServer, app_folder

ROOT = Path(__file__).parents[2]
MODELS = Path(os.environ.get("MIEN_MODELS") or models_folder())
FRAME = (640, 480)
# A busy machine is no failure: a step may take this long, in milliseconds.
PATIENCE = 300_000


@contextmanager
def serving(app: Path, models: Path) -> Iterator[AppServer]:
    """The app's server on a free port, until the block ends."""
    with AppServer(app, models, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


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
        file = MODELS / f"{model['properties']['name']}.onnx"
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
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium: apt install chromium")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver, ExitStack() as browsers:

        def start(video: Path):  # type: ignore[no-untyped-def]
            options = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={video}"]
            if sys.platform == "linux" and os.geteuid() == 0:
                options.append("--no-sandbox")
            browser = driver.chromium.launch(executable_path=program, args=options)
            browsers.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="session")
def frame() -> np.ndarray:
    """A camera's picture, uint8 RGB [480, 640, 3]: the astronaut, sitting in the middle."""
    return on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 480, 80)


@pytest.fixture(scope="session")
def two_faces() -> np.ndarray:
    """A camera's picture of two people, the left one larger."""
    left = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 360, 0)
    right = on_canvas(read_picture(ROOT / "examples" / "astronaut.jpg"), 280, 360)
    return np.where(right == 40, left, right)


def on_canvas(picture: np.ndarray, side: int, left: int) -> np.ndarray:
    """A square picture at some size and place on a dark frame."""
    canvas = np.full((FRAME[1], FRAME[0], 3), 40, np.uint8)
    canvas[:side, left : left + side] = np.maximum(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), 41)
    return canvas


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[[np.ndarray], Path]:
    """Writes a camera's picture as a video in which it trembles a little, as a picture held in the hand does."""
    folder = tmp_path_factory.mktemp("video")

    def write(picture: np.ndarray) -> Path:
        path = folder / f"{hash(picture.tobytes())}.y4m"
        with path.open("wb") as file:
            file.write(f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F30:1 Ip A1:1 C420jpeg\n".encode())
            for step in range(12):
                across, down = 2 * np.sin(step * np.pi / 6), 2 * np.cos(step * np.pi / 6)
                moved = cv2.warpAffine(
                    picture, np.array([[1, 0, across], [0, 1, down]]), FRAME, borderMode=cv2.BORDER_REPLICATE
                )
                file.write(b"FRAME\n" + cv2.cvtColor(moved, cv2.COLOR_RGB2YUV_I420).tobytes())
        return path

    return write


class Expectation:
    """What Python says of a picture, with the same model files as the app's."""

    def __init__(self, model: dict) -> None:
        self.model = ModelFile.open(MODELS / f"{model['properties']['name']}.onnx", threads=1)
        self.framing = Framing.from_text(model["properties"]["crop"])
        self.detector = FaceDetector(models_folder())

    def read(self, picture: np.ndarray) -> tuple[list[Detection], np.ndarray]:
        """The faces, largest first, and their probabilities [N, 7]."""
        found = self.detector.detect(picture)
        crops = [crop_picture(picture, self.framing.square(face)) for face in found]
        return found, self.model.run(np.stack(crops)).probabilities

    def word(self, picture: np.ndarray) -> str:
        """How the app calls the main face's expression."""
        names = self.model.metadata["classes"].split(",")
        return BY_NAME[names[int(self.read(picture)[1][0].argmax())]].adjective.capitalize()


@pytest.fixture(scope="session")
def expectation(catalogue: list[dict]) -> Expectation:
    """Of the model that the app takes first."""
    try:
        return Expectation(catalogue[0])
    except MienError as error:
        pytest.skip(str(error))
