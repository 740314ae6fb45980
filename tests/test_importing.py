"""Labelled pictures of any layout become a data set that training reads, and nothing is lost without a word."""

import json
import shutil
from collections import Counter
from pathlib import Path

import made_layouts as made
import numpy as np
import pandas as pd
import pytest
from made_data import made_up_face
from PIL import Image

from mien.cli.main import main
from mien.data import dataset
from mien.data.importing.dividing import Shares, divide
from mien.data.importing.importing import Imported, Options, import_data
from mien.data.importing.mapping import read_mapping
from mien.data.importing.presets import PRESETS
from mien.data.importing.presets.fer_plus import majority_label
from mien.data.votes import RATED
from mien.errors import DataError, MienError
from mien.expressions import NAMES

EIGHT = (*NAMES, "contempt")


def imported(source: Path, out: Path, **options: object) -> Imported:
    return import_data(source, out, Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "preset", "classes", "parts"),
    [
        (made.raf_db, "raf-db", NAMES, {"train": 31, "validation": 4, "test": 21}),
        (made.affectnet, "affectnet", EIGHT, {"train": 36, "validation": 4, "test": 24}),
        (made.ck_plus, "ck+", tuple(name for name in EIGHT if name != "neutral"), None),
        (made.ck_plus_original, "ck+", EIGHT, None),
        (made.jaffe, "jaffe", NAMES, None),
        (made.kdef, "kdef", NAMES, None),
        (made.fer_plus, "fer+", EIGHT, {"train": 33, "validation": 16, "test": 16}),
    ],
)
def test_published_layouts_are_recognised(tmp_path: Path, make, preset, classes, parts) -> None:
    source = make(tmp_path / "source")
    found = imported(source, tmp_path / "out", faces="cut" if preset in ("jaffe", "kdef") else "auto")
    assert found.preset == preset
    data = dataset.load(tmp_path / "out")
    assert data.classes == classes == dataset.classes_of(tmp_path / "out")
    assert {problem.reason for problem in data.problems} <= {"no usable picture of this class"}
    assert len(data) == len(found.data)
    counts = Counter(data.parts.tolist())
    assert set(counts) == {"train", "validation", "test"}
    assert parts is None or counts == parts
    subjects = {one: set(data.parts[data.subjects == one]) for one in set(data.subjects.tolist()) - {""}}
    assert all(len(there) == 1 for there in subjects.values())
    assert bool(subjects) == (preset in ("ck+", "jaffe", "kdef"))


def test_labels_mean_what_the_data_sets_say(tmp_path: Path) -> None:
    # The made-up faces are stripes turned by the source's number, so the class can be told from the pixels.
    imported(made.raf_db(tmp_path / "raf"), tmp_path / "a")
    imported(made.affectnet(tmp_path / "affect"), tmp_path / "b")
    raf = {1: "surprise", 2: "fear", 3: "disgust", 4: "happy", 5: "sad", 6: "angry", 7: "neutral"}
    affect = dict(enumerate(("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "contempt")))
    for folder, meant in ((tmp_path / "a", raf), (tmp_path / "b", affect)):
        data = dataset.load(folder)
        for number, name in meant.items():
            own = data.faces[data.labels == data.classes.index(name)].astype(float).mean(0)
            expected = made_up_face(number, 0).astype(float)
            others = [made_up_face(other, 0).astype(float) for other in meant if other != number]
            likeness = [np.corrcoef(own.ravel(), face.ravel())[0, 1] for face in (expected, *others)]
            assert likeness[0] > 0.8
            # 0 and 7 sevenths of a half turn are the same stripes
            assert likeness[0] >= max(likeness[1:]) - 0.02


def test_fer2013s_own_files(tmp_path: Path) -> None:
    made.fer2013_csv(tmp_path / "a" / "icml_face_data.csv")
    text = (tmp_path / "a" / "icml_face_data.csv").read_text()
    (tmp_path / "a" / "icml_face_data.csv").write_text(text.replace("emotion,pixels,Usage", "emotion, pixels, Usage"))
    table = pd.read_csv(made.fer2013_csv(tmp_path / "b" / "whole.csv"))
    table[["emotion", "pixels"]].to_csv(tmp_path / "b" / "train.csv", index=False)
    table[["pixels"]].to_csv(tmp_path / "b" / "test.csv", index=False)
    (tmp_path / "b" / "whole.csv").unlink()
    made.folders(tmp_path / "c" / "train", [str(label) for label in range(7)])
    for source in "abc":
        found = imported(tmp_path / source, tmp_path / f"out-{source}")
        assert found.preset == "fer2013"
        assert dataset.load(tmp_path / f"out-{source}").classes == NAMES
    assert len(json.loads((tmp_path / "out-b" / "import.json").read_text())["left_out"]) == len(table)  # no label
    assert Counter(dataset.load(tmp_path / "out-a").parts.tolist()) == {"train": 28, "validation": 14, "test": 14}
    # The pixels are the source's own, to the last.
    face = dataset.load(tmp_path / "out-a").part("test").faces[0]
    assert any((face == made_up_face(label, number)).all() for label in range(7) for number in (6, 7))


def test_fer_plus_follows_its_own_readers_rule(tmp_path: Path) -> None:
    def label(**votes: int) -> str:
        return majority_label(tuple(votes.get(name, 0) for name in RATED))

    assert label(anger=6, fear=4) == "anger"
    assert label(anger=5, fear=5) == "no majority"
    assert label(anger=4, fear=3, sadness=1, nf=1, happiness=1) == "anger"  # of the seven that are left: more than half
    assert label(anger=1) == "no majority"
    imported(made.fer_plus(tmp_path / "source"), tmp_path / "out")
    data = dataset.load(tmp_path / "out")
    assert data.votes is not None
    assert data.raters is not None
    assert data.raters[data.parts == "test"].sum(1).tolist() == [10] * 16
    reasons = Counter(one["reason"] for one in json.loads((tmp_path / "out" / "import.json").read_text())["left_out"])
    assert reasons == {f"label '{of}', which is left out": 1 for of in ("no majority", "unknown", "nf")}


def test_own_names_of_any_size_and_kind(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for label, (name, suffix) in enumerate(
        {"Happiness": ".BMP", "gelangweilt": ".webp", "müde [1]": ".tiff", "calm": ".JPG"}.items()
    ):
        for number in range(6):
            made.save(made.picture(label, number, 80, colour=number % 2 == 0), source / name / f"a{number}{suffix}")
    (source / "calm" / ".hidden.png").write_bytes(b"")
    (source / "calm" / "notes.txt").write_text("x")
    (source / "calm" / "broken.png").write_bytes(b"\x89PNG")
    found = imported(source, tmp_path / "out")
    assert found.data.classes == ("happy", "calm", "gelangweilt", "müde [1]")
    assert len(found.data) == 24
    assert {problem.place for problem in found.data.problems} == {"calm/notes.txt", "calm/broken.png"}
    assert len(dataset.load(tmp_path / "out")) == 24


def test_exif_is_turned(tmp_path: Path) -> None:
    made.folders(tmp_path / "s", ["a", "b"], 64, ".jpg")
    upright = made.picture(0, 99, 64)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "s" / "a" / "turned.jpg", exif=exif, quality=95)
    found = imported(tmp_path / "s", tmp_path / "out")
    row = [one.place for one in found.pictures].index("a/turned.jpg")
    expected = np.asarray(upright.resize((48, 48), Image.Resampling.BOX)).astype(float)
    assert np.corrcoef(found.data.faces[row].astype(float).ravel(), expected.ravel())[0, 1] > 0.9


def test_photographs_are_searched_and_framed(tmp_path: Path) -> None:
    examples = Path(__file__).parents[1] / "examples"
    for name in ("smile", "other"):
        (tmp_path / "s" / name).mkdir(parents=True)
        for file in ("obama.jpg", "biden.jpg", "obama2.jpg", "obama3.jpg"):
            shutil.copy(examples / file, tmp_path / "s" / name / f"{name}-{file}")
    Image.new("RGB", (300, 200), "white").save(tmp_path / "s" / "smile" / "nobody.png")
    found = imported(tmp_path / "s", tmp_path / "out", shares=Shares(0.3, 0.3))
    assert found.found == len(found.data) == 8
    assert [(of.place, of.reason) for of in found.data.problems] == [("smile/nobody.png", "no face was found")]
    from mien.recognition.recognizer import Recognizer

    recognizer = Recognizer(gate="off", threads=1)
    picture = np.asarray(Image.open(examples / "obama.jpg").convert("RGB"))
    crop = recognizer.crop_faces(picture, recognizer.detector.detect(picture))[0].pixels
    row = [one.place for one in found.pictures].index("smile/smile-obama.jpg")
    assert (found.data.faces[row] == crop).all()


def test_people_and_copies_stay_together(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 200)
    subjects = np.array([f"p{number}" for number in generator.integers(0, 60, 600)])
    subjects[:50] = ""
    groups = np.arange(600)
    groups[590:] = groups[:10]  # copies of pictures of nobody known
    parts = divide([None] * 600, labels, subjects, groups, Shares(0.15, 0.25), 0).parts
    for key in (subjects[50:], groups):
        rows = slice(50, None) if key is not groups else slice(None)
        for value in set(key.tolist()):
            assert len(set(parts[rows][key == value])) == 1
    for label in range(3):
        counts = Counter(parts[labels == label].tolist())
        assert counts["test"] == pytest.approx(50, abs=9)
        assert counts["validation"] == pytest.approx(30, abs=9)
    again = divide([None] * 600, labels, subjects, groups, Shares(0.15, 0.25), 0).parts
    assert (parts == again).all()
    assert (parts != divide([None] * 600, labels, subjects, groups, Shares(0.15, 0.25), 1).parts).any()


def test_given_parts_are_honoured(tmp_path: Path) -> None:
    for part, each in (("Train", 6), ("VAL", 3)):
        made.folders(tmp_path / "s" / part, ["calm", "tense"], each=each)
    notes = imported(tmp_path / "s", tmp_path / "out").notes
    data = dataset.load(tmp_path / "out")
    assert {Path(str(one)).parts[0] for one in data.ids} == {"train", "validation", "test"}
    index = pd.read_csv(tmp_path / "out" / "index.csv")
    assert set(index[index["part"] == "test"]["source"].str[:3]) == {"VAL"}
    assert any("validation part is the test part" in note for note in notes)
    assert any("exact copy" in note for note in notes)  # numbers 0 to 2 stand in both parts


def test_a_mapping_joins_renames_and_leaves_out(tmp_path: Path) -> None:
    source = made.folders(tmp_path / "s", ["1", "2", "3", "9"])
    mapping = tmp_path / "m.toml"
    mapping.write_text('[classes]\n"2" = "tense"\n"1" = "calm"\n"3" = "tense"\n"9" = ""\n')
    found = imported(source, tmp_path / "out", mapping=read_mapping(mapping))
    assert found.data.classes == ("tense", "calm")
    assert Counter(found.data.labels.tolist()) == {0: 16, 1: 8}
    assert len(found.data.problems) == 8


def test_a_table_names_pictures_people_and_parts(tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        made.save(made.picture(number % 2, number, 60), tmp_path / "s" / "all" / f"{number}.png")
        rows.append({"file": f"all/{number}.png", "state": f"{number % 2}.0", "who": f"p{number // 4}"})
    pd.DataFrame([*rows, {"file": "all/gone.png", "state": "0.0", "who": "p0"}]).to_csv(
        tmp_path / "s" / "labels.csv", index=False
    )
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[classes]\n"0.0" = "calm"\n"1.0" = "tense"\n'
        '[table]\nfile = "labels.csv"\npicture = "file"\nlabel = "state"\nsubject = "who"\n'
    )
    found = imported(tmp_path / "s", tmp_path / "out", mapping=read_mapping(mapping))
    assert len(found.data) == 40
    assert [of.reason for of in found.data.problems] == ["no picture all/gone.png"]
    assert len(set(found.data.subjects.tolist())) == 10


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def bad(tmp_path: Path, kind: str) -> tuple[Path, Path, dict[str, object]]:
    """A source, where to, and options that cannot be used."""
    source, out = tmp_path / "s", tmp_path / "out"
    two = made.folders(source, ["calm", "tense"], each=4)
    options: dict[str, object] = {}
    if kind == "empty class":
        (two / "shy").mkdir()
    elif kind == "one picture":
        made.save(made.picture(3, 0), two / "shy" / "0.png")
    elif kind == "one class":
        shutil.rmtree(two / "calm")
    elif kind == "all broken":
        for path in two.rglob("*.png"):
            path.write_bytes(b"no")
    elif kind == "empty folder":
        shutil.rmtree(two)
        two.mkdir()
    elif kind == "unknown preset":
        options["preset"] = "rafdb"
    elif kind == "wrong preset":
        options["preset"] = "jaffe"
    elif kind == "case":
        made.folders(source, ["Calm"])
    elif kind == "column":
        made.folders(source, ["Score"])
    elif kind == "comma":
        made.folders(source, ["a,b"])
    elif kind == "numbers":
        shutil.rmtree(two)
        made.folders(source, ["1", "2", "3"])
    elif kind == "left over":
        options["mapping"] = read_mapping(write(tmp_path / "m.toml", '[classes]\ncalm = "calm"\n"x" = "y"\n'))
    elif kind == "out full":
        out.mkdir()
        (out / "mine.txt").write_text("x")
    elif kind == "out inside":
        out = source / "out"
    elif kind == "source inside":
        out = tmp_path
    elif kind == "missing":
        source = tmp_path / "nowhere"
    elif kind == "archive":
        source = write(tmp_path / "data.zip", "PK")
    elif kind == "subjects":
        shutil.rmtree(two)
        for part in ("train", "test"):
            for name in ("calm", "tense"):
                for number in range(4):
                    seed = number + 9 * (part == "test")
                    made.save(made.picture(0, seed), two / part / name / f"P{number}-{name}.png")
        options["subjects"] = __import__("re").compile(r"P\d")
    elif kind == "nobody":
        options["subjects"] = __import__("re").compile(r"Q\d")
    elif kind == "few people":
        options["subjects"] = __import__("re").compile(r"\.png")
    return source, out, options


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty class", "no picture of 'shy'"),
        ("one picture", r"too few pictures of shy \(1\)"),
        ("one class", "1 classes"),
        ("all broken", "none of the 8 pictures can be used"),
        ("empty folder", "no layout that is known"),
        ("unknown preset", "unknown preset 'rafdb'; there are"),
        ("wrong preset", "no picture is named like KA"),
        ("case", "Calm and calm differ"),
        ("column", "cannot be called 'Score'"),
        ("comma", "'a,b' has ',' in it"),
        ("numbers", "what do the numbers '1', '2', '3' mean"),
        ("left over", "the labels 'tense' of 4 pictures mean"),
        ("out full", "there is something already"),
        ("out inside", "lie within each other"),
        ("source inside", "lie within each other"),
        ("missing", "no such folder"),
        ("archive", "unpack it first"),
        ("subjects", "P0, P1, P2 and 1 more are in more than one part"),
        ("nobody", "in no picture's place"),
        ("few people", "too few to divide"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, kind: str, said: str) -> None:
    source, out, options = bad(tmp_path, kind)
    before = sorted(out.rglob("*")) if out.exists() else None
    with pytest.raises(DataError, match=said) as raised:
        imported(source, out, **options)
    assert "\n" not in str(raised.value)
    assert (sorted(out.rglob("*")) if out.exists() else None) == before
    assert not list(tmp_path.glob(".*draft*"))


def test_a_subject_in_both_parts_is_mended_by_another_split(tmp_path: Path) -> None:
    source, out, options = bad(tmp_path, "subjects")
    data = imported(source, out, **options, resplit=True, shares=Shares(0.25, 0.25)).data
    for person in set(data.subjects.tolist()):
        assert len(set(data.parts[data.subjects == person])) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("classes = 3", "must be a table of texts"),
        ("[classes]", "needs a table"),
        ("[class]\na = 'b'", "unknown key class"),
        ("[classes]\na = 'b'\n[table]\nfile = 'x'", "lacks picture"),
        ("[classes]\na = 'b'\n[table]\nfile='x'\npicture='a'\nlabel='b'\nwho='c'", "unknown key who"),
        ("[classes", "not valid TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_mapping(write(tmp_path / "m.toml", text))


def test_an_interrupted_import_leaves_nothing(tmp_path: Path) -> None:
    made.folders(tmp_path / "s", ["calm", "tense"])

    def interrupt(what: str, done: int, total: int) -> None:
        if what == "writing faces":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_data(tmp_path / "s", tmp_path / "out", Options(), interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]


def test_the_command_tells_what_it_did(tmp_path: Path, capsys, monkeypatch) -> None:
    made.folders(tmp_path / "s", ["calm", "[b]tense[/b]".replace("/", "")])
    (tmp_path / "s" / "calm" / "x.txt").write_text("x")
    monkeypatch.setattr("sys.argv", ["mien", "data", "import", str(tmp_path / "s"), "--as", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    assert "[b]tense[b]" in said
    assert "not a picture (.txt) (calm/x.txt)" in said
    assert "16 faces of 2 classes" in said


def test_damaged_descriptions_are_one_line(tmp_path: Path) -> None:
    made.folders(tmp_path / "s", ["calm", "tense"])
    imported(tmp_path / "s", tmp_path / "out")
    for text in ("classes = 3", "", "classes = ['a', 'A']", "classes = [1, 2]", "["):
        (tmp_path / "out" / "dataset.toml").write_text(text)
        with pytest.raises(MienError):
            dataset.load(tmp_path / "out")


def test_every_preset_is_told_in_the_help_and_the_docs() -> None:
    from mien.cli import data_import

    page = (Path(__file__).parents[1] / "docs" / "own_data.md").read_text()
    source = Path(data_import.__file__).read_text()
    for name in PRESETS:
        assert f"`{name}`" in page
        assert name in source
