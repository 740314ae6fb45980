"""Distillation: what teachers say, where they are found, and that students follow them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn import functional
from typer.testing import CliRunner

from mien.cli.main import app
from mien.data import dataset
from mien.data.dataset import FaceData
from mien.errors import MienError, ModelError, RecipeError
from mien.recognition.model import ModelFile
from mien.training.affine import RandomAffine, enlarge
from mien.training.loop import predict, train
from mien.training.networks import build
from mien.training.objective import Objective
from mien.training.recipe import Distillation, Recipe, Stage, from_dict
from mien.training.run import RunFolder
from mien.training.splits import training_and_validation
from mien.training.teachers import Teacher, Teachers, find_teachers, open_teachers

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
MODELS = Path(__file__).parents[1] / "models"
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


class Says(nn.Module):
    """A network whose logits are always the same, and that notes the sizes of the faces it sees."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.sizes = logits, []

    def forward(self, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.sizes.append(tuple(faces.shape[2:]))
        return self.logits.expand(len(faces), -1), faces


def test_several_teachers_speak_with_one_voice_softened_by_the_temperature() -> None:
    sure, unsure = torch.tensor([0.9, 0.05, 0.05]), torch.tensor([0.2, 0.2, 0.6])
    teachers = Teachers([Teacher(Says(one.log()), 32) for one in (sure, unsure)], 2.0, CPU)  # type: ignore[arg-type]
    roots = ((sure + unsure) / 2).sqrt()
    torch.testing.assert_close(teachers(torch.zeros(4, 1, 32, 32)), (roots / roots.sum()).expand(4, 3))


def test_each_teacher_sees_faces_of_its_own_size() -> None:
    small, large = Says(torch.zeros(7)), Says(torch.zeros(7))
    Teachers([Teacher(small, 32), Teacher(large, 64)], 1.0, CPU)(torch.zeros(2, 1, 48, 48))  # type: ignore[arg-type]
    assert (small.sizes, large.sizes) == ([(32, 32)], [(64, 64)])


def test_teachers_are_asked_in_eval_mode_and_learn_nothing() -> None:
    network = build("mobilenet_v2", 32).train()
    said = Teachers([Teacher(network, 32)], 1.0, CPU)(torch.rand(3, 1, 32, 32))
    assert not network.training
    assert not said.requires_grad


def test_a_model_file_teaches_what_it_answers_in_recognition() -> None:
    recipe = replace(STUDENT, stages=(Stage(1, 112),), distillation=Distillation(("mobilenet_v2", "vit_tiny.onnx")))
    places = find_teachers(MODELS, recipe)
    teachers = open_teachers(places, recipe, CPU)
    faces = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    files = [ModelFile.open(places[name]) for name in ("mobilenet_v2", "vit_tiny.onnx")]
    logits = [torch.from_numpy(file.run(faces).map.mean((2, 3))) for file in files]  # type: ignore[union-attr]
    assert teachers is not None
    expected = torch.stack([one.softmax(1) for one in logits]).mean(0)
    assert (teachers(enlarge(torch.from_numpy(faces), 112)) - expected).abs().max() < 0.05  # ViT-tiny's is rounded


def test_teachers_are_runs_or_model_files_and_what_is_not_there_is_named(tmp_path: Path) -> None:
    recipe = replace(STUDENT, distillation=Distillation(("a_run", "a_file", "absent")))
    RunFolder(tmp_path / "a_run").path.mkdir()
    RunFolder(tmp_path / "a_run").weights.touch()
    (tmp_path / "a_file.onnx").write_bytes(b"nonsense")
    with pytest.raises(RecipeError, match=r"no teacher absent: .*say with --teachers where they are"):
        find_teachers(tmp_path, recipe)
    found = find_teachers(tmp_path, replace(STUDENT, distillation=Distillation(("a_run", "a_file"))))
    assert found == {"a_run": tmp_path / "a_run", "a_file": tmp_path / "a_file.onnx"}
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        open_teachers({"a_file": tmp_path / "a_file.onnx"}, STUDENT, CPU)
    with pytest.raises(ModelError, match="no network that is known here"):
        open_teachers({"face": MODELS / "blazeface_near.onnx"}, STUDENT, CPU)
    assert find_teachers(tmp_path, replace(STUDENT, distillation=None)) == {}


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
        stages=(Stage(16, 32),),
        learning_rate=3e-3,
        ema=0.9,
        layer_decay=1,
        affine=RandomAffine(scale=(1, 1), translation=0, rotation=0, mirror=False, brightness=0, contrast=0, erase=0),
        distillation=Distillation(("teacher",), weight=1.0),
    )
    wanted = torch.arange(7.0).softmax(0)
    torch.manual_seed(0)
    network = build("mobilenet_v2", 32)
    teachers = Teachers([Teacher(Says(wanted.log()), 32)], 1.0, CPU)  # type: ignore[arg-type]
    fabric = Fabric(accelerator="cpu", devices=1)
    train(recipe, network, training, training, RunFolder(tmp_path), fabric, teachers=teachers)
    answers = predict(network, torch.from_numpy(training.faces), 32).mean(0)
    assert np.abs(answers - wanted.numpy()).max() < 0.1
    with pytest.raises(RecipeError, match="learns from teachers"):
        train(recipe, network, training, training, RunFolder(tmp_path / "other"), fabric)


def test_recipes_name_teachers() -> None:
    assert from_dict(STUDENT.to_dict()) == STUDENT
    for distillation in ({"teachers": []}, {"teachers": ["a"], "weight": 2}, {"weight": 0.5}, {"teacher": ["a"]}):
        with pytest.raises(RecipeError):
            from_dict({"network": "vit_tiny", "distillation": distillation})


def test_a_run_and_a_model_file_teach_by_the_command(tmp_path: Path, tiny_data: Path) -> None:
    common = 'network = "mobilenet_v2"\nstages = [{ epochs = 1, pixels = 32 }]\nsplit = "kaggle"\nbatch_size = 14\n'
    (tmp_path / "first.toml").write_text(common)
    student = tmp_path / "student.toml"
    student.write_text(common + 'distillation = { teachers = ["first", "second.onnx"] }\n')
    fresh = ["--weights", "none", "--accelerator", "cpu", "--threads", "1", "--data", str(tiny_data)]

    def mien(*words: object) -> None:
        CliRunner().invoke(app, [*map(str, words), *fresh], catch_exceptions=False, standalone_mode=False)

    mien("train", tmp_path / "first.toml", "--out", tmp_path / "teachers" / "first")
    (tmp_path / "teachers" / "second.onnx").write_bytes((MODELS / "mobilenet_v2.onnx").read_bytes())
    mien("train", student, "--out", tmp_path / "student", "--teachers", tmp_path / "teachers")
    told = RunFolder(tmp_path / "student").description().teachers
    assert told is not None
    assert set(told) == {"first", "second.onnx"}
    (tmp_path / "teachers" / "second.onnx").write_bytes((MODELS / "vit_tiny.onnx").read_bytes())
    with pytest.raises(RecipeError, match="begun with other teachers"):
        mien("train", student, "--out", tmp_path / "student", "--teachers", tmp_path / "teachers", "--resume")
    with pytest.raises(RecipeError, match="no teacher first, second"):
        mien("train", student, "--out", tmp_path / "other", "--teachers", tmp_path)


def test_the_old_command_says_the_new_one() -> None:
    with pytest.raises(MienError, match="mien train --teachers DIR"):
        CliRunner().invoke(app, ["distill", "student.toml"], catch_exceptions=False, standalone_mode=False)
