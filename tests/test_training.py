"""The trainer: what it shows a network, what it writes, and that nothing that interrupts it changes the result."""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mien.data import dataset
from mien.data.dataset import FaceData
from mien.data.votes import VOTED
from mien.errors import DataError, ModelError, RecipeError, StorageError
from mien.expressions import NAMES
from mien.results.runs import Epoch
from mien.training import loop
from mien.training.affine import AffineParams, RandomAffine, enlarge
from mien.training.checkpointer import Checkpointer
from mien.training.loop import train
from mien.training.mixing.fmix import FMix
from mien.training.mixing.mixture import Mixture
from mien.training.moving_average import MovingAverage
from mien.training.networks import ARCHITECTURES, build
from mien.training.networks.processor import suit_processor
from mien.training.objective import Objective
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder
from mien.training.sampling import class_weights, epoch_order
from mien.training.splits import is_synthetic, training_and_validation
from mien.training.targets import class_targets

pytestmark = pytest.mark.usefixtures("one_thread")
MIEN = Path(sys.executable).with_name("mien")
STILL = RandomAffine(scale=(1, 1), translation=0, rotation=0, mirror=False, brightness=0, contrast=0, gamma=0, erase=0)
# The smallest network at the smallest size: an epoch of a few steps.
TINY = Recipe(
    "mobilenet_v2", stages=(Stage(3, 32),), split="kaggle", batch_size=14, fer_plus=0.5, mixing=FMix(probability=0.5)
)
TINY_TOML = """
network = "mobilenet_v2"
stages = [{{ epochs = {epochs}, pixels = 32 }}]
split = "kaggle"
batch_size = 14
fer_plus = 0.5
mixing = {{ name = "fmix", probability = 0.5 }}
"""


@pytest.fixture(scope="module")
def parts(tiny_data: Path) -> tuple[FaceData, FaceData]:
    return training_and_validation(TINY, dataset.load(tiny_data, "kaggle"))


@pytest.fixture(scope="module")
def run(parts: tuple[FaceData, FaceData]) -> Callable[..., list[Epoch]]:
    def run(folder: Path, recipe: Recipe = TINY, deadline: float | None = None) -> list[Epoch]:
        torch.manual_seed(recipe.seed)
        network = build(recipe.network, recipe.pixels)
        return train(
            recipe, network, *parts, RunFolder(folder), Fabric(accelerator="cpu", devices=1), deadline=deadline
        )

    return run


def results(curve: list[Epoch]) -> list[tuple]:
    """What must not depend on when and how fast a run ran."""
    return [(epoch.epoch, epoch.loss, epoch.accuracy, epoch.macro_f1) for epoch in curve]


def rounded(curve: list[Epoch]) -> list[tuple]:
    return [tuple(round(value, 5) for value in line) for line in results(curve)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Sampling


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 60), min_size=2, max_size=7), balance=st.floats(0.05, 1), seed=st.integers(0, 99))
def test_a_balanced_epoch_shows_classes_by_their_power_and_pictures_evenly(
    sizes: list[int], balance: float, seed: int
) -> None:
    labels = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    order = epoch_order(labels, balance, generator(seed))
    wanted = np.array(sizes) ** (1 - balance)
    wanted = wanted / wanted.sum() * sum(sizes)
    shown = torch.bincount(labels[order], minlength=len(sizes)).numpy()
    assert np.abs(shown - wanted).max() <= 0.5 + 1e-6
    for label in range(len(sizes)):
        times = torch.bincount(order, minlength=len(labels))[labels == label]
        assert times.max() - times.min() <= 1


def test_an_unbalanced_epoch_shows_each_picture_once() -> None:
    labels = torch.tensor([0, 0, 1, 2, 2, 2])
    assert epoch_order(labels, 0, generator()).sort().values.tolist() == list(range(6))
    assert torch.equal(epoch_order(labels, 0.5, generator(3)), epoch_order(labels, 0.5, generator(3)))


def test_class_weights_favour_the_rare_and_mean_one_over_pictures() -> None:
    labels = np.repeat([0, 1, 3], [100, 10, 40])
    weights = class_weights(labels, 4, 0.5)
    assert weights[labels].mean() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(10**0.5)
    assert weights[2] == 0
    assert class_weights(labels, 4, 0)[[0, 1, 3]] == pytest.approx(1)


# Warping


@pytest.fixture(scope="module")
def faces() -> torch.Tensor:
    return torch.randint(0, 256, (64, 48, 48), dtype=torch.uint8, generator=generator(5))


@pytest.mark.parametrize("pixels", [48, 64, 112])
def test_a_warp_that_does_nothing_is_enlarging(faces: torch.Tensor, pixels: int) -> None:
    torch.testing.assert_close(STILL(faces, pixels, generator()), enlarge(faces, pixels), atol=1e-4, rtol=0)


def test_mirroring_flips_about_half_of_the_faces(faces: torch.Tensor) -> None:
    warped, plain = replace(STILL, mirror=True)(faces, 48, generator()), enlarge(faces, 48)
    same = (warped - plain).abs().amax((1, 2, 3)) < 1e-4
    flipped = (warped - plain.flip(3)).abs().amax((1, 2, 3)) < 1e-4
    assert (same ^ flipped).all()
    assert 16 <= same.sum() <= 48


def test_a_smaller_square_enlarges_the_middle() -> None:
    face = torch.zeros((1, 48, 48), dtype=torch.uint8)
    face[:, 12:36, 12:36] = 255
    warped = replace(STILL, scale=(0.5, 0.5))(face, 48, generator())
    assert warped[..., 1:-1, 1:-1].min() > 0.99


def test_shift_turn_and_light_stay_within_their_bounds() -> None:
    dot = torch.zeros((200, 48, 48), dtype=torch.uint8)
    dot[:, 22:26, 22:26] = 255
    warped = replace(STILL, translation=0.1)(dot, 48, generator())[:, 0]
    place = torch.arange(48) + 0.5
    middle = (warped.sum(1) * place).sum(1) / warped.sum((1, 2))
    assert 3 < (middle - 24).abs().max() <= 4.8 + 0.1
    turned = replace(STILL, rotation=45.0)(dot.roll(12, 1), 48, generator())[:, 0]
    down = (turned.sum(2) * place).sum(1) / turned.sum((1, 2)) - 24
    across = (turned.sum(1) * place).sum(1) / turned.sum((1, 2)) - 24
    angle = torch.atan2(across, down).rad2deg()
    assert 35 < angle.abs().max() <= 46
    grey = torch.full((200, 48, 48), 128, dtype=torch.uint8)
    levels = replace(STILL, brightness=0.2)(grey, 48, generator()).mean((1, 2, 3)) - 128 / 255
    assert 0.15 < levels.abs().max() <= 0.2 + 1e-4


def test_aspect_stretches_the_sampled_square_and_keeps_its_area() -> None:
    moves = RandomAffine(scale=(0.9, 0.9), aspect=0.5).draw(500, generator())
    wide, high = moves.theta[:, :, 0].norm(dim=1), moves.theta[:, :, 1].norm(dim=1)
    torch.testing.assert_close(wide * high, torch.full((500,), 0.81))
    ratios = (wide / high).log()
    assert -0.5 <= ratios.min() < -0.45
    assert 0.45 < ratios.max() <= 0.5


def test_a_square_that_is_stretched_shows_its_face_squashed() -> None:
    face = torch.zeros((1, 48, 48), dtype=torch.uint8)
    face[:, 12:36, 12:36] = 255
    moves = AffineParams(torch.tensor([[[1.5, 0, 0], [0, 1 / 1.5, 0]]]), torch.ones(1), torch.zeros(1), None)
    drawn = replace(STILL, aspect=0.6).draw(1, generator(3))
    assert drawn.theta[0, 0, 1] == drawn.theta[0, 1, 0] == 0
    stretch = float(drawn.theta[0, 0, 0])
    assert float(drawn.theta[0, 1, 1]) == pytest.approx(1 / stretch)
    shown = moves(face, 48)[0, 0] > 0.5
    assert (int(shown.any(0).sum()), int(shown.any(1).sum())) == (16, 36)  # 24 / 1.5 wide, 24 * 1.5 high


def test_a_warp_without_aspect_draws_what_it_drew_before_there_was_one() -> None:
    used, counted = generator(), generator()
    RandomAffine().draw(64, used)
    for _ in range(7):  # scale, turn, mirror, shift across and down, contrast, light
        torch.rand(64, generator=counted)
    assert torch.equal(used.get_state(), counted.get_state())


def test_gamma_bends_grey_and_keeps_black_and_white() -> None:
    ramp = torch.linspace(0, 255, 48).to(torch.uint8).expand(100, 48, 48)
    warped = replace(STILL, gamma=0.5)(ramp, 48, generator())[:, 0, 24]
    assert warped[:, 0] == pytest.approx(0)
    assert warped[:, -1] == pytest.approx(1)
    assert (warped.diff(dim=1) >= 0).all()
    power = warped[:, 24].log() / (ramp[0, 24, 24] / 255).log()
    assert 1.2 < power.max() <= np.exp(0.5) + 1e-3
    assert np.exp(-0.5) - 1e-3 <= power.min() < 0.8


def test_erasing_touches_its_share_of_faces(faces: torch.Tensor) -> None:
    warped = replace(STILL, erase=0.25)(faces.repeat(8, 1, 1), 48, generator())
    changed = ((warped - enlarge(faces.repeat(8, 1, 1), 48)).abs() > 0.01).float().mean((1, 2, 3))
    assert 0.15 < (changed > 0).float().mean() < 0.35
    assert changed.max() < 0.35


def test_the_default_warp_repeats_by_seed_and_stays_in_range(faces: torch.Tensor) -> None:
    first, again, other = (RandomAffine()(faces, 64, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 1


# Objective and averaging


def test_soft_targets_give_the_shares_mean_of_the_two_losses() -> None:
    network = build("mobilenet_v2", 32).eval()
    objective = Objective(network, torch.linspace(0.5, 2, 7), label_smoothing=0.1, fer_plus=0.7)
    batch = torch.rand((6, 1, 32, 32), generator=generator())
    labels, partner, share = torch.arange(6), torch.arange(6).flip(0), torch.linspace(0, 1, 6)
    targets, votes = functional.one_hot(labels, 7).float(), torch.softmax(torch.randn((6, 8)), 1)
    mixture = Mixture(batch, partner, share)
    with torch.no_grad():
        logits, features = network(batch)
        votes_logits = objective.votes_head(features)
        mixed = objective(batch, mixture.targets(targets), mixture.targets(votes))

    def losses(of: torch.Tensor) -> torch.Tensor:
        plain = functional.cross_entropy(logits, labels[of], reduction="none", label_smoothing=0.1)
        by_votes = functional.cross_entropy(votes_logits, votes[of], reduction="none")
        return plain * objective.weights[labels[of]] + 0.7 * by_votes

    expected = (share * losses(labels) + (1 - share) * losses(partner)).mean()
    torch.testing.assert_close(mixed, expected)


def test_raters_have_their_share_of_the_targets(parts: tuple[FaceData, FaceData]) -> None:
    few = parts[0].where(np.arange(len(parts[0])) < 3)
    votes = np.zeros((3, len(VOTED)), np.float32)
    votes[0, [VOTED.index("fear"), VOTED.index("contempt")]] = 0.5  # contempt is no class: what is left is all "fear"
    votes[1, [VOTED.index("neutral"), VOTED.index("sadness")]] = 0.75, 0.25
    few = replace(few, labels=np.array([NAMES.index("happy"), NAMES.index("sad"), NAMES.index("angry")]), votes=votes)
    expected = np.zeros((3, len(NAMES)))
    expected[0, [NAMES.index("happy"), NAMES.index("fear")]] = 0.6, 0.4
    expected[1, [NAMES.index("sad"), NAMES.index("neutral")]] = 0.7, 0.3
    expected[2, NAMES.index("angry")] = 1  # no votes
    np.testing.assert_allclose(class_targets(few, 0.4), expected, atol=1e-6)
    np.testing.assert_array_equal(class_targets(few, 0).argmax(1), few.labels)
    with pytest.raises(RecipeError, match="no votes; put the index"):
        class_targets(replace(few, votes=None), 0.4)


def test_a_training_learns_what_raters_said(
    run: Callable[..., list[Epoch]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(loop, "class_targets", lambda data, raters: seen.append(raters) or class_targets(data, raters))
    rated = run(tmp_path / "rated", replace(TINY, raters=0.5, stages=(Stage(1, 32),)))
    plain = run(tmp_path / "plain", replace(TINY, stages=(Stage(1, 32),)))
    assert seen == [0.5, 0.0, 0.0, 0.0]  # what judges keeps its labels
    assert rated[0].loss != plain[0].loss
    assert plain[0].raters is None
    assert RunFolder(tmp_path / "rated").curve()[0].raters == pytest.approx(rated[0].raters, abs=1e-5)


def test_raters_who_are_learned_from_choose_the_epoch_too(tmp_path: Path) -> None:
    labels_best = Epoch(0, 1.0, 0.70, 0.68, 100.0, 1.0, raters=0.78)
    raters_best = Epoch(1, 0.9, 0.69, 0.67, 100.0, 1.0, raters=0.82)
    assert max((labels_best, raters_best), key=lambda epoch: epoch.selection_score) is raters_best
    unrated = [replace(epoch, raters=None) for epoch in (labels_best, raters_best)]
    assert max(unrated, key=lambda epoch: epoch.selection_score) is unrated[0]
    for curve in ([labels_best, raters_best], unrated):
        RunFolder(tmp_path).write_curve(curve)
        assert RunFolder(tmp_path).curve() == curve
        assert ("raters" in (tmp_path / "curve.csv").read_text()) == (curve[0].raters is not None)


def test_the_average_is_torchs() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    mine = MovingAverage(network, 0.9)
    oracle = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    oracle.n_averaged += 1  # torch's takes over the first network it is given; both begin with the same one
    for _ in range(3):
        for tensor in network.parameters():
            tensor.data += torch.randn_like(tensor)
        network.train()(torch.randn(2, 1, 8, 8))
        mine.update()
        oracle.update_parameters(network)
    for name, tensor in oracle.module.state_dict().items():
        # torch's averages whole numbers too, and rounds them; ours are the network's.
        expected = (
            tensor if tensor.is_floating_point() or name not in network.state_dict() else network.state_dict()[name]
        )
        torch.testing.assert_close(mine.module.state_dict()[name], expected)
    assert int(mine.module[1].num_batches_tracked) == 3
    assert mine.state_dict().keys() == oracle.state_dict().keys()


# Parts


def synthetic_set(tiny_data: Path) -> FaceData:
    data = dataset.load(tiny_data, "kaggle")
    ids = data.ids.astype("U100")
    made = np.flatnonzero((data.parts == "train") & (data.labels == 1))[:4]
    for number, place in enumerate(made):
        ids[place] = f"train/disgust/syn-{number}.png"
    return replace(data, ids=ids)


def test_held_out_pictures_choose_and_the_report_part_is_untouched(tiny_data: Path) -> None:
    data = dataset.load(tiny_data, "kaggle")
    training, choosing = training_and_validation(replace(TINY, hold_out=0.2), data)
    reported = data.part("validation")
    for one, other in ((training, choosing), (training, reported), (choosing, reported)):
        assert not np.isin(one.groups, other.groups).any()
    assert len(training) + len(choosing) == (data.parts == "train").sum() - 1  # the one with a copy in validation
    again = training_and_validation(replace(TINY, hold_out=0.2, seed=5), data)[1]
    assert again.ids.tolist() == choosing.ids.tolist()


def test_synthetic_pictures_are_learned_from_by_their_share_and_never_choose(tiny_data: Path) -> None:
    data = synthetic_set(tiny_data)
    counts = []
    for share in (0.0, 0.5, 1.0):
        training, choosing = training_and_validation(replace(TINY, hold_out=0.3, synthetic=share), data)
        assert not is_synthetic(choosing).any()
        counts.append(int(is_synthetic(training).sum()))
    assert counts == [0, 2, 4]
    with pytest.raises(RecipeError, match="balance it first"):
        training_and_validation(replace(TINY, synthetic=1.0), dataset.load(tiny_data, "kaggle"))


def test_a_class_without_pictures_and_a_batch_of_more_than_all_are_refused(tiny_data: Path) -> None:
    faces = dataset.load(tiny_data, "kaggle")
    with pytest.raises(DataError, match="no picture of happy to learn from"):
        training_and_validation(TINY, faces.where((faces.labels != 3) | (faces.parts != "train")))
    with pytest.raises(DataError, match="no picture of angry, disgust, fear, sad, surprise, neutral to learn from"):
        training_and_validation(TINY, faces.where(faces.labels == 3))
    with pytest.raises(RecipeError, match="batch_size must be at most 41, the pictures to learn from, not 42"):
        training_and_validation(replace(TINY, batch_size=42), faces)
    assert len(training_and_validation(replace(TINY, batch_size=41), faces)[0]) == 41


def test_a_set_without_a_validation_part_holds_some_out(tiny_data: Path) -> None:
    data = dataset.load(tiny_data, "official")
    data = data.where(data.parts != "validation")
    training, choosing = training_and_validation(replace(TINY, split="official"), data)
    assert len(choosing) >= 7
    assert not np.isin(training.groups, choosing.groups).any()


def test_without_a_validation_part_a_tenth_of_each_class_is_held_out() -> None:
    count = 20 * len(NAMES)
    faces = np.random.default_rng(0).integers(0, 256, (count, 48, 48), np.uint8)
    ids = np.array([f"{number}.png" for number in range(count)])
    data = FaceData(faces, np.arange(count) % len(NAMES), np.full(count, "train"), ids, np.arange(count))
    training, choosing = training_and_validation(TINY, data)
    assert np.bincount(choosing.labels).tolist() == [2] * len(NAMES)
    assert len(training) == count - len(choosing)


# The loop


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "vit_small_dinov2"])  # vit_small's twin
def test_every_network_trains(
    name: str, tmp_path: Path, run: Callable[..., list[Epoch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunFolder, "write_checkpoint", lambda folder, state: None)  # of no use here, and large
    pixels = ARCHITECTURES[name].least
    recipe = replace(TINY, network=name, stages=(Stage(1, pixels),), batch_size=21)
    folder = RunFolder(tmp_path)
    folder.write_description(recipe, "hash", "none", "32-true")
    curve = run(tmp_path, recipe)
    assert len(curve) == 1
    assert np.isfinite(curve[0].loss)
    assert rounded(folder.curve()) == rounded(curve)
    assert folder.network()(torch.zeros(1, 1, pixels, pixels))[0].shape == (1, 7)


def test_attention_suited_to_a_processor_is_the_fused_one(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = build("vit_tiny", 48).eval()
    faces = torch.rand(4, 1, 48, 48)
    with torch.inference_mode():
        fused = network(faces)[1]
        suit_processor(network)
        monkeypatch.delattr(functional, "scaled_dot_product_attention")
        assert torch.allclose(network(faces)[1], fused, atol=1e-4)


def test_strided_depthwise_convolutions_suited_to_a_processor_stay_in_float32() -> None:
    network = build("mobilenet_v2", 64)
    names = list(network.state_dict())
    kinds: dict[tuple[bool, bool], set[torch.dtype]] = defaultdict(set)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            kind = layer.groups > 1, layer.stride != (1, 1)
            layer.register_forward_hook(lambda _, __, output, kind=kind: kinds[kind].add(output.dtype))
    suit_processor(network)
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(2, 1, 64, 64))[0].sum().backward()
    assert kinds.pop((True, True)) == {torch.float32}
    assert set(kinds) == {(True, False), (False, True), (False, False)}
    assert all(dtypes == {torch.bfloat16} for dtypes in kinds.values())
    assert list(network.state_dict()) == names
    assert all(weight.grad is not None for weight in network.backbone.parameters())


def test_a_network_learns(tmp_path: Path, run: Callable[..., list[Epoch]]) -> None:
    recipe = replace(
        TINY, stages=(Stage(10, 32),), learning_rate=3e-3, mixing=None, affine=STILL, ema=0.9, layer_decay=1
    )
    curve = run(tmp_path, recipe)
    assert curve[-1].loss < 0.8 * curve[0].loss


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_last_checkpoint(
    tmp_path: Path, run: Callable[..., list[Epoch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, replace(TINY, stages=(Stage(1, 32),)))
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(
        loop, "set_rate", lambda optimiser, recipe, done: optimiser.param_groups[0].update(lr=float("nan"))
    )
    with pytest.raises(RecipeError, match="of epoch 2 are no finite numbers; lower learning_rate"):
        run(tmp_path, replace(TINY, stages=(Stage(2, 32),)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_a_run_in_three_sittings_equals_one(tmp_path: Path, run: Callable[..., list[Epoch]]) -> None:
    recipe = replace(TINY, stages=(Stage(2, 32), Stage(1, 48)))
    whole = run(tmp_path / "whole", recipe)
    for epochs in (1, 2, 3):  # the time is always over, so each sitting is one epoch
        curve = run(tmp_path / "parts", recipe, deadline=0)
        assert len(curve) == epochs
    assert results(curve) == results(whole)
    one, other = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    RunFolder(tmp_path / "parts").write_curve(curve[:2])  # as a kill after the last checkpoint leaves it
    assert results(run(tmp_path / "parts", recipe)) == results(whole)
    assert rounded(RunFolder(tmp_path / "parts").curve()) == rounded(whole)


@pytest.mark.parametrize(("keep", "wanted"), [("best", [1, 2, 2, 2, 5]), ("last", [1, 2, 3, 4, 5])])
def test_the_first_of_the_best_epochs_is_kept_or_the_last_also_over_a_kill(
    tmp_path: Path, keep: Literal["best", "last"], wanted: list[int]
) -> None:
    recipe = replace(TINY, keep=keep)
    network = torch.nn.Linear(1, 1)
    curve: list[Epoch] = []

    def checkpointer() -> Checkpointer:
        optimiser = torch.optim.AdamW(network.parameters())
        return Checkpointer(RunFolder(tmp_path), recipe, network, MovingAverage(network, 0.0), optimiser)  # type: ignore[arg-type]

    def kept(by: Checkpointer, merit: float) -> float:
        curve.append(Epoch(len(curve), 1.0, merit, merit, 1.0, 1.0))
        by._averaged.module.bias.data.fill_(len(curve))
        by.save(curve, last=True)
        return float(load_file(tmp_path / "weights.safetensors")["bias"])

    first = checkpointer()
    found = [kept(first, merit) for merit in (0.4, 0.5, 0.5)]
    again = checkpointer()
    found += [kept(again, merit) for merit in (0.5, 0.6)]
    assert found == wanted
    assert recipe.kept(curve).epoch == 4


@pytest.mark.parametrize("lost", ["averaged", "curve", "everything"])
def test_a_checkpoint_that_lacks_something_is_damaged(
    tmp_path: Path, run: Callable[..., list[Epoch]], lost: str
) -> None:
    folder = RunFolder(tmp_path)
    network = build(TINY.network, 32)
    objective = Objective(network, torch.ones(7), 0.1, TINY.fer_plus)
    state = {"objective": objective.state_dict(), "averaged": MovingAverage(network, 0.9).state_dict(), "curve": []}
    folder.write_checkpoint({} if lost == "everything" else {**state, lost: {}})
    with pytest.raises(ModelError, match=r"checkpoint\.pt: damaged; delete it"):
        run(tmp_path)


def test_a_full_disk_is_an_error_and_leaves_the_last_checkpoint(
    tmp_path: Path, run: Callable[..., list[Epoch]]
) -> None:
    run(tmp_path, deadline=0)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the system now refuses what is larger
    try:
        with pytest.raises(StorageError, match="free some space"):
            run(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.glob(".*.draft"))
    assert len(run(tmp_path)) == TINY.epochs


def test_a_damaged_curve_is_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.curve() == []
    for text in ("epoch,loss\n1,2\n", "epoch\nx\n", "\x00\x01"):
        (tmp_path / "curve.csv").write_text(text)
        if text.isprintable() or "," in text:
            with pytest.raises(DataError, match="not a run's curve"):
                folder.curve()


def test_a_folder_in_use_is_locked_and_a_dead_process_lets_go(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_locked()
    assert not list(tmp_path.iterdir()), "asking writes nothing"
    script = (
        "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); "
        "print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / ".lock")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert folder.is_locked()
    holder.kill()
    holder.wait()
    assert not folder.is_locked()


# The command


def command(recipe: Path, data: Path, out: Path, *more: str) -> list[str]:
    return [
        *(str(MIEN), "train", str(recipe), "--data", str(data), "--out", str(out)),
        *("--weights", "none", "--threads", "1", "--accelerator", "cpu", *more),
    ]


def test_killed_and_resumed_gives_the_same_curve(
    tmp_path: Path, tiny_data: Path, run: Callable[..., list[Epoch]]
) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "killed"
    recipe.write_text(TINY_TOML.format(epochs=12))
    process = subprocess.Popen(command(recipe, tiny_data, out), stderr=subprocess.DEVNULL)
    while process.poll() is None and not ((out / "checkpoint.pt").exists() and len(RunFolder(out).curve()) > 1):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 0 < len(RunFolder(out).curve()) < 12
    subprocess.run(command(recipe, tiny_data, out, "--resume"), check=True, stderr=subprocess.DEVNULL)
    whole = run(tmp_path / "whole", replace(TINY, stages=(Stage(12, 32),)))
    assert rounded(RunFolder(out).curve()) == rounded(whole)
    one, other = (load_file(folder / "weights.safetensors") for folder in (out, tmp_path / "whole"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_two_processes_train_one_network(tmp_path: Path, tiny_data: Path) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "pair"
    recipe.write_text(TINY_TOML.format(epochs=2))
    done = subprocess.run(
        command(recipe, tiny_data, out, "--devices", "2"),
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    folder = RunFolder(out)
    assert len(folder.curve()) == 2
    assert all(np.isfinite(epoch.loss) for epoch in folder.curve())
    assert folder.network()(torch.zeros(1, 1, 32, 32))[0].shape == (1, 7)


def test_the_command_refuses_what_would_destroy(tmp_path: Path, tiny_data: Path) -> None:
    from mien.cli.train import train as train_command

    recipe, out = tmp_path / "tiny.toml", tmp_path / "run"
    recipe.write_text(TINY_TOML.format(epochs=2))
    train_command(recipe, tiny_data, out, weights="none", accelerator="cpu", threads=1, hours=0)
    assert len(RunFolder(out).curve()) == 1
    with pytest.raises(RecipeError, match="add --resume"):
        train_command(recipe, tiny_data, out, weights="none", accelerator="cpu")
    with pytest.raises(RecipeError, match="another recipe or seed"):
        train_command(recipe, tiny_data, out, weights="none", accelerator="cpu", resume=True, seed=3)
    with pytest.raises(RecipeError, match="begun with --weights none"):
        train_command(recipe, tiny_data, out, weights="timm", accelerator="cpu", threads=1, resume=True)
    other = Path(shutil.copytree(tiny_data, tmp_path / "other"))
    next((other / "images" / "train" / "sad").iterdir()).unlink()
    before = (out / "run.json").read_bytes()
    with pytest.raises(RecipeError, match="begun with other pictures"):
        train_command(recipe, other, out, weights="none", accelerator="cpu", threads=1, resume=True)
    assert (out / "run.json").read_bytes() == before
    with RunFolder(out).lock(), pytest.raises(RecipeError, match="another process"):
        train_command(recipe, tiny_data, out, weights="none", accelerator="cpu", threads=1, resume=True)
    train_command(recipe, tiny_data, out, weights="none", accelerator="cpu", threads=1, resume=True)
    assert len(RunFolder(out).curve()) == 2


def test_starting_weights_are_told_apart_by_what_they_hold(tmp_path: Path, tiny_data: Path) -> None:
    from mien.cli.train import train as train_command

    recipe, out = tmp_path / "tiny.toml", tmp_path / "run"
    recipe.write_text(TINY_TOML.format(epochs=2))
    first, second = (tmp_path / name / "weights.safetensors" for name in ("first", "second"))
    for file in (first, second):
        file.parent.mkdir()
        save_file(build("mobilenet_v2", 32, None).state_dict(), file)
    train_command(recipe, tiny_data, out, weights=str(first), accelerator="cpu", threads=1, hours=0)
    assert RunFolder(out).description().start_sha256 == hashlib.sha256(first.read_bytes()).hexdigest()
    with pytest.raises(RecipeError, match="begun with another file of that name"):
        train_command(recipe, tiny_data, out, weights=str(second), accelerator="cpu", threads=1, resume=True)
    train_command(recipe, tiny_data, out, weights=str(first), accelerator="cpu", threads=1, resume=True)
    assert len(RunFolder(out).curve()) == 2
