"""Names of files are data: no command takes one for a format, for markup, or lets it act on the terminal."""

import ast
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from mien.cli.console import Terminal, bar
from mien.cli.main import app
from mien.errors import PictureError
from mien.evaluation import disagreement_page
from mien.names import LONGEST, draft_name, fitting_name, free_name, printable
from mien.plotting import save
from mien.storage import write_text

EXAMPLE = next(iter(sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))))
CLI = Path(__file__).parents[1] / "src" / "mien" / "cli"
ODD = (
    "{}",
    "{0.__class__}",
    "%s%n",
    "[x]",
    "[/b]",
    "[link=file:///etc]",
    "a\nb",
    "\x1b[31mred\x07",
    "\u202egpj.exe",
    "日" * 80,
    "x...",
    "-rf",
    "=cmd|' C calc'!A0",
    "a;b,c\"d'e",
    "$x_$^",
    "\x9b31m",
)
"""Stems of names; with ".jpg" each is a file that Linux takes."""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    folder = tmp_path / "[odd]{}"
    folder.mkdir()
    for stem in ODD:
        path = folder / f"{stem}.jpg"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE, path)
    return folder


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def test_pictures_of_any_name_are_read_and_named_in_every_output(odd, tmp_path):
    files = tmp_path / "[a]{}.json", tmp_path / "%s.csv"
    done = predict(odd, "--json", files[0], "--csv", files[1], "--annotate", tmp_path / "[drawn]")
    assert done.exit_code == 0, done.output
    names = {Path(f"{stem}.jpg").name for stem in ODD}
    assert {Path(entry["picture"]).name for entry in json.loads(files[0].read_text())} == names
    with files[1].open(newline="") as file:
        assert {Path(row["picture"]).name for row in csv.DictReader(file)} == names
    assert {path.name for path in (tmp_path / "[drawn]").iterdir()} == names
    assert "[/b].jpg" in done.stdout
    assert "a\\nb.jpg" in done.stdout
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.output)


def test_archives_hold_any_name(odd, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    done = predict(odd, "--parquet", tmp_path / "[rows]", "--workers", 1)
    assert done.exit_code == 0, done.output
    rows = parquet.read_table(tmp_path / "[rows]").to_pylist()
    assert {Path(row["picture"]).name for row in rows} == {Path(f"{stem}.jpg").name for stem in ODD}
    assert "0 pictures read" in predict(odd, "--parquet", tmp_path / "[rows]", "--workers", 1).stdout


def test_broken_files_of_any_name_are_one_line_each(odd, capfd):
    for path in odd.rglob("*.jpg"):
        path.write_bytes(b"broken")
    subprocess.run([sys.executable, "-c", "from mien.cli.main import main; main()", "predict", odd], check=False)
    said = capfd.readouterr().err
    assert said.count("\n") == len(ODD)
    assert all(line.startswith("mien: ") for line in said.splitlines())
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_an_error_is_one_line_whatever_it_names():
    error = PictureError("a\nb\x1b[2J\u202e: no such file")
    assert str(error) == "a\\nb\\x1b[2J\\u202e: no such file"
    assert error.args == (str(error),)


def test_printable_keeps_what_people_write():
    for text in ("Ärger", "日本", "شكرا", "नमस्ते", "👩‍👧", "a b", "[x]{}"):
        assert printable(text) == text
    assert printable("\udcff\u2028\u200f\x7f") == "\\udcff\\u2028\\u200f\\x7f"


@pytest.mark.parametrize("stem", ["日" * 83, "a" * 250, "é" * 125, "a"])
def test_no_name_made_from_another_is_too_long_for_a_disk(tmp_path, stem):
    name = fitting_name(stem, ".csv")
    write_text(tmp_path / name, "text")
    assert (tmp_path / name).read_text() == "text"
    assert len(os.fsencode(draft_name(name))) <= max(len(os.fsencode(name)), 100)
    taken: set[str] = set()
    numbered = [free_name(stem, ".jpeg", taken) for _ in range(12)]
    assert len(set(numbered)) == 12
    assert max(len(os.fsencode(one)) for one in numbered) <= LONGEST


def test_drafts_of_long_names_that_begin_alike_are_not_one_file():
    assert draft_name("日" * 80 + "a.csv") != draft_name("日" * 80 + "b.csv")


def test_names_that_other_systems_take_for_one_are_numbered():
    taken: set[str] = set()
    assert [free_name(stem, ".jpg", taken) for stem in ("A", "a", "\u00e9", "e\u0301")] == [
        "A.jpg",
        "a-2.jpg",
        "\u00e9.jpg",
        "e\u0301-2.jpg",
    ]


def test_every_command_speaks_through_the_console_that_takes_text_as_data(capsys):
    for path in CLI.glob("*.py"):
        if path.name == "console.py":
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("rich.console", "rich.markup"), path.name
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TextColumn":
                words = node.args[0]
                fixed = isinstance(words, ast.Constant | ast.IfExp)
                assert fixed, f"{path.name}:{node.lineno} makes a format of words that it was given"
                assert "description" not in ast.unparse(words), f"{path.name}:{node.lineno}"
    Terminal().tell("wrote [red]{}[/b]\x1b[31m :smile: " + "long " * 40)
    said = capsys.readouterr().out
    assert said.startswith("wrote [red]{}[/b]\\x1b[31m :smile: long")
    assert said.count("\n") == 1


AWKWARD = "<b>[x]{}$_$^%s"


def test_names_of_models_are_shown_drawn_and_put_on_pages_as_they_are(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with bar() as show:
        show(AWKWARD + "[/b]", 1, 2)
    assert AWKWARD + "[/b]" in capsys.readouterr().err
    figure = Figure()
    figure.subplots().set_title(AWKWARD)
    save(figure, tmp_path / f"{AWKWARD}.png")
    assert [path.name for path in tmp_path.iterdir()] == [f"{AWKWARD}.png"]
    page = disagreement_page.page(AWKWARD, np.zeros((0, 48, 48), np.uint8), [])
    assert "&lt;b&gt;[x]{}$_$^%s" in page
    assert "<b>[x]" not in page


def test_pictures_of_any_name_are_explained(tmp_path):
    pytest.importorskip("torch")
    models = Path(__file__).parents[1] / "models"
    picture, model = tmp_path / f"{AWKWARD}.jpg", tmp_path / "[x]{}$_$^.onnx"
    shutil.copy(EXAMPLE, picture)
    shutil.copy(models / "mobilenet_v2.onnx", model)
    out = tmp_path / "[out]{}"
    done = CliRunner().invoke(app, ["explain", str(picture), "--model", str(model), "--out", str(out)])
    assert done.exit_code == 0, (done.output, done.exception)
    assert {path.name for path in out.iterdir()} == {f"{AWKWARD}-1.png", "models.png"}
    assert f"to {out}" in done.stdout


def test_recipes_of_any_name_are_told_of(tmp_path):
    pytest.importorskip("torch")
    recipes = Path(__file__).parents[1] / "recipes"
    folder = tmp_path / "[/b]{}"
    folder.mkdir(parents=True)
    for name, copy in (("_base.toml", "_base.toml"), ("mobilenet_v2_cpu.toml", "[x]{}.toml")):
        shutil.copy(recipes / "shipped" / name, folder / copy)
    (folder / "[y].toml").write_text("broken [/b]")
    done = CliRunner().invoke(app, ["experiments", "status", str(folder), "--out", str(tmp_path)])
    assert done.exit_code == 1, done.exception  # one is broken
    assert "[x]{}-s0" in done.stdout
    assert "[y].toml" in done.output
