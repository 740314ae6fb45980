"""The model card says what results/ and the model files say."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mien.cli.card import card as command
from mien.errors import DataError
from mien.experiments import card, report, tables, trust
from mien.recognition.model import shipped_models
from mien.results import shelf

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A place with the results of the checkout, to change."""
    shutil.copytree(ROOT / "results", tmp_path / "results")
    return tmp_path


def test_the_card_is_what_results_say() -> None:
    assert (ROOT / card.NAME).read_text(encoding="utf-8") == card.write_card(ROOT), "run: mien card"


def test_another_result_makes_another_card(copy: Path) -> None:
    name = shipped_models()[0]
    path = copy / "results" / f"{name}-official-test.json"
    told = json.loads(path.read_text())
    told["raw"]["accuracy"]["low"] = 0.1234
    told["model_hash"] = "another"
    path.write_text(json.dumps(told))
    changed = card.write_card(copy)
    assert "[12.3, " in changed
    assert f"earlier file of the same name: scores of {name}" in changed
    path.unlink()
    assert "not run" in card.write_card(copy)
    (copy / "results" / f"{name}-official-test-robust.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        card.write_card(copy)


def test_the_command_says_whether_it_is_behind(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    monkeypatch.setattr(card, "root_folder", lambda: copy)
    app = typer.Typer()
    app.command()(command)
    assert isinstance(CliRunner().invoke(app, ["--check"]).exception, DataError)
    assert CliRunner().invoke(app, []).exit_code == 0
    assert CliRunner().invoke(app, ["--check"]).exit_code == 0


def test_nobody_is_promised_what_is_not_known() -> None:
    text = (ROOT / card.NAME).read_text(encoding="utf-8")
    for said in ("Article 5(1)(f)", "TechDispatch 1/2021", "Apache-2.0", "not an emotion felt", "FER2013"):
        assert said in text


def test_the_report_tells_how_far_to_trust_them(copy: Path) -> None:
    page = report.write(copy / "results", None)[1].read_text(encoding="utf-8")
    assert "How far to trust the models" in page
    titles = [table.title for table in trust.tables(copy / "results")]
    assert titles[:4] == [
        "Can its confidence be believed?",
        "Against the labels, and against FER+'s raters",
        "How sure the labels are",
        "Spoiled pictures",
    ]
    for title in titles:
        assert title.replace("'", "&#39;") in page
    (bought,) = [table for table in trust.tables(copy / "results") if table.title.endswith("buys")]
    at = bought.heads.index("mobilenet_v2, after")
    now = shelf.robustness(copy / "results")["mobilenet_v2-official-test"].kept
    first = shelf.before(copy / "results", "mobilenet_v2")
    assert first is not None
    before = first.kept
    assert bought.rows[0][at - 1 : at + 1] == (tables.percent(before), tables.percent(now))
    plots = trust.plots(copy / "results")
    assert len(plots) >= 4 * len(shipped_models())
    assert page.count("data:image/png") >= len(plots)
    for path in (copy / "results").glob("*-official-test*.json"):
        path.unlink()
    assert trust.tables(copy / "results") == []
