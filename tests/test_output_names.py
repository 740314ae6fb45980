"""Names of outputs: an ending that promises another format is refused before any work begins."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mien.cli.main import app
from mien.errors import MienError, StorageError
from mien.storage import check_file, check_folder, check_suffix

RECIPES = Path(__file__).parents[1] / "recipes"
NAMES = ["model.tflite", "model.pt", "model.pb", "model.mlmodel", "model", "model.onnx.zip", "model.int8"]


@pytest.mark.parametrize("name", NAMES)
def test_an_ending_that_promises_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MienError, match=r"an ONNX model is written; give a name that ends in \.onnx"):
        check_suffix(tmp_path / name, ".onnx", what="an ONNX model")


def test_places_that_take_no_file_are_refused(tmp_path: Path) -> None:
    check_file(tmp_path / "new" / "deep" / "model.onnx")
    check_suffix(tmp_path / "MODEL.ONNX", ".onnx", what="an ONNX model")
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "file").touch()
    for place in (tmp_path / "folder.onnx", tmp_path / "file" / "model.onnx"):
        with pytest.raises(StorageError, match="cannot write"):
            check_file(place)
    check_folder(tmp_path / "new")
    with pytest.raises(StorageError, match="a file, not a folder"):
        check_folder(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.onnx"]


# Nothing that these commands name is there: the output's name is refused first.
COMMANDS = {
    "export": (["export", "no-run", "--data", "no-data", "--out", "x.tflite"], ".onnx"),
    "novelty fit": (["novelty", "fit", "no.onnx", "--data", "no-data", "--out", "x.pb"], ".onnx"),
    "novelty judge": (["novelty", "judge", "--data", "no-data", "--out", "x.csv"], ".json"),
    "ensemble": (["ensemble", "no-run", "--data", "no-data", "--out", "x.csv"], ".json"),
    "evaluate": (["evaluate", "no-run", "--data", "no-data", "--out", "x.yaml"], ".json"),
    "disagreements": (["evaluate", "no-run", "--data", "no-data", "--disagreements", "x.pdf"], ".html"),
    "data plot": (["data", "plot", "no-data", "--out", "x.svg"], ".png"),
    "synth translate": (["synth", "translate", "no.jpg", "--out", "x.jpg"], ".png"),
    "synth judge": (["synth", "judge", "no-folder", "--model", "vit_tiny", "--out", "x"], ".json"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_every_command_refuses_it_before_it_looks_at_anything(words: tuple[list[str], str]) -> None:
    result = CliRunner().invoke(app, words[0])
    assert isinstance(result.exception, MienError)
    assert f"give a name that ends in {words[1]}" in str(result.exception)
    assert result.exception.exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["train", "r.toml", "--data", "d", "--hours"],
        ["average", "run", "w", "--data", "d", "--out", "o", "--fraction"],
        ["synth", "train", "r.toml", "--data", "d", "--hours"],
        ["synth", "balance", "d", "--class", "fear", "--to", "3", "--out", "o", "--least"],
        ["experiments", "run", "r.toml", "--data", "d", "--hours"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_options_that_are_no_numbers_are_refused(words: list[str]) -> None:
    for value in ("nan", "inf"):
        result = CliRunner().invoke(app, [*words, value])
        assert result.exit_code == 2
        assert f"Invalid value for '{words[-1]}'" in result.output


FOLDERS = {
    "train": ["train", str(RECIPES / "shipped" / "mobilenet_v2_cpu.toml"), "--data", "no-data", "--out"],
    "average": ["average", "no-run", "no.safetensors", "--data", "no-data", "--out"],
    "synth train": ["synth", "train", str(RECIPES / "stargan_cpu.toml"), "--data", "no-data", "--out"],
    "explain": ["explain", "no.jpg", "--out"],
    "experiments": [
        "experiments",
        "run",
        str(RECIPES / "students_cpu"),
        "--data",
        "no-data",
        "--weights",
        "none",
        "--out",
    ],
    "report": ["report", "--results"],
    "novelty": ["novelty", "judge", "--data", "no-data", "--sheets"],
}


@pytest.mark.parametrize("words", FOLDERS.values(), ids=FOLDERS)
def test_a_file_where_a_folder_is_needed_is_refused(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("mine")
    result = CliRunner().invoke(app, [*words, str(tmp_path / "file.txt")])
    assert isinstance(result.exception, StorageError)
    assert "a file, not a folder" in str(result.exception)
    assert (tmp_path / "file.txt").read_text() == "mine"
