"""Measure how FER2013 frames faces: where its pictures' centre and side lie in the face detector's terms.

Every picture of a sample of the training part goes through the detector as it is; the detector itself sees it with grey
around. In each face's own upright frame the script then takes the place of the picture's centre and the length of its
side relative to several references: the less these vary, the better the reference tells how to cut a face from a
photograph. Writes results/framing.json and docs/figures/framing.png; `mien.recognition.framing` holds the outcome.

Usage: python benchmarks/framing.py DATA [--pictures 2000] [--seed 0]
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from mien.data.dataset import load
from mien.provenance import origin
from mien.recognition.cropping import SIZE, crop, crop_picture
from mien.recognition.detection import LEFT_EYE, MOUTH, NOSE, RIGHT_EYE, FaceDetector, roll
from mien.recognition.faces import Detection
from mien.recognition.framing import FRAMING, halfway, radius
from mien.recognition.pictures import as_picture, read_picture
from mien.results.framing import FramingMeasurements
from mien.results.record import made, plain, write
from mien.storage import write_atomically

ROOT = Path(__file__).parents[1]
CENTRE = np.array([SIZE / 2, SIZE / 2])
PADDINGS = {"as it is": None, "edge repeated": cv2.BORDER_REPLICATE, "reflected": cv2.BORDER_REFLECT_101}
TURNED_AWAY = 0.5
"""How far the nose stands sideways of the eyes' middle, in landmarks' radii, where a head counts as turned away."""


@dataclass(frozen=True)
class Reference:
    """A way to read place and length off a detection, and what it gives over a sample of pictures of side 48."""

    right: np.ndarray
    down: np.ndarray
    side: np.ndarray


def eyes(face: Detection) -> np.ndarray:
    return face.landmarks[[LEFT_EYE, RIGHT_EYE]].mean(axis=0)


PLACES = {
    "box": lambda face: np.array(face.box.centre),
    "eyes and mouth": lambda face: (eyes(face) + face.landmarks[MOUTH]) / 2,
    "landmarks": lambda face: face.landmarks.mean(axis=0),
    "halfway": halfway,
}
LENGTHS = {
    "box": lambda face: (face.box.width + face.box.height) / 2,
    "eyes and mouth": lambda face: np.linalg.norm(face.landmarks[MOUTH] - eyes(face)),
    "landmarks": lambda face: radius(face.landmarks),
    "halfway": lambda face: radius(face.landmarks),
}


def find(detector: FaceDetector, picture: np.ndarray, border: int | None) -> Detection | None:
    """The face nearest the middle of a grey picture uint8 [48, 48], in its coordinates; with half a side of border."""
    pad = 0 if border is None else SIZE // 2
    if border is not None:
        picture = cv2.copyMakeBorder(picture, pad, pad, pad, pad, border)
    faces = detector.detect(as_picture(picture))
    return min(faces, key=lambda face: np.linalg.norm(np.array(face.box.centre) - pad - CENTRE), default=None)


def upright(face: Detection, offset: np.ndarray) -> np.ndarray:
    """An offset [2] in the frame in which the face's eyes are level."""
    cos, sin = np.cos(roll(face.landmarks)), np.sin(roll(face.landmarks))
    return np.array([[cos, sin], [-sin, cos]]) @ offset


def measure(faces: list[Detection], name: str) -> Reference:
    offsets = np.array([upright(face, CENTRE - PLACES[name](face)) for face in faces]) / SIZE
    return Reference(offsets[:, 0], offsets[:, 1], np.array([SIZE / LENGTHS[name](face) for face in faces]))


def percent(values: np.ndarray) -> float:
    """The spread in percent: the interquartile range as a normal distribution's standard deviation."""
    low, high = np.percentile(values, [25, 75])
    return round(float(high - low) / 1.349 * 100, 2)


def summary(reference: Reference, sidewards: np.ndarray) -> dict:
    """Medians, spread in percent of the side, and how far heads turned away lead the place astray, in percent."""
    away = np.abs(sidewards) >= TURNED_AWAY
    half = np.abs(sidewards) >= TURNED_AWAY / 2
    errors = (reference.right - np.median(reference.right)) * np.sign(sidewards)
    return {
        "right": round(float(np.median(reference.right)), 4),
        "down": round(float(np.median(reference.down)), 4),
        "side": round(float(np.median(reference.side)), 4),
        "spread_right": percent(reference.right),
        "spread_down": percent(reference.down),
        "spread_side": percent(np.log(reference.side)),
        "turned_half_away_right": round(float(np.median(errors[half & ~away])) * 100, 2),
        "turned_away_right": round(float(np.median(errors[away])) * 100, 2),
    }


def look_again(detector: FaceDetector, folder: Path) -> dict:
    """Frame the faces of photographs, look at each crop as at a picture of the data set, and compare.

    A detector that the missing surroundings did not lead astray would find side ratios of 1 and no shifts.
    """
    ratios, shifts, faces = [], [], 0
    for path in sorted(folder.glob("*.jpg")):
        picture = read_picture(path)
        for face in detector.detect(picture):
            faces += 1
            again = find(detector, crop_picture(picture, FRAMING.square(face)), None)
            if again is not None:
                square = FRAMING.square(again)
                ratios.append(square.side / SIZE)
                shifts.append(float(np.hypot(square.x - SIZE / 2, square.y - SIZE / 2)) / SIZE)
    return {
        "faces": faces,
        "found_again": len(ratios),
        "side_ratio_median": round(float(np.median(ratios)), 3),
        "shift_median_percent": round(float(np.median(shifts)) * 100, 1),
    }


def figure(references: dict[str, Reference], pictures: np.ndarray, faces: list[Detection]) -> Figure:
    chart = Figure(figsize=(12, 3.4), layout="constrained")
    place, lengths, whole, framed = chart.subplots(1, 4)
    chosen = references["halfway"]
    place.hist2d(chosen.right * 100, chosen.down * 100, bins=60, range=[[-15, 15], [-20, 10]], cmap="Greys")
    place.invert_yaxis()
    place.plot(0, np.median(chosen.down) * 100, "+", color="tab:red", markersize=14)
    place.set(title="picture's centre", xlabel="right of the reference, % of side", ylabel="down, % of side")
    for name in ("box", "eyes and mouth", "landmarks"):
        relative = references[name].side / np.median(references[name].side)
        lengths.hist(relative, bins=60, range=(0.5, 1.6), histtype="step", label=name)
    lengths.set(title="picture's side", xlabel="relative to the median, by reference", yticks=[])
    lengths.legend(frameon=False, fontsize="small")
    average = np.mean(
        [crop(picture, FRAMING.square(face)) for picture, face in zip(pictures, faces, strict=True)], axis=0
    )
    for axes, title, picture in ((whole, "mean picture", pictures.mean(axis=0)), (framed, "mean framed face", average)):
        axes.imshow(picture, cmap="gray")
        axes.set(title=title, xticks=[], yticks=[])
    return chart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the data set's folder")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train = load(options.data, "official").part("train").faces
    sample = train[np.random.default_rng(options.seed).permutation(len(train))[: options.pictures]]
    detector = FaceDetector()

    some = sample[: options.pictures // 4]
    shares = {
        name: round(float(np.mean([find(detector, picture, border) is not None for picture in some])), 4)
        for name, border in PADDINGS.items()
    }
    finds = [find(detector, picture, None) for picture in sample]
    faces = [face for face in finds if face is not None]
    pictures = sample[[face is not None for face in finds]]
    sidewards = np.array(
        [upright(face, face.landmarks[NOSE] - eyes(face))[0] / radius(face.landmarks) for face in faces]
    )
    references = {name: measure(faces, name) for name in PLACES}
    found = {
        "pictures": len(sample),
        "seed": options.seed,
        "found": len(faces),
        "found_by_surroundings": {"pictures": len(some), **shares},
        "turned_away": int((np.abs(sidewards) >= TURNED_AWAY).sum()),
        "references": {name: summary(reference, sidewards) for name, reference in references.items()},
        "framing": FRAMING.to_text(),
        "photographs_looked_at_again": look_again(detector, ROOT / "examples"),
    }
    found |= origin()
    told = made(FramingMeasurements, found)
    write(ROOT / "results" / "framing.json", told)
    chart = figure(references, pictures, faces)
    write_atomically(
        ROOT / "docs" / "figures" / "framing.png", lambda draft: chart.savefig(draft, dpi=110, format="png")
    )

    table = Table("reference", *vars(next(iter(told.references.values()))))
    for name, row in told.references.items():
        table.add_row(name, *(str(value) for value in vars(row).values()))
    Console(width=180).print(table, {key: value for key, value in plain(told).items() if key != "references"})


if __name__ == "__main__":
    main()
