"""Spoiled pictures and crops that are off: what each does, and what is counted."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from made_data import made_up_face
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.evaluate import evaluate
from mien.data import dataset
from mien.evaluation import robustness, trust_plots
from mien.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from mien.evaluation.crops import moved
from mien.expressions import NAMES
from mien.recognition.model import Outputs

KINDS = {kind.name: kind for kind in CORRUPTIONS}


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.stack([made_up_face(label, number) for label in range(7) for number in range(3)])


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)
def test_every_corruption_grows_and_repeats(kind, faces: np.ndarray) -> None:
    spoiled = [kind(faces, strength) for strength in range(1, STRENGTHS + 1)]
    for result in spoiled:
        assert result.shape == faces.shape
        assert result.dtype == np.uint8
    assert np.array_equal(spoiled[2], kind(faces, 3))
    change = [np.abs(result.astype(int) - faces).mean() for result in spoiled]
    assert change[0] > 0.3
    if kind.name not in ("turn", "crop shift"):  # stripes that wander are back in place after a period
        assert change == sorted(change)


def test_corruptions_do_what_their_names_say(faces: np.ndarray) -> None:
    def strongest(name: str) -> np.ndarray:
        return KINDS[name](faces, 5).astype(float)

    plain = faces.astype(float)
    for name in ("fewer pixels", "motion blur", "defocus blur"):
        assert np.abs(np.diff(strongest(name), axis=2)).mean() < 0.6 * np.abs(np.diff(plain, axis=2)).mean()
        assert strongest(name).mean() == pytest.approx(plain.mean(), abs=2)
    for name in ("dark", "darker skin"):
        assert (strongest(name) <= plain).all()
    for name in ("bright", "lighter skin"):
        assert (strongest(name) >= plain).all()
    assert (strongest("low contrast").std((1, 2)) < 0.2 * plain.std((1, 2))).all()
    edges = strongest("side light")[:, :, [0, -1]].mean(1)
    assert (edges.min(1) < 0.4 * edges.max(1)).all()
    assert 0 < (edges[:, 0] < edges[:, 1]).mean() < 1  # from either side
    covered = strongest("covered eyes") != plain
    assert covered[:, 14:22, 10:38].mean() > 0.9
    assert not covered[:, 26:].any()
    covered = strongest("covered mouth") != plain
    assert covered[:, 32:42, 10:38].mean() > 0.9
    assert not covered[:, :26].any()


def test_a_moved_crop_shows_what_lies_there() -> None:
    face = np.zeros((1, 48, 48), np.uint8)
    face[0, 20, 30] = 200
    assert np.array_equal(moved(face), face)
    # The crop moves right and down, so its content moves left and up.
    assert moved(face, right=0.125, down=0.25)[0, 20 - 12, 30 - 6] == 200
    spot = np.zeros((1, 48, 48), np.uint8)
    spot[0, 23:25, 34:36] = 200  # 11 pixels right of the middle
    wide = moved(spot, scale=2.0)[0].astype(float)
    assert (wide.sum(0) * np.arange(48)).sum() / wide.sum() == pytest.approx(23.5 + 11 / 2, abs=0.3)
    # A crop turned clockwise shows its content turned the other way: what was right is now up.
    turned = moved(spot, turn=90.0)[0]
    assert turned[12:14, 23:25].min() == 200


def test_counts_what_is_kept(faces: np.ndarray) -> None:
    labels = np.repeat(np.arange(7), 3)

    def certain_by_day(seen: np.ndarray) -> np.ndarray:
        """Right on pictures that are not dark, and always "angry" on the others."""
        known = np.where(seen.mean((1, 2)) > 60, labels, 0)
        return np.eye(7)[known]

    told: list[str] = []
    made = robustness.judge(certain_by_day, faces, labels, show=told.append, resamples=200)
    assert len(told) == robustness.steps()
    assert made.clean.value == 1
    assert made.kept.low <= made.kept.value <= made.kept.high <= 1
    dark = [point.kept.value for point in made.corruptions["dark"]]
    assert dark[0] == 1
    assert dark[-1] == pytest.approx(1 / 7)
    assert made.corruptions["dark"][-1].kept.low < 1 / 7 < made.corruptions["dark"][-1].kept.high
    middle = [of[robustness.MIDDLE - 1].kept.value for of in made.corruptions.values()]
    assert made.kept.value == pytest.approx(np.mean(middle))
    for way, points in made.crops.items():
        amounts = [point.amount for point in points]
        assert amounts == sorted(amounts)
        assert robustness.RIGHT_CROP[way] in amounts
    for figure in (trust_plots.robustness({"one": made, "two": made}), trust_plots.crops({"one": made})):
        assert figure.axes


def test_a_sample_is_drawn_by_the_seed(tiny_data: Path) -> None:
    part = dataset.load(tiny_data, "official").part("test")
    some = robustness.sample(part, 5, seed=1)
    assert len(some) == 5
    assert np.array_equal(some.ids, robustness.sample(part, 5, seed=1).ids)
    assert not np.array_equal(some.ids, robustness.sample(part, 5, seed=2).ids)
    assert np.array_equal(robustness.sample(part, 1000).ids, part.ids)


def test_the_command_writes_results_and_plots(tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model(Classifier):
        name, file = "fake", tmp_path / "fake.onnx"

        def run(self, seen: np.ndarray) -> Outputs:
            called = (seen[:, 0, 0] > 128).astype(int)
            return Outputs(np.eye(7, dtype=np.float32)[called], np.zeros((len(seen), 4), np.float32))

    Model.file.write_bytes(b"a model")
    monkeypatch.setattr("mien.cli.evaluate.open_classifier", lambda *asked: Model())
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(evaluate)
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--robust"])
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "results").iterdir()}
    assert {f"fake-official-test-{kind}" for kind in ("robust.json", "robust.png", "crops.png")} <= written
    told = json.loads((tmp_path / "results" / "fake-official-test-robust.json").read_text())
    assert told["model"] == "fake"
    assert told["pictures"] == 2 * len(NAMES)
    assert list(told["corruptions"]) == list(KINDS)
    described = (Path(__file__).parents[1] / "results" / "README.md").read_text()
    for field in [*told, *told["corruptions"]["noise"][0]]:
        assert f"`{field}`" in described


def test_the_sheet_shows_every_corruption(faces: np.ndarray) -> None:
    texts = [text.get_text() for axis in trust_plots.corruption_sheet(faces[0]).axes for text in axis.texts]
    assert {kind.name for kind in CORRUPTIONS} <= set(texts)
