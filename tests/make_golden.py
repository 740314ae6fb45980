"""Stores what the shipped models say of the example pictures: tests/golden.json, which all clients are held to.

Usage, after a model or the crop has changed on purpose: python tests/make_golden.py
"""

from pathlib import Path
from typing import Any

from mien import Recognizer
from mien.recognition.cropping import crop_picture
from mien.recognition.model import shipped_models
from mien.recognition.pictures import read_picture
from mien.storage import write_json

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))


def golden() -> dict[str, Any]:
    """By picture: boxes and squares in pixels, the gate's scores, rows of the first face's crop by what model files ask
    for, and by model the probabilities."""
    recognizers = {name: Recognizer(name, threads=1) for name in shipped_models()}
    stored: dict[str, Any] = {}
    for path in EXAMPLES:
        picture = read_picture(path)
        faces = {name: recognizer.recognize(picture) for name, recognizer in recognizers.items()}
        first = next(iter(faces.values()))
        stored[path.name] = {
            "boxes": [[face.box.left, face.box.top, face.box.right, face.box.bottom] for face in first],
            "squares": [[face.square.x, face.square.y, face.square.side, face.square.roll] for face in first],
            "crops": {
                recognizer.model.metadata["crop"]: crop_picture(picture, faces[name][0].square).tolist()
                for name, recognizer in recognizers.items()
            },
            "novelty": [[] if face.novelty is None else face.novelty.astype(float).tolist() for face in first],
            "probabilities": {
                name: [face.probabilities.astype(float).tolist() for face in found] for name, found in faces.items()
            },
        }
    return stored


if __name__ == "__main__":
    write_json(ROOT / "tests" / "golden.json", golden())
