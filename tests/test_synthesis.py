"""StarGAN: networks and losses, training that can be stopped, translation, balancing, and the figures that judge it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning_fabric import Fabric
from made_data import StandIn, made_up_face, save
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from mien.cli import synth
from mien.cli.options import class_label
from mien.data import dataset
from mien.errors import DataError, MienError, ModelError, PictureError, RecipeError
from mien.experiments import synthesis
from mien.expressions import NAMES
from mien.provenance import file_hash
from mien.recognition.model import Outputs
from mien.results.record import write
from mien.results.synthesis import SynthesisJudgement
from mien.synthesis import balance as balancing
from mien.synthesis import export, judge, losses, portrait, recipe, sampling, scores, step
from mien.synthesis.augmenter import Augmenter
from mien.synthesis.balance import Request
from mien.synthesis.filters import QualityFilter
from mien.synthesis.loop import train
from mien.synthesis.networks import ConditionalNorm, Critic, Generator, to_float, to_grey
from mien.synthesis.portrait import find_face
from mien.synthesis.recipe import SynthesisRecipe
from mien.synthesis.run import SynthesisRun
from mien.synthesis.step import TrainingStep
from mien.synthesis.translator import BATCH, Translator

TINY = SynthesisRecipe(
    steps=3,
    class_steps=1,
    split="kaggle",
    batch_size=3,
    critic_steps=2,
    width=4,
    blocks=1,
    critic_width=4,
    report_steps=2,
)
TEMPLATES = np.stack([made_up_face(label, 10_000) for label in range(len(NAMES))])
DISGUST = NAMES.index("disgust")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, so that equal runs are equal to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def data(tiny_data: Path) -> dataset.FaceData:
    return dataset.load(tiny_data, "kaggle")


def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def weights(run: SynthesisRun) -> dict[str, torch.Tensor]:
    found = run.read_checkpoint(torch.device("cpu"))
    assert found is not None
    return {
        f"{part}.{name}": value
        for part in ("generator", "critic", "averaged")
        for name, value in found[0][part].items()
    }


def trained(faces: dataset.FaceData, path: Path, plan: SynthesisRecipe = TINY) -> dict[str, torch.Tensor]:
    run = SynthesisRun(path)
    train(plan, sampling.training_faces(faces), run, fabric())
    return weights(run)


def equal(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    assert ours.keys() == theirs.keys()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


# Networks and losses


def test_the_generator_starts_as_the_face_itself() -> None:
    faces = torch.rand(2, 1, 48, 48) * 2 - 1
    assert torch.equal(Generator(4, 1)(faces, torch.tensor([0, 6])), faces)


def test_the_target_reaches_the_middle_of_a_flat_face() -> None:
    """With label maps before an instance norm it would not: a flat face's middle sees no border."""
    generator = Generator(4, 1)
    torch.nn.init.normal_(generator.last.weight)
    for layer in generator.modules():
        if isinstance(layer, ConditionalNorm):
            torch.nn.init.normal_(layer.shift.weight)
    made = generator(torch.zeros(7, 1, 48, 48), torch.arange(7))[:, 0, 20:28, 20:28]
    assert all((made[label] - made[0]).abs().max() > 1e-3 for label in range(1, 7))


def test_what_the_generator_adds_is_smoothed() -> None:
    faces = torch.rand(2, 1, 48, 48) * 2 - 1
    generators = {smoothing: Generator(4, 1, smoothing) for smoothing in (0.0, 0.7)}
    state = generators[0.0].state_dict()
    torch.nn.init.normal_(state["last.weight"])
    assert "kernel" not in state  # weights of one smoothing serve another
    changes = []
    for generator in generators.values():
        generator.load_state_dict(state)
        changes.append((generator(faces, torch.tensor([0, 6])) - faces)[:, 0].detach().numpy())
    expected = scipy.ndimage.gaussian_filter(changes[0], 0.7, mode="constant", axes=(1, 2), radius=3)
    assert np.allclose(changes[1], expected, atol=1e-4)
    assert np.abs(changes[1] - changes[0]).max() > 0.1


def test_a_run_smooths_as_its_recipe_says(tmp_path: Path, data: dataset.FaceData) -> None:
    smooth = replace(TINY, smoothing=0.7)
    run = SynthesisRun(tmp_path)
    run.write_description(smooth, "hash", "32-true")
    save_file(Generator(TINY.width, TINY.blocks).state_dict(), run.weights)
    cpu = Fabric(accelerator="cpu", devices=1)
    trained = TrainingStep(smooth, sampling.DeviceFaces.of(sampling.training_faces(data), cpu.device), cpu)
    for generator in (run.generator(), trained.generator, trained.averaged):
        assert generator.kernel.shape == (1, 1, 7, 7)


def test_critic_reads_the_realism_of_the_asked_class() -> None:
    critic = Critic(4)
    face = torch.rand(1, 1, 48, 48).repeat(7, 1, 1, 1)
    realism, logits = critic(face, torch.arange(7))
    assert realism.shape == (7,)
    assert logits.shape == (7, 7)
    assert torch.allclose(logits, logits[:1].expand(7, 7))
    expected = critic.realism(critic.trunk(face[:1])).mean((2, 3))[0]
    assert torch.allclose(realism, expected, atol=1e-6)
    assert realism.unique().numel() == 7


def test_gradient_penalty_of_a_linear_critic_is_known() -> None:
    """D(x) = w . x has the gradient w everywhere: penalty (|w| - 1)^2, and its own gradient 2 (|w| - 1) w / |w|."""
    weight = torch.randn(2304, requires_grad=True)

    def critic(faces: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, None]:
        return faces.flatten(1) @ weight, None

    real, made = torch.rand(3, 1, 48, 48), torch.rand(3, 1, 48, 48)
    penalty = losses.gradient_penalty(critic, real, made, torch.zeros(3, dtype=torch.long), torch.rand(3))
    penalty.backward()
    length = weight.detach().norm()
    assert torch.isclose(penalty.detach(), (length - 1) ** 2, rtol=1e-4)
    assert weight.grad is not None
    assert torch.allclose(weight.grad, 2 * (length - 1) * weight.detach() / length, rtol=1e-3, atol=1e-4)


def test_gradient_penalty_differentiates_twice_through_the_real_critic() -> None:
    torch.manual_seed(0)  # a nudge over a leaky ReLU's kink would spoil the comparison
    critic = Critic(2).double()
    real, made = torch.rand(2, 1, 48, 48).double(), torch.rand(2, 1, 48, 48).double()
    labels, mix = torch.tensor([1, 5]), torch.rand(2).double()
    weight = critic.trunk[0].weight
    penalty = losses.gradient_penalty(critic, real, made, labels, mix)
    (gradient,) = torch.autograd.grad(penalty, weight)
    nudge, direction = 1e-5, torch.randn_like(weight)
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * nudge * direction
        values.append(losses.gradient_penalty(critic, real, made, labels, mix).item())
        with torch.no_grad():
            weight -= sign * nudge * direction
    assert (values[0] - values[1]) / (2 * nudge) == pytest.approx((gradient * direction).sum().item(), rel=1e-3)


def test_losses_push_the_right_way() -> None:
    plan = SynthesisRecipe(classification=1.0, cycle=10.0)
    faces, target = torch.zeros(2, 1, 48, 48), torch.tensor([3, 3])
    sure = torch.eye(7)[target] * 9
    good, parts = losses.generator_loss(torch.ones(2), sure, target, faces, faces, plan)
    assert parts[2] == 0
    for worse in (
        losses.generator_loss(torch.zeros(2), sure, target, faces, faces, plan),
        losses.generator_loss(torch.ones(2), -sure, target, faces, faces, plan),
        losses.generator_loss(torch.ones(2), sure, target, faces, faces + 0.5, plan),
    ):
        assert worse[0] > good


def test_scaling_there_and_back_keeps_every_grey() -> None:
    greys = torch.arange(256, dtype=torch.uint8).repeat(9).view(1, 48, 48)
    assert torch.equal(to_grey(to_float(greys)), greys)


# Chance


def test_chance_is_the_steps_own() -> None:
    assert torch.equal(sampling.roll(1, 5, (3, 4)), sampling.roll(1, 5, (3, 4)))
    assert not torch.equal(sampling.roll(1, 5, (3, 4)), sampling.roll(1, 6, (3, 4)))
    assert not torch.equal(sampling.roll(1, 5, (3, 4)), sampling.roll(2, 5, (3, 4)))


def test_targets_are_uniform_whatever_the_class_sizes(data: dataset.FaceData) -> None:
    rare = data.where((data.labels != DISGUST) | (np.cumsum(data.labels == DISGUST) == 1))
    taken = step.TrainingStep(TINY, sampling.DeviceFaces.of(rare, torch.device("cpu")), fabric())
    table = sampling.roll(0, 0, (1, 7000))[0]
    faces, labels, targets = taken._sources(sampling.Dice(table))
    assert np.allclose(np.bincount(targets, minlength=7) / 7000, 1 / 7, atol=0.02)
    assert (labels == DISGUST).float().mean() < 0.05
    assert len(faces) == 7000


@given(st.floats(0, 1, exclude_max=True, width=32), st.integers(0, 6))
def test_a_face_drawn_of_a_class_is_of_it(chance: float, label: int) -> None:
    counts = torch.tensor([3, 1, 16385, 5, 2, 1, 4])
    faces = sampling.DeviceFaces(
        torch.empty(0), torch.arange(7).repeat_interleave(counts), counts.cumsum(0) - counts, counts
    )
    place = faces.of_class(torch.tensor([label]), torch.tensor([chance]))
    assert faces.labels[place] == label
    assert 0 <= faces.any(torch.tensor([chance])) < len(faces.labels)


def test_one_face_in_four_goes_to_the_critic_as_it_is() -> None:
    faces = to_float(torch.from_numpy(TEMPLATES[:2]))
    table = torch.full((2, sampling.DRAWS), 0.9)
    assert torch.allclose(sampling.moved(faces, sampling.Dice(table)), faces, atol=1e-5)
    table[:, 3] = 0.1  # the mirror's draw
    assert torch.allclose(sampling.moved(faces, sampling.Dice(table)), faces.flip(3), atol=1e-5)
    table[:, 0] = 0.1  # whether it is moved
    assert (sampling.moved(faces, sampling.Dice(table)) - faces.flip(3)).abs().mean() > 0.1


# Training


def test_a_stopped_run_ends_as_one_that_was_not(data: dataset.FaceData, tmp_path: Path) -> None:
    whole = trained(data, tmp_path / "whole")
    parts = SynthesisRun(tmp_path / "parts")
    for _ in range(3):  # no time at all is one step
        curve = train(TINY, sampling.training_faces(data), parts, fabric(), hours=0)
    assert [point.step for point in curve] == [1, 2, 3]
    assert equal(whole, weights(parts))
    lines = (tmp_path / "whole" / "curve.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["step", "2", "3"]
    assert {path.name for path in (tmp_path / "whole" / "sheets").iterdir()} == {"step-000002.png", "step-000003.png"}


def test_class_steps_teach_the_critic_alone(data: dataset.FaceData) -> None:
    step = TrainingStep(TINY, sampling.DeviceFaces.of(sampling.training_faces(data), torch.device("cpu")), fabric())
    generator, critic = ([value.clone() for value in net.parameters()] for net in (step.generator, step.critic))
    step(TINY.class_steps - 1)
    assert all(map(torch.equal, generator, step.generator.parameters()))
    assert not all(map(torch.equal, critic, step.critic.parameters()))
    step(TINY.class_steps)
    assert not all(map(torch.equal, generator, step.generator.parameters()))


def test_the_average_trails_the_generator(data: dataset.FaceData, tmp_path: Path) -> None:
    found = trained(data, tmp_path / "run", replace(TINY, steps=1, class_steps=0, ema=0.75))
    torch.manual_seed(TINY.seed)
    start = Generator(TINY.width, TINY.blocks).state_dict()
    for name, first in start.items():
        expected = 0.75 * first + 0.25 * found[f"generator.{name}"]
        assert torch.allclose(found[f"averaged.{name}"], expected, atol=1e-6)


def test_a_generator_begins_at_another_ones_weights(run_folder: Path, tiny_data: Path, tmp_path: Path) -> None:
    """The class steps leave it as it was; run.json names it, and the run goes on with no other."""
    first, out = run_folder / "generator.safetensors", tmp_path / "run"
    plan = run_folder.parent / "tiny.toml"
    arguments = [
        "train",
        str(plan),
        "--data",
        str(tiny_data),
        "--out",
        str(out),
        "--accelerator",
        "cpu",
        "--hours",
        "0",
    ]
    CliRunner().invoke(synth.app, [*arguments, "--weights", str(first)], catch_exceptions=False)
    before, after = load_file(first), load_file(out / "generator.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    other = tmp_path / "other.safetensors"
    save_file({name: value + 1 for name, value in before.items()}, other)
    refused = CliRunner().invoke(synth.app, [*arguments, "--resume", "--weights", str(other)])
    assert isinstance(refused.exception, RecipeError)
    CliRunner().invoke(synth.app, [*arguments, "--resume"], catch_exceptions=False)
    description = SynthesisRun(out).description()
    assert (description.start, description.start_sha256) == ("generator.safetensors", file_hash(first))


def test_learns_from_the_training_part_alone(data: dataset.FaceData, tmp_path: Path) -> None:
    """Whatever the other parts hold, the weights are the same; a change in the training part changes them."""
    expected = trained(data, tmp_path / "clean")
    for part, same in (("validation", True), ("train", False)):
        poisoned = data.faces.copy()
        poisoned[data.parts == part] ^= 255
        groups = np.where(data.parts == part, data.groups + 1000 * (not same), data.groups)
        faces = replace(data, faces=poisoned, groups=groups)
        assert equal(expected, trained(faces, tmp_path / part)) is same


def test_learns_from_no_copy_of_another_part(data: dataset.FaceData) -> None:
    chosen = sampling.training_faces(data)
    assert set(chosen.parts) == {"train"}
    assert len(chosen) == (data.parts == "train").sum() - 1  # the made-up set has one copy
    tested = {face.tobytes() for face in data.faces[data.parts != "train"]}
    assert not tested & {face.tobytes() for face in chosen.faces}


def test_no_pictures_of_a_class_is_an_error(data: dataset.FaceData) -> None:
    without = data.where((data.labels != DISGUST) | (data.parts != "train"))
    with pytest.raises(DataError, match="no pictures of 'disgust'"):
        sampling.training_faces(without)


def test_losses_that_are_no_numbers_stop_the_run(data: dataset.FaceData, tmp_path: Path) -> None:
    plan = replace(TINY, critic_rate=1e30)
    with pytest.raises(RecipeError, match="lower the rates"):
        train(plan, sampling.training_faces(data), SynthesisRun(tmp_path), fabric())
    assert not (tmp_path / "checkpoint.pt").exists()


def test_weights_of_another_size_are_an_error(data: dataset.FaceData, tmp_path: Path) -> None:
    trained(data, tmp_path, replace(TINY, steps=1, class_steps=0))
    run = SynthesisRun(tmp_path)
    run.write_description(replace(TINY, width=5), "hash", "32-true")
    with pytest.raises(ModelError, match="another size"):
        run.generator()


# Recipes


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "recipes").glob("stargan*.toml")), ids=lambda p: p.stem
)
def test_shipped_recipes_are_read_and_fit_the_size(path: Path) -> None:
    plan = recipe.read(path)
    count = sum(weight.numel() for weight in Generator(plan.width, plan.blocks).parameters())
    assert 2 * count < 9.8e6  # bytes in half precision; the file may have 10 MB


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepps = 3", "did you mean 'steps'"),
        ("steps = 0", "steps must be a whole number of at least 1, not 0"),
        ("ema = 1.0", "ema must be a number from 0 to below 1, not 1.0"),
        ("class_steps = 50_000", "class_steps must be below steps"),
        ("generator_rate = nan", "generator_rate must be a number of at least 0, not NaN"),
        ("seed = true", "seed must be a whole number"),
        ("precision = 'fp8'", "precision must be one of"),
        ("split = 'mine'", "split must be one of"),
        ("steps = 'many'", "must be a whole number"),
        ("steps =", "not valid TOML"),
    ],
)
def test_bad_recipes_say_what_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        recipe.read(path)


def test_rates_fall_over_the_second_half() -> None:
    plan = SynthesisRecipe(steps=110, class_steps=10)
    assert [plan.rate_share(number) for number in (0, 60, 85, 109)] == pytest.approx([1, 1, 0.5, 0.02])


# The generator's file


@pytest.fixture(scope="session")
def run_folder(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command leaves after one step."""
    folder = tmp_path_factory.mktemp("synthesis")
    plan = folder / "tiny.toml"
    plan.write_text(
        "".join(f"{k} = {v!r}\n" for k, v in TINY.to_dict().items() if k not in ("steps", "cuda_graph")) + "steps = 2\n"
    )
    arguments = ["train", str(plan), "--data", str(tiny_data), "--out", str(folder / "run"), "--accelerator", "cpu"]
    result = CliRunner().invoke(synth.app, [*arguments, "--threads", "1"], catch_exceptions=False)
    assert result.exit_code == 0
    again = CliRunner().invoke(synth.app, arguments)
    assert isinstance(again.exception, RecipeError)
    assert "--resume" in str(again.exception)
    return folder / "run"


@pytest.fixture
def translator(run_folder: Path) -> Translator:
    return Translator.open(run_folder / "generator.onnx", threads=1)


def test_the_file_translates_as_the_network(run_folder: Path, translator: Translator) -> None:
    faces, labels = np.repeat(TEMPLATES[:3], 7, 0), np.tile(np.arange(7), 3)
    with torch.inference_mode():
        graph = export.GeneratorGraph(SynthesisRun(run_folder).generator())
        expected = graph(torch.from_numpy(faces), torch.from_numpy(labels)).numpy()
    found = Translator(translator.path, threads=1, strength=1).translate(faces, labels)
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 2  # weights in half precision


def test_faces_take_a_share_of_the_change() -> None:
    path = Translator.open().path
    faces, labels = np.repeat(TEMPLATES[:3], 7, 0), np.tile(np.arange(7), 3)
    shares = {
        strength: Translator(path, threads=1, strength=strength).translate(faces, labels).astype(float)
        for strength in (0, 0.3, 1)
    }
    assert (shares[0] == faces).all()
    assert np.abs(shares[1] - faces).max() > 20
    assert np.abs(shares[0.3] - (0.7 * faces + 0.3 * shares[1])).max() <= 0.51
    for strength in (-0.1, 1.1, float("nan")):
        with pytest.raises(ModelError, match="strength must lie between 0 and 1"):
            Translator(path, strength=strength)


def test_batches_of_faces_are_translated_as_single_ones(translator: Translator) -> None:
    faces, labels = np.repeat(TEMPLATES[:3], 7, 0), np.tile(np.arange(7), 3)
    found = translator.translate(faces, labels)
    assert (translator.translate_all(TEMPLATES[0]) == found[:7]).all()
    assert translator.translate(faces[:0], labels[:0]).shape == (0, 48, 48)


def test_the_file_says_what_it_learned_from(tiny_data: Path, translator: Translator) -> None:
    faces = sampling.training_faces(dataset.load(tiny_data, "kaggle"))
    assert translator.metadata["training_data"] == faces.fingerprint()
    assert translator.metadata["split"] == "kaggle"


def test_the_shipped_generator_gives_a_portrait_seven_expressions() -> None:
    translator = Translator.open(threads=1)
    assert translator.path.stat().st_size < 10e6
    assert json.loads((translator.path.parent / "hashes.json").read_text()) == {translator.path.name: translator.sha256}
    face = find_face(Path(__file__).parents[1] / "examples" / "astronaut.jpg", translator.metadata["crop"])
    made = translator.translate_all(face)
    likeness = scores.appearance(made) @ scores.appearance(np.concatenate([face[None], made])).T
    assert (likeness[:, 0] > 0.7).all()  # the same person
    assert (np.triu(likeness[:, 1:], 1) < 0.999).all()  # and no two alike
    labels = np.resize(np.arange(7), BATCH + 10)  # more than are translated at a time
    assert np.abs(translator.translate(np.stack([face] * len(labels)), labels).astype(int) - made[labels]).max() <= 1


def test_wrong_generators_and_faces_are_errors(translator: Translator, run_folder: Path, tmp_path: Path) -> None:
    import onnx

    with pytest.raises(ModelError, match="no such file"):
        Translator.open(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="unknown generator"):
        Translator.open("cyclegan")
    (tmp_path / "broken.onnx").write_bytes(b"no")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        Translator.open(tmp_path / "broken.onnx")
    other = onnx.load(run_folder / "generator.onnx")
    next(entry for entry in other.metadata_props if entry.key == "input_size").value = "64"
    onnx.save(other, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="must be 48 x 48"):
        Translator.open(tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="must be uint8"):
        translator.translate(np.zeros((1, 64, 64), np.uint8), np.zeros(1, int))
    with pytest.raises(ModelError, match="labels"):
        translator.translate(TEMPLATES[:1], np.array([7]))


def test_expressions_by_name_adjective_and_noun() -> None:
    assert class_label("surprise") == class_label("Surprised") == NAMES.index("surprise")
    assert class_label("Happiness") == NAMES.index("happy")
    with pytest.raises(DataError, match="unknown expression 'contempt'; there are angry"):
        class_label("contempt")


def test_a_picture_without_a_face_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(portrait.FaceDetector, "detect", lambda self, picture: [])
    save(np.full((48, 48), 90, np.uint8), tmp_path / "grey.png")
    with pytest.raises(PictureError, match=r"grey\.png: no face found"):
        portrait.find_face(tmp_path / "grey.png", "")


def test_translates_a_cut_face_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run_folder: Path, translator: Translator
) -> None:
    monkeypatch.setattr(portrait.FaceDetector, "detect", lambda self, picture: ["a face"])
    save(TEMPLATES[3], tmp_path / "face.png")
    arguments = ["translate", str(tmp_path / "face.png"), "--generator", str(run_folder / "generator.onnx"), "--out"]
    one, all_seven, half = tmp_path / "one.png", tmp_path / "all.png", tmp_path / "half.png"
    for more in (
        [str(one), "--to", "surprise"],
        [str(all_seven)],
        [str(half), "--to", "surprise", "--strength", "0.5"],
    ):
        assert CliRunner().invoke(synth.app, [*arguments, *more], catch_exceptions=False).exit_code == 0
    expected = translator.translate_all(TEMPLATES[3])
    assert (dataset.read_face(one) == expected[NAMES.index("surprise")]).all()
    halfway = Translator(translator.path, strength=0.5).translate_all(TEMPLATES[3])
    assert (dataset.read_face(half) == halfway[NAMES.index("surprise")]).all()
    assert all_seven.is_file()


# Balancing, with stand-ins for the networks


class Pasting:
    """A translator that gives the wanted class's own picture, with a trace of the source."""

    sha256, split, from_other_classes, strength = "a hash", "kaggle", True, 0.9

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return (0.9 * TEMPLATES[labels] + 0.1 * faces).astype(np.uint8)


class Templates(StandIn):
    """A classifier by likeness to each class's picture; its features are a few pixels."""

    name = "templates"

    def run(self, faces: np.ndarray) -> Outputs:
        likeness = 20 * scores.appearance(faces) @ scores.appearance(TEMPLATES).T
        powers = np.exp(likeness)
        return Outputs(powers / powers.sum(1, keepdims=True), faces[:, ::8, ::8].reshape(len(faces), -1) / 255.0, None)


@pytest.fixture
def classifier(tmp_path: Path) -> Templates:
    return Templates(tmp_path)


def balanced(
    root: Path, out: Path, request: Request, classifier: Templates | None = None, translator: object = None
) -> dict:
    faces = dataset.load(root, request.split)
    return balancing.balance(root, faces, request, translator or Pasting(), out, classifier)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


WANTED = Request(labels=(DISGUST,), count=16, split="kaggle")


def test_fills_up_a_class_and_keeps_the_originals(tiny_data: Path, tmp_path: Path, data: dataset.FaceData) -> None:
    out = tmp_path / "out"
    summary = balanced(tiny_data, out, WANTED)
    made = dataset.load(out, "kaggle")
    assert not made.problems
    assert (made.parts == "train").sum() == (data.parts == "train").sum() + 10
    assert ((made.parts == "train") & (made.labels == DISGUST)).sum() == 16
    assert sampling.training_faces(made).fingerprint() == sampling.training_faces(data).fingerprint()
    for name in data.ids:
        assert (out / "images" / name).read_bytes() == (tiny_data / "images" / name).read_bytes()
    assert (out / "fer2013.csv").read_bytes() == (tiny_data / "fer2013.csv").read_bytes()
    assert (out / "classes.png").is_file()
    assert summary["synthetic"]["disgust"] == 10
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_sources_are_training_faces_of_other_classes(tiny_data: Path, tmp_path: Path, data: dataset.FaceData) -> None:
    balanced(tiny_data, tmp_path / "out", replace(WANTED, count=30))
    lines = balancing.read_manifest(tmp_path / "out")
    allowed = sampling.training_faces(data)
    by_id = {name: NAMES[label] for name, label in zip(allowed.ids, allowed.labels, strict=True)}
    assert len({line.source for line in lines}) == len(lines) == 24
    for line in lines:
        assert line.label == "disgust" != line.source_label == by_id[line.source]


def test_augmentation_takes_the_classes_own_faces_and_changes_them(
    tiny_data: Path, tmp_path: Path, data: dataset.FaceData
) -> None:
    balanced(tiny_data, tmp_path / "out", replace(WANTED, count=30), translator=Augmenter("kaggle", 0))
    lines = balancing.read_manifest(tmp_path / "out")
    assert {line.source_label for line in lines} == {"disgust"}
    own = int((sampling.training_faces(data).labels == DISGUST).sum())
    assert len({line.source for line in lines}) == own < len(lines) == 24
    made = {dataset.read_face(tmp_path / "out" / line.file).tobytes() for line in lines}
    assert len(made) == 24


def test_the_same_seed_gives_the_same_files(tiny_data: Path, tmp_path: Path, classifier: Templates) -> None:
    wanted = replace(WANTED, labels=(DISGUST, 4), least=0.2, novelty=True)
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        balanced(tiny_data, tmp_path / name, replace(wanted, seed=seed), classifier)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    synthetic = [{n: b for n, b in files(tmp_path / name).items() if "syn-" in n} for name in ("one", "three")]
    assert len(synthetic[0]) == len(synthetic[1]) == 20
    assert synthetic[0] != synthetic[1]


class HalfBroken(Pasting):
    """Every second face comes back as it was."""

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        made = super().translate(faces, labels)
        made[::2] = faces[::2]
        return made


def test_the_filter_keeps_what_is_called_the_target(tiny_data: Path, tmp_path: Path, classifier: Templates) -> None:
    summary = balanced(tiny_data, tmp_path / "out", replace(WANTED, least=0.5), classifier, HalfBroken())
    done = summary["classes"]["disgust"]
    assert done["kept"] == 10
    assert done["called_target"] == pytest.approx(0.5, abs=0.03)
    assert done["sources_called_target"] == 0
    assert done["refused_by_probability"] == pytest.approx(done["translated"] / 2, abs=1)
    assert all((line.probability or 0) >= 0.5 for line in balancing.read_manifest(tmp_path / "out"))


def test_novelty_knows_noise_from_faces(data: dataset.FaceData, classifier: Templates) -> None:
    labels = np.repeat(np.arange(7), 40)
    faces = np.stack([made_up_face(label, 100 + number) for number, label in enumerate(labels)])
    real = dataset.FaceData(faces, labels, labels.astype(str), labels.astype(str), labels)
    quality = QualityFilter(classifier, real, seed=0)  # type: ignore[arg-type]
    noise = np.random.default_rng(0).integers(0, 256, (20, 48, 48), np.uint8)
    assert (quality.score(noise, 0).novelty > quality.most_novelty).mean() > 0.8
    assert (quality.score(data.faces, 0).novelty <= quality.most_novelty).mean() > 0.8


class Failing(Pasting):
    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        raise ModelError("broken")


def test_bad_requests_are_errors_and_leave_nothing(tiny_data: Path, tmp_path: Path, classifier: Templates) -> None:
    out, before = tmp_path / "out", set(tmp_path.iterdir())
    for wanted, judged_by, translator, message in (
        (replace(WANTED, count=6), None, Pasting(), "has 6 training pictures already"),
        (replace(WANTED, count=99), None, Pasting(), "only 35 of 93"),
        (replace(WANTED, least=0.5), None, Pasting(), "need an independent classifier"),
        (replace(WANTED, split="official"), None, Pasting(), "use --split kaggle"),
        (WANTED, None, Failing(), "broken"),
    ):
        with pytest.raises(MienError, match=message):
            balanced(tiny_data, out, wanted, judged_by, translator)
        assert set(tmp_path.iterdir()) == before
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="not an empty folder"):
        balanced(tiny_data, out, WANTED)
    assert files(out) == {"mine.txt": b"keep"}


def test_a_full_disk_leaves_nothing(tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, value: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(balancing, "write_json", refuse)
    with pytest.raises(MienError, match="No space left on device; free some space"):
        balanced(tiny_data, tmp_path / "out", WANTED)
    assert not list(tmp_path.iterdir())


def test_a_balanced_set_is_not_balanced_again(tiny_data: Path, tmp_path: Path) -> None:
    balanced(tiny_data, tmp_path / "out", WANTED)
    with pytest.raises(DataError, match="holds synthetic pictures already"):
        balanced(tmp_path / "out", tmp_path / "more", replace(WANTED, count=30))


def test_pixels_in_a_csv_file_cannot_be_balanced(tiny_data: Path, tmp_path: Path, data: dataset.FaceData) -> None:
    with pytest.raises(DataError, match="needs picture folders"):
        balancing.balance(tmp_path, data, WANTED, Pasting(), tmp_path / "out")  # type: ignore[arg-type]


def test_balances_from_the_command_line(tiny_data: Path, tmp_path: Path, run_folder: Path) -> None:
    shutil.copytree(tiny_data, tmp_path / "data")
    arguments = ["balance", str(tmp_path / "data"), "--class", "disgust"]
    arguments += ["--generator", str(run_folder / "generator.onnx"), "--strength", "0.5"]
    arguments += ["--out", str(tmp_path / "out"), "--to"]
    same_size = CliRunner().invoke(synth.app, [*arguments, "fear"])
    assert "training pictures already" in str(same_size.exception)
    assert CliRunner().invoke(synth.app, [*arguments, "8"], catch_exceptions=False).exit_code == 0
    assert len(balancing.read_manifest(tmp_path / "out")) == 2
    assert judge.read(tmp_path / "out").strength == 0.5


# Judging


def slow_kernel_distance(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate as its definition has it, pair by pair."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    within_x = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within_x + within_y - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)


def test_kernel_distance_is_its_definition() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(0, 1, (9, 5)), generator.normal(0.5, 1, (9, 5))
    found = scores.kernel_distance(x, y, size=9, subsets=3)
    assert found.mean == pytest.approx(slow_kernel_distance(x, y), rel=1e-9)
    assert found.deviation == pytest.approx(0, abs=1e-9)  # the subset is everything


def test_kernel_distance_is_about_zero_for_equal_distributions() -> None:
    """Unbiased: over many draws the estimates scatter around zero, and a shift stands out."""
    equal_ones, shifted = [], []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        x, y = generator.normal(0, 1, (2, 60, 8))
        equal_ones.append(scores.kernel_distance(x, y, seed, subsets=4).mean)
        shifted.append(scores.kernel_distance(x, y + 0.5, seed, subsets=4).mean)
    error = np.std(equal_ones) / np.sqrt(len(equal_ones))
    assert abs(np.mean(equal_ones)) < 3 * error
    assert min(equal_ones) < 0 < np.mean(shifted) - 10 * error


def test_spread_and_nearest_are_their_definitions() -> None:
    vectors = scores.unit(np.random.default_rng(1).normal(size=(12, 6)))
    pairs = [1 - vectors[i] @ vectors[j] for i in range(12) for j in range(12) if i != j]
    assert scores.spread(vectors) == pytest.approx(np.mean(pairs), rel=1e-5)
    others = scores.unit(np.random.default_rng(2).normal(size=(9, 6)))
    for rank in (1, 3):
        found, places = scores.nearest(vectors, others, rank)
        products = vectors @ others.T
        assert np.allclose(found, np.sort(products, 1)[:, -rank])
        assert np.allclose(products[np.arange(12), places], found)


def test_spectra_of_patches_show_a_grid_over_smooth_faces() -> None:
    generator = np.random.default_rng(0)
    coarse = generator.integers(60, 200, (300, 8, 8)).repeat(6, 1).repeat(6, 2)
    faces = (coarse + generator.normal(0, 3, coarse.shape)).clip(0, 255).astype(np.uint8)
    grid = (faces + 6.0 * (np.indices((48, 48)).sum(0) % 4 < 2)).clip(0, 255).astype(np.uint8)
    real = scores.patch_spectra(faces[150:])
    clean, spoiled = (
        scores.kernel_distance(*(scores.standardised(some, real) for some in (scores.patch_spectra(ours), real))).mean
        for ours in (faces[:150], grid[:150])
    )
    assert abs(clean) < 0.2
    assert spoiled > 5


def test_spectra_of_patches_are_those_of_stripes() -> None:
    stripes = (128 + 60 * np.cos(2 * np.pi * np.arange(48) / 4)).astype(np.uint8)  # three waves a patch, left to right
    across = np.broadcast_to(stripes, (48, 48))
    spectra = scores.patch_spectra(np.stack([across, across.T])).reshape(2, scores.PATCH, scores.PATCH // 2 + 1)
    assert np.unravel_index(spectra[0].argmax(), spectra[0].shape) == (0, 3)
    assert np.unravel_index(spectra[1].argmax(), spectra[1].shape) in ((3, 0), (9, 0))


def test_spectra_of_patches_leave_light_and_contrast_out() -> None:
    faces = np.random.default_rng(0).integers(0, 100, (5, 48, 48), np.uint8)
    found = [scores.patch_spectra(some) for some in (faces, 2 * faces + 20)]
    assert found[0].shape == (5, scores.PATCH * (scores.PATCH // 2 + 1))
    assert np.allclose(*found, atol=0.05)
    assert not scores.patch_spectra(np.full((2, 48, 48), 9, np.uint8)).any()


def test_columns_are_standardised_by_others() -> None:
    like = np.array([[0.0, 5.0], [2.0, 5.0]])
    assert scores.standardised(np.array([[3.0, 5.0]]), like).tolist() == [[2.0, 0.0]]


def test_share_has_wilsons_interval() -> None:
    found = scores.share(np.arange(100) < 80)
    assert (found.value, found.count) == (0.8, 100)
    assert (found.low, found.high) == pytest.approx((0.7112, 0.8666), abs=1e-4)  # Wilson 1927, by its formula
    assert scores.share(np.ones(5, bool)).low > 0.5


class Keeping(Pasting):
    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return faces


class Copying(Pasting):
    """Learned one real face of the class by heart."""

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.stack([made_up_face(int(label), 0) for label in labels])


def test_verdicts_tell_good_from_useless_and_copied(tiny_data: Path, tmp_path: Path, classifier: Templates) -> None:
    found = {}
    for translator in (Pasting(), Keeping(), Copying()):
        out = tmp_path / type(translator).__name__
        balanced(tiny_data, out, replace(WANTED, count=36), translator=translator)
        found[out.name] = judge.judge(judge.read(out), classifier)["disgust"]  # type: ignore[arg-type]
    good, useless, copied = found["Pasting"], found["Keeping"], found["Copying"]
    assert good.called_synthetic.value == 1
    assert good.called_sources.value == useless.called_synthetic.value == 0
    assert good.kid_synthetic.mean < good.kid_sources.mean
    assert useless.kid_synthetic.mean == pytest.approx(useless.kid_sources.mean, abs=1e-9)
    assert useless.identity_pixels.to_source == pytest.approx(0, abs=1e-6)
    assert useless.identity_pixels.source_is_nearer.value == useless.unchanged.value == 1
    assert good.unchanged.value == good.copies_of_training_faces.value == 0
    assert copied.copies_of_training_faces.value == 1
    assert copied.diversity_synthetic == pytest.approx(0, abs=1e-6)
    assert good.diversity_synthetic > 1e-4
    assert (good.synthetic, good.real) == (30, 6)


def test_the_report_tells_what_the_judge_said(tiny_data: Path, tmp_path: Path, classifier: Templates) -> None:
    balanced(tiny_data, tmp_path / "out", replace(WANTED, count=36))
    verdict = judge.judge(judge.read(tmp_path / "out"), classifier)["disgust"]  # type: ignore[arg-type]
    write(tmp_path / synthesis.JUDGED, SynthesisJudgement("templates", 0, "g", {"disgust": verdict}))
    (table,) = synthesis.tables(tmp_path, {})
    assert table.rows[0][1].startswith("100.0 [")
    assert table.rows[0][2].startswith("0.0 [")
    assert table.rows[1][1] == f"{verdict.kid_synthetic.mean:.4f}"
    (tmp_path / synthesis.JUDGED).write_text("{}")
    with pytest.raises(DataError, match="mien synth judge"):
        synthesis.tables(tmp_path, {})


def test_the_pairs_shown_are_drawn_by_the_seed(tiny_data: Path, tmp_path: Path) -> None:
    balanced(tiny_data, tmp_path / "out", replace(WANTED, count=30))
    read = judge.read(tmp_path / "out")
    assert (judge.pairs(read, 1, 8) == judge.pairs(read, 1, 8)).all()
    assert (judge.pairs(read, 1, 8) != judge.pairs(read, 2, 8)).any()


def test_a_folder_that_is_not_balanced_is_an_error(tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv"):
        judge.read(tiny_data)
    balanced(tiny_data, tmp_path / "out", WANTED)
    (tmp_path / "out" / balancing.read_manifest(tmp_path / "out")[0].file).unlink()
    with pytest.raises(DataError, match="missing or broken"):
        judge.read(tmp_path / "out")
