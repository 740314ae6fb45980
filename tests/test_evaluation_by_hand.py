"""Scores, intervals, corruptions and choices against plain arithmetic."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from made_data import KAGGLE, made_up_face
from PIL import Image
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.evaluate import evaluate
from mien.data import dataset
from mien.data.votes import RATED
from mien.evaluation import label_noise, robustness
from mien.evaluation.calibration import calibration, error, selective
from mien.evaluation.corruptions import CORRUPTIONS
from mien.evaluation.ensemble import choose
from mien.evaluation.metrics import score
from mien.evaluation.test_time_augmentation import augmented
from mien.expressions import NAMES
from mien.recognition.model import Outputs

KINDS = {kind.name: kind for kind in CORRUPTIONS}


def answers(seed: int, count: int = 400, skill: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 7, count)
    logits = generator.normal(size=(count, 7)) + skill * np.eye(7)[labels]
    powers = np.exp(logits)
    return labels, powers / powers.sum(1, keepdims=True)


# Intervals


def test_intervals_are_those_of_drawing_pictures_again() -> None:
    labels, probabilities = answers(0)
    labels[labels == 6] = 5  # a class without pictures
    found = score(labels, probabilities, resamples=3000)
    generator, called = np.random.default_rng(9), probabilities.argmax(1)
    draws = generator.integers(0, len(labels), (1500, len(labels)))
    accuracy = (called == labels)[draws].mean(1)
    f1 = [
        f1_score(labels[draw], called[draw], labels=range(6), average="macro", zero_division=0) for draw in draws[:400]
    ]
    for interval, again in ((found.accuracy, accuracy), (found.macro_f1, f1)):
        low, high = np.percentile(again, [2.5, 97.5])
        assert interval.low == pytest.approx(low, abs=0.008)
        assert interval.high == pytest.approx(high, abs=0.008)


def test_calibration_is_judged_in_fifteen_bins_and_drawn_by_pictures() -> None:
    labels, probabilities = answers(1)
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels

    def plain(rows: np.ndarray) -> float:
        place = np.minimum((confidence[rows] * 15).astype(int), 14)
        gaps = [np.abs((right[rows] - confidence[rows])[place == number].sum()) for number in range(15)]
        return float(np.sum(gaps) / len(rows))

    everything = np.arange(len(labels))
    found = error(labels, probabilities)
    assert found.value == pytest.approx(plain(everything))
    assert score(labels, probabilities, resamples=10).calibration_error == pytest.approx(plain(everything))
    generator = np.random.default_rng(3)
    again = [plain(generator.integers(0, len(labels), len(labels))) for _ in range(600)]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(again, [2.5, 97.5])), abs=0.012)
    made = calibration(labels, probabilities, 2.0)
    unheated = probabilities**2 / (probabilities**2).sum(1, keepdims=True)
    assert made.error_before is not None
    assert made.error_before.value == pytest.approx(error(labels, unheated).value)


def test_the_most_certain_pictures_are_answered_first() -> None:
    labels, probabilities = answers(2)
    order = np.argsort(-probabilities.max(1))
    right = (probabilities.argmax(1) == labels)[order]
    made = selective(labels, probabilities)
    for coverage, accuracy in zip(made.coverage, made.accuracy, strict=True):
        assert accuracy == pytest.approx(right[: round(coverage * 400)].mean())
    assert made.coverage == pytest.approx([number / 20 for number in range(1, 21)])


# Corruptions


@pytest.mark.parametrize(
    ("name", "strengths"),
    [("dark", (0.6, 0.4, 0.25, 0.15, 0.08)), ("bright", (1.3, 1.6, 2, 2.5, 3.2))],
)
def test_light_by_hand(name: str, strengths: tuple[float, ...]) -> None:
    faces = np.full((1, 48, 48), 75, np.uint8)
    for strength, factor in enumerate(strengths, start=1):
        assert np.abs(KINDS[name](faces, strength) - 75.0 * factor).max() <= 0.5


def test_the_other_amounts_by_hand() -> None:
    grey = np.full((200, 48, 48), 128, np.uint8)
    slope = np.tile(np.linspace(28, 228, 48).round().astype(np.uint8), (30, 48, 1))
    dot = np.zeros((200, 48, 48), np.uint8)
    dot[:, 22:26, 22:26] = 255
    place = np.arange(48) - 23.5
    for strength in range(1, 6):
        level = strength - 1
        noise = KINDS["noise"](grey, strength).astype(float)
        assert noise.std() == pytest.approx((8, 16, 24, 36, 50)[level], rel=0.05)
        low = KINDS["low contrast"](slope, strength).astype(float)
        assert np.ptp(low) == pytest.approx(200 * (0.6, 0.4, 0.25, 0.15, 0.08)[level], abs=1.5)
        side = KINDS["side light"](grey, strength)[:, 24].astype(float)
        assert side[:, [0, -1]].min() / 128 == pytest.approx(1 - (0.4, 0.6, 0.75, 0.85, 0.95)[level], abs=0.02)
        moved = KINDS["crop shift"](dot, strength).astype(float)
        x = (moved.sum(1) * place).sum(1) / moved.sum((1, 2))
        y = (moved.sum(2) * place).sum(1) / moved.sum((1, 2))
        assert np.hypot(x, y) == pytest.approx(48 * (0.04, 0.08, 0.12, 0.17, 0.22)[level], abs=0.3)
        assert abs(x.mean()) < 1.5 > abs(y.mean()), "in every direction"
        up = np.roll(dot, -12, 1)
        turned = KINDS["turn"](up, strength).astype(float)
        x = (turned.sum(1) * place).sum(1) / turned.sum((1, 2))
        y = (turned.sum(2) * place).sum(1) / turned.sum((1, 2))
        assert np.degrees(np.abs(np.arctan2(x, -y))) == pytest.approx((8, 15, 25, 35, 45)[level], abs=1.5)
        assert 0.35 < (x > 0).mean() < 0.65
        eyes, mouth = (
            (KINDS[f"covered {what}"](grey, strength) != 128).any((0, 2)).sum() for what in ("eyes", "mouth")
        )
        assert eyes == pytest.approx(48 * (0.08, 0.12, 0.17, 0.21, 0.25)[level], abs=1)
        assert mouth == pytest.approx(48 * (0.12, 0.19, 0.25, 0.31, 0.38)[level], abs=1)
        for name, powers in (("darker skin", (1.3, 1.6, 2, 2.5, 3.2)), ("lighter skin", (0.77, 0.62, 0.5, 0.4, 0.31))):
            expected = 255 * (128 / 255) ** powers[level]
            assert np.abs(KINDS[name](grey, strength) - expected).max() <= 0.5


def test_jpeg_is_of_the_quality_that_is_said() -> None:
    faces = np.stack([made_up_face(label, 0) for label in range(7)])
    for strength, quality in enumerate((40, 25, 15, 10, 5), start=1):
        found = KINDS["JPEG"](faces, strength).astype(float)
        for face, ours in zip(faces, found, strict=True):
            with io.BytesIO() as content:
                Image.fromarray(face).save(content, "JPEG", quality=quality)
                theirs = np.asarray(Image.open(content)).astype(float)
            assert np.abs(ours - theirs).mean() < 0.1 * np.abs(face - theirs).mean() + 0.3


def test_blurs_are_as_wide_as_is_said() -> None:
    """By the variance of what becomes of a dot: of a disc and of a line, and a sixth an axis for pixels between."""
    dot = np.zeros((40, 96, 96), np.uint8)
    dot[:, 48, 48] = 255
    place = np.arange(96) - 48.0

    def variance(faces: np.ndarray) -> np.ndarray:
        shares = faces / faces.sum((1, 2), keepdims=True)
        return (shares.sum(1) * place**2).sum(1) + (shares.sum(2) * place**2).sum(1)

    for strength, radius in enumerate((0.7, 1, 1.5, 2, 3), start=1):
        found = variance(KINDS["defocus blur"](dot[:1], strength).astype(float))
        assert found == pytest.approx(radius**2 / 2 + 1 / 3, rel=0.12)
    for strength, length in enumerate((2, 3, 5, 7, 9), start=1):
        found = variance(KINDS["motion blur"](dot, strength).astype(float)).mean()
        assert found == pytest.approx(length**2 / 12 + 1 / 3, rel=0.15)


def test_the_seed_draws_the_chances() -> None:
    faces = np.full((3, 48, 48), 128, np.uint8)
    one, again, other = (KINDS["noise"](faces, 3, seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_is_kept_is_a_share_of_pairs_at_the_third_strength() -> None:
    """A model that knows one half of the pictures whatever is done to them keeps everything, for certain."""
    labels, faces = np.arange(40) % 7, np.full((40, 48, 48), 120, np.uint8)
    known = np.eye(7)[np.where(np.arange(40) % 2, labels, (labels + 1) % 7)]
    made = robustness.judge(lambda seen: known, faces, labels, resamples=200)
    assert (made.kept.value, made.kept.low, made.kept.high) == (1, 1, 1)
    assert made.clean.value == 0.5
    assert made.clean.low < 0.45 < 0.55 < made.clean.high

    def afraid_of_dark(seen: np.ndarray) -> np.ndarray:
        return known if seen.mean() > 35 else np.roll(known, 1, 1)  # strength 3 of "dark" is 30, strength 2 is 48

    made = robustness.judge(afraid_of_dark, faces, labels, resamples=50)
    assert [point.kept.value for point in made.corruptions["dark"]] == [1, 1, 0, 0, 0]
    assert made.kept.value == pytest.approx(14 / 15)


# Raters


def raters(*votes: dict[str, int]) -> np.ndarray:
    return np.array([[of.get(name, 0) for name in RATED] for of in votes])


def test_accuracy_against_raters_counts_where_they_have_a_majority(tiny_data: Path) -> None:
    said = raters({"anger": 9}, {"fear": 10}, {"neutral": 5, "sadness": 5}, {"happiness": 5, "anger": 1, "fear": 4}, {})
    part = replace(dataset.load(tiny_data).where(np.arange(63) < 5), raters=said)
    called = np.eye(7)[[NAMES.index("angry"), NAMES.index("sad"), 6, 3, 3]]
    assert label_noise.accuracy_majority(part, called) == pytest.approx(1 / 2)
    assert label_noise.agreement(raters({"anger": 2, "fear": 2}))[0] == pytest.approx(4 / 12)


def test_the_interval_against_raters_is_as_wide_as_theory_says(tiny_data: Path) -> None:
    many = dataset.load(tiny_data).where(np.arange(1000) % 63)
    many = replace(many, raters=np.tile(raters({"anger": 9}), (1000, 1)))
    called = np.eye(7)[np.where(np.arange(1000) < 700, NAMES.index("angry"), 3)]
    found = label_noise.label_noise(many, called).accuracy_majority
    assert found.value == pytest.approx(0.7)
    assert found.high - found.low == pytest.approx(2 * 1.96 * (0.21 / 1000) ** 0.5, rel=0.1)


# Choices and copies


def test_members_are_taken_as_plain_loops_would_take_them() -> None:
    taken = set()
    for seed in range(12):
        labels, _ = answers(seed, 60)
        said = {str(number): answers(100 * seed + number, 60, 0)[1] for number in range(5)}
        said = {name: of + 0.18 * np.eye(7)[labels] for name, of in said.items()}

        def score(names: list[str], said: dict[str, np.ndarray] = said, labels: np.ndarray = labels) -> float:
            called = sum(said[name] for name in names).argmax(1)
            f1 = f1_score(labels, called, labels=np.unique(labels), average="macro", zero_division=0)
            return float(((called == labels).mean() + f1) / 2)

        chosen: list[str] = []
        while len(chosen) < 5:
            best = max((name for name in said if name not in chosen), key=lambda name: score([*chosen, name]))
            if chosen and score([*chosen, best]) <= score(chosen):
                break
            chosen.append(best)
        found = choose(said, labels)
        assert [choice.name for choice in found] == chosen
        assert found[-1].selection_score == pytest.approx(score(chosen))
        taken.add(len(chosen))
    assert max(taken) >= 3


def test_ten_views_are_cut_four_pixels_apart() -> None:
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48)).astype(np.uint8)
    for view, (top, left) in zip(
        list(augmented(faces, 10))[::2], ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2)), strict=True
    ):
        cut = Image.fromarray(faces[1, top : top + 44, left : left + 44])
        np.testing.assert_array_equal(view[1], np.asarray(cut.resize((48, 48), Image.Resampling.BICUBIC)))


def test_copies_of_what_chose_the_epoch_are_left_out_too(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The made-up set's one copy is put into the test part, its twin into the validation part."""
    root = Path(shutil.copytree(tiny_data, tmp_path / "data"))
    index = pd.read_csv(root / "fer2013.csv")
    index.loc[index["row"] == 0, "usage"] = "validation"
    index.loc[index["row"] == KAGGLE.index("validation"), "usage"] = "test"
    index.to_csv(root / "fer2013.csv", index=False)

    class Model(Classifier):
        name, file = "fake", tmp_path / "fake.onnx"

        def run(self, faces: np.ndarray) -> Outputs:
            return Outputs(np.eye(7, dtype=np.float32)[faces[:, 0, 0] % 7], np.zeros((len(faces), 4), np.float32))

    Model.file.write_bytes(b"a model")
    monkeypatch.setattr("mien.cli.evaluate.open_classifier", lambda *asked: Model())
    app = typer.Typer()
    app.command()(evaluate)
    done = CliRunner().invoke(app, ["fake", "--data", str(root), "--out", str(tmp_path / "made.json")])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "made.json").read_text())
    assert told["raw"]["pictures"] == 2 * 7 + 1
    assert told["without_duplicates"]["pictures"] == 2 * 7
