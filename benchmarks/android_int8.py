"""How far an int8 model file's answers are apart between ONNX Runtime for Android and Python's.

    python benchmarks/android_int8.py

On the example portraits: Python's own runtime with its graph optimised and not, and ONNX Runtime for Android's
libraries, x86_64 as it is and arm64 in QEMU as a phone without and with instructions for products of int8; and the same
network without the rounding of its activations ("unrounded"). QEMU from 10 on emulates the newest phones' matrix
instructions (SME) too; older ones err there. Needs `make apk`, `pip install mien[dev,train]`, gcc, and from Debian
qemu-user-static, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross. Writes results/benchmarks/android-int8.json.
"""

import base64
import json
import re
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import onnxruntime
from int8_rounding import native
from rich.console import Console
from rich.table import Table

from mien.provenance import origin
from mien.results.benchmarks import AndroidInt8
from mien.results.record import made, write

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import android_runtime  # noqa: E402
from unrounded import unrounded  # noqa: E402

# "max" is every instruction that QEMU knows; under its own name ONNX Runtime would not take it for a processor.
SME = "max,midr=0x413fd0c1"


def processors() -> dict[str, str]:
    """The arm64 processors that QEMU emulates rightly, by their names here."""
    version = subprocess.run(
        [android_runtime.emulator() or "", "--version"], capture_output=True, text=True, check=True
    )
    newest = int(re.findall(r"version (\d+)", version.stdout)[0]) >= 10
    return {"arm64": "cortex-a72", "arm64, int8": "neoverse-n1"} | ({"arm64, SME": SME} if newest else {})


def answers(
    model: str, faces: np.ndarray, x86: android_runtime.Runtime, arm: android_runtime.Runtime
) -> dict[str, np.ndarray]:
    """Probabilities [N, 7] by who gave them."""
    path = ROOT / "models" / model
    floats = unrounded(path, x86.folder / model)
    return {
        "Python": native(path, faces),
        "Python, not optimised": native(path, faces, optimised=False),
        "Android, x86_64": x86.answers(path, faces),
        **{f"Android, {name}": arm.answers(path, faces, processor) for name, processor in processors().items()},
        "unrounded, Python": native(floats, faces),
        "unrounded, x86_64": x86.answers(floats, faces),
        "unrounded, arm64": arm.answers(floats, faces, "neoverse-n1"),
    }


def main() -> None:
    aar = android_runtime.phone_runtime()
    if not aar or not android_runtime.emulator():
        sys.exit("build the Android app first (make apk), and install what the help names")
    golden = json.loads((ROOT / "web" / "tests" / "golden" / "cases.json").read_text(encoding="utf-8"))
    faces = np.stack([np.frombuffer(base64.b64decode(text), np.uint8).reshape(48, 48) for text in golden["portraits"]])
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        x86 = android_runtime.Runtime(aar, "x86_64", Path(one))
        arm = android_runtime.Runtime(aar, "arm64-v8a", Path(other))
        for model in [name for name, said in golden["models"].items() if said["precision"] == "int8"]:
            said = answers(model, faces, x86, arm)
            table = Table(model, *(str(i + 1) for i in range(len(said))))
            for i, name in enumerate(said):
                table.add_row(
                    f"{i + 1} {name}", *(f"{np.abs(said[name] - others).max():.6f}" for others in said.values())
                )
            Console(width=160).print(table)
            results[model] = {
                f"{first} / {second}": round(float(np.abs(said[first] - said[second]).max()), 6)
                for first, second in combinations(said, 2)
            }
    versions = {"python": onnxruntime.__version__, "android": aar.stem.rpartition("-")[2]}
    said = {"faces": len(faces), "onnxruntime": versions, "largest_difference": results, **origin()}
    write(ROOT / "results" / "benchmarks" / "android-int8.json", made(AndroidInt8, said))


if __name__ == "__main__":
    main()
