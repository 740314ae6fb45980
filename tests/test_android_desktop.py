"""ONNX Runtime for Android itself, its x86_64 libraries and Java classes, on this machine: it says what Python says."""

import base64
import json
import os
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.recognition.model import ModelFile

pytest.importorskip("elftools")
import android_runtime

ROOT = Path(__file__).parents[1]
GOLDEN = json.loads((ROOT / "web" / "tests" / "golden" / "cases.json").read_text())
PORTRAITS = [base64.b64decode(text) for text in GOLDEN["portraits"]]
INT8 = [name for name, said in GOLDEN["models"].items() if said["precision"] == "int8"]
# int8: how far a rounding that falls the other way carries (docs/android.md); as in ExpressionModelTest.java.
TOLERANCE = {"float32": 1e-3, "int8": 0.05}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries and the classes of Android's runtime, and the models."""
    aar = android_runtime.phone_runtime()
    if not (android_runtime.is_desktop() and aar and shutil.which("javac")):
        pytest.skip("needs Linux on x86_64 with gcc and Java, and ONNX Runtime for Android: make apk")
    folder = tmp_path_factory.mktemp("android")
    android_runtime.unpack(aar, "x86_64", folder)
    with zipfile.ZipFile(aar) as archive:
        (folder / "classes.jar").write_bytes(archive.read("classes.jar"))
    for model in GOLDEN["models"]:
        (folder / model).symlink_to(ROOT / "models" / model)
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[str]:
    """The address of Android's runtime behind the phone's messages."""
    java = ROOT / "android" / "src"
    sources = [
        *(java / "main/java/app/mien/inference").glob("*.java"),
        java / "test/java/app/mien/inference/DesktopEngine.java",
    ]
    subprocess.run(["javac", "-cp", folder / "classes.jar", "-d", folder, *sources], check=True)
    command = ["java", f"-Donnxruntime.native.path={folder}", "-cp", f"{folder}:{folder / 'classes.jar'}",
               "app.mien.inference.DesktopEngine", folder]  # fmt: skip
    environment = os.environ | {"LD_LIBRARY_PATH": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/native/2/"
        finally:
            process.kill()


def ask(engine: str, what: str, model: str, faces: bytes = b"") -> bytes:
    headers = {"Mien-Faces": base64.urlsafe_b64encode(faces).decode().rstrip("=")} if faces else {}
    with urllib.request.urlopen(urllib.request.Request(f"{engine}{what}/{model}", headers=headers)) as answer:
        return answer.read()


def probabilities(engine: str, model: str, faces: list[bytes]) -> np.ndarray:
    answer = ask(engine, "run", model, b"".join(faces))
    count, classes, rows, columns, places, _ = np.frombuffer(answer, "<i4", 6)
    assert (count, places) == (len(faces), count * classes * rows * columns)
    return np.frombuffer(answer, "<f4", count * classes, 24).reshape(count, classes)


@pytest.mark.parametrize("model", GOLDEN["models"])
def test_androids_own_runtime_says_what_python_says(engine: str, model: str) -> None:
    python = GOLDEN["models"][model]
    ask(engine, "open", model)
    # One face a request, and all of them in one.
    for faces in [*([face] for face in PORTRAITS), PORTRAITS]:
        expected = [python["probabilities"][PORTRAITS.index(face)] for face in faces]
        found = probabilities(engine, model, faces)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[python["precision"]])
    ask(engine, "close", model)


@pytest.mark.parametrize("model", INT8)
def test_but_for_the_rounding_an_int8_file_says_exactly_what_it_says_in_python(
    engine: str, folder: Path, model: str
) -> None:
    pytest.importorskip("onnx")
    from unrounded import unrounded

    path = unrounded(ROOT / "models" / model, folder / f"unrounded_{model}")
    ask(engine, "open", path.name)
    faces = np.stack([np.frombuffer(face, np.uint8).reshape(48, 48) for face in PORTRAITS])
    python = ModelFile(path, threads=1).run(faces).probabilities
    np.testing.assert_allclose(probabilities(engine, path.name, PORTRAITS), python, rtol=0, atol=1e-4)
    # And the rounding moves what is said, or this would be no proof.
    assert np.abs(python - GOLDEN["models"][model]["probabilities"]).max() > 1e-3
    ask(engine, "close", path.name)
