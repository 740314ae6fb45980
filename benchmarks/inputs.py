"""What docs/inputs.md says of turned pictures, of crowds and of faces that are cut already, measured.

    python benchmarks/inputs.py WORLD

WORLD holds faces/SET/CLASS/ (labelled photographs) and strange/KIND/ (pictures without faces to read). Writes
results/benchmarks/inputs.json and prints it.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mien.expressions import NAMES
from mien.provenance import file_hash, origin
from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Square
from mien.recognition.framing import FRAMING
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.results.benchmarks import InputKinds
from mien.results.record import made, plain, write

RESULTS = Path(__file__).parents[1] / "results" / "benchmarks" / "inputs.json"
CROWD = (3000, 4000)
GRID = (12, 20)
"""Rows and columns of faces in the crowd."""
SHAPES = ((1.25, 1.0), (1.5, 1.0), (1.0, 1.25), (1.0, 1.33), (1.0, 1.5))
"""Width and height of what is cut, in sides of the right square."""


def files(folder: Path) -> list[Path]:
    """The pictures of a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def turned(pictures: list[np.ndarray]) -> dict[str, int]:
    """Portraits upside down: how many are found and read upright, with any rotation looked for and without."""
    detector, found = FaceDetector(), {"pictures": len(pictures), "upright with it": 0, "found without it": 0}
    for picture in pictures:
        upside_down = np.ascontiguousarray(picture[::-1, ::-1])
        faces = detector.detect(upside_down, any_rotation=True)
        found["upright with it"] += bool(faces) and math.cos(FRAMING.square(faces[0]).roll) < 0
        found["found without it"] += bool(detector.detect(upside_down))
    return found


def strange(folder: Path) -> dict[str, dict[str, int]]:
    """Pictures without faces to read: in how many some face is found, with any rotation looked for or not."""
    detector, found = FaceDetector(), {}
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        pictures = [read_picture(path) for path in files(kind)]
        found[kind.name] = {
            "pictures": len(pictures),
            "with it": sum(bool(detector.detect(picture, any_rotation=True)) for picture in pictures),
            "without it": sum(bool(detector.detect(picture)) for picture in pictures),
        }
    return found


def crowd(pictures: list[np.ndarray], side: int) -> dict[str, float]:
    """Small faces on a large grey picture: how many are found with `small_faces` and without, and the seconds."""
    canvas = np.full((*CROWD, 3), 128, np.uint8)
    rows, columns = GRID
    detector = FaceDetector()
    centres = []
    places = [(row, column) for row in range(rows) for column in range(columns)]
    for (row, column), picture in zip(places, pictures * (rows * columns), strict=False):
        face = detector.detect(picture)[0]
        scale = side / face.box.width
        small = np.asarray(Image.fromarray(picture).resize([max(round(n * scale), 1) for n in picture.shape[1::-1]]))
        y, x = round((row + 0.5) * CROWD[0] / rows), round((column + 0.5) * CROWD[1] / columns)
        top, left = y - small.shape[0] // 2, x - small.shape[1] // 2
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        centres.append((left + face.box.centre[0] * scale, top + face.box.centre[1] * scale))
    told: dict[str, float] = {"faces": len(centres)}
    for name, small_faces in (("with it", True), ("without it", False)):
        looked = FaceDetector(small_faces=small_faces)
        looked.detect(canvas)
        started = time.monotonic()
        found = [face.box.centre for face in looked.detect(canvas)]
        told[f"seconds {name}"] = time.monotonic() - started
        near = [any(math.dist(one, other) < side / 2 for other in found) for one in centres]
        told[name] = sum(near)
    return told


def cut(pictures: list[tuple[np.ndarray, int]], model: str) -> dict[str, float]:
    """Accuracy on faces cut in several shapes, when the middle is read, when they are padded, and when squeezed."""
    recognizer, detector = Recognizer(model, threads=1, gate="off"), FaceDetector()
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "middle": lambda face: face,
        "padded": _padded,
        "squeezed": lambda face: np.asarray(Image.fromarray(face).resize((max(face.shape[:2]),) * 2)),
    }
    right: dict[str, list[bool]] = {name: [] for name in ways}
    for picture, label in pictures:
        for wide, high in SHAPES:
            face = _rectangle(picture, FRAMING.square(detector.detect(picture)[0]), wide, high)
            for name, way in ways.items():
                right[name].append(recognizer.classify([way(face)]).probabilities[0].argmax() == label)
    return {"faces": len(pictures)} | {name: float(np.mean(of)) for name, of in right.items()}


def _rectangle(picture: np.ndarray, square: Square, wide: float, high: float) -> np.ndarray:
    left, right = (round(square.x + way * square.side * wide / 2) for way in (-1, 1))
    top, bottom = (round(square.y + way * square.side * high / 2) for way in (-1, 1))
    pad = max(0, -left, -top, right - picture.shape[1], bottom - picture.shape[0])
    whole = np.pad(picture, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    return np.ascontiguousarray(whole[top + pad : bottom + pad, left + pad : right + pad])


def _padded(face: np.ndarray) -> np.ndarray:
    height, width = face.shape[:2]
    more = abs(height - width)
    pads = [(0, 0), (more // 2, more - more // 2)][:: 1 if height > width else -1]
    return np.pad(face, (*pads, (0, 0)), mode="edge")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", type=Path)
    parser.add_argument("--model", default="mobilenet_v2")
    arguments = parser.parse_args()
    faces = [path for path in files(arguments.world / "faces") if FaceDetector().detect(read_picture(path))]
    some = [read_picture(path) for path in faces[:: max(len(faces) // 150, 1)]]
    labelled = [(read_picture(path), NAMES.index(path.parent.name)) for path in faces[::2]]
    told: dict[str, Any] = {
        "model": arguments.model,
        "model_hash": file_hash(Recognizer(arguments.model).model.path),
        "turned": turned(some),
        "strange": strange(arguments.world / "strange"),
        "crowd": {side: crowd(some, side) for side in (30, 40, 50, 60)},
        "cut": cut(labelled, arguments.model),
    }
    told |= origin()
    result = made(InputKinds, told)
    write(RESULTS, result)
    print(json.dumps(plain(result), indent=1))


if __name__ == "__main__":
    main()
