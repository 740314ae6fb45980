"""Calibration, selective accuracy, and labels beside FER+'s raters."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.evaluate import evaluate
from mien.data import dataset
from mien.data.votes import RATED
from mien.errors import DataError
from mien.evaluation import label_noise, trust_plots
from mien.evaluation.calibration import calibration, error, reheated, reliability, selective
from mien.evaluation.metrics import calibration_error
from mien.expressions import NAMES
from mien.recognition.model import Outputs


@pytest.fixture(scope="module")
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Labels and overconfident probabilities of 2,000 pictures."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, (2000, 7))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (honest.cumsum(1) > generator.random((2000, 1))).argmax(1)
    return labels, reheated(honest, 0.5)


def test_another_temperature_is_undone(answers) -> None:
    labels, sharp = answers
    again = reheated(reheated(sharp, 3.0), 1 / 3)
    assert np.allclose(again, sharp, atol=1e-9)
    assert np.array_equal(reheated(sharp, 2.0).argmax(1), sharp.argmax(1))
    # The labels were drawn from these probabilities softened by 2.
    assert error(labels, reheated(sharp, 2.0)).value < 0.03 < error(labels, sharp).value


def test_the_error_is_the_one_of_the_metrics_and_of_the_bins(answers) -> None:
    labels, sharp = answers
    found = error(labels, sharp)
    assert found.value == pytest.approx(calibration_error(labels, sharp))
    bins = reliability(labels, sharp)
    assert len(bins) == 15
    assert sum(one.pictures for one in bins) == 2000
    assert sum(one.pictures * abs(one.accuracy - one.confidence) for one in bins) / 2000 == pytest.approx(found.value)
    assert found.low < found.value < found.high


def test_before_and_after(answers) -> None:
    labels, sharp = answers
    soft = reheated(sharp, 2.0)
    made = calibration(labels, soft, 2.0)
    assert made.error_before is not None
    assert made.error_before.value == pytest.approx(error(labels, sharp).value)
    assert made.error.value < made.error_before.value
    assert calibration(labels, sharp, None).reliability_before is None


def test_leaving_out_the_unsure(answers) -> None:
    labels, sharp = answers
    made = selective(labels, sharp)
    assert made.accuracy[-1] == pytest.approx((sharp.argmax(1) == labels).mean())
    assert made.accuracy[0] > made.accuracy[-1] + 0.2
    assert 0 < made.least_risk_area < made.risk_area < 1 - made.accuracy[-1]
    # Three pictures, the least certain one wrong: risks 0, 0 and 1/3.
    three = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])
    by_hand = selective(np.array([0, 0, 1]), three)
    assert by_hand.risk_area == pytest.approx(1 / 9)
    assert by_hand.least_risk_area == pytest.approx(1 / 9)


def votes(**given: int) -> np.ndarray:
    return np.array([given.get(name, 0) for name in RATED])


def test_the_majority_is_fer_pluss() -> None:
    raters = np.stack(
        [
            votes(anger=6, sadness=4),
            votes(anger=5, sadness=5),  # not more than half
            votes(happiness=5, neutral=1, surprise=4),  # a single vote is dropped, but was cast
            votes(contempt=8, neutral=2),
            votes(unknown=6, fear=4),
            votes(nf=10),
            votes(),
            votes(fear=1),
        ]
    )
    chosen, why = label_noise.majority(raters)
    assert [None if place < 0 else NAMES[place] for place in chosen] == ["angry", *[None] * 7]
    assert why.tolist() == ["", *["no majority"] * 2, "contempt", "unknown", "no face", "no votes", "no majority"]
    pairs = label_noise.agreement(raters)
    assert pairs[0] == pytest.approx((6 * 5 + 4 * 3) / 90)
    assert pairs[5] == 1
    assert np.isnan(pairs[6])


def test_a_model_beside_both_sets_of_labels(tiny_data: Path) -> None:
    part = dataset.load(tiny_data, "official").part("test")
    assert part.raters is not None
    # The made-up raters name the k-th emotion of VOTED on pictures of class k, which is mostly another class.
    made = label_noise.label_noise(part, np.eye(7)[part.labels])
    assert made.judged == made.pictures == len(part)
    assert made.accuracy.value == 1
    assert made.accuracy_majority.value == made.label_is_majority.value < 1
    raters, _ = label_noise.majority(part.raters)
    theirs = label_noise.label_noise(part, np.eye(7)[raters])
    assert theirs.accuracy_majority.value == 1
    assert all(of.accuracy_majority == 1 for of in theirs.classes.values())
    assert theirs.classes["angry"].agreement == pytest.approx(8 * 7 / (9 * 8))
    assert trust_plots.labels({"one": theirs}).axes


def test_no_votes_are_an_error(tiny_data: Path) -> None:
    from dataclasses import replace

    part = replace(dataset.load(tiny_data, "official").part("test"), raters=None)
    with pytest.raises(DataError, match="no FER\\+ votes"):
        label_noise.label_noise(part, np.eye(7)[part.labels])


def test_the_page_of_disagreements(tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model(Classifier):
        name, file = "fake", tmp_path / "fake.onnx"

        def run(self, seen: np.ndarray) -> Outputs:
            sure = np.linspace(0.5, 0.95, len(seen), dtype=np.float32)[:, None]
            return Outputs(sure * np.eye(7)[3] + (1 - sure) / 6 * (1 - np.eye(7)[3]), np.zeros((len(seen), 4)))

    Model.file.write_bytes(b"a model")
    monkeypatch.setattr("mien.cli.evaluate.open_classifier", lambda *asked: Model())
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--disagreements", "page.html"])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page.html").read_text()
    part = dataset.load(tiny_data, "official").part("test")
    assert page.count("<figure>") == (part.labels != 3).sum()
    found = label_noise.disagreements(part, Model().run(part.faces).probabilities)
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)
    assert found[0].called == NAMES[3]
    assert "http" not in page
    result = CliRunner().invoke(app, ["fake", "other", "--data", str(tiny_data), "--disagreements", "page.html"])
    assert result.exit_code == 2
