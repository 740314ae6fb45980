"""Peers, each in an environment of its own under .peers/, so that nobody's requirements touch ours."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]

# fer's own requirements name versions of PyTorch and MoviePy that its default path never loads: installed without them.
FER = (
    "tensorflow",
    "opencv-contrib-python-headless<5",
    "pandas",
    "requests",
    "pillow",
    "matplotlib",
    "tqdm",
    "setuptools<81",
)
# Both leave it to whoever uses them in Node.js to bring TensorFlow.js.
NPM_PACKAGES = ("@vladmandic/face-api", "@vladmandic/human", "@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")
NPM_SCRIPTS = {"face-api": "face_api.mjs", "human": "human.mjs"}


def ask_fer(script: str, *arguments: object) -> dict | None:
    """What `benchmarks/peers/<script>` prints last, from JSON; None where fer cannot be installed or fails."""
    place = ROOT / ".peers" / "fer"
    python = place / "bin" / "python"
    if not python.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *FER], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "fer"], check=True)
        except subprocess.CalledProcessError:
            return None
    return _ask([python, HERE / script, *arguments])


def ask_npm(script: str, *arguments: object) -> dict | None:
    """What `benchmarks/peers/<script>` prints last, from JSON; None without Node.js, or where it fails."""
    place = ROOT / ".peers" / "npm"
    place.mkdir(parents=True, exist_ok=True)
    try:
        if not (place / "node_modules").is_dir():
            subprocess.run(["npm", "install", "--silent", "--prefix", place, *NPM_PACKAGES], check=True)
        return _ask(["node", HERE / script, f"{place}/", *arguments])
    except (OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return None


def _ask(command: Sequence[object]) -> dict | None:
    one_thread = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env={**os.environ, **one_thread})
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])
