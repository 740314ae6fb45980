"""The class prior: what a recognizer says where expressions are as frequent as the user tells it."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mien import Recognizer
from mien.cli.main import app
from mien.errors import MienError, ModelError
from mien.expressions import NAMES
from mien.recognition.prior import apply_prior, prior_ratio, training_prior

CLASSES = {"classes": ",".join(NAMES)}
FACES = np.random.default_rng(0).integers(0, 256, (4, 48, 48), dtype=np.uint8)


def test_probabilities_are_brought_from_one_prior_to_the_other_by_bayes():
    metadata = {"classes": "angry,happy", "class_prior": "0.2,0.8"}
    found = apply_prior(np.array([[0.5, 0.5], [0.2, 0.8]], np.float32), prior_ratio("equal", metadata))
    assert found == pytest.approx(np.array([[0.8, 0.2], [0.5, 0.5]]))
    asked = prior_ratio({"happiness": 10, "angry": 30}, metadata)  # a noun and an adjective, in any order and unit
    assert apply_prior(np.array([[0.2, 0.8]], np.float32), asked) == pytest.approx(np.array([[0.75, 0.25]]))


def test_older_files_expect_what_fer2013_has():
    prior = training_prior(CLASSES)
    assert prior.sum() == pytest.approx(1)
    assert dict(zip(NAMES, prior, strict=True))["happy"] == pytest.approx(7215 / 28709)


def test_the_training_prior_changes_nothing():
    assert prior_ratio("training", CLASSES) is None
    own = dict(zip(NAMES, training_prior(CLASSES), strict=True))
    assert prior_ratio(own, CLASSES) == pytest.approx(np.ones(7))


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ("flat", "unknown prior 'flat'"),
        ({"happy": 1}, "above 0 for each class once: angry, "),
        (dict.fromkeys((*NAMES[:-1], "bored"), 1), "'bored', which is none of the classes"),
        (dict.fromkeys((*NAMES[:-1], "anger"), 1), "each class once"),
        (dict.fromkeys(NAMES, 0), "above 0"),
        (dict.fromkeys(NAMES, float("nan")), "above 0"),
    ],
)
def test_other_priors_are_refused(prior, said):
    with pytest.raises(MienError, match=said):
        prior_ratio(prior, CLASSES)


@pytest.mark.parametrize("told", ["0.5", "1,2,3,4,5,6,x", "1,1,1,1,1,1,0", "1,1,1,1,1,1,nan"])
def test_damaged_metadata_is_refused(told):
    with pytest.raises(ModelError, match="class_prior"):
        prior_ratio("equal", CLASSES | {"class_prior": told})


def test_classes_that_fer2013_has_not_need_a_prior_of_their_own():
    with pytest.raises(ModelError, match="class_prior"):
        prior_ratio("equal", {"classes": "bored,awake"})


def test_a_recognizer_reads_cut_faces_and_pictures_by_its_prior(tmp_path: Path):
    plain, even = Recognizer(), Recognizer(prior="equal")
    expected = apply_prior(plain.classify(FACES).probabilities, prior_ratio("equal", plain.model.metadata))
    assert even.classify(FACES).probabilities == pytest.approx(expected)
    assert np.abs(expected - plain.classify(FACES).probabilities).max() > 0.01
    (face,) = even.recognize(FACES[0], faces_are_cut=True)
    assert face.probabilities == pytest.approx(expected[0], abs=1e-4)
    assert face.probabilities.dtype == np.float32


def test_the_command_reads_by_a_prior(tmp_path: Path):
    picture = tmp_path / "face.png"
    Image.fromarray(FACES[0]).save(picture)

    def shares(*more: str) -> np.ndarray:
        out = tmp_path / "out.csv"
        words = ["predict", str(picture), "--faces-are-cut", "--csv", str(out), *more]
        CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
        (row,) = csv.DictReader(out.read_text().splitlines())
        return np.array([float(row[name]) for name in NAMES])

    ratio = prior_ratio("equal", Recognizer().model.metadata)
    assert shares("--prior", "equal") == pytest.approx(apply_prior(shares()[None], ratio)[0], abs=2e-3)
    numbers = ",".join(f"{name}=2" for name in NAMES)
    assert shares("--prior", numbers) == pytest.approx(shares("--prior", "equal"))
    with pytest.raises(MienError, match="--prior takes training, equal or numbers"):
        shares("--prior", "happy=much")
