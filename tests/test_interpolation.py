"""The mean of the weights before and after fine-tuning: what is averaged, what is measured anew, what is refused."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from typer.testing import CliRunner

from mien.cli.main import app
from mien.data import dataset
from mien.data.votes import RATED
from mien.errors import ModelError, RecipeError
from mien.expressions import NAMES
from mien.results.record import read
from mien.results.runs import Epoch, Interpolation, InterpolationScores
from mien.training import interpolation
from mien.training.interpolation import average, interpolate
from mien.training.networks import build
from mien.training.run import RunFolder
from mien.training.run_classifier import predict
from mien.training.splits import training_and_validation

pytestmark = pytest.mark.usefixtures("one_thread")
RECIPE = (
    'network = "mobilenet_v2"\nstages = [{ epochs = 2, pixels = 32 }]\nsplit = "kaggle"\nbatch_size = 14\n'
    "ema = 0.5\nlearning_rate = 1e-2\n"
)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("start") / "weights.safetensors"
    save_file(build("mobilenet_v2", 32).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def tuned(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory, start: Path) -> RunFolder:
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "plan.toml").write_text(RECIPE)
    words = ["train", folder / "plan.toml", "--data", tiny_data, "--out", folder / "run", "--weights", start]
    CliRunner().invoke(
        app, [*map(str, words), "--accelerator", "cpu", "--threads", "1"], catch_exceptions=False, standalone_mode=False
    )
    return RunFolder(folder / "run")


def last(run: RunFolder) -> dict[str, torch.Tensor]:
    found = run.read_checkpoint(torch.device("cpu"))
    assert found is not None
    return {name.removeprefix("module."): value for name, value in found["averaged"].items()}


def accuracy_of(run: RunFolder, data: Path) -> float:
    """Of the weights that lie in the folder, on the pictures that choose."""
    _, choosing = training_and_validation(run.recipe(), dataset.load(data, "kaggle"))
    answers = predict(run.network(), torch.from_numpy(choosing.faces), run.recipe().pixels).argmax(1)
    return float((answers == choosing.labels).mean())


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_weights_lie_between_start_and_last_epoch(
    fraction: float, start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path
) -> None:
    out = RunFolder(tmp_path / "averaged")
    scores = interpolate(tuned, start, [fraction], dataset.load(tiny_data, "kaggle"), out)
    before, after, mean = load_file(start), last(tuned), load_file(out.weights)
    assert any(not torch.equal(before[name], after[name]) for name in before)
    for name, values in mean.items():
        if "running" not in name and "num_batches" not in name:
            assert torch.allclose(values, (1 - fraction) * before[name] + fraction * after[name], atol=1e-6)
    assert out.description().interpolation == Interpolation(1 - fraction, last_epoch=fraction, tried=[scores])
    assert scores.accuracy == pytest.approx(accuracy_of(out, tiny_data))
    assert out.network().training is False


def test_labels_and_raters_choose_the_fraction_alike(
    start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = dataset.load(tiny_data, "kaggle")
    raters = np.zeros((len(faces), len(RATED)), np.uint8)
    raters[:, RATED.index("neutral")] = 10
    faces = replace(faces, raters=raters)
    _, choosing = training_and_validation(tuned.recipe(), faces)
    neutral = np.eye(len(NAMES), dtype=np.float32)[np.full(len(choosing), NAMES.index("neutral"))]
    labelled = np.eye(len(NAMES), dtype=np.float32)[choosing.labels]
    answers = iter([labelled, neutral])
    monkeypatch.setattr(interpolation, "predict", lambda *_: next(answers))
    tried_scores: list[InterpolationScores] = []
    best = interpolate(tuned, start, [0.4, 0.6], faces, RunFolder(tmp_path / "averaged"), tried_scores.append)
    are_neutral = float((choosing.labels == NAMES.index("neutral")).mean())
    assert [(scores.accuracy, scores.raters) for scores in tried_scores] == [(1.0, are_neutral), (are_neutral, 1.0)]
    assert best.fraction == 0.4  # a tie: the first
    tied = replace(tried_scores[1], accuracy=are_neutral + 0.01)
    assert tied.selection_score > tried_scores[0].selection_score
    mean = load_file(tmp_path / "averaged" / "weights.safetensors")["head.weight"]
    assert torch.allclose(mean, 0.6 * load_file(start)["head.weight"] + 0.4 * last(tuned)["head.weight"], atol=1e-6)


def test_the_best_fraction_is_written_and_not_the_last(
    start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = dataset.load(tiny_data, "kaggle")
    _, choosing = training_and_validation(tuned.recipe(), faces)
    right = np.eye(len(NAMES), dtype=np.float32)[choosing.labels]
    answers = iter([np.roll(right, 1, axis=1), right, np.roll(right, 2, axis=1)])
    monkeypatch.setattr(interpolation, "predict", lambda *_: next(answers))
    out = RunFolder(tmp_path / "averaged")
    best = interpolate(tuned, start, [0.2, 0.4, 0.6], faces, out)
    assert (best.fraction, best.accuracy) == (0.4, 1.0)
    told = out.description().interpolation
    assert told is not None
    assert (told.start, told.last_epoch) == (0.6, 0.4)
    assert read(Epoch, out.path / "metrics.json").accuracy == 1.0
    mean = load_file(out.weights)["head.weight"]
    assert torch.allclose(mean, 0.6 * load_file(start)["head.weight"] + 0.4 * last(tuned)["head.weight"], atol=1e-6)


def test_a_run_without_checkpoint_gives_its_best_epoch(
    start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path
) -> None:
    home = RunFolder(Path(shutil.copytree(tuned.path, tmp_path / "home", ignore=shutil.ignore_patterns("*.pt"))))
    out = RunFolder(tmp_path / "averaged")
    interpolate(home, start, [1.0], dataset.load(tiny_data, "kaggle"), out)
    assert torch.equal(load_file(out.weights)["head.weight"], load_file(tuned.weights)["head.weight"])
    told = out.description().interpolation
    assert told is not None
    assert told.best_epoch == 1.0
    home.weights.unlink()
    with pytest.raises(ModelError, match="no such weights"):
        interpolate(home, start, [1.0], dataset.load(tiny_data, "kaggle"), RunFolder(tmp_path / "none"))


def test_batch_norms_are_measured_with_the_mean_weights(
    start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path
) -> None:
    out = RunFolder(tmp_path / "averaged")
    interpolate(tuned, start, [0.5], dataset.load(tiny_data, "kaggle"), out)
    network = out.network()
    first = next(module for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    first.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    faces = dataset.load(tiny_data, "kaggle").part("train").faces
    plan = out.recipe()
    with torch.no_grad():
        network(plan.affine(torch.from_numpy(faces), plan.pixels, torch.Generator().manual_seed(9)))
    # Other draws of the augmentation, so about the same: the statistics of the fresh network were 0 and 1.
    assert torch.allclose(first.running_var, seen[0].var((0, 2, 3)), rtol=0.3)


def test_the_plain_mean_of_runs_counts_each_alike(tuned: RunFolder, tiny_data: Path, tmp_path: Path) -> None:
    runs = [tuned]
    for factor in (2, 6):
        runs.append(RunFolder(Path(shutil.copytree(tuned.path, tmp_path / f"times{factor}"))))
        of_tuned = load_file(tuned.weights)
        scaled = {name: values * factor if "running" not in name else values for name, values in of_tuned.items()}
        save_file(scaled, runs[-1].weights)
    out = RunFolder(tmp_path / "mean")
    scores = average(runs, dataset.load(tiny_data, "kaggle"), out)
    mean = load_file(out.weights)
    for name, values in load_file(tuned.weights).items():
        if "running" not in name and "num_batches" not in name:
            assert torch.allclose(mean[name], 3 * values, atol=1e-5), name
    assert any("running_mean" in name and not torch.equal(mean[name], values) for name, values in of_tuned.items())
    assert out.description().average_of == 3
    assert scores.accuracy == pytest.approx(accuracy_of(out, tiny_data))
    last_epoch = tuned.curve()[-1]
    told = read(Epoch, out.path / "metrics.json")
    assert (told.epoch, told.accuracy, told.macro_f1) == (last_epoch.epoch, scores.accuracy, scores.macro_f1)
    assert out.curve() == tuned.curve()


def test_what_cannot_be_averaged_is_refused(start: Path, tuned: RunFolder, tiny_data: Path, tmp_path: Path) -> None:
    faces = dataset.load(tiny_data, "kaggle")
    with pytest.raises(RecipeError, match="holds a run already"):
        interpolate(tuned, start, [0.5], faces, tuned)
    words = ["average", tuned.path, start, "--data", tiny_data, "--out", tmp_path / "one"]
    result = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False, standalone_mode=False)
    assert "macro F1" in result.output
    told = RunFolder(tmp_path / "one").description().interpolation
    assert told is not None
    assert [of.fraction for of in told.tried or []] == [0.25, 0.5, 0.75, 1.0]
    with pytest.raises(RecipeError, match="is a mean already"):
        interpolate(RunFolder(tmp_path / "one"), start, [0.5], faces, RunFolder(tmp_path / "two"))
    assert not (tmp_path / "two").exists()
