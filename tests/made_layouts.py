"""Made-up faces in the layouts in which data sets are published."""

from pathlib import Path

import numpy as np
import pandas as pd
from made_data import made_up_face
from PIL import Image

from mien.data.votes import RATED

EACH = 8


def picture(label: int, number: int, side: int = 48, colour: bool = False) -> Image.Image:
    """A made-up face of another size, which a network can tell apart."""
    made = Image.fromarray(made_up_face(label, number)).resize((side, side), Image.Resampling.BICUBIC)
    return made.convert("RGB") if colour else made


def save(made: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(path)


def folders(root: Path, names: list[str], side: int = 48, suffix: str = ".png", each: int = EACH) -> Path:
    """A folder a class, without parts."""
    for label, name in enumerate(names):
        for number in range(each):
            save(picture(label, number, side, colour=suffix != ".png"), root / name / f"{number}{suffix}")
    return root


def raf_db(root: Path) -> Path:
    """basic/: 100 px, one folder of aligned pictures, and the list of their labels."""
    lines = []
    for label in range(1, 8):
        for number in range(EACH):
            part = "train" if number < 5 else "test"
            name = f"{part}_{label * EACH + number:05}"
            save(picture(label, number, 100, colour=True), root / "basic" / "Image" / "aligned" / f"{name}_aligned.jpg")
            lines.append(f"{name}.jpg {label}")
    (root / "basic" / "EmoLabel").mkdir()
    (root / "basic" / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return root


def affectnet(root: Path) -> Path:
    """train_set/ and val_set/: 96 px, and a .npy file for each label."""
    for label in range(9):  # 8: none
        for number in range(EACH):
            folder = root / ("train_set" if number < 5 else "val_set")
            name = str(label * EACH + number)
            save(picture(label, number, 96, colour=True), folder / "images" / f"{name}.jpg")
            (folder / "annotations").mkdir(exist_ok=True)
            np.save(folder / "annotations" / f"{name}_exp.npy", np.array(str(label)))
    return root


CK_NAMES = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def ck_plus(root: Path) -> Path:
    """Kaggle's CK+48: a folder a class, three frames of each person."""
    for label, name in enumerate(CK_NAMES):
        for number in range(12):
            person = 10 + (label * 5 + number // 3) % 9
            save(picture(label, number), root / name / f"S{person:03}_{label:03}_{number:08}.png")
    return root


def ck_plus_original(root: Path) -> Path:
    """Sequences and a text file for the last frame of each."""
    for label in range(8):
        for person in range(6):
            name = f"S{person:03}_{label:03}"
            place = Path(f"S{person:03}") / f"{label:03}"
            for frame in (1, 9):
                save(
                    picture(label, 10 * person + frame), root / "cohn-kanade-images" / place / f"{name}_{frame:08}.png"
                )
            target = root / "Emotion" / place / f"{name}_{9:08}_emotion.txt"
            target.parent.mkdir(parents=True)
            target.write_text(f"   {label}.0000000e+00\n")
    return root


def jaffe(root: Path) -> Path:
    for label, word in enumerate(("AN", "DI", "FE", "HA", "NE", "SA", "SU")):
        for number, person in enumerate(("KA", "KL", "MK", "NA", "TM", "UY")):
            save(picture(label, number, 64), root / f"{person}.{word}{1 + number % 3}.{label * 9 + number}.tiff")
    return root


def kdef(root: Path) -> Path:
    for label, word in enumerate(("AF", "AN", "DI", "HA", "NE", "SA", "SU")):
        for number in range(1, 7):
            for session in "AB":
                name = f"{session}{'FM'[number % 2]}{number:02}{word}S.JPG"
                save(picture(label, number + (session == "B") * 9, 64, colour=True), root / name[:4] / name)
    return root


def pixel_rows(labels: int, usages: tuple[str, ...]) -> list[dict[str, object]]:
    """Rows of FER2013's CSV."""
    return [
        {"emotion": label, "pixels": " ".join(map(str, made_up_face(label, number).ravel())), "Usage": usage}
        for label in range(labels)
        for number, usage in enumerate(usages)
    ]


USAGES = ("Training",) * 4 + ("PublicTest",) * 2 + ("PrivateTest",) * 2


def fer2013_csv(path: Path, labels: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(pixel_rows(labels, USAGES)).to_csv(path, index=False)
    return path


def fer_plus(root: Path) -> Path:
    """fer2013.csv with FER+'s own table beside it; the last three rows have no majority, or one that is no class."""
    rows = pixel_rows(8, USAGES)
    votes = [dict.fromkeys(RATED, 0) | {RATED[int(str(row["emotion"]))]: 8, "unknown": 2} for row in rows]
    odd = (
        {"anger": 5, "fear": 5},
        {"unknown": 10},
        {"nf": 10},
        {"anger": 4, "fear": 3, "sadness": 1, "nf": 1, "happiness": 1},
    )
    rows += pixel_rows(1, ("Training",) * len(odd))
    votes += [dict.fromkeys(RATED, 0) | one for one in odd]
    root.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(root / "fer2013.csv", index=False)
    table = pd.DataFrame(votes).rename(columns={"nf": "NF"})
    table.insert(0, "Image name", [f"fer{row:07}.png" for row in range(len(rows))])
    table.insert(0, "Usage", [row["Usage"] for row in rows])
    table.to_csv(root / "fer2013new.csv", index=False)
    return root
