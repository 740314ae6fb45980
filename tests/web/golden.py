"""Writes what Python's recognition answers, for the app's own tests to be held to: web/tests/golden/.

    python tests/web/golden.py

`cases.json` holds made-up cases of the arithmetic and the detector's answers on a photograph; `picture.rgb.gz` is that
photograph, uint8 RGB row by row; `gate.u8.gz` holds the crops that the gates are asked about, uint8 [200, 48, 48].
`test_golden.py` says when they are out of date.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.evaluation.crops import moved
from mien.novelty.ood_sets import SPOILED, drawings, flat, textures
from mien.provenance import file_hash
from mien.recognition.cropping import crop_picture, luma
from mien.recognition.detection import FaceDetector, anchors, merge, roll, tile_squares
from mien.recognition.faces import Box, Detection, Square
from mien.recognition.framing import FRAMING
from mien.recognition.model import ModelFile, models_folder, shipped_models
from mien.recognition.pictures import read_picture
from mien.recognition.verdicts import Verdict

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "web" / "tests" / "golden"
# Small enough to commit, large enough for halving; odd, so that a row and a column are left out.
PICTURE_SIZE = (201, 181)
CROP = 48
FOUND = 0.8
"""A detector's score of a face that it found, and not surely."""
MARGIN = {"float32": 0.02, "int8": 0.3}
"""How far scores may be from Python's in another engine."""


def picture() -> np.ndarray:
    """The photograph uint8 RGB [181, 201, 3]: the upper part of the astronaut."""
    whole = read_picture(ROOT / "examples" / "astronaut.jpg")
    part = whole[: round(whole.shape[1] * PICTURE_SIZE[1] / PICTURE_SIZE[0])]
    return cv2.resize(part, PICTURE_SIZE, interpolation=cv2.INTER_AREA)


def turned(pixels: np.ndarray) -> np.ndarray:
    """The photograph on its side: the first look must find such faces, and the crop must set them upright."""
    return np.ascontiguousarray(np.rot90(pixels))


def portraits() -> list[np.ndarray]:
    """The crops uint8 [48, 48] of the examples' main faces, which the models are asked about."""
    detector = FaceDetector(models_folder())
    pictures = [read_picture(path) for path in sorted((ROOT / "examples").glob("*.jpg"))]
    return [crop_picture(picture, FRAMING.square(detector.detect(picture)[0]), CROP) for picture in pictures]


def answers(crops: list[np.ndarray]) -> dict[str, Any]:
    """What each shipped model says of the crops, and which file said so."""
    said = {}
    for model in (ModelFile.open(name, threads=1) for name in shipped_models()):
        outputs = model.run(np.stack(crops))
        said[model.path.name] = {
            "sha256": file_hash(model.path),
            "precision": model.metadata["precision"],
            "probabilities": outputs.probabilities.tolist(),
            "novelty": None if outputs.novelty is None else outputs.novelty.tolist(),
        }
    return said


def gate_crops() -> np.ndarray:
    """Uint8 [200, 48, 48]: the faces of the examples moved a little, spoiled or covered, and pictures of nothing."""
    rng = np.random.default_rng(0)
    faces = np.stack(portraits())
    many = np.tile(faces, (-(-80 // len(faces)), 1, 1))[:80]
    around = [moved(many, *rng.uniform(-0.04, 0.04, (2, 80)), rng.uniform(0.95, 1.1, 80), rng.uniform(-8, 8, 80))]
    spoiled = [spoil(around[0][:15], rng) for spoil in SPOILED.values()]
    made = [make(5, rng) for make in (flat, drawings, textures)]
    return np.concatenate([*around, *spoiled, *made])[:200]


def kept_crops() -> np.ndarray:
    """What `main` made of `gate_crops` and wrote: on another machine the same crops differ by a grey level."""
    return np.frombuffer(gzip.decompress((FOLDER / "gate.u8.gz").read_bytes()), np.uint8).reshape(-1, CROP, CROP)


def verdicts(crops: np.ndarray) -> dict[str, list[list[str | None]]]:
    """By model file with a gate, the word on each crop: as one that came cut, and as one that a detector scored .8.

    None where a score lies so near its threshold that another engine's last bits may say otherwise.
    """
    said: dict[str, list[list[str | None]]] = {}
    for model in (ModelFile.open(name, threads=1) for name in shipped_models()):
        novelty, gate = model.run(crops).novelty, model.gate
        if novelty is None or gate is None:
            continue
        near = MARGIN[model.metadata["precision"]]
        sides = [novelty + shift for shift in (-near, 0, near)]
        said[model.path.name] = [
            [_agreed([gate.verdict(side[place], found) for side in sides]) for found in (None, FOUND)]
            for place in range(len(crops))
        ]
    return said


def _agreed(words: list[Verdict]) -> str | None:
    return str(words[0]) if len(set(words)) == 1 else None


def cases(pixels: np.ndarray) -> dict[str, Any]:
    """Every case with Python's answer, as plain numbers."""
    rng = np.random.default_rng(0)
    detector = FaceDetector(models_folder())
    small = rng.integers(0, 256, (23, 37, 3), dtype=np.uint8)
    squares = [
        Square(*(float(number) for number in (rng.uniform(-10, 47), rng.uniform(-10, 33), side, rng.uniform(-4, 4))))
        for side in (*rng.uniform(2, 48, 12), *rng.uniform(48, 200, 6), 48.0)
    ]
    groups = [[_made_up_detection(rng) for _ in range(8)] for _ in range(12)]
    crops = portraits()
    sizes = [(3000, 4000), (4000, 3000), (1280, 1280), (1281, 900), (700, 9000), (40, 40), (2160, 3840)]
    return {
        "luma": [[*(int(part) for part in pixel), int(luma(pixel))] for pixel in small.reshape(-1, 3)[:64]],
        "anchors": [float(number) for number in anchors()[[0, 1, 2, 511, 512, 517, 518, 895]].ravel()],
        "small": {"width": 37, "height": 23, "rgb": _text(small)},
        "crops": [{"square": _square(square), "crop": _text(crop_picture(small, square, CROP))} for square in squares],
        "merges": [
            {"detections": [_detection(one) for one in group], "merged": [_detection(one) for one in merge(group)]}
            for group in groups
        ],
        "framing": FRAMING.to_text(),
        "framings": [
            {"detection": _detection(one), "roll": roll(one.landmarks), "square": _square(FRAMING.square(one))}
            for group in groups[:5]
            for one in group
        ],
        "tiles": [
            {
                "height": height,
                "width": width,
                "squares": [_square(square) for square in tile_squares(height, width, 6)],
            }
            for height, width in sizes
        ],
        "portraits": [_text(crop) for crop in crops],
        "models": answers(crops),
        "found": FOUND,
        "verdicts": verdicts(kept_crops()),
        "picture": {"width": pixels.shape[1], "height": pixels.shape[0]},
        "faces": _faces(detector, pixels),
        "facesOnSide": _faces(detector, turned(pixels)),
    }


def _faces(detector: FaceDetector, pixels: np.ndarray) -> list[dict[str, Any]]:
    return [
        {**_detection(face), "crop": _text(crop_picture(pixels, FRAMING.square(face), CROP))}
        for face in detector.detect(pixels)
    ]


def _made_up_detection(rng: np.random.Generator) -> Detection:
    x, y, width, height = rng.uniform((0, 0, 20, 20), (60, 60, 60, 60)).round(3)
    landmarks = rng.uniform((x, y), (x + width, y + height), (6, 2)).round(3)
    return Detection(Box(x, y, x + width, y + height), round(float(rng.uniform(0.5, 1)), 4), landmarks)


def _detection(detection: Detection) -> dict[str, Any]:
    box = detection.box
    return {
        "box": {name: float(getattr(box, name)) for name in ("left", "top", "right", "bottom")},
        "score": detection.score,
        "landmarks": [{"x": float(x), "y": float(y)} for x, y in detection.landmarks],
    }


def _square(square: Square) -> dict[str, float]:
    return {name: float(getattr(square, name)) for name in ("x", "y", "side", "roll")}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 5) if isinstance(value, float) else value


def _text(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()


def main() -> None:
    pixels = picture()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "picture.rgb.gz").write_bytes(gzip.compress(pixels.tobytes(), mtime=0))
    (FOLDER / "gate.u8.gz").write_bytes(gzip.compress(gate_crops().tobytes(), mtime=0))
    (FOLDER / "cases.json").write_text(json.dumps(_rounded(cases(pixels))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
