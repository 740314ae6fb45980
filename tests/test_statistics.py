"""`mien data check` and `mien data plot`: what they count and say."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
from made_data import KAGGLE, made_up_face, save
from typer.testing import CliRunner

from mien.cli.data import app
from mien.data import dataset
from mien.data.statistics import statistics
from mien.errors import DataError
from mien.expressions import NAMES


def of(groups: list[int], labels: list[int], parts: list[str]) -> dataset.FaceData:
    """Data whose pictures have their group as their grey level, but for one pixel."""
    faces = np.zeros((len(groups), 48, 48), np.uint8) + np.array(groups, np.uint8)[:, None, None]
    faces[:, 0, 0] = 255
    ids = np.arange(len(groups)).astype(str)
    return dataset.FaceData(faces, np.array(labels), np.array(parts), ids, np.array(groups))


def test_counts_copies_by_hand() -> None:
    counted = statistics(
        of(
            groups=[1, 1, 1, 2, 3, 3, 4, 1, 5],
            labels=[0, 0, 6, 1, 2, 2, 3, 0, 4],
            parts=["train", "train", "validation", "train", "validation", "validation", "train", "test", "test"],
        )
    )
    assert counted.pictures == 9
    assert counted.repeated == 4  # three more of picture 1, one more of picture 3
    assert counted.disputed == 4  # picture 1 is called 0 and 6
    assert counted.voted is None
    train, validation, test = (counted.parts[name] for name in dataset.PARTS)
    assert (train.repeated, validation.repeated, test.repeated) == (1, 1, 0)
    assert train.also_in == {"validation": 2, "test": 2}
    assert validation.also_in == {"train": 1, "test": 1}
    assert test.also_in == {"train": 1, "validation": 1}
    assert train.classes == dict(zip(NAMES, [2, 1, 0, 1, 0, 0, 0], strict=True))


def test_finds_blank_pictures() -> None:
    data = of([1, 2, 3], [0, 0, 0], ["train"] * 3)
    data.faces[1] = 0
    data.faces[2] = 255
    assert statistics(data).blank == ("1", "2")


def test_check_prints_json(tiny_data: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tiny_data), "--split", "kaggle", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["split"] == "kaggle"
    assert told["pictures"] == 63
    assert told["voted"] == 63
    assert told["repeated"] == 1
    assert told["problems"] == []
    assert told["parts"]["validation"]["classes"] == dict.fromkeys(NAMES, 3)
    assert told["parts"]["validation"]["also_in"] == {"train": 1}


def test_check_prefers_the_official_split(tiny_data: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tiny_data), "--json"])
    assert list(json.loads(result.stdout)["parts"]) == ["train", "validation", "test"]


def test_check_sums_many_problems_up(tiny_data: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_data, tmp_path / "copy"))
    for number in range(1200, 1250):
        (root / "images" / "train" / "happy" / f"{number}.png").touch()
    save(np.zeros((10, 20), np.uint8), root / "images" / "train" / "sad" / "1300.png")
    save(made_up_face(0, 1), root / "images" / "train" / "contempt" / "1301.png")
    result = CliRunner().invoke(app, ["check", str(root), "--split", "kaggle"])
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    assert "Problems: 52, left out" in said
    assert "empty file: 50 (train/happy/1200.png, " in said
    assert "1205.png" not in said
    assert "and 45 more" in said
    assert "20x10 instead of 48x48: 1 (train/sad/1300.png)" in said
    assert "not a folder of one of the seven classes: 1 (train/contempt)" in said
    everything = CliRunner().invoke(app, ["check", str(root), "--split", "kaggle", "--json"])
    assert len(json.loads(everything.stdout)["problems"]) == 52


def test_check_refuses_what_is_no_data_set(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert isinstance(result.exception, DataError)
    assert result.exception.exit_code == 2


def test_plot_writes_a_picture(tiny_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "classes.png"
    result = CliRunner().invoke(app, ["plot", str(tiny_data), "--out", str(out)])
    assert result.exit_code == 0, result.output
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture.shape[1] > picture.shape[0] > 300
    assert list(out.parent.iterdir()) == [out]


def test_plot_writes_png_only(tiny_data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plot", str(tiny_data), "--out", str(tmp_path / "classes.svg")])
    assert "ends in .png" in str(result.exception)
    assert not any(tmp_path.iterdir())


def test_the_real_data_has_its_known_copies(real_data: Path) -> None:
    counted = statistics(dataset.load(real_data))
    assert counted.repeated == 1851
    assert len(counted.blank) == 12
    assert {name: counted.parts[name].also_in["train"] for name in ("validation", "test")} == {
        "validation": 280,
        "test": 288,
    }


def test_the_tiny_data_is_what_its_fixture_says(tiny_data: Path) -> None:
    counted = statistics(dataset.load(tiny_data, "kaggle"))
    assert counted.parts["train"].pictures == 7 * KAGGLE.count("train")
    assert counted.repeated == 1
    assert counted.disputed == 0
