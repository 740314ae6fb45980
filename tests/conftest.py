"""What several tests share: a small made-up data set, and the place of the real one."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.expressions import NAMES
from mien.recognition.cropping import SIZE

# Of each class: the folders' split, and the official one, which is another.
KAGGLE = ("train",) * 6 + ("validation",) * 3
OFFICIAL = ("train",) * 4 + ("validation",) * 3 + ("test",) * 2


def made_up_face(label: int, number: int) -> np.ndarray:
    """uint8 [48, 48]: stripes turned by the class, with noise of their own; a network can tell the classes apart."""
    noise = np.random.default_rng([label, number]).normal(0, 12, (SIZE, SIZE))
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    angle = np.pi * label / len(NAMES)
    stripes = 128 + 80 * np.sin(18 * (rows * np.cos(angle) + columns * np.sin(angle)))
    return np.clip(stripes + noise, 0, 255).astype(np.uint8)


def save(face: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(face).save(path)


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set's folder, Kaggle layout with an index: nine made-up faces a class. Copy it before you change it.

    One picture stands twice: the first "angry" of the train part is also the first "angry" of the validation folder; in
    either split the one is in train and the other in validation.
    """
    import pandas as pd  # as the data set's reader, only where training is installed

    from mien.data.dataset import RATED, VOTED

    root = tmp_path_factory.mktemp("tiny")
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


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data set, where MIEN_DATA names it; skips the test where it does not."""
    root = Path(os.environ.get("MIEN_DATA") or "nowhere")
    if not root.is_dir():
        pytest.skip("needs the FER2013 folders; set MIEN_DATA to where they are")
    return root


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: sums are the same in every process only where the number of threads is."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
