"""Maps: exact to the logit, as others compute theirs, faithful where a model's reasons are known; the command."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from made_data import made_up_face, save
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.evaluate import evaluate
from mien.cli.explain import explain
from mien.errors import MienError, ModelError, PictureError
from mien.explanation import faithfulness, map_plots
from mien.explanation.gradients import attention_rollout, grad_cam
from mien.explanation.map_methods import EXACT, GRAD_CAM, OCCLUSION, RANDOM, ROLLOUT, map_methods
from mien.explanation.occlusion import occlusion
from mien.recognition.model import ModelFile, Outputs, shipped_models
from mien.training.affine import enlarge
from mien.training.networks import ExpressionNetwork, build
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder
from mien.training.run_classifier import RunClassifier

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.stack([made_up_face(label, number) for label in range(7) for number in range(2)])


@pytest.fixture(scope="module", params=["vit_tiny", "mobilenet_v2"])
def network(request: pytest.FixtureRequest) -> ExpressionNetwork:
    """A network that tells the made-up faces apart a little, so that its gradients are no accident."""
    torch.manual_seed(0)
    pixels = 48
    network = build(request.param, pixels)
    network.train()
    labels = torch.arange(7).repeat_interleave(4)
    learned = enlarge(
        torch.from_numpy(np.stack([made_up_face(label, number) for label in range(7) for number in range(4)])), pixels
    )
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    for _ in range(6):
        loss = torch.nn.functional.cross_entropy(network(learned)[0], labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


@pytest.mark.parametrize("model", shipped_models())
def test_a_model_files_map_averages_to_its_logits(model: str, faces: np.ndarray) -> None:
    opened = ModelFile.open(model, threads=1)
    outputs = opened.run(faces)
    assert outputs.map is not None
    logits = outputs.map.mean((2, 3), dtype=np.float64)
    # A probability holds the logit up to a constant of the face and the temperature.
    logs = np.log(outputs.probabilities.astype(np.float64))
    told = logs * float(opened.metadata["temperature"])
    rounding = 0.5e-4 * np.ptp(logs)  # the file's metadata has the temperature to four decimals, its graph all of them
    gap = (told - told.mean(1, keepdims=True)) - (logits - logits.mean(1, keepdims=True))
    assert np.abs(gap).max() < 1e-4 + rounding


def test_a_networks_map_averages_to_its_logits(network: ExpressionNetwork, faces: np.ndarray) -> None:
    with torch.inference_mode():
        seen = enlarge(torch.from_numpy(faces), 48)
        logits, _ = network(seen)
        assert (network.explain(seen)[2].mean((2, 3)) - logits).abs().max() < 1e-4


def test_grad_cam_is_the_packages(network: ExpressionNetwork, faces: np.ndarray) -> None:
    package = pytest.importorskip("pytorch_grad_cam", reason="pip install --no-deps grad-cam ttach tqdm")
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    seen, classes = enlarge(torch.from_numpy(faces), 48), torch.arange(len(faces)) % 7

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return self.network(given)[0]

    if network.architecture.name == "vit_tiny":
        layer = network.backbone.blocks[-1].norm1
        grid = lambda tokens: tokens[:, 1:].transpose(1, 2).unflatten(2, (3, 3))  # noqa: E731
    else:
        layer, grid = network.backbone.bn2, None  # the last layer before the pool
    with package.GradCAM(Logits(), [layer], grid) as oracle:
        theirs = oracle(seen, [ClassifierOutputTarget(int(label)) for label in classes])
    ours = grad_cam(network, seen, classes)
    # The package stretches each map to [0, 1] and enlarges it.
    ours = ours - ours.amin((1, 2), keepdim=True)
    ours = ours / (ours.amax((1, 2), keepdim=True) + 1e-7)
    enlarged = torch.nn.functional.interpolate(ours[:, None], size=(48, 48), mode="bilinear")[:, 0].numpy()
    alike = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(enlarged, theirs, strict=True)
             if one.std() > 0]  # fmt: skip
    assert len(alike) >= 3  # of the others nothing speaks for the class: the positive part is empty
    assert min(alike) > 0.98


def test_before_the_pool_grad_cam_is_the_exact_maps_positive_part(faces: np.ndarray) -> None:
    torch.manual_seed(1)
    network = build("mobilenet_v2", 64)
    torch.nn.init.normal_(network.head.weight)
    seen, classes = enlarge(torch.from_numpy(faces), 64), torch.arange(len(faces)) % 7
    network.eval()
    with torch.inference_mode():
        exact = network.explain(seen)[2][torch.arange(len(faces)), classes] - network.head.bias[classes, None, None]
    places = exact[0].numel()
    assert torch.allclose(grad_cam(network, seen, classes) * places, exact.relu(), atol=1e-4)


def test_rollout_follows_the_attention(faces: np.ndarray) -> None:
    torch.manual_seed(0)
    network = build("vit_tiny", 48).eval()
    seen = enlarge(torch.from_numpy(faces), 48)
    held = []
    for block in network.backbone.blocks:
        block.attn.register_forward_pre_hook(lambda _, given: held.append(given[0]))
    found = attention_rollout(network, seen)
    flow = torch.eye(10).expand(len(faces), 10, 10)
    for block, given in zip(network.backbone.blocks, held, strict=True):
        layer = block.attn
        queries, keys, _ = layer.qkv(given).reshape(len(faces), 10, 3, layer.num_heads, -1).permute(2, 0, 3, 1, 4)
        attention = (queries * layer.scale @ keys.transpose(-2, -1)).softmax(-1).mean(1)
        flow = (attention + torch.eye(10)) / 2 @ flow
    assert torch.allclose(found.flatten(1), flow[:, 1:, 1:].mean(1), atol=1e-5)
    assert all(block.attn.fused_attn for block in network.backbone.blocks)
    with pytest.raises(ValueError, match="no attention"):
        attention_rollout(build("mobilenet_v2", 64), seen)


def by_the_corner(faces: np.ndarray) -> np.ndarray:
    """A model that looks at the upper left sixth alone: its first class is how uneven that is."""
    uneven = faces[:, :8, :8].std((1, 2)) / 60
    rest = (1 - uneven.clip(0.01, 0.9))[:, None] / 6
    return np.concatenate([uneven.clip(0.01, 0.9)[:, None], np.repeat(rest, 6, 1)], 1)


class ByTheCorner(Classifier):
    name = "corner"

    def run(self, faces: np.ndarray) -> Outputs:
        return Outputs(by_the_corner(faces), faces)


def test_occlusion_finds_what_a_model_looks_at(faces: np.ndarray) -> None:
    maps = occlusion(by_the_corner, faces, np.zeros(len(faces), int))
    assert maps.shape == (len(faces), 6, 6)
    assert (maps[:, 0, 0] > 0.1).all()
    maps[:, 0, 0] = 0
    assert np.abs(maps).max() < 1e-9


def test_a_true_map_is_more_faithful_than_a_false_one(faces: np.ndarray) -> None:
    true, false = np.zeros((len(faces), 6, 6)), np.zeros((len(faces), 6, 6))
    true[:, 0, 0], false[:, 5, 5] = 1, 1
    classes = np.zeros(len(faces), int)
    for_true, for_false = (faithfulness.both_curves(by_the_corner, faces, classes, maps) for maps in (true, false))
    assert for_true.shape == (2, len(faces), faithfulness.STEPS + 1)
    deletion, insertion = for_true.mean(2)
    assert (deletion < for_false[0].mean(1)).all()
    assert (insertion > for_false[1].mean(1)).all()
    # Both begin and end where nothing or all is taken away.
    assert np.allclose(for_true[0, :, 0], by_the_corner(faces)[:, 0])
    assert np.allclose(for_true[1, :, -1], by_the_corner(faces)[:, 0])
    assert np.allclose(for_true[0, :, -1], for_true[1, :, 0])


def test_judges_every_map_on_the_same_faces(faces: np.ndarray) -> None:
    def fixed(row: int, column: int):
        def maps(seen: np.ndarray, classes: np.ndarray) -> np.ndarray:
            found = np.zeros((len(seen), 6, 6))
            found[:, row, column] = 1
            return found

        return maps

    methods = {EXACT: fixed(0, 0), RANDOM: fixed(5, 5)}
    told: list[str] = []
    uneven = faces[by_the_corner(faces).argmax(1) == 0]
    made = faithfulness.judge(ByTheCorner(), methods, uneven, show=told.append)
    assert len(told) == faithfulness.steps(methods, len(uneven))
    exact, random = made.methods[EXACT], made.methods[RANDOM]
    assert exact.insertion.value > random.insertion.value
    assert random.less_insertion.value == pytest.approx(exact.insertion.value - random.insertion.value)
    assert random.less_insertion.low > 0
    assert exact.deletion.value < random.deletion.value
    assert map_plots.faithfulness({"corner": made}).axes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    torch.manual_seed(0)
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "untrained")
    recipe = Recipe("vit_tiny", (Stage(1, 48),))
    folder.write_description(recipe, "no data", "none", "32-true")
    folder.write_weights(build(recipe.network, recipe.pixels).state_dict())
    return folder


def test_a_run_explains_itself_in_every_way(run: RunFolder, faces: np.ndarray) -> None:
    classifier = RunClassifier(run.path)
    methods = map_methods(classifier)
    assert list(methods) == [EXACT, GRAD_CAM, ROLLOUT, OCCLUSION, RANDOM]
    classes = classifier.probabilities(faces).argmax(1)
    for name, maps in methods.items():
        found = maps(faces, classes)
        assert found.shape[0] == len(faces), name
        assert np.isfinite(found).all(), name
        assert np.array_equal(found, maps(faces, classes)), name


def command(function) -> typer.Typer:
    app = typer.Typer()
    app.command()(function)
    return app


def test_the_command_judges_faithfulness(
    run: RunFolder, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command(evaluate), [str(run.path), "--data", str(tiny_data), "--faithful"])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "results" / "untrained-official-test-faithful.json").read_text())
    assert list(told["methods"]) == [EXACT, GRAD_CAM, ROLLOUT, OCCLUSION, RANDOM]
    assert told["faces"] == 14
    assert (tmp_path / "results" / "untrained-official-test-faithful.png").is_file()
    described = (Path(__file__).parents[1] / "results" / "README.md").read_text()
    for field in [*told, *told["methods"][EXACT]]:
        assert f"`{field}`" in described


def test_the_command_draws_faces_and_models(run: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "figures"
    arguments = [str(EXAMPLES / "astronaut.jpg"), "--out", str(out), "--model", "vit_tiny", "--model", str(run.path)]
    result = CliRunner().invoke(command(explain), [*arguments, "--class", "happy"])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == ["astronaut-1.png", "models.png"]
    assert "happy" in result.stdout


def test_what_cannot_be_explained_stops_nothing_and_no_figure_is_overwritten(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(EXAMPLES / "astronaut.jpg", tmp_path / folder / "[a].jpg")
    (tmp_path / "one" / "broken.jpg").write_bytes(b"no picture")
    save(np.full((80, 80), 127, np.uint8), tmp_path / "one" / "wall.png")
    out = tmp_path / "figures"
    arguments = [str(tmp_path / "one"), str(tmp_path / "two"), "--model", "mobilenet_v2", "--out", str(out)]
    result = CliRunner().invoke(command(explain), [*arguments, "--class", "Happiness"])
    assert result.exit_code == PictureError.exit_code
    assert sorted(path.name for path in out.iterdir()) == ["[a]-1.png", "[a]-2-1.png", "models.png"]
    assert "broken.jpg" in result.stderr
    assert "one/[a].jpg" in result.stdout
    assert "two/[a].jpg" in result.stdout
    assert "no face found" in result.stdout


def test_nothing_is_drawn_where_no_face_is(tmp_path: Path) -> None:
    save(np.full((80, 80), 127, np.uint8), tmp_path / "wall.png")
    arguments = [str(tmp_path / "wall.png"), "--model", "mobilenet_v2", "--out", str(tmp_path / "figures")]
    result = CliRunner().invoke(command(explain), arguments)
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "figures").exists()


def test_bad_input_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    portrait = str(EXAMPLES / "astronaut.jpg")

    def error(*arguments: str) -> BaseException | None:
        return CliRunner().invoke(command(explain), [*arguments, "--out", str(tmp_path / "out")]).exception

    unknown = error(portrait, "--class", "joyful")
    assert isinstance(unknown, MienError)
    assert "happy" in str(unknown)
    assert isinstance(error(portrait, "--model", "vit_tiny", "--model", "vit_tiny"), MienError)
    monkeypatch.setattr(ModelFile, "has_map", False)
    mapless = error(portrait, "--model", "vit_tiny")
    assert isinstance(mapless, ModelError)
    assert "no map" in str(mapless)
    assert not (tmp_path / "out").exists()
