"""Reading data sets: every layout, and everything that can be wrong with one."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from made_data import KAGGLE, OFFICIAL, made_up_face, save

from mien.data import dataset
from mien.errors import DataError
from mien.expressions import EXPRESSIONS, NAMES

EACH = len(KAGGLE)


@pytest.fixture
def copy(tiny_data: Path, tmp_path: Path) -> Path:
    """The made-up data set, to be damaged."""
    return Path(shutil.copytree(tiny_data, tmp_path / "copy"))


def problems(data: dataset.FaceData) -> dict[str, str]:
    return {problem.place: problem.reason for problem in data.problems}


def pixels_csv(path: Path, usages: tuple[str, ...] = ("Training", "PublicTest", "PrivateTest")) -> pd.DataFrame:
    rows = [
        {"emotion": label, "pixels": " ".join(map(str, made_up_face(label, number).ravel())), "Usage": usage}
        for number, usage in enumerate(usages)
        for label in range(len(NAMES))
    ]
    table = pd.DataFrame(rows)
    table.to_csv(path, index=False)
    return table


@pytest.mark.parametrize(("split", "parts"), [("kaggle", KAGGLE), ("official", OFFICIAL)])
def test_reads_faces_labels_and_parts(tiny_data: Path, split: str, parts: tuple[str, ...]) -> None:
    data = dataset.load(tiny_data, split)
    assert data.faces.shape == (7 * EACH, 48, 48)
    assert data.faces.dtype == np.uint8
    assert data.problems == ()
    for face, label, part, name in zip(data.faces, data.labels, data.parts, data.ids, strict=True):
        row = int(Path(name).stem)
        assert (label, part) == (row // EACH, parts[row % EACH])
        number = 0 if row == KAGGLE.index("validation") else row % EACH
        assert (face == made_up_face(int(label), number)).all()


def test_reads_votes_without_single_ones(tiny_data: Path) -> None:
    data = dataset.load(tiny_data)
    assert data.votes is not None
    assert data.votes.shape == (len(data), 8)
    assert (data.votes.argmax(1) == data.labels).all()  # the made-up votes are in this order
    assert (data.votes.sum(1) == 1).all()
    assert (data.votes.max(1) == 1).all()  # "contempt" had one vote of nine, which is dropped


def test_knows_identical_pictures(tiny_data: Path) -> None:
    data = dataset.load(tiny_data, "kaggle")
    validation, train = data.part("validation"), data.part("train")
    left = validation.without_copies_of(train)
    assert set(validation.ids) - set(left.ids) == {f"validation/angry/{KAGGLE.index('validation')}.png"}


def test_reads_the_folder_with_the_parts_itself(tiny_data: Path) -> None:
    inside = dataset.load(tiny_data / "images")
    assert inside.fingerprint() == dataset.load(tiny_data).fingerprint()


def test_reads_without_an_index(copy: Path) -> None:
    (copy / "fer2013.csv").unlink()
    data = dataset.load(copy, "kaggle")
    assert data.votes is None
    assert len(data) == 7 * EACH
    assert dataset.available_splits(copy) == ("kaggle",)
    with pytest.raises(DataError, match=r"official split needs.*use --split kaggle"):
        dataset.load(copy, "official")


def test_reads_train_and_test_folders(copy: Path) -> None:
    (copy / "fer2013.csv").unlink()
    (copy / "images" / "validation").rename(copy / "images" / "test")
    data = dataset.load(copy / "images", "official")
    assert sorted(set(data.parts)) == ["test", "train"]
    assert dataset.available_splits(copy) == ("official",)
    with pytest.raises(DataError, match="use --split official"):
        dataset.load(copy, "kaggle")
    with pytest.raises(DataError, match="no part 'validation'; it has test, train"):
        data.part("validation")


def test_reads_jpeg_and_upper_case(copy: Path) -> None:
    train = copy / "images" / "train"
    png = train / "happy" / f"{3 * EACH}.png"
    save(made_up_face(3, 0), png.with_suffix(".jpg"))
    png.unlink()
    png.with_suffix(".jpg").rename(png.with_suffix(".JPG"))
    (train / "fear" / f"{2 * EACH}.png").rename(train / "fear" / f"{2 * EACH}.PNG")
    for kind in EXPRESSIONS:
        (train / kind.name).rename(train / kind.adjective.title())
    train.rename(train.with_name("Train"))
    data = dataset.load(copy)
    assert len(data) == 7 * EACH
    assert data.problems == ()
    place = data.ids.tolist().index(f"Train/Happy/{3 * EACH}.JPG")
    assert data.labels[place] == 3
    assert np.abs(data.faces[place].astype(int) - made_up_face(3, 0)).mean() < 8


def test_the_fingerprint_is_the_same_whatever_the_folders_are_called(copy: Path) -> None:
    before = dataset.load(copy).fingerprint()
    (copy / "images" / "train" / "sad").rename(copy / "images" / "train" / "SAD")
    assert dataset.load(copy).fingerprint() == before


def test_reads_colour_as_grey(copy: Path) -> None:
    face = made_up_face(4, 0)
    save(cv2.cvtColor(face, cv2.COLOR_GRAY2BGR), copy / "images" / "train" / "sad" / f"{4 * EACH}.png")
    data = dataset.load(copy)
    assert (data.faces[data.ids.tolist().index(f"train/sad/{4 * EACH}.png")] == face).all()


def test_names_broken_pictures_and_skips_them(copy: Path) -> None:
    place = copy / "images" / "train" / "happy"
    whole = (place / f"{3 * EACH}.png").read_bytes()
    jpeg = cv2.imencode(".jpg", made_up_face(3, 0))[1].tobytes()
    (place / "empty.png").touch()
    (place / "text.png").write_text("no picture")
    (place / "cut.png").write_bytes(whole[: len(whole) // 2])
    (place / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (place / "dangling.png").symlink_to(place / "nowhere.png")
    (place / "folder.png").mkdir()
    (place / "notes.txt").write_text("not a face")
    (place / ".hidden.png").touch()
    save(np.zeros((32, 64), np.uint8), place / "wide.png")
    data = dataset.load(copy)
    assert len(data) == 7 * EACH
    named = problems(data)
    assert named.pop("train/happy/folder.png")
    assert named == {
        "train/happy/empty.png": "empty file",
        "train/happy/text.png": "not a readable picture",
        "train/happy/cut.png": "not a readable picture",
        "train/happy/cut.jpg": "not a readable picture",
        "train/happy/dangling.png": "No such file or directory",
        "train/happy/notes.txt": "not a .png or .jpg file",
        "train/happy/wide.png": "64x32 instead of 48x48",
    }


def test_names_unknown_class_folders(copy: Path) -> None:
    save(made_up_face(0, 0), copy / "images" / "train" / "contempt" / "1.png")
    data = dataset.load(copy)
    assert len(data) == 7 * EACH
    assert problems(data) == {"train/contempt": "not a folder of one of the seven classes"}


def test_a_missing_class_is_an_error(copy: Path) -> None:
    shutil.rmtree(copy / "images" / "validation" / "fear")
    shutil.rmtree(copy / "images" / "validation" / "sad")
    with pytest.raises(
        DataError, match="validation: no folder for fear, sad; it has the folders angry, disgust, happy"
    ):
        dataset.load(copy)


def test_numbered_class_folders_are_read(copy: Path) -> None:
    train = copy / "images" / "train"
    for name, numbered in (("angry", "0_Anger"), ("disgust", "1-disgust"), ("fear", "03.fear"), ("happy", "4 happy")):
        (train / name).rename(train / numbered)
    data = dataset.load(copy)
    assert len(data) == 7 * EACH
    assert data.labels[data.ids.tolist().index(f"train/03.fear/{2 * EACH}.png")] == 2


def test_folders_with_numbers_alone_are_named_whatever_the_split(tmp_path: Path) -> None:
    for part in ("train", "val"):
        for number in range(3):
            (tmp_path / part / str(number)).mkdir(parents=True)
    for split in dataset.SPLITS:
        with pytest.raises(DataError, match="it has the folders 0, 1, 2, and needs a folder for each class"):
            dataset.load(tmp_path, split)
    with pytest.raises(DataError, match=r"found the folders 0, 1, 2, and neither train/.*mien data import"):
        dataset.load(tmp_path / "val")


def test_a_folder_around_the_data_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "CK+48" / "anger").mkdir(parents=True)
    with pytest.raises(DataError, match=r"found one folder, CK\+48: give that"):
        dataset.load(tmp_path)


def test_pictures_of_another_size_are_said_to_be_photographs(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for name in NAMES:
            save(np.zeros((224, 224), np.uint8), tmp_path / part / name / "1.png")
    with pytest.raises(DataError, match=r"14 of 14 files: 224x224 instead of 48x48; .* --data .*/test$"):
        dataset.load(tmp_path)


def test_empty_class_folders_are_an_error(tmp_path: Path) -> None:
    for part in ("train", "validation"):
        for name in NAMES:
            (tmp_path / part / name).mkdir(parents=True)
    with pytest.raises(DataError, match="no usable picture"):
        dataset.load(tmp_path, "kaggle")


def test_places_without_data_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        dataset.load(tmp_path / "nowhere")
    with pytest.raises(DataError, match="found no folder, and neither train/"):
        dataset.load(tmp_path)
    archive = tmp_path / "data.zip"
    archive.touch()
    with pytest.raises(DataError, match="unpack it first"):
        dataset.load(archive)
    (tmp_path / "train" / "happy").mkdir(parents=True)
    with pytest.raises(DataError, match=r"neither validation/ nor test/.*mien data import"):
        dataset.available_splits(tmp_path)


def test_an_unknown_split_is_an_error(tiny_data: Path) -> None:
    with pytest.raises(DataError, match="unknown split 'random'; there are kaggle and official"):
        dataset.load(tiny_data, "random")


def test_pictures_that_the_index_lacks(copy: Path) -> None:
    """Such as synthetic ones: in the Kaggle split they count, without votes; the official split cannot place them."""
    save(made_up_face(1, 99), copy / "images" / "train" / "disgust" / "synthetic.png")
    kaggle = dataset.load(copy, "kaggle")
    place = kaggle.ids.tolist().index("train/disgust/synthetic.png")
    assert kaggle.votes is not None
    assert kaggle.votes[place].sum() == 0
    assert kaggle.votes.sum() == 7 * EACH
    official = dataset.load(copy, "official")
    assert len(official) == 7 * EACH
    assert problems(official) == {"train/disgust/synthetic.png": "not in the index fer2013.csv"}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [("row", 0, "each row must be named once"), ("usage", "Training", "a usage of train")],
)
def test_a_damaged_index_is_an_error(copy: Path, column: str, value: object, reason: str) -> None:
    index = pd.read_csv(copy / "fer2013.csv")
    index[column] = value
    index.to_csv(copy / "fer2013.csv", index=False)
    with pytest.raises(DataError, match=reason):
        dataset.load(copy)


def test_an_index_of_other_pictures_is_an_error(copy: Path) -> None:
    index = pd.read_csv(copy / "fer2013.csv")
    index["row"] += 1000
    index.to_csv(copy / "fer2013.csv", index=False)
    with pytest.raises(DataError, match="no picture's name is a row of the index"):
        dataset.load(copy)


def test_reads_the_original_csv(tmp_path: Path) -> None:
    pixels_csv(tmp_path / "fer2013.csv")
    data = dataset.load(tmp_path)
    assert data.labels.tolist() == list(range(7)) * 3
    assert data.parts.tolist() == ["train"] * 7 + ["validation"] * 7 + ["test"] * 7
    assert (data.faces[9] == made_up_face(2, 1)).all()
    assert dataset.load(tmp_path / "fer2013.csv").fingerprint() == data.fingerprint()
    assert dataset.available_splits(tmp_path) == ("official",)
    with pytest.raises(DataError, match="holds the official split only"):
        dataset.load(tmp_path, "kaggle")


def test_reads_the_csv_with_spaces_after_commas(tmp_path: Path) -> None:
    table = pixels_csv(tmp_path / "faces.csv")
    lines = ["emotion, Usage, pixels", *(f"{row.emotion}, {row.Usage}, {row.pixels}" for row in table.itertuples())]
    (tmp_path / "faces.csv").write_text("\n".join(lines))
    assert len(dataset.load(tmp_path / "faces.csv")) == len(table)


def test_names_broken_rows_of_the_csv(tmp_path: Path) -> None:
    table = pixels_csv(tmp_path / "fer2013.csv").astype(object)
    table.loc[0, "pixels"] = "1 2 3"
    table.loc[1, "pixels"] = "300 " + table.loc[1, "pixels"].split(" ", 1)[1]
    table.loc[2, "pixels"] = None
    table.loc[3, "emotion"] = 7
    table.loc[4, "Usage"] = "Testing"
    table.loc[5, "emotion"] = "happy"
    table.to_csv(tmp_path / "fer2013.csv", index=False)
    data = dataset.load(tmp_path)
    assert set(problems(data)) == {f"row {row}" for row in range(6)}
    assert data.ids.tolist() == [str(row) for row in range(6, 21)]
    assert problems(data)["row 4"] == "unknown emotion 4 or usage Testing"


@pytest.mark.parametrize("value", ["many", "", "-1", "2.5", "inf"])
def test_votes_that_are_no_counts_are_an_error(copy: Path, value: str) -> None:
    index = pd.read_csv(copy / "fer2013.csv").astype(object)
    index.loc[3, "votes_fear"] = value
    index.to_csv(copy / "fer2013.csv", index=False)
    with pytest.raises(DataError, match=r"fer2013\.csv: votes_fear of row 3 is .*; votes are whole numbers from 0"):
        dataset.load(copy)


def test_votes_without_one_of_their_columns_are_an_error(copy: Path) -> None:
    index = pd.read_csv(copy / "fer2013.csv").drop(columns="votes_fear")
    index.to_csv(copy / "fer2013.csv", index=False)
    with pytest.raises(DataError, match="the column votes_fear is missing"):
        dataset.load(copy)


def test_a_part_without_a_picture_is_an_error_and_a_class_is_named(copy: Path) -> None:
    for picture in (copy / "images" / "validation" / "happy").iterdir():
        picture.unlink()
    assert problems(dataset.load(copy, "kaggle")) == {"validation/happy": "no usable picture of this class"}
    for picture in (copy / "images" / "validation").rglob("*.png"):
        picture.write_bytes(b"broken")
    with pytest.raises(DataError, match=r"validation: no usable picture in it"):
        dataset.load(copy, "kaggle")


def test_labels_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    table = pixels_csv(tmp_path / "fer2013.csv").astype(object)
    for row, value in enumerate((None, "nan", "inf", 2.5, -1)):
        table.loc[row, "emotion"] = value
    table.to_csv(tmp_path / "fer2013.csv", index=False)
    data = dataset.load(tmp_path)
    assert data.ids.tolist() == [str(row) for row in range(5, 21)]
    assert len(data.problems) == 5


@pytest.mark.parametrize("column", ["emotion", "pixels", "Usage"])
def test_a_csv_that_lacks_a_column_says_which(tmp_path: Path, column: str) -> None:
    pixels_csv(tmp_path / "fer2013.csv").drop(columns=column).to_csv(tmp_path / "fer2013.csv", index=False)
    with pytest.raises(DataError, match=f"it lacks {column}$"):
        dataset.load(tmp_path)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00\xff" * 50, 'emotion,pixels,Usage\n"0,1'])
def test_a_csv_of_another_kind_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match=r"fer2013\.csv"):
        dataset.load(path)


def test_the_fingerprint_follows_pixels_and_labels(tiny_data: Path) -> None:
    data = dataset.load(tiny_data)
    before = data.fingerprint()
    data.labels[0] = 1
    relabelled = data.fingerprint()
    data.faces[0, 0, 0] ^= 1
    assert len({before, relabelled, data.fingerprint()}) == 3


def test_tells_how_far_it_is(tiny_data: Path) -> None:
    told: list[tuple[int, int]] = []
    dataset.load(tiny_data, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (7 * EACH, 7 * EACH)


def test_the_real_data_has_its_published_counts(real_data: Path) -> None:
    data = dataset.load(real_data)
    assert {name: int((data.parts == name).sum()) for name in dataset.PARTS} == {
        "train": 28709,
        "validation": 3589,
        "test": 3589,
    }
    assert np.bincount(data.part("test").labels).tolist() == [491, 55, 528, 879, 594, 416, 626]
    assert data.problems == ()
