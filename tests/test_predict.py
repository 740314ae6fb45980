"""`mien predict`, `Recognizer` and the sinks, as a user meets them."""

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mien
from mien import Recognizer
from mien.cli.main import INTERRUPTED, app, main
from mien.errors import MienError, PictureError
from mien.expressions import NAMES
from mien.recognition import pictures
from mien.recognition.drawing import annotate, heat, lay_heat
from mien.recognition.faces import Box, Face, Square
from mien.recognition.pictures import read_picture

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
MODEL = "mobilenet_v2"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(MODEL, threads=1)


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", "--model", MODEL, *map(str, arguments)])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_face_of_each_portrait_is_found(recognizer, path):
    faces = recognizer.recognize(path)
    assert len(faces) >= 1
    picture = read_picture(path)
    box = faces[0].box
    assert 0.05 < box.width / picture.shape[1] < 1
    assert 0 < box.centre[0] < picture.shape[1]
    assert abs(float(faces[0].probabilities.sum()) - 1) < 1e-5
    assert faces[0].expression in NAMES


def test_a_picture_without_a_face_is_an_empty_list(recognizer):
    assert recognizer.recognize(np.full((200, 300, 3), 127, np.uint8)) == []
    assert recognizer.recognize(np.zeros((1, 1), np.uint8)) == []


def test_many_pictures_in_one_go_give_what_single_ones_give(recognizer):
    pictures = [*EXAMPLES, np.zeros((50, 50, 3), np.uint8), EXAMPLES[0]]
    together = list(recognizer.recognize_all(pictures, batch=3))
    assert [len(faces) for faces in together] == [len(recognizer.recognize(picture)) for picture in pictures]
    for faces, picture in zip(together, pictures, strict=True):
        for ours, alone in zip(faces, recognizer.recognize(picture), strict=True):
            assert ours.box == alone.box
            assert np.allclose(ours.probabilities, alone.probabilities, atol=1e-5)


def test_a_picture_from_the_internet_in_a_wrong_format_is_refused(recognizer):
    with pytest.raises(PictureError, match="uint8"):
        recognizer.recognize(np.zeros((20, 20, 2)))


def test_files_of_the_command_agree(tmp_path):
    blank = tmp_path / "blank.png"
    Image.new("RGB", (90, 60), "grey").save(blank)
    done = predict(
        EXAMPLES[0],
        blank,
        "--json",
        tmp_path / "a.json",
        "--csv",
        tmp_path / "a.csv",
        "--annotate",
        tmp_path / "out",
        "--map",
    )
    assert done.exit_code == 0, done.output
    assert "no face found" in done.output
    written = json.loads((tmp_path / "a.json").read_text())
    assert [Path(entry["picture"]).name for entry in written] == [EXAMPLES[0].name, "blank.png"]
    assert written[1]["faces"] == []
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    face = written[0]["faces"][0]
    assert rows[0]["expression"] == face["expression"] == max(face["probabilities"], key=face["probabilities"].get)
    assert float(rows[0]["happy"]) == face["probabilities"]["happy"]
    assert rows[-1]["expression"] == ""
    drawn, original = read_picture(tmp_path / "out" / EXAMPLES[0].name), read_picture(EXAMPLES[0])
    assert drawn.shape == original.shape
    assert (np.abs(drawn.astype(int) - original).max(2) > 60).mean() > 0.01


def test_relative_and_absolute_paths_go_together(monkeypatch):
    monkeypatch.chdir(EXAMPLES[0].parent)
    done = predict(EXAMPLES[0].name, EXAMPLES[1])
    assert done.exit_code == 0, done.output
    assert all(f" {path.name} " in done.output for path in EXAMPLES[:2])


def test_json_to_a_pipe_is_one_line_a_picture():
    done = predict(*EXAMPLES[:2], "--json", "-")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["picture"] for line in lines] == [str(path) for path in EXAMPLES[:2]]


def test_a_broken_file_is_named_and_the_others_are_done(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(EXAMPLES[0].read_bytes()[:3000])
    done = predict(tmp_path / "broken.jpg", EXAMPLES[0], "--csv", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert "broken.jpg" in done.stderr
    assert "Traceback" not in done.output
    assert [Path(row["picture"]).name for row in csv.DictReader((tmp_path / "a.csv").open())] == [EXAMPLES[0].name]


def test_pictures_of_the_same_name_do_not_overwrite_each_other(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.jpg").write_bytes(EXAMPLES[0].read_bytes())
    predict(tmp_path / "a", tmp_path / "b", "--annotate", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["same-2.jpg", "same.jpg"]


def test_a_name_that_is_not_utf_8_spoils_no_file(tmp_path):
    odd = tmp_path / os.fsdecode(b"odd\xff.jpg")
    odd.write_bytes(EXAMPLES[0].read_bytes())
    files = tmp_path / "a.json", tmp_path / "a.csv"
    done = predict(odd, EXAMPLES[1], "--json", files[0], "--csv", files[1], "--annotate", tmp_path / "drawn")
    assert done.exit_code == 0, done.output
    named = [odd.name.replace("\udcff", r"\udcff"), EXAMPLES[1].name]
    assert [Path(entry["picture"]).name for entry in json.loads(files[0].read_text())] == named
    assert [Path(row["picture"]).name for row in csv.DictReader(files[1].open())] == named
    assert (tmp_path / "drawn" / odd.name).is_file()
    assert json.loads(predict(odd, "--json", "-").stdout)["picture"].endswith(named[0])


def test_names_are_shown_as_they_are(tmp_path):
    for name in ("[red]a.jpg", ":smile:.jpg", "[", "]"):
        (tmp_path / name).write_bytes(EXAMPLES[0].read_bytes())
    (tmp_path / "b.pdf").touch()
    done = predict(tmp_path, tmp_path / "[", tmp_path / "]")
    assert done.exit_code == 0, done.output
    assert all(f" {name} " in done.stdout for name in ("[red]a.jpg", ":smile:.jpg", "[", "]"))
    assert ".pdf" in done.stderr


def test_what_was_read_before_an_interrupt_is_shown(monkeypatch):
    def read(path):
        if path == EXAMPLES[1]:
            raise KeyboardInterrupt
        return read_picture(path)

    monkeypatch.setattr(pictures, "read_picture", read)
    done = predict(*EXAMPLES[:2])
    assert done.exit_code == INTERRUPTED
    assert EXAMPLES[0].name in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from mien.cli.main import main; main()", "predict", EXAMPLES[0]],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 3
    assert done.stderr.startswith("mien: cannot write the output: No space left on device; free some space")
    assert done.stderr.count("\n") == 1


def test_the_version_is_told():
    done = CliRunner().invoke(app, ["--version"])
    assert done.output == f"mien {mien.__version__}\n"


def test_completion_finds_the_public_names():
    assert {*mien.__all__, "__version__"} <= set(dir(mien))


def test_a_single_picture_is_no_list_of_pictures(recognizer):
    for single in (EXAMPLES[0], str(EXAMPLES[0]), EXAMPLES[0].read_bytes(), read_picture(EXAMPLES[0])):
        with pytest.raises(PictureError, match="recognize takes a single one"):
            next(recognizer.recognize_all(single))


def test_faces_and_recognizers_can_be_looked_at_and_compared(recognizer):
    (face,) = recognizer.recognize(EXAMPLES[-1].read_bytes())
    assert face in {face}
    assert face != replace(face)
    assert re.fullmatch(r"<Face \w+ 0\.\d\d, box \d+, \d+, \d+, \d+>", repr(face))
    assert "withheld" in repr(replace(face, withheld=True))
    assert repr(recognizer) == "<Recognizer mobilenet_v2, gate warn>"


@pytest.mark.parametrize(("wrong", "message"), [({"gate": "bad"}, "off, warn, refuse"), ({"threads": 0}, "1 or more")])
def test_a_recognizer_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(MienError, match=message):
        Recognizer(MODEL, **wrong)


@pytest.mark.parametrize("names", [["a.csv", "a.csv"], ["a.json", "picture.jpg"], ["folder/../picture.jpg", "a.csv"]])
def test_no_output_takes_another_file_s_place(tmp_path, names):
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(EXAMPLES[0].read_bytes())
    (tmp_path / "folder").mkdir()
    for given in (picture, tmp_path):
        done = predict(given, "--json", tmp_path / names[0], "--csv", tmp_path / names[1])
        assert isinstance(done.exception, MienError), done.output
    assert picture.read_bytes() == EXAMPLES[0].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "picture.jpg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", EXAMPLES[0]], "--annotate"),
        ([""], "an input without a name"),
        ([EXAMPLES[0], "--csv", "-"], "--csv needs a file's name"),
        (["nowhere.jpg"], "no such file"),
        ([EXAMPLES[0], "--annotate", EXAMPLES[0].parent], "holds the pictures themselves"),
        (["--model", "none.onnx", EXAMPLES[0]], "no such model file"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, message, capfd, monkeypatch):
    from mien.cli import main

    monkeypatch.setattr("sys.argv", ["mien", "predict", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert message in said[0]


def made_up_face(box: Box, turn: float = 0.0) -> Face:
    scores = np.zeros((len(NAMES), 4, 4), np.float32)
    scores[3, 0, 0] = 5  # happy, in the upper left of the upright face
    shares = np.full(len(NAMES), 0.05, np.float32)
    shares[3] = 0.7
    square = Square(*box.centre, box.width, turn)
    return Face(box, square, 0.9, shares, np.zeros(3, np.float32), scores)


def test_the_heat_lies_where_the_map_is_hot():
    picture = np.full((100, 100, 3), 128, np.uint8)
    face = made_up_face(Box(20, 20, 80, 80))
    assert heat(face).max() == 1
    change = np.abs(lay_heat(picture, face.square, heat(face)).astype(int) - 128).sum(2)
    y, x = np.unravel_index(change.argmax(), change.shape)
    assert 20 <= x < 40
    assert 20 <= y < 40
    quarter = made_up_face(Box(20, 20, 80, 80), np.pi / 2)
    change = np.abs(lay_heat(picture, quarter.square, heat(quarter)).astype(int) - 128).sum(2)
    y, x = np.unravel_index(change.argmax(), change.shape)
    assert 60 <= x < 80  # the upper left of a head lying on its right side is at the upper right
    assert 20 <= y < 40


@pytest.mark.parametrize("box", [Box(-20, -30, 60, 50), Box(90, 40, 99, 49), Box(0, 0, 100, 100)])
def test_boxes_may_reach_beyond_the_picture(box):
    drawn = annotate(np.zeros((100, 100, 3), np.uint8), [made_up_face(box)], show_map=True)
    assert drawn.shape == (100, 100, 3)
    assert drawn.any()


@pytest.mark.parametrize(
    "arguments", [["explain", "a.jpg"], ["data", "check", "."], ["train", "a.toml", "--data", "."]]
)
def test_without_the_training_framework_one_line_says_what_to_install(arguments, capfd, monkeypatch):
    heavy = {"torch", "timm", "matplotlib", "pandas"}
    for module in heavy | {name for name in sys.modules if name.partition(".")[0] in heavy}:
        monkeypatch.setitem(sys.modules, module, None)
    for module in [name for name in sys.modules if name.startswith(("mien.data", "mien.training", "mien.explanation"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr("sys.argv", ["mien", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capfd.readouterr().err
    assert ended.value.code == 2
    assert error.startswith("mien: this needs ")
    assert error.endswith("pip install 'mien[train]'\n")
    assert error.count("\n") == 1
