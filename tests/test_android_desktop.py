"""ONNX Runtime for Android itself, its x86_64 libraries and Java classes, on this machine: it says what Python says.

Android's C library is not here: android_shim.c stands in for what differs from GNU's. The machine code that runs is
unchanged; in copies of the files only the table of the symbols' versions is dropped and two symbols get other names.
"""

import base64
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

elffile = pytest.importorskip("elftools.elf.elffile")

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
# The tags of the tables of versions: Android's symbols are of version LIBC, GNU's of GLIBC_...
VERSIONS = {"DT_VERSYM", "DT_VERDEF", "DT_VERDEFNUM", "DT_VERNEED", "DT_VERNEEDNUM"}
RENAMED = {b"fflush": b"othefl", b"sysconf": b"othesys"}
TOLERANCE = {"float32": 1e-3, "int8": 0.05}  # as in ExpressionModelTest.java


def for_gnu(library: bytes) -> bytes:
    """A copy of an Android library that GNU's loader takes."""
    elf, copy = elffile.ELFFile(io.BytesIO(library)), bytearray(library)
    dynamic, names = elf.get_section_by_name(".dynamic"), elf.get_section_by_name(".dynstr")
    for i, tag in enumerate(dynamic.iter_tags()):
        if tag.entry.d_tag in VERSIONS:
            place = dynamic["sh_offset"] + i * dynamic["sh_entsize"]
            copy[place : place + 8] = (21).to_bytes(8, "little")  # DT_DEBUG, which means nothing in a library
    start, end = names["sh_offset"], names["sh_offset"] + names["sh_size"]
    text = bytes(copy[start:end])
    for name, other in RENAMED.items():
        text = text.replace(b"\0" + name + b"\0", b"\0" + other + b"\0")
    copy[start:end] = text
    return bytes(copy)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Android's runtime behind the phone's messages."""
    aars = sorted(CACHE.glob("onnxruntime-android-*.aar"))
    fit = sys.platform == "linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"
    if not (fit and aars and shutil.which("gcc") and shutil.which("javac")):
        pytest.skip("needs Linux on x86_64 with gcc and Java, and ONNX Runtime for Android: make apk")
    folder = tmp_path_factory.mktemp("android")
    with zipfile.ZipFile(aars[-1]) as aar:
        (folder / "classes.jar").write_bytes(aar.read("classes.jar"))
        for name in ("libonnxruntime.so", "libonnxruntime4j_jni.so"):
            (folder / name).write_bytes(for_gnu(aar.read(f"jni/x86_64/{name}")))
    shim = [folder / "libc.so", ROOT / "tests" / "android_shim.c"]
    link = ["-Wl,-soname,libc.so", "-Wl,--no-as-needed", "-lm", "-ldl"]
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", *shim, *link], check=True)
    for name in ("libm", "libdl", "liblog", "libandroid"):
        shutil.copyfile(folder / "libc.so", folder / f"{name}.so")
    java = ROOT / "android" / "src"
    sources = [
        *(java / "main/java/app/mien/inference").glob("*.java"),
        java / "test/java/app/mien/inference/DesktopEngine.java",
    ]
    subprocess.run(["javac", "-cp", folder / "classes.jar", "-d", folder, *sources], check=True)
    command = ["java", f"-Donnxruntime.native.path={folder}", "-cp", f"{folder}:{folder / 'classes.jar'}",
               "app.mien.inference.DesktopEngine", ROOT / "models"]  # fmt: skip
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


GOLDEN = json.loads((ROOT / "web" / "tests" / "golden" / "cases.json").read_text())


@pytest.mark.parametrize("model", GOLDEN["models"])
def test_androids_own_runtime_says_what_python_says(engine: str, model: str) -> None:
    python = GOLDEN["models"][model]
    portraits = [base64.b64decode(text) for text in GOLDEN["portraits"]]
    ask(engine, "open", model)
    # One face a request, and all of them in one.
    for faces in [*([face] for face in portraits), portraits]:
        answer = ask(engine, "run", model, b"".join(faces))
        count, classes, rows, columns, places, _ = np.frombuffer(answer, "<i4", 6)
        assert (count, places) == (len(faces), count * classes * rows * columns)
        found = np.frombuffer(answer, "<f4", count * classes, 24).reshape(count, classes)
        expected = [python["probabilities"][portraits.index(face)] for face in faces]
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[python["precision"]])
    ask(engine, "close", model)
