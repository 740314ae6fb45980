"""`mien predict`, `Recognizer` and the sinks, as a user meets them."""

import copy
import csv
import json
import multiprocessing
import os
import pickle
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_videos import make_video
from PIL import Image, ImageOps
from typer.testing import CliRunner

import mien
from mien import Recognizer
from mien.cli.exit_codes import INTERRUPTED
from mien.cli.inputs import sort_inputs
from mien.cli.main import app, main
from mien.cli.videos import drawn_names
from mien.errors import MienError, PictureError
from mien.expressions import NAMES
from mien.recognition import pictures
from mien.recognition.drawing import annotate, heat, lay_heat
from mien.recognition.faces import Box, Face, Square
from mien.recognition.model import models_folder
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
        (["data:image/png;base64," + "QUJD" * 50_000], "a picture as text"),
        (["--device", "none", EXAMPLES[0]], "unknown device 'none'"),
        (["--faces-are-cut", "clip.mp4"], "--faces-are-cut is for pictures"),
        (["--parquet", "rows", "--small-faces", EXAMPLES[0]], "leave --device, --small-faces"),
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


@pytest.fixture(scope="module")
def cut_faces(recognizer) -> np.ndarray:
    """uint8 [N, 48, 48], as the recognizer cuts the examples' faces."""
    found = [
        recognizer.crop_faces(read_picture(path), recognizer.detector.detect(read_picture(path))) for path in EXAMPLES
    ]
    return np.stack([cuts[0].pixels for cuts in found])


def test_cut_faces_of_the_model_s_size_are_read_as_they_are(recognizer, cut_faces):
    expected = recognizer.model.run(cut_faces)
    for given in (cut_faces, list(cut_faces), np.repeat(cut_faces[..., None], 3, 3), cut_faces.astype(np.int64)):
        assert np.array_equal(recognizer.classify(given).probabilities, expected.probabilities)
    assert recognizer.classify(np.empty((0, 48, 48), np.uint8)).probabilities.shape == (0, len(NAMES))
    assert recognizer.classify([]).probabilities.shape == (0, len(NAMES))


@pytest.mark.parametrize("size", [(24, 24), (100, 100), (224, 224), (512, 512), (96, 120)])
def test_cut_faces_of_any_size_and_kind_are_read(recognizer, cut_faces, size, tmp_path):
    expected = recognizer.classify(cut_faces).probabilities.argmax(1)
    images = [Image.fromarray(face).resize((size[0], size[0]), Image.Resampling.BICUBIC) for face in cut_faces]
    if size[1] > size[0]:  # the middle is read
        images = [ImageOps.expand(image, (0, (size[1] - size[0]) // 2), 255) for image in images]
    images[0].convert("RGB").save(tmp_path / "a.png")
    for given in (images, np.stack([np.asarray(image) for image in images]), [tmp_path / "a.png", *images[1:]]):
        assert np.mean(recognizer.classify(given).probabilities.argmax(1) == expected) >= 0.8
    alone = recognizer.classify(images[0]).probabilities
    assert np.allclose(alone, recognizer.classify(tmp_path / "a.png").probabilities, atol=1e-6)
    assert np.allclose(alone, recognizer.classify(np.asarray(images[0].convert("RGB"))).probabilities, atol=1e-6)


def test_pictures_that_are_faces_are_not_searched(recognizer, cut_faces, tmp_path):
    Image.fromarray(cut_faces[0]).resize((100, 140)).save(tmp_path / "a.png")
    (face,) = recognizer.recognize(tmp_path / "a.png", faces_are_cut=True)
    assert (face.box, face.square) == (Box(0, 0, 100, 140), Square(50, 70, 100))
    assert face.verdict is not None
    blank = recognizer.recognize(np.zeros((30, 30), np.uint8), faces_are_cut=True)
    assert len(blank) == 1
    done = predict(tmp_path / "a.png", "--faces-are-cut", "--json", "-", "--annotate", tmp_path / "drawn")
    assert done.exit_code == 0, done.output
    (said,) = json.loads(done.stdout)["faces"]
    assert said["box"] == [0, 0, 100, 140]


def test_recognizers_can_be_pickled_and_copied(recognizer, tmp_path, monkeypatch):
    shutil.copy(models_folder() / "vit_tiny.onnx", tmp_path / "own.onnx")
    monkeypatch.chdir(tmp_path)
    own = Recognizer("own.onnx", threads=1)
    monkeypatch.chdir("/")  # another process may stand elsewhere
    for original in (recognizer, own):
        recognizer_again = pickle.loads(pickle.dumps(original))
        assert repr(recognizer_again) == repr(original)
        assert (recognizer_again._gatekeeper is recognizer_again.model) == (original._gatekeeper is original.model)
        for picture in EXAMPLES[:2]:
            (ours,), (theirs,) = original.recognize(picture), recognizer_again.recognize(picture)
            assert np.array_equal(ours.probabilities, theirs.probabilities)
            assert np.array_equal(ours.novelty, theirs.novelty)
    (tmp_path / "own.onnx").unlink()
    with pytest.raises(MienError, match="no such model file"):
        pickle.loads(pickle.dumps(own))
    assert copy.deepcopy(recognizer).model.name == MODEL


_shared: Recognizer


def read_in_a_fork(path: Path) -> list[float]:
    return _shared.recognize(path)[0].probabilities.tolist()


def read_elsewhere(given: tuple[Recognizer, Path]) -> list[float]:
    return given[0].recognize(given[1])[0].probabilities.tolist()


def test_recognizers_work_in_threads_and_other_processes():
    global _shared
    _shared = Recognizer(MODEL, threads=2)
    expected = [read_in_a_fork(path) for path in EXAMPLES]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read_in_a_fork, EXAMPLES)) == expected
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        there = processes.map_async(read_elsewhere, [(_shared, path) for path in EXAMPLES[:2]])
        assert np.allclose(there.get(timeout=60), expected[:2], atol=1e-6)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no forks here")
def test_a_recognizer_that_was_used_works_in_a_fork():
    code = (
        "import multiprocessing, sys; from mien import Recognizer; recognizer = Recognizer(threads=2)\n"
        "expected = recognizer.recognize(sys.argv[1])[0].expression\n"
        "def start():\n"
        "    global own\n"
        "    own = recognizer.model._session._opened is None  # the parent's has threads that are not here\n"
        "def read(path): return own, recognizer.recognize(path)[0].expression\n"
        "with multiprocessing.get_context('fork').Pool(2, start) as pool:\n"
        "    assert pool.map(read, sys.argv[1:] * 4) == [(True, expected)] * 4"
    )
    subprocess.run([sys.executable, "-c", code, str(EXAMPLES[0])], check=True, timeout=60)


def test_a_picture_upside_down_is_read_upright(recognizer):
    upright = recognizer.recognize(EXAMPLES[0])[0]
    turned = recognizer.recognize(np.ascontiguousarray(read_picture(EXAMPLES[0])[::-1, ::-1]))[0]
    assert turned.expression == upright.expression
    assert abs(abs(turned.square.roll - upright.square.roll) - np.pi) < 0.1


def test_a_folder_of_all_kinds_is_done(tmp_path):
    pytest.importorskip("av")
    folder = tmp_path / "in"
    folder.mkdir()
    first, second = (Image.open(path).convert("RGB").resize((160, 160)) for path in EXAMPLES[:2])
    first.save(folder / "photo", "JPEG")
    first.save(folder / "pages.tif", save_all=True, append_images=[second])
    first.save(folder / "anim.png", save_all=True, append_images=[second], duration=250)
    make_video(folder / "clip.jpg.mp4", lambda time: np.asarray(first), [0.0, 0.04, 0.08])
    (folder / "clip.jpg.mp4").rename(folder / "clip.jpg")
    for name in ("._photo", "._a.jpg", "notes.txt"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    done = predict(folder, "--csv", tmp_path / "a.csv", "--annotate", tmp_path / "drawn")
    assert done.exit_code == 0, done.output
    pictures = {Path(row["picture"]).name for row in csv.DictReader((tmp_path / "a.csv").open())}
    assert pictures == {"photo", "pages.tif#page=1", "pages.tif#page=2"}
    rows = [(Path(row["video"]).name, row["time"]) for row in csv.DictReader((tmp_path / "a-videos.csv").open())]
    assert {("anim.png", "0.0"), ("anim.png", "0.25")} <= set(rows)
    assert sum(name == "clip.jpg" for name, _ in rows) == 3
    assert {"pages.png", "pages-2.png", "anim.mp4", "clip.mp4"} <= {
        path.name for path in (tmp_path / "drawn").iterdir()
    }
    assert "1 other file passed over (.txt)" in done.stderr
    assert "1 hidden file passed over (._a.jpg)" in done.stderr


def test_annotated_videos_of_the_same_name_get_numbers(tmp_path):
    (tmp_path / "a.mp4").touch()
    address = "https://example.org/?key=" + "a" * 300
    names = drawn_names([str(tmp_path / "a.mp4"), str(tmp_path / "." / "a.mp4"), address])
    assert names[:2] == ["a.mp4", "a-2.mp4"]
    assert len(names[2].encode()) <= 255


def test_what_had_to_be_guessed_is_said_once(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.full((50, 50), 900, np.uint16)).save(tmp_path / name)
    done = predict(tmp_path)
    assert done.exit_code == 0, done.output
    said = [line for line in done.stderr.splitlines() if line.startswith("mien: ")]
    assert said[0].endswith("a.png: its largest value is 900: read as 10-bit")
    assert said[1:] == ["mien: 2 more like that: the range of the values was chosen in the same way"]


@pytest.mark.parametrize("name", ["0", "/dev/video7"])
def test_cameras_are_known_by_number_and_by_device(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sort_inputs([name]).videos == [f"webcam:{name[-1]}"]
    (tmp_path / "0").write_bytes(EXAMPLES[0].read_bytes())
    assert sort_inputs(["0"]).pictures == [Path("0")]


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
