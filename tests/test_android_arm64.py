"""ONNX Runtime for Android's arm64 library, which most phones run, in QEMU: it says what Python says, on phones with
instructions for products of int8 and on those without."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from mien.recognition.model import ModelFile

pytest.importorskip("elftools")
import android_runtime

ROOT = Path(__file__).parents[1]
GOLDEN = json.loads((ROOT / "web" / "tests" / "golden" / "cases.json").read_text())
# Two, as each takes QEMU a second or more.
FACES = np.stack([np.frombuffer(base64.b64decode(text), np.uint8).reshape(48, 48) for text in GOLDEN["portraits"][:2]])
OLD, NEW = android_runtime.PROCESSORS


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> android_runtime.Runtime:
    aar = android_runtime.phone_runtime()
    if not (aar and android_runtime.emulator()):
        pytest.skip(
            "needs ONNX Runtime for Android: make apk; and: apt install qemu-user-static gcc-aarch64-linux-gnu "
            "libc6-dev-arm64-cross"
        )
    return android_runtime.Runtime(aar, "arm64-v8a", tmp_path_factory.mktemp("arm64"))


@pytest.mark.parametrize("processor", android_runtime.PROCESSORS)
def test_float32_is_pythons(runtime: android_runtime.Runtime, processor: str) -> None:
    found = runtime.answers(ROOT / "models" / "mobilenet_v2.onnx", FACES, processor)
    expected = GOLDEN["models"]["mobilenet_v2.onnx"]["probabilities"][:2]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_int8_is_the_same_on_both_processors_and_near_pythons(runtime: android_runtime.Runtime) -> None:
    path = ROOT / "models" / "vit_tiny.onnx"
    old, new = (runtime.answers(path, FACES, processor) for processor in (OLD, NEW))
    np.testing.assert_array_equal(old, new)
    np.testing.assert_allclose(new, GOLDEN["models"][path.name]["probabilities"][:2], rtol=0, atol=0.05)


def test_but_for_the_rounding_int8_is_pythons_too(runtime: android_runtime.Runtime, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from unrounded import unrounded

    path = unrounded(ROOT / "models" / "vit_tiny.onnx", tmp_path / "vit_tiny.onnx")
    python = ModelFile(path, threads=1).run(FACES).probabilities
    np.testing.assert_allclose(runtime.answers(path, FACES, NEW), python, rtol=0, atol=1e-4)
