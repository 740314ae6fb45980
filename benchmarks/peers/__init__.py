"""Peers, each in an environment of its own under .peers/, so that nobody's requirements touch ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
    one_thread = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(python), str(Path(__file__).parent / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **one_thread})
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])
