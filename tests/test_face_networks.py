"""The networks that start from weights which know people's faces: their layouts, worked out by hand."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mien.synthesis.face_network import open_face_network
from mien.training.networks import build
from mien.training.networks.face_mobilenet import FaceMobilenet, Separable
from mien.training.networks.face_resnet import Block, FaceResnet
from mien.training.weights import start_from


def silenced(block: Block) -> Block:
    """With convolutions that say nothing: what is left is the shortcut."""
    for values in block.parameters():
        torch.nn.init.zeros_(values)
    return block


@torch.no_grad()
def test_a_halving_blocks_shortcut_is_the_mean_of_two_by_two_with_empty_channels() -> None:
    maps = torch.randn(1, 2, 8, 8)
    found = silenced(Block(2, 3, halves=True))(maps)
    expected = maps.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5)).relu()
    assert torch.allclose(found[:, :2], expected, atol=1e-6)
    assert not found[:, 2].any()


@torch.no_grad()
def test_the_smaller_side_of_a_halving_block_is_filled_at_right_and_bottom() -> None:
    """8 pixels: the convolution without padding leaves 3, the mean leaves 4."""
    block = silenced(Block(1, 1, halves=True))
    block.conv2.scale.bias.fill_(5.0)  # the convolutions say 5 everywhere they reach
    found = block(torch.zeros(1, 1, 8, 8))
    assert found.shape[2:] == (4, 4)
    assert (found[0, 0, :3, :3] == 5).all()
    assert not found[0, 0, 3].any()
    assert not found[0, 0, :, 3].any()


@torch.no_grad()
def test_padding_is_tensorflows() -> None:
    """At stride 2 an even side is filled at its end alone: the first output lies on the second pixel."""
    block = Separable(1, 1, stride=2)
    for values in block.parameters():
        torch.nn.init.zeros_(values)
    block.depthwise.weight[0, 0, 1, 1] = block.pointwise.weight[0, 0] = 1.0
    maps = torch.rand(1, 1, 8, 8)
    assert torch.allclose(block(maps), maps[:, :, 1::2, 1::2])


@pytest.mark.parametrize(("backbone", "name"), [(FaceResnet, "face_resnet"), (FaceMobilenet, "face_mobilenet")])
def test_colour_weights_in_half_precision_start_a_grey_network(backbone: type, name: str, tmp_path: Path) -> None:
    colour = backbone()
    # What the file has beyond the network: dlib's last block and its descriptor of a person.
    extra = {"fc.weight": torch.zeros(128, 256), "conv256_down_out.conv1.conv.bias": torch.zeros(256)}
    path = tmp_path / "start.safetensors"
    save_file({key: values.half() for key, values in (colour.state_dict() | extra).items()}, path)
    network, taken = start_from(path, name, 112)
    assert (taken.taken, taken.left) == (taken.of, len(extra))
    faces = torch.rand(2, 1, 112, 112)
    with torch.no_grad():
        expected = colour.half().float().eval().forward_features(faces.repeat(1, 3, 1, 1))
        found = network.backbone.eval().forward_features(faces)
        assert torch.allclose(found, expected, atol=1e-2 * float(expected.abs().max()))


@pytest.mark.parametrize("name", ["face_resnet", "face_mobilenet"])
def test_the_mean_of_the_map_is_the_logit(name: str) -> None:
    network = build(name, 112).eval()
    with torch.no_grad():
        logits, features, maps = network.explain(torch.rand(2, 1, 112, 112))
    assert torch.allclose(maps.mean((2, 3)), logits, atol=1e-5)
    assert features.shape == (2, network.backbone.num_features)


def test_faces_have_features(tmp_path: Path) -> None:
    network = build("face_resnet", 112).eval()
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    faces = torch.randint(0, 256, (3, 48, 48), dtype=torch.uint8)
    found = open_face_network(tmp_path / "own.safetensors")(faces.numpy())
    with torch.no_grad():
        big = torch.nn.functional.interpolate(faces[:, None] / 255, (112, 112), mode="bilinear", align_corners=False)
        assert torch.allclose(torch.from_numpy(found), network(big)[1], atol=1e-3)
