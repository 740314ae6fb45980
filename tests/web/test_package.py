"""The npm package: its examples type-check, build and run in Chromium, offline, with Python's answers."""

import base64
import io
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from expectation import ROOT
from PIL import Image

from mien.provenance import file_hash
from mien.recognition.model import models_folder
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer

WEB = ROOT / "web"
PACKAGE = WEB / "package"
CLOSE = 1e-3
SIDES = ("left", "top", "right", "bottom")
PIXELS = 1.0
"""How far a box may be from Python's: the browser halves pictures with its own arithmetic."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def package() -> Path:
    """The built package."""
    dist = PACKAGE / "dist"
    if not (dist / "recognizer.js").is_file():
        pytest.skip("needs the built package: npm ci && npm run build:package, in web/")
    [model] = dist.glob("mobilenet_v2*.onnx")
    if file_hash(model) != file_hash(models_folder() / "mobilenet_v2.onnx"):
        pytest.skip("the package was built with another model: npm run build:package, in web/")
    return dist


@pytest.fixture(scope="module")
def plain(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example without a bundler, as its README says it is set up; its address."""
    folder = tmp_path_factory.mktemp("plain")
    shutil.copytree(PACKAGE / "examples" / "plain", folder, dirs_exist_ok=True)
    shutil.copytree(package, folder / "recognizer")
    yield from served(folder)


@pytest.fixture(scope="module")
def bundled(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example for a bundler, type-checked and built; its address."""
    folder = tmp_path_factory.mktemp("bundler")
    shutil.copytree(PACKAGE / "examples" / "bundler", folder, dirs_exist_ok=True)
    shutil.copytree(package, folder / "node_modules" / "@mien" / "recognizer")
    for name in ("typescript", "vite"):
        (folder / "node_modules" / name).symlink_to((WEB / "node_modules" / name).resolve())
    bin_folder = WEB / "node_modules" / ".bin"
    for command in ([bin_folder / "tsc", "--noEmit"], [bin_folder / "vite", "build"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    yield from served(folder / "dist")


def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; it may speak to its own server alone, and no script error may have happened by the end."""
    context = browser.new_context(permissions=["camera"])
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda asked: asked.url.startswith(("http://127.0.0.1", "blob:", "data:")) or strangers.append(asked.url),
    )
    yield page
    assert (errors, strangers) == ([], [])
    context.close()


def as_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_the_page_of_ten_lines_says_what_python_says(plain: str, page: Any) -> None:
    assert len((PACKAGE / "examples" / "plain" / "index.html").read_text().splitlines()) <= 13
    page.goto(plain)
    page.wait_for_function("document.querySelector('input').onchange !== null")
    page.context.set_offline(True)
    recognizer = Recognizer(threads=1)
    for path in sorted((ROOT / "examples").glob("*.jpg")):
        pixels = read_picture(path)
        page.locator("pre").evaluate("element => element.textContent = ''")
        picture = {"name": "picture.png", "mimeType": "image/png", "buffer": as_png(pixels)}
        page.locator("input").set_input_files(files=[picture])
        page.wait_for_function("document.querySelector('pre').textContent !== ''")
        faces = json.loads(page.locator("pre").text_content())
        expected = recognizer.recognize(pixels)
        assert len(faces) == len(expected), path
        for face, of in zip(faces, expected, strict=True):
            told = of.to_dict()
            assert face["expression"] == told["expression"]
            for name, share in told["probabilities"].items():
                assert abs(face["probabilities"][name] - share) <= CLOSE, (path, name)
            assert np.allclose(
                [face["box"][side] for side in ("left", "top", "right", "bottom")], told["box"], atol=PIXELS
            )
            assert (face["verdict"] == "known") == (told["verdict"] == "known")


def test_the_bundled_page_follows_a_face(bundled: str, page: Any) -> None:
    page.goto(bundled)
    page.wait_for_function("/^face 1: [a-z]+ [(][0-9]+%[)]$/.test(document.querySelector('p').textContent)")


LOADED = "const { Recognizer, RecognizerError } = await import('./recognizer/recognizer.js');"


def in_page(page: Any, code: str, given: Any = None) -> Any:
    return page.evaluate(f"async given => {{ {LOADED} {code} }}", given)


def test_calls_may_overlap_and_a_given_bitmap_stays_open(plain: str, page: Any) -> None:
    page.goto(plain)
    pictures = [as_png(read_picture(ROOT / "examples" / name)) for name in ("astronaut.jpg", "obama.jpg")]
    blank = as_png(np.full((90, 120, 3), 255, np.uint8))
    given = [base64.b64encode(content).decode() for content in (*pictures, blank)]
    code = """
        const recognizer = await Recognizer.load();
        const bitmaps = [];
        for (const text of given) {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          bitmaps.push(await createImageBitmap(new Blob([bytes])));
        }
        const alone = [];
        for (const bitmap of bitmaps) alone.push(await recognizer.recognize(bitmap));
        const together = await Promise.all(bitmaps.map((bitmap) => recognizer.recognize(bitmap)));
        return [alone, together, bitmaps.map(({ width }) => width), recognizer.expressions, recognizer.model];
    """
    alone, together, widths, expressions, model = in_page(page, code, given)
    assert [len(faces) for faces in alone] == [1, 1, 0]
    assert alone == together
    assert all(widths)
    assert list(alone[0][0]["probabilities"]) == expressions
    assert model == "mobilenet_v2"


FAILING = {
    "list": "await Recognizer.load({ model: 'none' });",
    "download": "await Recognizer.load({ base: '/nowhere/' });",
    "engine": "const it = await Recognizer.load(); it.close(); await it.recognize(new ImageData(9, 9));",
}


def test_what_cannot_be_done_has_a_reason(plain: str, page: Any) -> None:
    page.goto(plain)
    for reason, code in FAILING.items():
        caught = f"try {{ {code} }} catch (error) {{ return [error instanceof RecognizerError, error.reason]; }}"
        assert in_page(page, caught) == [True, reason]


def test_a_base_offers_other_models(plain: str, page: Any, package: Path) -> None:
    page.goto(plain)
    [model] = package.glob("mobilenet_v2*.onnx")
    # The page itself loads the model that is offered: under another address nothing of it is kept yet.
    entry = {"url": f"recognizer/{model.name}?another", "bytes": model.stat().st_size, "sha256": file_hash(model)}
    properties = {"name": "another", "classes": "a,b,c,d,e,f,g", "input_size": "48", "crop": recognizer_crop()}
    listed = json.dumps({"models": [{**entry, "properties": properties}]})
    page.route("**/models.json", lambda route: route.fulfill(body=listed, content_type="application/json"))
    code = """
        const told = [];
        const onProgress = (...of) => told.push(of);
        const recognizer = await Recognizer.load({ base: "./", model: "another", onProgress });
        const [verdict] = (await recognizer.recognize(await (await fetch(given)).blob())).map((face) => face.verdict);
        return [recognizer.model, recognizer.expressions.join(""), told.at(-1), verdict];
    """
    picture = base64.b64encode(as_png(read_picture(ROOT / "examples" / "obama.jpg"))).decode()
    name, classes, progress, verdict = in_page(page, code, f"data:image/png;base64,{picture}")
    assert (name, classes, verdict) == ("another", "abcdefg", "none")
    assert progress == [model.stat().st_size] * 2


def recognizer_crop() -> str:
    return Recognizer(threads=1).model.metadata["crop"]


def test_the_package_is_whole(package: Path) -> None:
    told = json.loads((package / "package.json").read_text())
    version = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith("version"))
    assert told["version"] == version.split('"')[1]
    assert "private" not in told
    for name in ("README.md", "LICENSE", "MODEL_LICENSES.md", told["types"], told["main"]):
        assert (package / name).is_file(), name
    types: Callable[[], str] = (package / told["types"]).read_text
    assert 'from "' not in types(), "the types need other files"
