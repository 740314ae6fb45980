"""The training loop against the same training written out in plain torch: losses, clipping, AdamW, rates, averages."""

import copy
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from sklearn.metrics import f1_score
from torch import nn
from torch.nn import functional
from typer.testing import CliRunner

from mien.cli.main import app
from mien.data.dataset import FaceData
from mien.data.votes import RATED, VOTED
from mien.expressions import EXPRESSIONS
from mien.results.record import read
from mien.results.runs import Epoch
from mien.training import loop
from mien.training.affine import RandomAffine
from mien.training.degrading import Degrade
from mien.training.loop import _batches, train
from mien.training.mixing.mixture import Mixing, Mixture
from mien.training.networks import build
from mien.training.recipe import Distillation, Recipe, Stage
from mien.training.run import RunFolder
from mien.training.teachers import Teacher, Teachers

pytestmark = pytest.mark.usefixtures("one_thread")
STILL = RandomAffine(scale=(1, 1), translation=0, rotation=0, mirror=False, brightness=0, contrast=0, gamma=0, erase=0)
PIXELS, CLASSES = 32, 7
PLAN = Recipe("vit_tiny", stages=(Stage(1, PIXELS),), batch_size=5, affine=STILL, label_smoothing=0.1)


@dataclass(frozen=True)
class Quarters(Mixing):
    """Every face keeps a quarter of itself and takes the rest from its neighbour; notes what it was given."""

    name: ClassVar[str] = "quarters"

    given: list[torch.Tensor] = field(default_factory=list, compare=False)
    chances: list[float] = field(default_factory=list, compare=False)
    pause: float = 0.0

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> Mixture:
        time.sleep(self.pause)
        self.given.append(faces.clone())
        self.chances.append(float(torch.rand((), generator=generator)))
        partner = torch.arange(len(faces)).roll(1)
        return Mixture(0.25 * faces + 0.75 * faces[partner], partner, torch.full((len(faces),), 0.25))


def pictures(count: int, first: int = 0, part: str = "train", votes: bool = False) -> FaceData:
    """Noise of mixed brightness, no two alike, with labels of which the first classes are the more frequent."""
    generator = np.random.default_rng(first)
    faces = generator.integers(0, 256, (count, 48, 48)) * generator.uniform(0.3, 1, (count, 1, 1))
    labels = np.minimum(generator.geometric(0.35, count) - 1, CLASSES - 1)
    said = generator.dirichlet(np.ones(len(VOTED)), count).astype(np.float32) if votes else None
    names = np.array([f"{part}/{first + number}.png" for number in range(count)])
    return FaceData(faces.astype(np.uint8), labels, np.full(count, part), names, first + np.arange(count), said)


def small_network(seed: int = 0) -> nn.Module:
    """A ViT of two blocks whose head says something."""
    torch.manual_seed(seed)
    network = build("vit_tiny", PIXELS)
    network.backbone.blocks = network.backbone.blocks[:2]
    nn.init.constant_(network.backbone.norm.weight, 0.1)  # small features, small gradients
    nn.init.normal_(network.head.weight, std=0.1)
    for small in (network.head.bias, network.backbone.pos_embed, network.backbone.cls_token):
        nn.init.normal_(small, std=0.5)  # what is nothing cannot be seen to decay
    return network


def enlarged(faces: np.ndarray, pixels: int = PIXELS) -> torch.Tensor:
    return functional.interpolate(torch.from_numpy(faces)[:, None].float() / 255, (pixels, pixels), mode="bilinear")


def learn(
    recipe: Recipe, network: nn.Module, folder: Path, training: FaceData, validation: FaceData, **more: object
) -> list[Epoch]:
    fabric = Fabric(accelerator="cpu", devices=1)
    return train(recipe, network, training, validation, RunFolder(folder), fabric, **more)  # type: ignore[arg-type]


def which(shown: torch.Tensor, faces: np.ndarray, pixels: int = PIXELS) -> torch.Tensor:
    """The places in `faces` of the pictures [N, 1, h, w] that a training showed as they are."""
    apart = (shown[:, None, 0] - enlarged(faces, pixels)[None, :, 0]).abs().amax((2, 3))
    assert (apart.amin(1) < 1e-5).all()
    return apart.argmin(1)


@dataclass
class Watcher:
    """What a network is shown, in which mode, and what it was when it was judged; see `watched`."""

    shown: list[torch.Tensor] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    judged: list[torch.Tensor] = field(default_factory=list)
    said: list[torch.Tensor] = field(default_factory=list)
    states: list[dict[str, torch.Tensor]] = field(default_factory=list)

    def __call__(
        self, module: nn.Module, inputs: tuple[torch.Tensor], output: tuple[torch.Tensor, torch.Tensor]
    ) -> None:
        if torch.is_grad_enabled():
            assert all(layer.training for layer in module.modules())
            self.shown.append(inputs[0].clone())
            self.seeds.append(torch.initial_seed())
        else:
            assert not any(layer.training for layer in module.modules())
            self.judged.append(inputs[0].clone())
            self.said.append(output[0].clone())
            self.states.append({name: value.clone() for name, value in module.state_dict().items()})

    def __deepcopy__(self, memo: object) -> "Watcher":
        return self  # the averaged copy of the network is watched by the same


def watched(network: nn.Module) -> Watcher:
    watcher = Watcher()
    network.register_forward_hook(watcher)
    return watcher


@pytest.fixture
def votes_head() -> Iterator[Callable[[], nn.Linear]]:
    """The second head as it was before the first step: wherever it is made, it is called."""
    seen: list[nn.Linear] = []

    def note(module: nn.Module, inputs: object) -> None:
        if isinstance(module, nn.Linear) and module.out_features == len(VOTED) and not seen:
            seen.append(copy.deepcopy(module))

    handle = nn.modules.module.register_module_forward_pre_hook(note)
    yield lambda: seen[0]
    handle.remove()


class PlainAdamW:
    """AdamW as the paper has it (Loshchilov and Hutter 2019), with the rates that a recipe asks for."""

    def __init__(self, parameters: dict[str, nn.Parameter], recipe: Recipe) -> None:
        self.parameters, self.recipe, self.count = parameters, recipe, 0
        self.first = {name: torch.zeros_like(value) for name, value in parameters.items()}
        self.second = {name: torch.zeros_like(value) for name, value in parameters.items()}

    def scale(self, name: str) -> float:
        """Patches, class token and places are deepest; the last block, its norm and the heads are on top."""
        if name.startswith("backbone.blocks."):
            return self.recipe.layer_decay ** (1 - int(name.split(".")[2]))
        on_top = name.startswith(("head.", "votes.", "backbone.norm."))
        return 1.0 if on_top else self.recipe.layer_decay**2

    def step(self, rate: float) -> None:
        self.count += 1
        for name, value in self.parameters.items():
            assert value.grad is not None
            decayed = value.ndim > 1 and not name.endswith(("pos_embed", "cls_token"))
            mine = rate * self.scale(name)
            self.first[name] = 0.9 * self.first[name] + 0.1 * value.grad
            self.second[name] = 0.999 * self.second[name] + 0.001 * value.grad**2
            direction = self.first[name] / (1 - 0.9**self.count)
            spread = (self.second[name] / (1 - 0.999**self.count)).sqrt() + 1e-8
            with torch.no_grad():
                value -= mine * (self.recipe.weight_decay if decayed else 0) * value
                value -= mine * direction / spread
            value.grad = None


def plain_rate(recipe: Recipe, epochs_done: float) -> float:
    """A straight line up to the peak, half a wave down to nothing."""
    up = recipe.warmup_epochs
    if epochs_done < up:
        return recipe.learning_rate * epochs_done / up
    return recipe.learning_rate * (1 + math.cos(math.pi * (epochs_done - up) / (recipe.epochs - up))) / 2


def plain_loss(
    logits: torch.Tensor, labels: torch.Tensor, partners: torch.Tensor, weights: torch.Tensor, smoothing: float
) -> torch.Tensor:
    """A mixed face's loss is the mean of its own label's (a quarter) and its partner's."""
    own, other = (
        weights[of] * functional.cross_entropy(logits, of, reduction="none", label_smoothing=smoothing)
        for of in (labels, labels[partners])
    )
    return (0.25 * own + 0.75 * other).mean()


def test_every_step_is_the_one_of_plain_torch(tmp_path: Path, votes_head: Callable[[], nn.Linear]) -> None:
    training, validation = pictures(13, votes=True), pictures(9, first=100, part="validation")
    assert training.votes is not None
    training.votes[5] *= 400  # one picture whose gradient is far above the bound, so that its steps are clipped
    mixing = Quarters()
    recipe = replace(
        PLAN,
        stages=(Stage(3, PIXELS),),
        learning_rate=2e-3,
        weight_decay=0.3,
        layer_decay=0.5,
        warmup_epochs=1.0,
        reweight=0.5,
        fer_plus=0.3,
        ema=0.75,
        mixing=mixing,
    )
    network = small_network()
    mine = copy.deepcopy(network)
    watcher = watched(network)
    curve = learn(recipe, network, tmp_path, training, validation)

    second = votes_head()
    parameters = {name: value for name, value in mine.named_parameters() if value.requires_grad}
    parameters |= {f"votes.{name}": nn.Parameter(value.detach().clone()) for name, value in second.named_parameters()}
    adam = PlainAdamW(parameters, recipe)
    average = {name: value.detach().clone() for name, value in mine.named_parameters()}
    sizes = np.bincount(training.labels, minlength=CLASSES)
    weights = np.where(sizes > 0, 1 / np.sqrt(np.maximum(sizes, 1)), 0)
    weights = torch.tensor(weights / (weights[training.labels].mean()), dtype=torch.float32)
    labels, votes = torch.from_numpy(training.labels), torch.from_numpy(training.votes)
    assert [len(batch) for batch in mixing.given] == [5, 5] * 3  # what does not fill a batch waits for the next epoch
    norms, losses = [], []
    for number, given in enumerate(mixing.given):
        rows = which(given, training.faces)
        partners = torch.arange(5).roll(1)
        logits, features = mine.train()(0.25 * given + 0.75 * given[partners])
        loss = plain_loss(logits, labels[rows], partners, weights, recipe.label_smoothing)
        said = functional.linear(features, parameters["votes.weight"], parameters["votes.bias"])
        wanted = 0.25 * votes[rows] + 0.75 * votes[rows][partners]
        loss = loss + recipe.fer_plus * -(wanted * said.log_softmax(1)).sum(1).mean()
        loss.backward()
        norms.append(torch.cat([value.grad.flatten() for value in parameters.values()]).norm())
        for value in parameters.values():
            value.grad *= min(1.0, 5.0 / float(norms[-1]))
        adam.step(plain_rate(recipe, number / 2))
        for name, value in mine.named_parameters():
            average[name] = 0.75 * average[name] + 0.25 * value.detach()
        losses.append(float(loss.detach()))
        if number % 2:
            # Against the network that was judged after this epoch. A key's bias changes no attention: its gradient is
            # nothing but rounding, which AdamW makes steps of.
            for name, value in watcher.states[number // 2].items():
                if not name.endswith("qkv.bias"):
                    torch.testing.assert_close(value, average[name], atol=2e-5, rtol=0, msg=f"{name} {number}")
            assert curve[number // 2].loss == pytest.approx(np.mean(losses[-2:]), rel=1e-4)
    assert min(norms) < 4 < 6 < max(norms), "some steps are clipped and some are not"
    for seen, said, epoch in zip(watcher.judged, watcher.said, curve, strict=True):
        torch.testing.assert_close(seen, enlarged(validation.faces))
        called = said.argmax(1).numpy()
        labelled = np.unique(validation.labels)
        assert epoch.accuracy == pytest.approx((called == validation.labels).mean())
        f1 = f1_score(validation.labels, called, labels=labelled, average="macro", zero_division=0)
        assert epoch.macro_f1 == pytest.approx(f1)


def test_students_learn_what_teachers_say_of_the_mixed_faces(tmp_path: Path) -> None:
    """The loss of the first batch, which nothing has been learned from, by its definition."""
    training = pictures(6)
    mixing = Quarters()
    distillation = Distillation(("a", "b"), weight=0.6, temperature=4.0)
    recipe = replace(PLAN, batch_size=6, mixing=mixing, distillation=distillation)
    network, others = small_network(), [small_network(1), small_network(2)]
    mine = copy.deepcopy(network)
    teachers = Teachers([Teacher(copy.deepcopy(other), PIXELS) for other in others], 4.0, torch.device("cpu"))
    curve = learn(recipe, network, tmp_path, training, training, teachers=teachers)
    (given,) = mixing.given
    labels = torch.from_numpy(training.labels)[which(given, training.faces)]
    partners = torch.arange(6).roll(1)
    mixed = 0.25 * given + 0.75 * given[partners]
    with torch.no_grad():
        logits = mine.train()(mixed)[0]
        said = torch.stack([other.eval()(mixed)[0].softmax(1) for other in others]).mean(0) ** (1 / 4)
    soft = 4**2 * -(said / said.sum(1, keepdim=True) * (logits / 4).log_softmax(1)).sum(1).mean()
    hard = plain_loss(logits, labels, partners, torch.ones(CLASSES), recipe.label_smoothing)
    assert curve[0].loss == pytest.approx(float(0.6 * soft + 0.4 * hard), rel=1e-4)


def test_teachers_see_what_is_erased_for_the_student(tmp_path: Path) -> None:
    network, other = small_network(), small_network(1)
    watcher, asked = watched(network), watched(other)
    recipe = replace(PLAN, batch_size=6, affine=replace(STILL, erase=1.0), distillation=Distillation(("teacher",)))
    teachers = Teachers([Teacher(other, PIXELS)], 1.0, torch.device("cpu"))
    learn(recipe, network, tmp_path, pictures(6), pictures(6), teachers=teachers)
    torch.testing.assert_close(asked.judged, watcher.shown)
    changed = (watcher.shown[0][:, None] - enlarged(pictures(6).faces)[None]).abs() > 1e-4
    assert (changed.float().mean((2, 3, 4)).amin(1) > 0).all()


def test_each_stage_has_its_size_and_drops_its_patches_and_the_last_size_is_judged(tmp_path: Path) -> None:
    stages = (Stage(1, 64, patch_drop=0.75), Stage(1, 64), Stage(1, 48, patch_drop=0.5))
    network = small_network()
    watcher, tokens = watched(network), []
    network.backbone.blocks[0].register_forward_pre_hook(
        lambda module, inputs: tokens.append(inputs[0].shape[1]) if module.training else None
    )
    training, validation = pictures(8), pictures(4, first=50, part="validation")
    learn(replace(PLAN, stages=stages, batch_size=8), network, tmp_path, training, validation)
    assert tokens == [1 + 4, 1 + 16, 1 + 4]  # with the class token; of 9 patches a half is 4
    assert [faces.shape[-1] for faces in watcher.shown] == [64, 64, 48]
    assert {faces.shape[-1] for faces in watcher.judged} == {48}


def test_a_stage_mixes_smooths_and_erases_as_it_says_and_else_as_the_recipe(tmp_path: Path) -> None:
    """Nothing is learned to speak of, so that each epoch's loss is the first network's, by its definition."""
    stages = (Stage(1, PIXELS), Stage(1, PIXELS, mixing=False, label_smoothing=0.4), Stage(1, PIXELS, erase=1.0))
    training, network, mixing = pictures(6), small_network(), Quarters()
    watcher, mine = watched(network), small_network().train()
    recipe = replace(PLAN, batch_size=6, learning_rate=1e-9, mixing=mixing, stages=stages)
    curve = learn(recipe, network, tmp_path, training, pictures(4, first=50))
    assert len(mixing.given) == 2
    partners, one = torch.arange(6).roll(1), torch.ones(CLASSES)
    places = [which(given, training.faces) for given in (mixing.given[0], watcher.shown[1])]
    labels = [torch.from_numpy(training.labels)[place] for place in places]
    torch.testing.assert_close(watcher.shown[0], 0.25 * mixing.given[0] + 0.75 * mixing.given[0][partners])
    with torch.no_grad():
        logits = [mine(shown)[0] for shown in watcher.shown[:2]]
    assert curve[0].loss == pytest.approx(float(plain_loss(logits[0], labels[0], partners, one, 0.1)), rel=1e-4)
    unmixed = plain_loss(logits[1], labels[1], torch.arange(6), one, 0.4)
    assert curve[1].loss == pytest.approx(float(unmixed), rel=1e-4)
    with pytest.raises(AssertionError):
        which(mixing.given[1], training.faces)  # a part of each face was erased before it was mixed


def test_a_network_in_eval_mode_is_trained_all_the_same(tmp_path: Path) -> None:
    network = small_network().eval()
    watcher = watched(network)  # asserts the modes
    learn(replace(PLAN, stages=(Stage(2, PIXELS),)), network, tmp_path, pictures(6), pictures(4, first=50))
    assert (len(watcher.shown), len(watcher.judged)) == (2, 2)


def shown_pictures(recipe: Recipe, folder: Path, training: FaceData) -> list[list[int]]:
    network = small_network()
    watcher = watched(network)
    learn(recipe, network, folder, training, pictures(3, first=50))
    return [which(batch, training.faces).tolist() for batch in watcher.shown]


def test_the_order_is_another_in_each_epoch_and_for_each_seed(tmp_path: Path) -> None:
    training = pictures(20)
    recipe = replace(PLAN, stages=(Stage(2, PIXELS),), batch_size=10)
    first, again = (shown_pictures(recipe, tmp_path / name, training) for name in ("first", "again"))
    other = shown_pictures(replace(recipe, seed=1), tmp_path / "other", training)
    assert first == again
    orders = [run[epoch] + run[epoch + 1] for run in (first, other) for epoch in (0, 2)]
    assert len(set(map(tuple, [*orders, list(range(20))]))) == 5
    assert all(sorted(order) == list(range(20)) for order in orders)


@dataclass(frozen=True)
class Process:
    """What a training asks of Fabric to know its part of the work."""

    world_size: int
    global_rank: int
    device: str = "cpu"


def test_processes_divide_an_epochs_batches_and_draw_apart() -> None:
    plan, labels = replace(PLAN, batch_size=3), torch.arange(22) % CLASSES

    def part(world_size: int, rank: int) -> tuple[list[list[int]], float]:
        batches = list(_batches(labels, plan, 4, Process(world_size, rank)))  # type: ignore[arg-type]
        return [indices.tolist() for indices, _ in batches], float(torch.rand((), generator=batches[0][1]))

    (alone, _), (first, one_draw), (second, other_draw) = part(1, 0), part(2, 0), part(2, 1)
    assert len(alone) == 7, "the picture left over would be a batch of its own"
    assert len({index for batch in alone for index in batch}) == 21
    assert first == alone[0:6:2]
    assert second == alone[1:6:2], "as many as the other has: they wait for each other at each step"
    assert one_draw != other_draw
    few, _ = part(9, 8)
    assert few == [alone[8 % 7]], "more processes than batches: each has one all the same"


def test_a_balanced_training_shows_rare_classes_more_often(tmp_path: Path) -> None:
    training = replace(pictures(24), labels=np.repeat([0, 1, 2], [18, 4, 2]))
    recipe = replace(PLAN, batch_size=24, balance=1.0)
    shown = [row for batch in shown_pictures(recipe, tmp_path, training) for row in batch]
    assert Counter(training.labels[shown].tolist()) == {0: 8, 1: 8, 2: 8}
    assert training.labels[shown].tolist() != sorted(training.labels[shown])


def test_each_epoch_and_seed_has_chances_of_its_own(tmp_path: Path) -> None:
    chances, seeds = {}, {}
    for name, seed in (("one", 0), ("again", 0), ("other", 1)):
        mixing = Quarters()
        network = small_network()
        watcher = watched(network)
        recipe = replace(PLAN, stages=(Stage(2, PIXELS),), seed=seed, mixing=mixing)
        learn(recipe, network, tmp_path / name, pictures(10), pictures(3, first=50))
        chances[name], seeds[name] = mixing.chances, watcher.seeds
    assert chances["one"] == chances["again"]
    assert len({*chances["one"], *chances["other"]}) == 8
    assert seeds["one"] == seeds["again"]
    assert len({*seeds["one"], *seeds["other"]}) == 4  # of dropout and its like: one an epoch


def test_faces_are_spoiled_where_the_recipe_says_so(tmp_path: Path) -> None:
    training = pictures(6)
    dark = Degrade(1.0, cover=0, side_light=0.9, tone=0, light=0, contrast=0, blur=0, noise=0, jpeg=0)
    network = small_network()
    watcher = watched(network)
    learn(replace(PLAN, batch_size=6, degrade=dark), network, tmp_path, training, training)
    apart = (watcher.shown[0][:, None] - enlarged(training.faces)[None]).abs().mean((2, 3, 4)).amin(1)
    assert (apart > 1e-3).sum() >= 5


def test_the_best_epochs_average_is_kept_whenever_files_are_written(tmp_path: Path) -> None:
    """What the network of the second of four epochs says is made the truth: its weights are the ones to be kept."""
    training, validation = pictures(10), pictures(30, first=50, part="validation")
    recipe = replace(PLAN, stages=(Stage(4, PIXELS),), learning_rate=1e-2, warmup_epochs=0, ema=0.3)
    network = small_network()
    watcher = watched(network)
    learn(recipe, network, tmp_path / "first", training, validation)
    called = [said.argmax(1) for said in watcher.said]
    assert all((called[1] != other).any() for other in (called[0], called[2], called[3]))
    truth = replace(validation, labels=called[1].numpy())
    curve = learn(recipe, small_network(), tmp_path / "second", training, truth)
    assert [epoch.accuracy for epoch in curve].index(1.0) == 1
    assert read(Epoch, tmp_path / "second" / "metrics.json") == curve[1]
    kept = load_file(tmp_path / "second" / "weights.safetensors")
    assert kept.keys() == watcher.states[1].keys()
    for name, value in watcher.states[1].items():
        torch.testing.assert_close(kept[name], value)


def test_accuracy_and_f1_choose_the_epoch_alike_and_the_loss_does_not() -> None:
    usual = Epoch(0, 1.0, accuracy=0.70, macro_f1=0.60, pictures_per_second=1.0, seconds=1.0)
    for better in (
        replace(usual, macro_f1=0.64, accuracy=0.69),
        replace(usual, macro_f1=0.59, accuracy=0.74),
        replace(usual, accuracy=0.71, loss=3.0),
    ):
        assert better.selection_score > usual.selection_score
    assert replace(usual, loss=0.1).selection_score == usual.selection_score


def test_raters_who_are_learned_from_judge_each_epoch_too(tmp_path: Path) -> None:
    """Nine raters of every other validation picture agree; on the others there is no majority."""
    training, validation = pictures(10, votes=True), pictures(30, first=50, part="validation")
    said = np.zeros((30, len(RATED)), int)
    agreed = np.random.default_rng(0).integers(0, CLASSES, 30)
    for row, label in enumerate(agreed):
        said[row, RATED.index(EXPRESSIONS[label].noun)] = 9 if row % 2 else 5
        said[row, RATED.index("contempt")] = 0 if row % 2 else 5
    validation = replace(validation, raters=said)
    network = small_network()
    watcher = watched(network)
    recipe = replace(PLAN, stages=(Stage(2, PIXELS),), raters=0.5)
    curve = learn(recipe, network, tmp_path, training, validation)
    for epoch, answers in zip(curve, watcher.said, strict=True):
        called = answers.argmax(1).numpy()
        assert epoch.raters == pytest.approx((called == agreed)[1::2].mean())
        labels = (epoch.accuracy + epoch.macro_f1) / 2
        assert epoch.selection_score == pytest.approx((labels + epoch.raters) / 2)


def test_an_epoch_that_would_end_too_late_is_not_begun(tmp_path: Path) -> None:
    recipe = replace(PLAN, stages=(Stage(3, PIXELS),), mixing=Quarters(pause=0.3))
    network, training, validation = small_network(), pictures(10), pictures(3, first=50)
    curve = learn(recipe, network, tmp_path, training, validation, deadline=time.monotonic() + 0.9)
    assert len(curve) == 1


def test_the_command_trains_with_the_recipes_drop_path_and_the_seed_that_it_is_given(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[Recipe, nn.Module]] = []

    def note(plan: Recipe, network: nn.Module, *_: object) -> list[Epoch]:
        taken.append((plan, network))
        return [Epoch(0, 1.0, 0.5, 0.5, 1.0, 1.0)]

    monkeypatch.setattr(loop, "train", note)
    (tmp_path / "plan.toml").write_text(
        'network = "vit_tiny"\nsplit = "kaggle"\nstages = [{ epochs = 1, pixels = 32 }]\nseed = 7\nbatch_size = 8\n'
        "drop_path = 0.3\n"
    )
    for number, seed in enumerate(([], ["--seed", "3"], ["--seed", "3"])):
        words = ["train", tmp_path / "plan.toml", "--data", tiny_data, "--out", tmp_path / str(number), *seed]
        words += ["--weights", "none", "--accelerator", "cpu", "--threads", "1"]
        done = CliRunner().invoke(app, list(map(str, words)))
        assert done.exit_code == 0, done.output
    assert [plan.seed for plan, _ in taken] == [7, 3, 3]
    assert [RunFolder(tmp_path / str(number)).recipe().seed for number in range(3)] == [7, 3, 3]
    heads = [network.head.weight for _, network in taken]
    assert torch.equal(heads[1], heads[2])
    assert not torch.equal(heads[0], heads[1])
    drops = [getattr(layer, "drop_prob", 0.0) for layer in taken[0][1].modules()]
    assert max(drops) == pytest.approx(0.3)
