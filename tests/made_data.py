"""A small made-up data set, which trains in seconds."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from mien.classifier.classifier import Classifier
from mien.data.dataset import FACE_SIZE
from mien.data.votes import RATED, VOTED
from mien.expressions import NAMES

# Of each class: the folders' split, and the official one, which is another.
KAGGLE = ("train",) * 6 + ("validation",) * 3
OFFICIAL = ("train",) * 4 + ("validation",) * 3 + ("test",) * 2


class StandIn(Classifier):
    """A classifier with a file, whose hash is noted; what it says of faces is for its subclasses to write."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"{self.name}.onnx"
        self.file.write_bytes(b"a model")


def made_up_face(label: int, number: int) -> np.ndarray:
    """uint8 [48, 48]: stripes turned by the class, with noise of their own; a network can tell the classes apart."""
    noise = np.random.default_rng([label, number]).normal(0, 12, (FACE_SIZE, FACE_SIZE))
    rows, columns = np.mgrid[:FACE_SIZE, :FACE_SIZE] / FACE_SIZE
    angle = np.pi * label / len(NAMES)
    stripes = 128 + 80 * np.sin(18 * (rows * np.cos(angle) + columns * np.sin(angle)))
    return np.clip(stripes + noise, 0, 255).astype(np.uint8)


def save(face: np.ndarray, path: Path) -> None:
    """Write a grey face as the picture file that its suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(face).save(path)


def make_data(root: Path) -> Path:
    """Write a data set in Kaggle's layout with an index: nine made-up faces a class.

    One picture stands twice: the first "angry" of the train part is also the first "angry" of the validation folder; in
    either split the one is in train and the other in validation.
    """
    rows = []
    for label, name in enumerate(NAMES):
        for number, (folder, usage) in enumerate(zip(KAGGLE, OFFICIAL, strict=True)):
            row = label * len(KAGGLE) + number
            copied = label == 0 and number == KAGGLE.index("validation")
            save(made_up_face(label, 0 if copied else number), root / "images" / folder / name / f"{row}.png")
            votes = dict.fromkeys((f"votes_{emotion}" for emotion in RATED), 0)
            votes[f"votes_{VOTED[label]}"], votes["votes_contempt"] = 8, 1
            first_copy = 0 if copied else row
            rows.append(
                {"row": row, "label": name, "usage": usage, "kaggle_split": folder, "first_copy": first_copy} | votes
            )
    pd.DataFrame(rows).to_csv(root / "fer2013.csv", index=False)
    return root
