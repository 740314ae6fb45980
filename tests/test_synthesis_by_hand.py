"""The StarGAN's steps and losses written out in plain torch, and the filters by hand."""

import copy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from made_data import StandIn
from safetensors.torch import load_file
from torch.nn import functional

from mien.data import dataset
from mien.data.dataset import FaceData
from mien.expressions import NAMES
from mien.recognition.model import Outputs
from mien.synthesis import balance as balancing
from mien.synthesis import losses, sampling
from mien.synthesis.balance import Request
from mien.synthesis.filters import QualityFilter
from mien.synthesis.loop import train
from mien.synthesis.networks import Critic, Generator, to_float, to_grey
from mien.synthesis.recipe import SynthesisRecipe
from mien.synthesis.run import SynthesisRun
from mien.synthesis.step import TrainingStep

pytestmark = pytest.mark.usefixtures("one_thread")
PLAN = SynthesisRecipe(
    steps=4,
    split="kaggle",
    batch_size=6,
    critic_steps=3,
    width=4,
    blocks=1,
    critic_width=4,
    critic_rate=2e-3,
    generator_rate=1e-3,
    classification=0.7,
    cycle=5.0,
    penalty=8.0,
    ema=0.75,
    report_steps=2,
)


def faces_of(counts: tuple[int, ...]) -> FaceData:
    """Noise, so many of each class."""
    labels = np.repeat(np.arange(len(NAMES)), counts)
    faces = np.random.default_rng(0).integers(0, 256, (len(labels), 48, 48)).astype(np.uint8)
    texts = np.array([f"train/{number}.png" for number in range(len(labels))])
    return FaceData(faces, labels, np.full(len(labels), "train"), texts, np.arange(len(labels)))


UNEVEN = faces_of((40, 1, 5, 5, 5, 5, 5))


def step_of(recipe: SynthesisRecipe, data: FaceData = UNEVEN) -> TrainingStep:
    return TrainingStep(
        recipe, sampling.DeviceFaces.of(data, torch.device("cpu")), Fabric(accelerator="cpu", devices=1)
    )


def speaking(generator: Generator) -> Generator:
    """A generator that changes faces: its last layer starts at zero."""
    torch.manual_seed(9)
    for values in (generator.last.weight, generator.last.bias):
        torch.nn.init.normal_(values, std=0.1)
    return generator


# Losses


def test_losses_are_their_formulas() -> None:
    torch.manual_seed(0)
    critic = Critic(3)
    real, made, labels, mix = (
        torch.rand(4, 1, 48, 48),
        torch.rand(4, 1, 48, 48),
        torch.tensor([0, 3, 3, 6]),
        torch.rand(4),
    )
    loss, parts = losses.critic_loss(critic, real, made, labels, mix, PLAN)
    realism, logits = critic(real, labels)
    gap = realism.mean() - critic(made, labels)[0].mean()
    between = (mix.view(-1, 1, 1, 1) * real + (1 - mix.view(-1, 1, 1, 1)) * made).requires_grad_()
    slope = torch.autograd.grad(critic(between, labels)[0].sum(), between)[0].flatten(1).norm(dim=1)
    assert (slope < 1).any(), "one-sided penalties would leave these out"
    penalty, real_class = ((slope - 1) ** 2).mean(), functional.cross_entropy(logits, labels)
    torch.testing.assert_close(loss, 8.0 * penalty + 0.7 * real_class - gap)
    torch.testing.assert_close(parts, torch.stack([gap, penalty, real_class]).detach())

    faces, returned = torch.rand(4, 1, 48, 48), torch.rand(4, 1, 48, 48)
    loss, parts = losses.generator_loss(realism, logits, labels, faces, returned, PLAN)
    cycle = (faces - returned).abs().mean()
    torch.testing.assert_close(loss, 0.7 * real_class + 5.0 * cycle - realism.mean())
    torch.testing.assert_close(parts, torch.stack([realism.mean(), real_class, cycle]).detach())


# Networks


def test_the_generator_adds_to_the_face_what_its_blocks_add_to_each_other() -> None:
    """With all convolutions of the blocks at zero only the shifts of the norms are left: the face goes round them."""
    torch.manual_seed(0)
    generator = speaking(Generator(4, 2))
    for block in generator.changing:
        torch.nn.init.zeros_(block.second.weight)
    faces, target = torch.rand(7, 1, 48, 48) * 2 - 1, torch.arange(7)
    maps = generator.narrowing(faces)
    for block in generator.changing:
        torch.testing.assert_close(block(maps, target), maps)
    torch.testing.assert_close(
        generator(faces, target) - faces,
        generator.last(generator.widening[1](generator.widening[0](maps, target), target)),
    )
    norm = generator.changing[0].first_norm
    torch.nn.init.normal_(norm.shift.weight)
    plain = functional.instance_norm(maps)
    for row in range(7):
        expected = plain[row] * norm.scale.weight[row].view(-1, 1, 1) + norm.shift.weight[row].view(-1, 1, 1)
        torch.testing.assert_close(norm(maps, target)[row], expected)


def test_the_critic_says_of_a_picture_what_its_patches_say_on_average() -> None:
    torch.manual_seed(0)
    critic, faces, labels = Critic(4), torch.rand(7, 1, 48, 48) * 2 - 1, torch.arange(7)
    with torch.no_grad():
        realism, logits = critic(faces, labels)
        maps = critic.trunk(faces)
    assert maps.shape[2:] == (3, 3)
    for row in range(7):
        patches = functional.conv2d(maps[row : row + 1], critic.realism.weight[row : row + 1], padding=1)
        torch.testing.assert_close(realism[row], patches.mean())
        torch.testing.assert_close(logits[row], (critic.expression.weight * maps[row]).sum((1, 2, 3)))


def test_greys_are_rounded() -> None:
    assert to_grey(torch.full((1, 1, 1, 1), 100.6 / 127.5 - 1)).item() == 101


# Chance


def chances(seed: int = 0, count: int = 4000) -> torch.Tensor:
    return torch.rand((count, sampling.DRAWS), generator=torch.Generator().manual_seed(seed))


def test_three_faces_in_four_are_moved_and_half_are_mirrored_within_their_bounds() -> None:
    grid = torch.full((4000, 1, 16, 16), 0.25)
    seen = sampling.moved(grid, sampling.Dice(chances())).mean((1, 2, 3))  # of a flat face light and contrast alone
    changed = (seen - 0.25).abs() > 1e-5
    assert changed.float().mean() == pytest.approx(0.75, abs=0.03)
    assert seen.min() == pytest.approx(0.25 * 0.8 - 0.2, abs=0.02)
    assert seen.max() == pytest.approx(0.25 * 1.2 + 0.2, abs=0.02)
    checks = torch.zeros(4000, 1, 16, 16)
    checks[:, :, 6:10, 6:10] = 1
    seen = sampling.moved(checks, sampling.Dice(chances(1)))
    spread = seen.amax((1, 2, 3)) - seen.amin((1, 2, 3))
    assert spread.max() == pytest.approx(1.2, abs=0.03)
    weights = (seen - seen.amin((2, 3), keepdim=True)).clamp(min=0)[:, 0]
    place = torch.arange(16) + 0.5
    across = (weights.sum(1) * place).sum(1) / weights.sum((1, 2)) - 8
    down = (weights.sum(2) * place).sum(1) / weights.sum((1, 2)) - 8
    for way in (across, down):
        assert 1.4 < way.abs().quantile(0.99) < 2.1  # a tenth of the face: 1.6 pixels, and what turns and scales add
    halves = torch.zeros(4000, 1, 16, 16)
    halves[..., 8:] = 1
    assert sampling.mirrored(halves, chances()[:, 0])[:, 0, 8, 12].mean() == pytest.approx(0.5, abs=0.03)
    assert sampling.moved(halves, sampling.Dice(chances(2)))[:, 0, 8, 13].gt(0.5).float().mean() == pytest.approx(
        0.5, abs=0.05
    )


def watched(step: TrainingStep) -> tuple[list[tuple], list[tuple]]:
    """What generator and critic are called with, and whether they could learn."""
    calls: tuple[list[tuple], list[tuple]] = [], []
    for network, of in zip((step.generator, step.critic), calls, strict=True):

        def note(module: torch.nn.Module, inputs: tuple, output: object, of: list[tuple] = of) -> None:
            learns = torch.is_grad_enabled() and next(module.parameters()).requires_grad
            of.append((inputs[0].detach().clone(), inputs[1].clone(), learns))

        network.register_forward_hook(note)
    return calls


def test_a_step_is_so_many_updates_of_the_critic_and_one_of_the_generator() -> None:
    step = step_of(replace(PLAN, batch_size=70))
    speaking(step.generator)
    made, judged = watched(step)
    step(0)
    assert [learns for *_, learns in made] == [False, True, True]
    # Each update: real faces, made ones, those between. Then the generator's own, from which no critic learns.
    assert [learns for *_, learns in judged] == [True] * 9 + [False]
    assert all(len(faces) == 70 for faces, *_ in judged)
    assert len(made[0][0]) == 3 * 70
    for number in range(0, 9, 3):
        assert torch.equal(judged[number][1], judged[number + 1][1])
        assert torch.equal(judged[number][1], judged[number + 2][1])
    asked = torch.cat([judged[number][1] for number in range(0, 9, 3)])
    assert torch.equal(asked, made[0][1])
    counts = Counter(asked.tolist())
    assert min(counts.values()) > 10, "every class is asked for as often as the others"
    assert max(counts.values()) < 55
    # Real faces are of the class that is asked for, the rare one's only picture too.
    rare = torch.from_numpy(UNEVEN.faces[UNEVEN.labels == 1]).float().std()
    assert rare > 0
    # Back to what they were: the second call of the generator undoes the first.
    sources, targets, _ = made[1]
    results, back, _ = made[2]
    assert results.shape == sources.shape
    assert not torch.equal(back, targets)
    greys = to_grey(sources)
    known = {face.tobytes(): int(label) for face, label in zip(UNEVEN.faces, UNEVEN.labels, strict=True)}
    labels = [known.get(face.numpy().tobytes(), known.get(face.flip(1).numpy().tobytes())) for face in greys]
    assert back.tolist() == labels
    assert torch.equal(judged[-1][1], targets)


def weights(*networks: torch.nn.Module) -> list[torch.Tensor]:
    return [torch.cat([values.detach().flatten().clone() for values in network.parameters()]) for network in networks]


def test_critic_generator_and_average_learn_in_every_step_after_those_on_classes_alone() -> None:
    step = step_of(replace(PLAN, class_steps=2))
    speaking(step.generator)
    for number in range(4):
        before = weights(step.critic, step.generator, step.averaged)
        step(number)
        after = weights(step.critic, step.generator, step.averaged)
        changed = [not torch.equal(one, other) for one, other in zip(before, after, strict=True)]
        assert changed == [True, number >= 2, number >= 2]


def test_totals_are_the_sums_of_the_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    step = step_of(replace(PLAN, class_steps=2))
    entropies, parts = [], []
    hook = step.critic.register_forward_hook(
        lambda _, inputs, outputs: entropies.append(functional.cross_entropy(outputs[1], inputs[1]).item())
    )
    step(0)
    step(1)
    hook.remove()
    assert step.totals.tolist() == pytest.approx([0, 0, sum(entropies), 0, 0, 0])

    def noting(name: str) -> None:
        true = getattr(losses, name)

        def loss_and_parts(*arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
            loss, found = true(*arguments)
            parts.append(found.detach().clone())
            return loss, found

        monkeypatch.setattr(losses, name, loss_and_parts)

    noting("critic_loss")
    noting("generator_loss")
    step.totals.zero_()
    step(2)
    step(3)
    assert len(parts) == 8  # of each step: three updates of the critic, one of the generator
    each = [torch.cat([torch.stack(parts[of : of + 3]).mean(0), parts[of + 3]]) for of in (0, 4)]
    torch.testing.assert_close(step.totals, each[0] + each[1])


def test_a_training_that_goes_on_takes_the_steps_of_one_that_was_not_interrupted() -> None:
    whole, first, second = step_of(PLAN), step_of(PLAN), step_of(PLAN)
    for number in range(4):
        whole(number)
    for number in range(2):
        first(number)
    second.load(copy.deepcopy(first.state()))
    for number in range(2, 4):
        second(number)
    for one, other in zip(
        weights(whole.critic, whole.generator, whole.averaged),
        weights(second.critic, second.generator, second.averaged),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_real_faces_are_of_the_class_that_made_ones_are_compared_as() -> None:
    """Each class has a light of its own, so that a critic's input tells whose picture it is."""
    light = np.linspace(20, 230, 7)[UNEVEN.labels]
    data = replace(UNEVEN, faces=np.full_like(UNEVEN.faces, 0) + light[:, None, None].astype(np.uint8))
    for recipe, number in ((replace(PLAN, batch_size=40), 0), (replace(PLAN, batch_size=40, class_steps=2), 1)):
        step = step_of(recipe, data)
        _, judged = watched(step)
        step(number)
        faces, labels, _ = judged[0]
        wanted = to_float(torch.from_numpy(np.linspace(20, 230, 7).astype(np.uint8))[:, None, None])[:, 0, 0, 0]
        gap = (faces.mean((1, 2, 3)) - wanted[labels]).abs()
        assert (gap < 1e-5).float().mean() > 0.1, "some are shown as they are"
        assert gap.max() < 0.42, "light and contrast move by a fifth, classes lie further apart"
        assert np.corrcoef(faces.mean((1, 2, 3)), wanted[labels])[0, 1] > 0.95
        counts = Counter(labels.tolist())
        assert len(counts) == 7
        assert max(counts.values()) < 0.35 * len(labels), "though most of the data are of one class"


def test_made_and_real_faces_are_moved_alike_before_the_critic_sees_them() -> None:
    """A flat face stays flat; its light is changed in three of four, in the critic's turn and in the generator's."""
    data = replace(UNEVEN, faces=np.full_like(UNEVEN.faces, 128))
    step = step_of(replace(PLAN, batch_size=80, critic_steps=1), data)
    _, judged = watched(step)
    step(0)
    level = 128 / 127.5 - 1
    for place in (0, 1, 3):
        moved = ((judged[place][0].mean((1, 2, 3)) - level).abs() > 1e-4).float().mean()
        assert moved == pytest.approx(0.75, abs=0.15)


# Updates


def test_rates_fall_and_both_optimisers_have_their_own() -> None:
    step = step_of(PLAN)
    seen = []
    real = torch.optim.Adam.step

    def note(self: torch.optim.Adam, *args: object, **more: object) -> object:
        (group,) = self.param_groups
        seen.append((float(group["lr"]), group["betas"]))
        return real(self, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", note)
        for number in range(4):
            step(number)
    shares = [1, 1, 1, 0.5]
    expected = [rate * share for share in shares for rate in (2e-3, 2e-3, 2e-3, 1e-3)]
    assert sorted(rate for rate, _ in seen) == pytest.approx(sorted(expected))
    assert {betas for _, betas in seen} == {(0.5, 0.999)}


def test_the_average_is_what_is_kept_and_the_curve_holds_means(tmp_path: Path) -> None:
    run = SynthesisRun(tmp_path)
    curve = train(PLAN, UNEVEN, run, Fabric(accelerator="cpu", devices=1))
    found = run.read_checkpoint(torch.device("cpu"))
    assert found is not None
    kept = load_file(run.weights)
    assert all(torch.equal(kept[name], value) for name, value in found[0]["averaged"].items())
    assert any(not torch.equal(kept[name], value) for name, value in found[0]["generator"].items())

    step = step_of(PLAN)
    average = copy.deepcopy(step.generator.state_dict())
    means = []
    for number in range(4):
        step(number)
        for name, value in step.generator.state_dict().items():
            average[name] = 0.75 * average[name] + 0.25 * value
        if number % 2:
            means.append((step.totals / 2).tolist())
            step.totals.zero_()
    for name, value in average.items():
        torch.testing.assert_close(kept[name], value, atol=1e-6, rtol=1e-4)
    for point, expected in zip(curve, means, strict=True):
        told = [point.gap, point.penalty, point.real_class, point.realism, point.made_class, point.cycle]
        assert told == pytest.approx(expected, rel=1e-4)


def test_the_seed_decides_where_it_begins_and_what_it_sees() -> None:
    one, again, other = (step_of(replace(PLAN, seed=seed)) for seed in (0, 0, 1))
    first = [torch.cat([value.flatten() for value in step.critic.parameters()]).clone() for step in (one, again, other)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
    other.critic.load_state_dict(one.critic.state_dict())
    other.generator.load_state_dict(one.generator.state_dict())
    for step in (one, other):
        step(0)
    after = [torch.cat([value.flatten() for value in step.critic.parameters()]) for step in (one, other)]
    assert not torch.equal(after[0], after[1])


# Filters


class Marked(StandIn):
    """Says of a face what its first pixels hold: the probability of "disgust", that of "happy", and two features."""

    name = "marked"

    def run(self, faces: np.ndarray) -> Outputs:
        values = faces[:, 0].astype(np.float32) / 255
        said = np.zeros((len(faces), 7), np.float32)
        said[:, 1], said[:, 3] = values[:, 0], values[:, 1]
        angle = values[:, 2] * np.pi / 2
        return Outputs(said, np.stack([np.cos(angle), np.sin(angle)], 1))


def marked(count: int, angle: int) -> np.ndarray:
    faces = np.random.default_rng(count).integers(0, 256, (count, 48, 48)).astype(np.uint8)
    faces[:, 0, :3] = 0, 0, angle
    return faces


def test_an_examiner_measures_from_half_of_the_real_faces_and_lets_nineteen_of_twenty_pass(tmp_path: Path) -> None:
    real = marked(400, 0)
    real[:, 0, 2] = np.random.default_rng(0).permutation(400) * 200 // 400
    labels = np.arange(400) % 7
    data = FaceData(real, labels, labels.astype(str), labels.astype(str), np.arange(400))
    quality_filter = QualityFilter(Marked(tmp_path), data, seed=3)  # type: ignore[arg-type]
    order = np.random.default_rng(3).permutation(400)
    known, rest = (Marked(tmp_path).run(real[half]).features for half in (order[:200], order[200:]))

    def novelty(features: np.ndarray) -> np.ndarray:
        return 1 - np.sort(features @ known.T, 1)[:, -5]

    assert quality_filter.most_novelty == pytest.approx(np.quantile(novelty(rest), 0.95), abs=1e-6)
    asked = marked(30, 0)
    asked[:, 0, 2] = np.arange(30) * 8
    scores = quality_filter.score(asked, 1)
    np.testing.assert_allclose(scores.novelty, novelty(Marked(tmp_path).run(asked).features), atol=1e-6)


class Marking:
    """Makes faces that fail one filter each, in turn: told less than asked, called another class, or strange."""

    sha256, split, from_other_classes, strength = "a hash", "kaggle", True, 0.9

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        made = faces.copy()
        kinds = np.array([(200, 0, 10), (100, 0, 10), (180, 250, 10), (200, 0, 250)], np.uint8)
        made[:, 0, :3] = kinds[np.arange(len(made)) % 4]
        made[:, 1, 0] = np.arange(len(made)) % 4
        return made


@pytest.mark.parametrize(
    ("least", "novelty", "passing"), [(0.6, True, {0}), (0.6, False, {0, 3}), (None, True, {0, 1, 2})]
)
def test_what_one_filter_refuses_is_left_out(
    least: float | None, novelty: bool, passing: set[int], tmp_path: Path, tiny_data: Path
) -> None:
    data = dataset.load(tiny_data, "kaggle")
    data.faces[:, 0, :3] = 0, 0, 10  # where real faces lie
    data.faces[:, 0, 2] += np.arange(len(data), dtype=np.uint8) % 5
    request = Request(labels=(1,), count=14, split="kaggle", least=least, novelty=novelty)
    out = tmp_path / "out"
    balancing.balance(tiny_data, data, request, Marking(), out, Marked(tmp_path))  # type: ignore[arg-type]
    lines = balancing.read_manifest(out)
    assert len(lines) == 8
    sources = {name: row for row, name in enumerate(data.ids)}
    kinds = set()
    for line in lines:
        face = dataset.read_face(out / line.file)
        assert isinstance(face, np.ndarray)
        kinds.add(int(face[1, 0]))
        assert (face[2:] == data.faces[sources[line.source]][2:]).all(), "the manifest names its source"
        assert line.probability == pytest.approx(face[0, 0] / 255, abs=1e-4)
    assert kinds == passing


def test_the_seed_chooses_the_sources(tmp_path: Path, tiny_data: Path) -> None:
    data = dataset.load(tiny_data, "kaggle")
    sources = []
    for seed in (0, 1):
        request = Request(labels=(1,), count=12, split="kaggle", seed=seed)
        balancing.balance(tiny_data, data, request, Marking(), tmp_path / str(seed))
        sources.append([line.source for line in balancing.read_manifest(tmp_path / str(seed))])
    assert sources[0] != sources[1]


def test_synthetic_pictures_and_copies_teach_no_generator() -> None:
    data = faces_of((4, 3, 3, 3, 3, 3, 3))
    ids = data.ids.astype("U40")
    ids[1] = "train/angry/syn-3.png"
    parts = data.parts.astype("U10")
    groups = data.groups.copy()
    parts[-1], groups[-1] = "test", 2  # a copy of the third
    left = sampling.training_faces(replace(data, ids=ids, parts=parts, groups=groups))
    assert left.groups.tolist() == [0, *range(3, len(data) - 1)]
