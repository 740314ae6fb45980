"""Weights read back from a model file: what an export folds away comes back, and the network answers the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mien.data import dataset
from mien.errors import ModelError
from mien.export import onnx as export
from mien.export.quantisation import quantise
from mien.expressions import NAMES
from mien.training.affine import enlarge
from mien.training.networks import ExpressionNetwork, build
from mien.training.norms import restore_norms
from mien.training.recipe import Recipe, Stage
from mien.training.weights import start_from

pytestmark = pytest.mark.usefixtures("one_thread")
PIXELS = 32
SHIPPED = Path(__file__).parent.parent / "models"


@pytest.fixture(scope="module")
def trained() -> ExpressionNetwork:
    """Batch norms that have seen something: each with statistics, weight and bias of its own."""
    torch.manual_seed(2)
    network = build("mobilenet_v2", PIXELS, None)
    network.train()
    for _ in range(3):
        network(torch.rand(16, 1, PIXELS, PIXELS))
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
        network.head.weight.normal_(std=0.5)
    return network.eval()


@pytest.fixture(scope="module")
def model_file(trained: ExpressionNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export.write(trained, PIXELS, 1.0, path)
    return path


def logits(network: nn.Module, faces: np.ndarray, pixels: int = PIXELS) -> torch.Tensor:
    network.eval()
    with torch.inference_mode():
        return network(enlarge(torch.from_numpy(faces), pixels))[0]


def test_the_network_answers_as_before_the_export(
    trained: ExpressionNetwork, model_file: Path, tiny_data: Path
) -> None:
    data = dataset.load(tiny_data, "kaggle")
    network, taken = start_from(model_file, "mobilenet_v2", PIXELS)
    assert taken.taken == taken.of
    torch.testing.assert_close(logits(network, data.faces), logits(trained, data.faces), atol=2e-4, rtol=1e-3)


def test_norms_are_given_statistics_to_train_with(model_file: Path, tiny_data: Path) -> None:
    data = dataset.load(tiny_data, "kaggle")
    network, _ = start_from(model_file, "mobilenet_v2", PIXELS)
    before = logits(network, data.faces)
    recipe = Recipe("mobilenet_v2", (Stage(1, PIXELS),))
    restore_norms(network, data, recipe)
    torch.testing.assert_close(logits(network, data.faces), before, atol=2e-4, rtol=1e-3)
    first = next(module for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    first.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network(recipe.affine(torch.from_numpy(data.faces), PIXELS, torch.Generator().manual_seed(5)))
    assert torch.allclose(first.running_var, seen[0].var((0, 2, 3)), rtol=0.5)
    assert not torch.allclose(first.weight, torch.ones_like(first.weight), atol=0.05)


def test_8_bit_weights_come_back_as_floats(tmp_path: Path, tiny_data: Path) -> None:
    torch.manual_seed(4)
    network = build("vit_tiny", 48, None).eval()
    with torch.no_grad():  # tensors that are equal, as fresh ones are, are kept once in a file
        for tensor in network.parameters():
            tensor.add_(torch.randn_like(tensor), alpha=0.02)
    export.write(network, 48, 1.0, tmp_path / "float.onnx")
    quantise(tmp_path / "float.onnx", tmp_path / "int8.onnx")
    faces = dataset.load(tiny_data, "kaggle").faces
    back, taken = start_from(tmp_path / "int8.onnx", "vit_tiny", 48)
    assert taken.taken == taken.of
    torch.testing.assert_close(logits(back, faces, 48), logits(network, faces, 48), atol=0.05, rtol=0.05)
    assert torch.equal(back.backbone.pos_embed, network.backbone.pos_embed)


def test_a_file_whose_network_has_more_is_refused() -> None:
    """DINOv2's blocks have scales that the plain ones lack; without them the other tensors are of no use."""
    with pytest.raises(ModelError, match=r"not a model file of vit_small, which has no .*ls1\.gamma"):
        start_from(SHIPPED / "vit_small.onnx", "vit_small", 112)


def test_another_network_or_file_is_refused(model_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a model file of vit_tiny"):
        start_from(model_file, "vit_tiny", PIXELS)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        start_from(tmp_path / "bad.onnx", "mobilenet_v2", PIXELS)
    save_file({"x": torch.ones(1)}, tmp_path / "renamed.onnx")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        start_from(tmp_path / "renamed.onnx", "mobilenet_v2", PIXELS)


def test_a_model_file_of_seven_other_classes_lends_no_head(model_file: Path, tmp_path: Path) -> None:
    own = tuple("abcdefg")
    other = tmp_path / "other.onnx"
    other.write_bytes(model_file.read_bytes())
    export.set_metadata(other, {"classes": ",".join(own)})
    for file, classes, new in ((other, NAMES, True), (other, own, False), (model_file, own, True)):
        assert start_from(file, "mobilenet_v2", PIXELS, classes=classes)[1].new_head is new


@pytest.mark.parametrize(("name", "side"), [("resnet18_native", 6), ("vgg19_native", 3)])
def test_networks_for_the_datas_own_pixels_keep_their_locations(name: str, side: int) -> None:
    network = build(name, 48, None).eval()
    with torch.inference_mode():
        assert network.locations(torch.zeros(1, 1, 48, 48)).shape[-2:] == (side, side)
