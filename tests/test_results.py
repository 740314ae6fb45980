"""Results files: their schema, what is stale, and the documents made from them."""

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from mien.errors import DataError
from mien.experiments import documents
from mien.recognition.model import models_folder, shipped_models
from mien.results import benchmarks, shelf, shipped
from mien.results.evaluation import Evaluation
from mien.results.gate import GateJudgement
from mien.results.record import read, write
from mien.results.world import World

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
FILES = sorted([*RESULTS.rglob("*.json"), RESULTS / "reference.toml"])


def kind_of(path: Path) -> Any:
    """The record of a file under results/."""
    return next(kind for pattern, kind in shelf.KINDS.items() if path in set(RESULTS.glob(pattern)))


# The schema


def test_every_file_is_read_and_would_be_written_as_it_is() -> None:
    assert len(FILES) > 150
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
        if raw.get("start_sha256", "") is None:  # today a word for the weights is told by the missing hash
            del raw["start_sha256"]
        if "soup" in raw:  # as version 0.1 called it
            raw["interpolation"] = raw.pop("soup")
            for tried in raw["interpolation"].get("tried", []):
                tried["fraction"] = tried.pop("share")
        kind = kind_of(path)
        again = TypeAdapter(kind).dump_python(read(kind, path), mode="json", by_alias=True, exclude_defaults=True)
        assert again == raw, path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    told = read(Evaluation, RESULTS / "mobilenet_v2_averaged-official-test.json")
    write(tmp_path / "a.json", told)
    assert read(Evaluation, tmp_path / "a.json") == told
    assert "hardware" not in json.loads((tmp_path / "a.json").read_text())  # nobody knows it any more


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"pictures": 3589', '"pictures": "many"', "raw.pictures: Input should be a valid integer"),
        ('"split"', '"spilt"', "Unexpected keyword argument"),
        ('"data_hash"', '"data"', "data: Unexpected keyword argument"),
        ('"confusion": [', '"confusion": [[', "Invalid JSON"),
    ],
)
def test_a_file_that_is_something_else_is_named_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (RESULTS / "mobilenet_v2-official-test.json").read_text()
    path = tmp_path / "spoiled.json"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=said) as caught:
        read(Evaluation, path)
    assert "spoiled.json" in str(caught.value)
    assert "mien evaluate" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.json .*no such file.*mien evaluate --world"):
        read(World, tmp_path / "none.json")


def names_in(kind: Any, found: set[str]) -> set[str]:
    """The names of all fields of a record, as files have them, and of those within it."""
    if is_dataclass(kind):
        for of in fields(kind):
            found.add(of.name)
            names_in(of.type, found)
    for part in get_args(kind):
        if hasattr(part, "alias"):
            found.add(part.alias)
        names_in(part, found)
    return found


# Read by keys in files of other kinds, which have such keys too: model files' metadata, the list of models, FER+'s.
OTHER_FILES = {"classes", "split", "precision", "version", "model", "files", "crop"}
# What these read as JSON is not under results/: the app's list of models, peers' answers, files that were killed.
OTHER_JSON = {
    "android.py",
    "android_int8.py",
    "app.py",
    "kills.py",
    "mutants.py",
    "quickest_first.py",
    "peers",
    "side_by_side.py",
}


def test_nobody_else_reads_results_by_their_keys() -> None:
    keys: set[str] = set()
    for kind in shelf.KINDS.values():
        names_in(kind, keys)
    assert {"raw", "model_hash", "face_ms", "as it is", "auroc"} <= keys
    readers = [ROOT / "src" / "mien" / name for name in ("experiments", "evaluation", "explanation", "novelty")]
    places = [path for folder in readers for path in folder.rglob("*.py")]
    places += [ROOT / "src" / "mien" / "cli" / f"{name}.py" for name in ("report", "card", "experiments", "evaluate")]
    for path in places:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            key = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                key = node.slice
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                key = node.args[0]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                assert key.value not in keys - OTHER_FILES, f"{where} reads '{key.value}'; mien.results does"


def test_no_benchmark_reads_or_writes_results_past_their_schema() -> None:
    for path in (ROOT / "benchmarks").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "write_json" not in text, path
        assert "json.load" not in text or {path.name, path.parent.name} & OTHER_JSON, path


# Figures of files that no longer ship


def stale() -> list[str]:
    """What judges a model that ships, and was measured on another file of it."""
    hashes = shipped.shipped_hashes()
    worlds = [read(World, path) for path in RESULTS.glob("*-world.json")]
    judged = [*shelf.evaluations(RESULTS).values(), *shelf.robustness(RESULTS).values(), *worlds]
    inputs = read(benchmarks.InputKinds, RESULTS / "benchmarks" / "inputs.json")
    gate = read(GateJudgement, RESULTS / "novelty.json")
    clarity = read(benchmarks.AppClarity, RESULTS / "benchmarks" / "app-clarity.json")
    measured = [(type(of).__name__, of.model, of.model_hash) for of in (*judged, inputs)]
    measured.append(("GateJudgement", gate.gated_by, gate.models[gate.gated_by]))
    measured += [("AppClarity", name, of.sha256) for name, of in clarity.models.items()]
    assert {name for _, name, _ in measured} >= set(hashes)
    return [f"{what} of {name}" for what, name, of in measured if name in hashes and of != hashes[name]]


def test_the_models_that_ship_are_those_that_were_judged() -> None:
    assert stale() == [], "renew the results: make trust, mien evaluate --world, mien novelty judge"
    for name in shipped_models():
        assert (RESULTS / f"{name}-official-test.json").is_file()


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> str:
    """Somebody ships another MobileNetV2 and renews no results; returns the hash of the file before, cut short."""
    before = shipped.shipped_hashes()["mobilenet_v2"]
    true_hash = shipped.file_hash
    monkeypatch.setattr(
        shipped, "file_hash", lambda path: "0" * 64 if path.name == "mobilenet_v2.onnx" else true_hash(path)
    )
    return before[:12]


def test_a_replaced_model_makes_results_stale(replaced: str) -> None:
    assert {"Evaluation of mobilenet_v2", "Robustness of mobilenet_v2", "World of mobilenet_v2"} <= set(stale())
    assert {"GateJudgement of mobilenet_v2", "AppClarity of mobilenet_v2", "InputKinds of mobilenet_v2"} <= set(stale())


def test_figures_of_a_replaced_model_are_shown_with_the_file_they_are_of(replaced: str) -> None:
    texts = {path.name: text for path, text in documents.texts(ROOT).items()}
    other = f"the older file {replaced}"
    for page in ("README.md", "results.md"):
        assert f"Scores of mobilenet_v2: measured with {other}." in texts[page]
    for what in ("scores", "robustness", "the gate"):
        assert f"{what} of mobilenet_v2 ({other})" in texts["MODEL_CARD.md"]
    assert f"| mobilenet_v2 ({other}) |" in texts["report.md"]
    assert f"as the detector finds them. These figures are of {other}." in texts["report.md"]
    assert (ROOT / "README.md").read_text(encoding="utf-8") != texts["README.md"]


def test_a_file_is_named_only_where_it_is_another() -> None:
    hashes = {"one": "a" * 64}
    assert shipped.label("one", "a" * 64, hashes) == "one"
    assert shipped.label("one", "b" * 64, hashes) == "one (the older file bbbbbbbbbbbb)"
    assert shipped.label("one", None, hashes) == "one (a file whose hash was not kept)"
    assert shipped.label("a run", "c" * 64, hashes) == "a run"


def test_the_hashes_are_those_of_the_files() -> None:
    listed = json.loads((models_folder() / "hashes.json").read_text())
    assert shipped.shipped_hashes() == {name: listed[f"{name}.onnx"] for name in shipped_models()}


# The documents


def test_all_tables_are_what_results_say() -> None:
    command = [sys.executable, "benchmarks/tables.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_document_on_inputs_has_the_figures_on_file() -> None:
    told = read(benchmarks.InputKinds, RESULTS / "benchmarks" / "inputs.json")
    text = " ".join((ROOT / "docs" / "inputs.md").read_text(encoding="utf-8").split())
    strange = told.strange.values()
    pictures, more = sum(one.pictures for one in strange), sum(one.with_it - one.without_it for one in strange)
    assert more == 1
    for said in (
        f"Of {told.turned.pictures} portraits turned upside down {told.turned.upright} are found and read upright",
        f"without it {told.turned.found_without_it} are found",
        f"Of {pictures:,} pictures of animals, drawings, textures, hands and masks one more shows a face",
        *(f"{of.with_it} at {side}" for side, of in told.crowd.items() if side != "30"),
        *(f"{of.without_it} at {side}" for side, of in told.crowd.items() if of.without_it),
        f".{1000 * told.cut.middle:.0f} of the cases, padding in .{1000 * told.cut.padded:.0f}",
        f"squeezing in .{1000 * told.cut.squeezed:.0f}",
    ):
        assert said in text, said


def test_what_is_not_on_file_is_not_run(tmp_path: Path) -> None:
    shutil.copy(RESULTS / "reference.toml", tmp_path)
    assert documents.readme_results(tmp_path).count("| not run | not run |") == 6
    table = documents.all_results(tmp_path)
    assert table.count("| not run | not run | not run | not run | not run | not run | not run |") == 6
    assert documents.reference_results(tmp_path).count("| not run |  |") == 12
    assert documents.app_figures(tmp_path).count("not run") == 6
    assert "not run" in documents.app_steadiness(tmp_path)
    for made in (documents.own_results, documents.ingredients, documents.zooms):
        assert made(tmp_path).strip() == "not run"


def test_lost_marks_are_named(tmp_path: Path) -> None:
    for name in ("results", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.png", "runs"))
    (tmp_path / "README.md").write_text("no marks")
    with pytest.raises(DataError, match=r"README\.md: the marks of 'results' are not there once"):
        documents.texts(tmp_path)
