"""Two to some dozens of classes go all the way: imported, trained, exported, read, written, judged and served."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path

import made_layouts as made
import numpy as np
import onnx
import pandas as pd
import pytest
from made_videos import every, make_video
from PIL import Image

from mien.cli.main import main
from mien.data.importing.importing import Options, import_data
from mien.errors import DataError, ModelError
from mien.expressions import EXPRESSIONS, NAMES, described, why_not
from mien.recognition import details
from mien.recognition.circumplex import derived
from mien.recognition.dataframes import to_frame
from mien.recognition.drawing import annotate
from mien.recognition.faces import Frame, TrackedFace
from mien.recognition.model import ModelFile
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import CsvSink, picture_columns, video_columns
from mien.recognition.video.summary import Summary
from mien.recognition.video.timeline import draw
from mien.recognition.video.watching import open_video
from mien.study.plots import colours
from mien.study.rows import read_rows

ROOT = Path(__file__).parents[1]
OBAMA = ROOT / "examples" / "obama.jpg"
RECIPE = """network = "mobilenet_v2"
stages = [{ epochs = 1, pixels = 32 }]
batch_size = 8
"""


def mien(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["mien", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)


def train_and_export(folder: Path, data: Path, patch: pytest.MonkeyPatch, weights: str = "none") -> Path:
    """One epoch, and the model file."""
    pytest.importorskip("torch", reason="needs the extra 'train'")
    (folder / "tiny.toml").write_text(RECIPE)
    run = folder / "run"
    mien(patch, "train", folder / "tiny.toml", "--data", data, "--weights", weights, "--out", run, "--threads", 1)
    mien(patch, "export", run, "--data", data)
    return run / "run.onnx"


def own_names(count: int) -> list[str]:
    return ["sad", "contempt", *(f"mood {number}" for number in range(count - 2))][:count]


@pytest.fixture(scope="module", params=[2, 4, 30])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, tuple[str, ...]]:
    """A data set's folder, the model file of a network trained on it, and its classes."""
    folder = tmp_path_factory.mktemp(f"classes-{request.param}")
    data = folder / "data"
    made.folders(folder / "source", own_names(request.param), each=6)
    classes = import_data(folder / "source", data, Options()).data.classes
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return data, train_and_export(folder, data, patch), classes


def test_a_model_of_other_classes_all_the_way(model, tmp_path: Path, monkeypatch, capsys) -> None:
    data, file, classes = model
    monkeypatch.chdir(tmp_path)
    assert tuple(ModelFile.open(file).metadata["classes"].split(",")) == classes
    mien(monkeypatch, "predict", OBAMA, "--model", file, "--csv", "a.csv", "--json", "a.json", "--annotate", "drawn")
    with Path("a.csv").open() as opened:
        row = next(csv.DictReader(opened))
    assert tuple(row) == picture_columns(classes)
    told = json.loads(Path("a.json").read_text())[0]["faces"][0]
    assert tuple(told["probabilities"]) == classes
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert told["expression"] == row["expression"]
    assert told["probabilities"][told["expression"]] == max(told["probabilities"].values())
    assert (np.asarray(Image.open("drawn/obama.jpg")) != np.asarray(Image.open(OBAMA))).any()
    mien(monkeypatch, "evaluate", file, "--data", data, "--out", "e.json")
    judged = json.loads(Path("e.json").read_text())
    assert tuple(judged["raw"]["classes"]) == classes
    assert np.array(judged["raw"]["confusion"]).shape == (len(classes), len(classes))
    mien(monkeypatch, "data", "check", data)
    assert classes[-1] in capsys.readouterr().out
    mien(monkeypatch, "data", "plot", data, "--out", "c.png")


def test_faces_tables_and_timelines_speak_its_classes(model, tmp_path: Path) -> None:
    _, file, classes = model
    recognizer = Recognizer(file, threads=1, prior="equal")
    picture = np.asarray(Image.open(OBAMA).convert("RGB"))
    (face,) = recognizer.recognize(picture)
    assert face.classes == recognizer.classes == classes
    assert face.expression in classes
    assert face.kind.colour == described(classes)[classes.index(face.expression)].colour
    assert list(to_frame([face]).columns)[-len(classes) :] == list(classes)
    narrow = np.full((120, 120, 3), 255, np.uint8)
    annotate(narrow, [face])  # bars of a pixel or less
    tracked = TrackedFace(**vars(face) | {"raw": face.probabilities, "track": 1})
    frame = Frame("v.mp4", picture, [tracked], 0, 0.0)
    summary = Summary(classes=classes)
    with CsvSink(tmp_path / "v.csv", video_columns(classes)) as table:
        table.write(frame)
        summary.write(frame)
    assert f"raw_{classes[-1]}" in pd.read_csv(tmp_path / "v.csv").columns
    assert read_rows([tmp_path / "v.csv"]).classes == classes
    assert summary.tracks[1].shares.shape == (len(classes),)
    drawn = draw(summary)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == list(classes)


def test_the_service_describes_its_classes(model) -> None:
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    from mien.service.api import create_app
    from mien.service.limits import Limits

    _, file, classes = model
    told = create_app(Recognizer(file, threads=1), Limits(at_once=1)).openapi()["components"]["schemas"]
    assert tuple(told["Probabilities"]["properties"]) == classes
    assert tuple(told["Probabilities"]["required"]) == classes


def test_the_app_is_served_with_it(model, tmp_path: Path) -> None:
    from mien.server.listing import ModelList

    _, file, classes = model
    (tmp_path / "models.json").write_text('{"models": []}')
    told = json.loads(ModelList(tmp_path / "models.json", tmp_path, file).read())
    (entry,) = told["models"]
    assert entry["properties"]["classes"] == ",".join(classes)
    assert told["first"] == entry["properties"]["name"] == file.stem


def test_data_of_other_classes_is_refused(model, tmp_path: Path, monkeypatch, tiny_data: Path) -> None:
    from mien.cli.evaluate import _open

    data, file, classes = model
    with pytest.raises(DataError, match=rf"tells apart {classes[0]}"):
        _open([str(file)], tiny_data, None, None)
    with pytest.raises(DataError, match="mobilenet_v2 tells apart angry"):
        _open(["mobilenet_v2"], data, None, None)


def test_photographs_in_folders_of_its_classes_are_judged(model, tmp_path: Path, monkeypatch) -> None:
    _, file, classes = model
    for name in classes[:2]:
        (tmp_path / "photos" / name).mkdir(parents=True)
        shutil.copy(OBAMA, tmp_path / "photos" / name)
    monkeypatch.chdir(tmp_path)
    mien(monkeypatch, "evaluate", file, "--data", "photos", "--out", "e.json")
    assert json.loads(Path("e.json").read_text())["raw"]["pictures"] == 2


@pytest.mark.parametrize(("make", "count"), [(made.raf_db, 7), (made.affectnet, 8), (made.ck_plus, 7)])
def test_published_layouts_go_all_the_way(make, count: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "source")
    mien(monkeypatch, "data", "import", "source", "--as", "data")
    file = train_and_export(tmp_path, tmp_path / "data", monkeypatch)
    assert len(ModelFile.open(file).classes) == count
    mien(monkeypatch, "predict", OBAMA, "--model", file, "--json", "a.json")
    assert len(json.loads(Path("a.json").read_text())[0]["faces"][0]["probabilities"]) == count


def test_the_head_of_another_model_is_made_anew_only_for_other_classes() -> None:
    pytest.importorskip("torch", reason="needs the extra 'train'")
    from mien.training.weights import start_from

    shipped = ROOT / "models" / "mobilenet_v2.onnx"
    same, taken = start_from(shipped, "mobilenet_v2", 48)
    assert not taken.new_head
    other, taken = start_from(shipped, "mobilenet_v2", 48, classes=(*NAMES, "contempt"))
    assert taken.new_head
    assert "begins anew" in str(taken)
    assert other.head.weight.shape[0] == 8
    assert (other.backbone.state_dict()["conv_stem.weight"] == same.backbone.state_dict()["conv_stem.weight"]).all()
    # As many classes are not the same classes.
    _, taken = start_from(shipped, "mobilenet_v2", 48, classes=tuple(reversed(NAMES)))
    assert taken.new_head


@pytest.mark.parametrize("classes", ["happy", "happy,Happy", "happy,", "happy,score", ",".join(map(str, range(100)))])
def test_a_model_file_with_classes_that_cannot_be_used(classes: str, tmp_path: Path) -> None:
    graph = onnx.load(ROOT / "models" / "mobilenet_v2.onnx")
    next(entry for entry in graph.metadata_props if entry.key == "classes").value = classes
    onnx.save(graph, tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match=r"classes cannot be used|names \d+ classes"):
        ModelFile.open(tmp_path / "bad.onnx")


def test_a_model_file_that_names_more_classes_than_it_answers_for(tmp_path: Path) -> None:
    graph = onnx.load(ROOT / "models" / "mobilenet_v2.onnx")
    next(entry for entry in graph.metadata_props if entry.key == "classes").value = ",".join((*NAMES, "contempt"))
    onnx.save(graph, tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="names 8 classes and answers for 7"):
        ModelFile.open(tmp_path / "bad.onnx")


def test_names_and_colours_of_any_classes() -> None:
    assert described(NAMES) == EXPRESSIONS
    many = tuple(f"mood {number}" for number in range(90)) + NAMES
    assert len({kind.colour for kind in described(many)}) == len(many)
    assert all(re.fullmatch("#[0-9a-f]{6}", kind.colour) for kind in described(many))
    assert colours(("contempt", *many)) == [kind.colour for kind in described(("contempt", *many))]
    assert why_not(("müde [1]", "glücklich")) is None
    for names in (
        ("a",),
        ("a", "A"),
        ("a", "b/c"),
        ("a", " b"),
        ("a", ""),
        ("a", "face"),
        ("a", "raw_b"),
        ("a", "b\n"),
    ):
        assert why_not(names)


def test_no_class_is_called_like_a_column_of_the_tables() -> None:
    more = details.columns(tuple(details.DETAILS))
    for column in (*picture_columns(()), *video_columns(()), *more, "problem"):
        assert "column of the results" in str(why_not(("a", column)))


def test_what_is_derived_follows_the_models_own_order(tmp_path: Path) -> None:
    graph = onnx.load(ROOT / "models" / "mobilenet_v2.onnx")
    turned = NAMES[3:] + NAMES[:3]
    next(entry for entry in graph.metadata_props if entry.key == "classes").value = ",".join(turned)
    onnx.save(graph, tmp_path / "turned.onnx")
    recognizer = Recognizer(tmp_path / "turned.onnx", threads=1, details=["circumplex"])
    pixels = np.asarray(Image.open(OBAMA).convert("RGB").resize((320, 320)))
    video = make_video(tmp_path / "a.mp4", lambda time: pixels, every(0.1, 0.3))
    with open_video(video, recognizer) as frames:
        tracked = [face for frame in frames for face in frame.faces]
    assert tracked
    for face in (*recognizer.recognize(OBAMA), *tracked):
        wanted = derived(face.probabilities, turned)
        assert np.abs(wanted - derived(face.probabilities, NAMES)).max() > 0.1
        assert list(face.details["circumplex"].values()) == pytest.approx(wanted, abs=1e-6)


def test_the_tutorial_runs(tmp_path: Path, monkeypatch) -> None:
    """The commands of docs/own_data.md, with its recipe cut down to one small epoch."""
    page = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for label, name in enumerate(("calm", "tense", "asleep")):
        for number in range(8):
            made.save(made.picture(label, number, 64), tmp_path / "pictures" / name / f"{number}.jpg")
    shutil.copy(OBAMA, tmp_path / "party.jpg")
    (tmp_path / "models").symlink_to(ROOT / "models")
    recipe = (ROOT / "recipes" / "own" / "mobilenet_v2_own_cpu.toml").read_text()
    small = recipe.replace("epochs = 12, pixels = 112", "epochs = 1, pixels = 32").replace(
        "batch_size = 32", "batch_size = 8"
    )
    assert small.count("pixels = 32") == small.count("batch_size = 8") == 1
    (tmp_path / "recipes" / "own").mkdir(parents=True)
    (tmp_path / "recipes" / "own" / "mobilenet_v2_own_cpu.toml").write_text(small)
    for line in "".join(blocks[:2]).splitlines():
        words = line.split()
        assert words[0] == "mien"
        mien(monkeypatch, *words[1:])
    assert len(blocks[0].splitlines()) == 3  # as the page promises
    assert tuple(pd.read_csv("faces.csv").columns[-3:]) == ("asleep", "calm", "tense")
    assert Path("drawn/party.jpg").is_file()
    assert "mien app --model" in blocks[2]


def test_people_who_choose_the_epoch_are_not_learned_from(tmp_path: Path) -> None:
    from dataclasses import replace

    pytest.importorskip("torch", reason="needs the extra 'train'")
    from mien.data import dataset
    from mien.training.recipe import Recipe
    from mien.training.splits import training_and_validation

    made.kdef(tmp_path / "s")
    from mien.data.importing.framing import Faces

    import_data(tmp_path / "s", tmp_path / "out", Options(faces=Faces.CUT))
    data = dataset.load(tmp_path / "out")
    recipe = replace(Recipe("mobilenet_v2"), hold_out=0.3, batch_size=8)
    learned, held = training_and_validation(recipe, data)
    assert len(held)
    assert not set(learned.subjects.tolist()) & set(held.subjects.tolist())
