"""Distillation: students see the views that their teachers saw, with what those said, and learn from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch.nn import functional
from typer.testing import CliRunner

from mien.cli.main import app
from mien.data import dataset
from mien.data.dataset import FaceData
from mien.errors import DataError, ModelError, RecipeError, StorageError
from mien.training.affine import AffineParams, RandomAffine
from mien.training.distillation.soft_target_sampler import SoftTargetSampler
from mien.training.distillation.soft_targets import SoftTargets, ensemble
from mien.training.distillation.teacher import Teacher
from mien.training.distillation.views import Views
from mien.training.loop import predict, train
from mien.training.networks import build
from mien.training.objective import Objective
from mien.training.recipe import Distillation, Recipe, Stage, from_dict
from mien.training.run import RunFolder
from mien.training.splits import training_and_validation

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
STUDENT = Recipe(
    "mobilenet_v2",
    stages=(Stage(1, 32),),
    split="kaggle",
    batch_size=14,
    distillation=Distillation(("first", "second"), weight=0.5, temperature=2.0),
)


@pytest.fixture(scope="module")
def training(tiny_data: Path) -> FaceData:
    return training_and_validation(STUDENT, dataset.load(tiny_data, "kaggle"))[0]


def brightness(faces: torch.Tensor, moves: AffineParams) -> torch.Tensor:
    """Seven numbers that tell the views of a face apart: shares of the light in seven bands."""
    bands = functional.adaptive_avg_pool2d(moves(faces, 48), (7, 1))[:, 0, :, 0] + 0.01
    return bands / bands.sum(1, keepdim=True)


WATCHER = Teacher("watcher", CPU, brightness)


def test_a_student_sees_the_view_that_its_teacher_spoke_of(training: FaceData) -> None:
    recipe = replace(STUDENT, distillation=Distillation(("watcher",)))
    lessons = SoftTargetSampler.of(WATCHER.look(training, Views(recipe.affine, 3, seed=4)), recipe, training, CPU)
    places = torch.arange(len(training)).repeat(4)
    moves, taught = lessons.sample(places, torch.Generator().manual_seed(1))
    seen = brightness(torch.from_numpy(training.faces)[places], moves)
    torch.testing.assert_close(seen, taught)
    views_of_first = {tuple(row.tolist()) for row in taught[places == 0]}
    assert 1 < len(views_of_first) <= 3


def test_a_view_is_drawn_by_seed_and_number_of_pictures_alone() -> None:
    one, again, other = (Views(RandomAffine(gamma=0.2), 2, seed).params(5) for seed in (0, 0, 1))
    assert torch.equal(one.theta, again.theta)
    assert one.power is not None
    assert not torch.equal(one.theta, other.theta)
    assert one.theta.shape == (10, 2, 3)


def test_files_keep_probabilities_to_the_third_digit(tmp_path: Path) -> None:
    said = np.random.default_rng(0).dirichlet([0.2] * 7, (2, 50)).astype(np.float32)
    path = tmp_path / "teacher.safetensors"
    SoftTargets(Views(RandomAffine(), 2), "abc", said).write(path)
    back = SoftTargets.read(path)
    assert np.abs(back.probabilities - said).max() < 0.006
    assert np.allclose(back.probabilities.sum(2), 1)
    assert (back.views, back.data) == (Views(RandomAffine(), 2), "abc")
    assert path.stat().st_size < 2 * 50 * 7 + 1000


def test_several_teachers_speak_with_one_voice_or_are_refused(tmp_path: Path) -> None:
    views = Views(RandomAffine(), 1)
    sure, unsure = np.eye(7, dtype=np.float32)[None], np.full((1, 7, 7), 1 / 7, np.float32)
    SoftTargets(views, "abc", sure).write(tmp_path / "sure.safetensors")
    SoftTargets(views, "abc", unsure).write(tmp_path / "unsure.safetensors")
    SoftTargets(replace(views, seed=1), "abc", sure).write(tmp_path / "elsewhere.safetensors")
    mean = ensemble(tmp_path, ["sure", "unsure"]).probabilities
    assert np.allclose(mean, (sure + unsure) / 2, atol=0.004)
    with pytest.raises(DataError, match="other views"):
        ensemble(tmp_path, ["sure", "elsewhere"])
    with pytest.raises(DataError, match="make them with mien distill"):
        ensemble(tmp_path, ["absent"])
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not a file of soft targets"):
        ensemble(tmp_path, ["broken"])


def test_a_run_is_asked_at_the_size_that_it_was_trained_for(tmp_path: Path, training: FaceData) -> None:
    torch.manual_seed(5)
    network = build("mobilenet_v2", 32)
    torch.nn.init.normal_(network.head.weight)
    folder = RunFolder(tmp_path)
    folder.write_description(replace(STUDENT, distillation=None), "abc", "none", "32-true")
    folder.write_weights(network.state_dict())
    views = Views(RandomAffine(), 2, seed=1)
    seen = views.params(len(training))(torch.from_numpy(training.faces).repeat(2, 1, 1), 32)
    with torch.no_grad():
        expected = network.eval()(seen)[0].softmax(1).reshape(2, len(training), 7)
    asked: list[tuple[int, int]] = []
    said = Teacher.open(tmp_path).look(training, views, lambda done, total: asked.append((done, total)))
    np.testing.assert_allclose(said.probabilities, expected, atol=1e-5)
    assert said.probabilities.std(0).max() > 0.01, "each view has an answer of its own"
    assert asked[-1] == (2 * len(training), 2 * len(training))


def test_a_teacher_that_gives_no_numbers_is_refused(tmp_path: Path, training: FaceData) -> None:
    teacher = Teacher("broken", CPU, lambda faces, moves: torch.full((len(faces), 7), torch.nan))
    with pytest.raises(ModelError, match="broken gave no finite probabilities"):
        teacher.look(training, Views(RandomAffine(), 1))
    silent = np.zeros((1, 3, 7), np.float32)
    SoftTargets(Views(RandomAffine(), 1), "abc", silent).write(tmp_path / "silent.safetensors")
    with pytest.raises(DataError, match="not a file of soft targets"):
        SoftTargets.read(tmp_path / "silent.safetensors")


def test_lessons_about_something_else_are_refused(training: FaceData) -> None:
    said = WATCHER.look(training, Views(STUDENT.affine, 1))
    with pytest.raises(RecipeError, match="other training pictures"):
        SoftTargetSampler.of(said, STUDENT, training.where(np.arange(len(training)) > 0), CPU)
    with pytest.raises(RecipeError, match="another augmentation"):
        SoftTargetSampler.of(said, replace(STUDENT, affine=RandomAffine(rotation=1)), training, CPU)
    with pytest.raises(RecipeError, match="mien distill"):
        SoftTargetSampler.of(None, STUDENT, training, CPU)
    SoftTargetSampler.of(
        said, replace(STUDENT, affine=RandomAffine(erase=0)), training, CPU
    )  # what is erased is no part of a view


def test_the_loss_is_the_softened_divergence_beside_the_labels() -> None:
    network = build("mobilenet_v2", 32).eval()
    faces, taught = torch.rand(4, 1, 32, 32), torch.randn(4, 7).softmax(1)
    targets = functional.one_hot(torch.arange(4), 7).float()
    logits = network(faces)[0]
    soft = -(taught * (logits / 2).log_softmax(1)).sum(1).mean() * 4
    hard = functional.cross_entropy(logits, targets)
    loss = Objective(network, torch.ones(7), 0, 0, Distillation(("a",), weight=0.3, temperature=2.0))
    torch.testing.assert_close(loss(faces, targets, None, taught), 0.3 * soft + 0.7 * hard)


def test_a_student_follows_its_teachers_and_not_the_labels(tmp_path: Path, training: FaceData) -> None:
    recipe = replace(
        STUDENT,
        stages=(Stage(25, 32),),
        learning_rate=3e-3,
        ema=0.9,
        layer_decay=1,
        affine=RandomAffine(scale=(1, 1), translation=0, rotation=0, mirror=False, brightness=0, contrast=0, erase=0),
        distillation=Distillation(("teacher",), weight=1.0),
    )
    turned = (training.labels + 1) % 7
    said = SoftTargets(Views(recipe.affine, 1), training.fingerprint(), np.eye(7, dtype=np.float32)[turned][None])
    torch.manual_seed(0)
    network = build("mobilenet_v2", 32)
    train(
        recipe,
        network,
        training,
        training,
        RunFolder(tmp_path),
        Fabric(accelerator="cpu", devices=1),
        soft_targets=said,
    )
    answers = predict(network, torch.from_numpy(training.faces), 32)
    assert answers[np.arange(len(turned)), turned].mean() > 2 * answers[np.arange(len(turned)), training.labels].mean()


def test_recipes_name_teachers() -> None:
    assert from_dict(STUDENT.to_dict()) == STUDENT
    for distillation in ({"teachers": []}, {"teachers": ["a"], "weight": 2}, {"weight": 0.5}, {"teacher": ["a"]}):
        with pytest.raises(RecipeError):
            from_dict({"network": "vit_tiny", "distillation": distillation})


def test_the_commands_ask_a_run_and_a_model_file_and_teach(tmp_path: Path, tiny_data: Path) -> None:
    teacher_recipe, student_recipe = tmp_path / "first.toml", tmp_path / "student.toml"
    common = 'network = "mobilenet_v2"\nstages = [{ epochs = 1, pixels = 32 }]\nsplit = "kaggle"\nbatch_size = 14\n'
    teacher_recipe.write_text(common)
    student_recipe.write_text(common + 'distillation = { teachers = ["first", "mobilenet_v2"] }\n')
    rest = ["--data", str(tiny_data)]
    fresh = ["--weights", "none", "--accelerator", "cpu", "--threads", "1"]
    runner, lessons = CliRunner(), tmp_path / "lessons"

    def mien(*words: object) -> None:
        runner.invoke(app, [*map(str, words), *rest], catch_exceptions=False, standalone_mode=False)

    mien("train", teacher_recipe, "--out", tmp_path / "first", *fresh)
    model = Path(__file__).parents[1] / "models" / "mobilenet_v2.onnx"
    mien("distill", student_recipe, tmp_path / "first", model, "--views", "2", "--out", lessons)
    assert sorted(path.name for path in lessons.iterdir()) == ["first.safetensors", "mobilenet_v2.safetensors"]
    mien("train", student_recipe, "--out", tmp_path / "student", "--soft-targets", lessons, *fresh)
    assert len(RunFolder(tmp_path / "student").curve()) == 1
    with pytest.raises(StorageError, match="is there already"):
        mien("distill", student_recipe, tmp_path / "first", "--out", lessons)
    with pytest.raises(DataError, match="no such soft targets"):
        mien("train", student_recipe, "--out", tmp_path / "other", "--soft-targets", tmp_path, *fresh)
