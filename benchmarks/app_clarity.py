"""From which share on the app names an expression: how often each model is right below and above it.

    MIEN_DATA=folder python benchmarks/app_clarity.py

On PublicTest, the part that choices are made on, and on plain grey squares, which show nothing. The share is the
largest that any model gives any plain square, rounded up to the next twentieth. Writes
results/benchmarks/app-clarity.json; `PLAIN` in web/src/recognition/clarity.ts is its `share`, and a test holds it so.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.dataset import load
from mien.expressions import NAMES
from mien.provenance import file_hash, origin
from mien.recognition.model import ModelFile, models_folder
from mien.results.benchmarks import AppClarity
from mien.results.record import made, write

ROOT = Path(__file__).parents[1]
STEP = 0.05
PLAIN = [np.full((1, 48, 48), grey, np.uint8) for grey in range(0, 256, 5)]


def measure(path: Path, faces: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """What one model says of plain squares, and how often it is right by its largest share."""
    model = ModelFile.open(path, threads=1)
    classes = [NAMES.index(name) for name in model.metadata["classes"].split(",")]
    plain = max(float(model.run(square).probabilities.max()) for square in PLAIN)
    probabilities = np.concatenate([model.run(face[None]).probabilities for face in faces])
    share, right = probabilities.max(1), np.array(classes)[probabilities.argmax(1)] == labels
    steps = [round(step * STEP, 2) for step in range(4, 13)]
    below = [
        {"share": step, "faces": int((share < step).sum()), "right": round(float(right[share < step].mean()), 3)}
        for step in steps
        if (share < step).any()
    ]
    return {
        "sha256": file_hash(path),
        "plain_most": round(plain, 3),
        "right": round(float(right.mean()), 3),
        "below": below,
    }


def main() -> None:
    part = load(Path(os.environ["MIEN_DATA"]), "official").part("validation")
    models = {
        path.stem: measure(path, part.faces, part.labels)
        for path in sorted(models_folder().glob("*.onnx"))
        if not path.stem.startswith("blazeface")
    }
    most = max(model["plain_most"] for model in models.values())
    share = round(float(np.ceil(most / STEP) * STEP), 2)
    told = {"share": share, "faces": len(part.faces), "models": models}
    told |= origin()
    write(ROOT / "results" / "benchmarks" / "app-clarity.json", made(AppClarity, told))
    for name, model in models.items():
        print(name, "plain squares:", model["plain_most"], "all:", model["right"], *model["below"], sep="\n  ")
    print("share:", share)


if __name__ == "__main__":
    main()
