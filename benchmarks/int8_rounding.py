"""How far two engines are apart on an int8 model file, beside how far its rounding alone moves each of them.

    python benchmarks/int8_rounding.py DIR [--model vit_tiny]

DIR holds the pictures of FER2013; 200 of its validation pictures are read. "unrounded" is the same network with the
same weights, but with activations that are not rounded to eight bits. Needs `pip install mien[dev,train]`, Node.js and
`npm ci` in web/. Writes results/benchmarks/int8_rounding-MODEL.json.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from rich.console import Console
from rich.table import Table

from mien.data.dataset import load
from mien.provenance import file_hash, origin
from mien.recognition.model import ModelFile
from mien.results.benchmarks import Int8Rounding
from mien.results.record import made, write

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from unrounded import unrounded  # noqa: E402

FACES = 200


def native(path: Path, faces: np.ndarray, optimised: bool = True) -> np.ndarray:
    """Probabilities [N, 7] by ONNX Runtime, one face a call."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(["probabilities"], {"face": face[None]})[0] for face in faces])


def in_node(path: Path, faces: np.ndarray, workshop: Path) -> np.ndarray:
    """Probabilities [N, 7] by ONNX Runtime Web, one face a call."""
    source, target = workshop / "faces", workshop / "answers"
    source.write_bytes(faces.tobytes())
    script = ROOT / "benchmarks" / "int8_rounding.mjs"
    subprocess.run(["node", str(script), str(path), str(source), str(target)], check=True)
    return np.frombuffer(target.read_bytes(), np.float32).reshape(len(faces), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="vit_tiny")
    chosen = parser.parse_args()
    pictures = load(chosen.data, "official").part("validation").faces
    faces = pictures[np.random.default_rng(0).choice(len(pictures), FACES, replace=False)]
    path = ModelFile.open(chosen.model).path
    with tempfile.TemporaryDirectory() as folder:
        floats = Path(folder) / "unrounded.onnx"
        unrounded(path, floats)
        answers = {
            "native": native(path, faces),
            "native, graph not optimised": native(path, faces, optimised=False),
            "web": in_node(path, faces, Path(folder)),
            "unrounded": native(floats, faces),
            "unrounded, web": in_node(floats, faces, Path(folder)),
        }
    table = Table("pair", "largest difference", "median of the faces' largest", "same expression")
    results = {}
    for one, other in (
        ("native", "web"),
        ("native", "native, graph not optimised"),
        ("native", "unrounded"),
        ("web", "unrounded"),
        ("unrounded", "unrounded, web"),
    ):
        gaps = np.abs(answers[one] - answers[other]).max(1)
        same = float((answers[one].argmax(1) == answers[other].argmax(1)).mean())
        results[f"{one} / {other}"] = {
            "largest": round(float(gaps.max()), 6),
            "median": round(float(np.median(gaps)), 6),
            "same_expression": same,
        }
        table.add_row(f"{one} / {other}", f"{gaps.max():.2g}", f"{np.median(gaps):.2g}", f"{same:.1%}")
    Console().print(table)
    told = {"faces": FACES, "onnxruntime": onnxruntime.__version__, "pairs": results, "model_hash": file_hash(path)}
    told |= origin()
    write(ROOT / "results" / "benchmarks" / f"int8_rounding-{chosen.model}.json", made(Int8Rounding, told))


if __name__ == "__main__":
    main()
