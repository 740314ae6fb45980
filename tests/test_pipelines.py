"""Pipelines: from data to a model file in steps that are done once, and again only when something has changed."""

import json
import shutil
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mien.data import dataset
from mien.errors import MienError, RecipeError
from mien.pipelines import making, plan
from mien.pipelines.steps.step import Place
from mien.recognition.framing import FRAMING
from mien.recognition.model import ModelFile

RECIPE = """network = "mobilenet_v2"
stages = [{ epochs = 2, pixels = 32 }]
batch_size = 14
split = "official"
ema = 0.5
warmup_epochs = 0
learning_rate = 1e-2
"""
STEPS = """
[[steps]]
kind = "train"
name = "one"
recipe = "tiny.toml"
start = "none"

[[steps]]
kind = "train"
name = "other"
recipe = "tiny.toml"
start = "one"
seed = 1

[[steps]]
kind = "average"
name = "mean"
runs = ["one", "other"]

[[steps]]
kind = "export"
name = "file"
run = "mean"
zoom = 1.25
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Place:
    root = tmp_path_factory.mktemp("pipelines")
    (root / "tiny.toml").write_text(RECIPE)
    (root / "small.toml").write_text(STEPS)
    load = cache(lambda split: dataset.load(tiny_data, split))
    return Place(root, tiny_data, root, None, load)


@pytest.fixture(scope="module")
def made(place: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    out = tmp_path_factory.mktemp("made")
    return out, making.make(plan.read(place.root / "small.toml"), place, out)


def remake(place: Place, out: Path) -> tuple[dict[str, Path], list[str]]:
    """Make it again; also the names of the steps that were made anew."""
    said: list[tuple[str, str]] = []
    results = making.make(
        plan.read(place.root / "small.toml"), place, out, say=lambda step, line: said.append((step.name, line))
    )
    return results, [name for name, line in said if line == "made"]


def test_the_model_file_names_its_pipeline(made: tuple[Path, dict[str, Path]]) -> None:
    _, results = made
    model = ModelFile.open(results["file"])
    assert model.metadata["pipeline"] == "small"
    assert model.metadata["pipeline_hash"] == json.loads((results["file"].parent / "done.json").read_text())["digest"]
    assert model.metadata["crop"] == FRAMING.closer(1.25).to_text()
    assert np.isfinite(model.run(np.zeros((1, 48, 48), np.uint8)).probabilities).all()


def test_the_mean_is_the_weights_mean(made: tuple[Path, dict[str, Path]]) -> None:
    _, results = made
    one, other, mean = (load_file(results[name]) for name in ("one", "other", "mean"))
    assert not np.allclose(one["head.weight"], other["head.weight"])
    np.testing.assert_allclose(mean["head.weight"], (one["head.weight"] + other["head.weight"]) / 2, atol=1e-6)


def test_what_is_unchanged_is_left_alone(made: tuple[Path, dict[str, Path]], place: Place) -> None:
    out, results = made
    assert remake(place, out) == (results, [])


def test_a_change_makes_anew_what_depends_on_it_and_keeps_the_old(
    made: tuple[Path, dict[str, Path]], place: Place, tmp_path: Path
) -> None:
    copied = shutil.copytree(made[0], tmp_path / "made")
    text = (place.root / "small.toml").read_text()
    (place.root / "small.toml").write_text(text.replace("seed = 1", "seed = 2"))
    try:
        _, anew = remake(place, copied)
    finally:
        (place.root / "small.toml").write_text(text)
    assert anew == ["other", "mean", "file"]
    assert len(list(copied.glob("other.outdated-*/run/weights.safetensors"))) == 1


def test_a_damaged_result_is_made_anew(made: tuple[Path, dict[str, Path]], place: Place, tmp_path: Path) -> None:
    copied = shutil.copytree(made[0], tmp_path / "made")
    (copied / "file" / "small.onnx").write_bytes(b"damaged")
    _, anew = remake(place, copied)
    assert anew == ["file"]


def test_the_time_ends_between_epochs_and_the_next_call_goes_on(place: Place, tmp_path: Path) -> None:
    pipeline = plan.read(place.root / "small.toml")
    assert making.make(pipeline, place, tmp_path, deadline=time.monotonic()) == {}
    deadline = time.monotonic() + 5

    def wait(step: object, line: str) -> None:
        time.sleep(max(deadline - time.monotonic(), 0))

    # The time is over as soon as the first step has begun: one epoch is done all the same.
    assert making.make(pipeline, place, tmp_path, deadline, say=wait) == {}
    assert len((tmp_path / "one" / "run" / "curve.csv").read_text().splitlines()) == 2
    results, anew = remake(place, tmp_path)
    assert anew == ["one", "other", "mean", "file"]
    assert len((results["one"].parent / "curve.csv").read_text().splitlines()) == 3


def test_a_step_that_fails_says_so(place: Place, tmp_path: Path) -> None:
    (place.root / "wrong.toml").write_text(STEPS.replace('start = "none"', 'start = "missing"'))
    with pytest.raises(MienError, match="no such starting weights"):
        making.make(plan.read(place.root / "wrong.toml"), place, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "train"', 'kind = "trian"'), "did you mean 'train'"),
        (('name = "other"', 'name = "one"'), "two steps are called 'one'"),
        (('runs = ["one", "other"]', 'runs = ["one", "othr"]'), "did you mean 'other'"),
        (('runs = ["one", "other"]', "runs = []"), "a list"),
        (('start = "none"', 'start = "other"'), "does not come before it"),
        (('run = "mean"', 'run = "mean"\nint9 = true'), "unknown key 'steps[3].int9'"),
    ],
)
def test_a_wrong_pipeline_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(STEPS.replace(*change))
    with pytest.raises(RecipeError) as refused:
        plan.read(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_pipelines_of_this_checkout_can_be_read() -> None:
    root = Path(__file__).parents[1] / "pipelines"
    for path in root.glob("*.toml"):
        steps = plan.read(path).steps
        assert [step.kind for step in steps][-1] == "judge"
