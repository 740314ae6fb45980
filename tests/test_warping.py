"""How training moves, lights, erases and spoils faces, and how networks see them: ranges and values by hand."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch

from mien.training.affine import RandomAffine, enlarge
from mien.training.degrading import Degrade
from mien.training.networks import ARCHITECTURES, build

STILL = RandomAffine(scale=(1, 1), translation=0, rotation=0, mirror=False, brightness=0, contrast=0, gamma=0, erase=0)
NOTHING = Degrade(1.0, cover=0, side_light=0, tone=0, light=0, contrast=0, blur=0, noise=0, jpeg=0)
MANY = 400


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat(level: int, count: int = MANY) -> torch.Tensor:
    return torch.full((count, 48, 48), level, dtype=torch.uint8)


def halves(count: int = MANY) -> torch.Tensor:
    """Faces of a dark and a bright half, of 80 and 120."""
    faces = flat(80, count)
    faces[:, :, 24:] = 120
    return faces


def warped(faces: torch.Tensor, seed: int = 0, **how: object) -> torch.Tensor:
    return replace(STILL, **how)(faces, 48, generator(seed))[:, 0]  # type: ignore[arg-type]


# Warping


@pytest.mark.parametrize("pixels", [32, 64, 112])
def test_enlarging_interpolates_between_the_middles_of_pixels(pixels: int) -> None:
    row = torch.randint(0, 256, (48,), dtype=torch.uint8, generator=generator())
    places = (np.arange(pixels) + 0.5) * 48 / pixels - 0.5
    expected = np.interp(places.clip(0, 47), np.arange(48), row.numpy()) / 255
    found = enlarge(row.expand(1, 48, 48), pixels)
    assert found.shape == (1, 1, pixels, pixels)
    np.testing.assert_allclose(found[0, 0, pixels // 2], expected, atol=1e-5)
    np.testing.assert_allclose(enlarge(row[:, None].expand(1, 48, 48), pixels)[0, 0, :, 5], expected, atol=1e-5)


def middles(faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the light of each face lies from the middle, across and down."""
    place = torch.arange(48) + 0.5 - 24
    total = faces.sum((1, 2))
    return (faces.sum(1) * place).sum(1) / total, (faces.sum(2) * place).sum(1) / total


def test_shifts_reach_as_far_as_told_either_way() -> None:
    dot = flat(0)
    dot[:, 23:25, 23:25] = 255
    for way in middles(warped(dot, translation=0.1)):
        assert way.min() == pytest.approx(-4.8, abs=0.3)
        assert way.max() == pytest.approx(4.8, abs=0.3)
        assert way.std() == pytest.approx(4.8 / 3**0.5, rel=0.1)


def test_scales_turns_and_mirrors_are_of_the_whole_face() -> None:
    dot = flat(0)
    dot[:, 8:12, 28:32] = 255  # 14 above the middle, 6 to its right
    across, down = middles(warped(dot, scale=(0.8, 1.25)))
    assert (down.min(), down.max()) == (pytest.approx(-17.5, abs=0.4), pytest.approx(-11.2, abs=0.4))
    assert torch.allclose(across / down, torch.tensor(-6 / 14), atol=0.03)
    across, down = middles(warped(dot, mirror=True))
    assert torch.allclose(down, torch.tensor(-14.0), atol=0.05)
    assert torch.allclose(across.abs(), torch.tensor(6.0), atol=0.05)
    assert (across > 0).float().mean() == pytest.approx(0.5, abs=0.08)
    for mirror in (False, True):
        across, down = middles(warped(dot, rotation=20.0, mirror=mirror))
        angle = torch.atan2(across.abs() if mirror else across, -down).rad2deg() - np.degrees(np.arctan2(6, 14))
        assert (angle.min(), angle.max()) == (pytest.approx(-20, abs=1), pytest.approx(20, abs=1))


def test_faces_are_made_as_much_narrower_as_higher() -> None:
    dot = flat(0)
    dot[:, 8:12, 28:32] = 255  # 14 above the middle, 6 to its right
    across, down = middles(warped(dot, aspect=0.5))
    torch.testing.assert_close(across * down, torch.full((MANY,), -84.0), atol=3, rtol=0)
    stretch = (across / -down * 14 / 6).log()
    assert (stretch.min(), stretch.max()) == (pytest.approx(-0.5, abs=0.04), pytest.approx(0.5, abs=0.04))


def test_beyond_the_picture_its_edge_repeats() -> None:
    assert warped(flat(200), translation=0.3, rotation=40.0, scale=(1.2, 1.5)).sub(200 / 255).abs().max() < 1e-5


def test_contrast_is_around_each_faces_own_middle() -> None:
    faces = halves()
    faces[::2] += 100
    seen = warped(faces, contrast=0.25)
    gaps = (seen[:, :, 40] - seen[:, :, 4]).mean(1) * 255 / 40
    assert (gaps.min(), gaps.max()) == (pytest.approx(0.75, abs=0.02), pytest.approx(1.25, abs=0.02))
    assert torch.allclose(seen.mean((1, 2)) * 255, faces.float().mean((1, 2)), atol=0.5)


def test_light_is_added_either_way() -> None:
    seen = warped(flat(128), brightness=0.2).mean((1, 2)) - 128 / 255
    assert (seen.min(), seen.max()) == (pytest.approx(-0.2, abs=0.01), pytest.approx(0.2, abs=0.01))


def test_gamma_is_drawn_for_each_face_either_way() -> None:
    power = warped(flat(100), gamma=0.5).mean((1, 2)).log() / np.log(100 / 255)
    assert (power.min(), power.max()) == (
        pytest.approx(np.exp(-0.5), abs=0.02),
        pytest.approx(np.exp(0.5), abs=0.03),
    )


def test_rectangles_of_noise_of_each_faces_own() -> None:
    seen = warped(flat(0, 600), erase=1.0)
    hit = seen > 0
    area = hit.float().mean((1, 2))
    assert 0.015 < area.min() < 0.03
    assert 0.17 < area.max() < 0.22
    high, wide = hit.any(2).sum(1).float(), hit.any(1).sum(1).float()
    aspect = (high / wide).log()
    assert aspect.min() == pytest.approx(-1, abs=0.3)
    assert aspect.max() == pytest.approx(1, abs=0.3)
    assert torch.allclose(area * 48**2, high * wide, rtol=0.02), "whole rectangles"
    assert hit.float().mean(0)[24, 24] > 0.1
    assert hit.any(0).float().mean() > 0.95, "anywhere"
    noise = seen[hit]
    assert (noise.mean(), noise.std()) == (pytest.approx(0.5, abs=0.01), pytest.approx(12**-0.5, abs=0.01))
    assert len({tuple(face.nonzero()[0].tolist()) for face in hit}) > 300
    few = warped(flat(0, 600), erase=0.25)
    assert (few > 0).any(2).any(1).float().mean() == pytest.approx(0.25, abs=0.06)


# Spoiling


def spoiled(faces: torch.Tensor, **how: float) -> torch.Tensor:
    return replace(NOTHING, **how)(faces, generator()).float()


def test_what_spoils_reaches_as_far_as_told() -> None:
    light = spoiled(flat(100), light=1.5).mean((1, 2))
    assert (light.min(), light.max()) == (
        pytest.approx(100 * np.exp(-1.5), abs=2),
        pytest.approx(100 * np.exp(0.75), abs=4),
    )
    tone = spoiled(flat(100), tone=1.0).mean((1, 2))
    assert (tone.min(), tone.max()) == (
        pytest.approx(255 * (100 / 255) ** np.e, abs=2),
        pytest.approx(255 * (100 / 255) ** (1 / np.e), abs=2),
    )
    noise = spoiled(flat(128), noise=0.1).std((1, 2))
    assert noise.min() < 1
    assert noise.max() == pytest.approx(25.5, abs=1)
    side = spoiled(flat(200), side_light=0.9) / 200
    assert side.amin((1, 2)).min() == pytest.approx(0.1, abs=0.05)
    assert side.amax() == pytest.approx(1, abs=0.02)
    dark, bright = halves(), halves() + 100
    for faces in (torch.cat([dark, bright]),):
        found = spoiled(faces, contrast=0.8)
        assert torch.allclose(found.mean((1, 2)), faces.float().mean((1, 2)), atol=1)
        gaps = (found[:, :, 40] - found[:, :, 4]).mean(1) / 40
        assert (gaps.min(), gaps.max()) == (pytest.approx(0.2, abs=0.03), pytest.approx(1, abs=0.03))


def test_covers_are_whole_bands_of_one_tone() -> None:
    found = spoiled(flat(0), cover=0.3)
    hit = found > 0
    rows = hit.any(2).sum(1)
    assert rows.max() == pytest.approx(14, abs=1)
    wide = hit.any(1).sum(1)[rows > 0]
    assert wide.min() >= 23
    assert wide.max() >= 47
    tones = [face[mask].unique() for face, mask in zip(found, hit, strict=True) if mask.any()]
    assert all(len(tone) == 1 for tone in tones)
    assert len({float(tone) for tone in tones}) > 100


def test_a_blur_spreads_a_point_along_and_across_and_darkens_no_edge() -> None:
    assert (spoiled(flat(200), blur=2.0) == 200).all()
    dot = flat(0)
    dot[:, 24, 24] = 255
    many = torch.arange(48) - 24.0
    found = replace(NOTHING, blur=2.0)(dot, generator()).float()
    # A wide blur of one point is lost in rounding: from lines.
    lines = flat(0)
    lines[:, 24] = 255
    down = spoiled(lines, blur=2.0)[:, :, 24]
    deviation = ((down * many**2).sum(1) / down.sum(1)).sqrt()
    assert deviation.max() == pytest.approx(2.0, abs=0.15)
    across = spoiled(lines.transpose(1, 2), blur=2.0)[:, 24]
    assert ((across * many**2).sum(1) / across.sum(1)).sqrt().max() == pytest.approx(2.0, abs=0.15)
    round_ones = torch.isclose(found, found.transpose(1, 2)).all(2).all(1).float().mean()
    assert round_ones == pytest.approx(0.55, abs=0.12)  # half of them, and those that hardly blur


# Networks


@pytest.mark.parametrize(
    ("name", "first", "mean", "std"),
    [
        ("vit_tiny", "backbone.patch_embed.proj", 0.5, 0.5),
        # ImageNet's three channels averaged
        ("mobilenet_v2", "backbone.conv_stem", (0.485 + 0.456 + 0.406) / 3, (0.229 + 0.224 + 0.225) / 3),
    ],
)
def test_faces_are_brought_to_what_the_starting_weights_know(name: str, first: str, mean: float, std: float) -> None:
    network = build(name, 32).eval()
    seen: list[torch.Tensor] = []
    network.get_submodule(first).register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    faces = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        network(faces)
    assert torch.allclose(seen[0], (faces - mean) / std, atol=3e-3)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if not name.endswith("_native")])
def test_starting_weights_see_greys_as_they_saw_colours(name: str) -> None:
    """Mean and deviation are those that timm names for the weights, averaged over the three channels."""
    network = ARCHITECTURES[name]
    known = timm.get_pretrained_cfg(network.timm_name)
    assert known is not None
    assert network.mean == pytest.approx(np.mean(known.mean), abs=1e-3)
    assert network.std == pytest.approx(np.mean(known.std), abs=1e-3)


def test_a_transformers_locations_are_its_patches_in_reading_order_and_their_mean_is_the_feature() -> None:
    network = build("vit_tiny", 64).eval()
    torch.nn.init.normal_(network.head.weight)
    faces = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        tokens = network.backbone.forward_features((faces - 0.5) / 0.5)
        logits, features = network(faces)
        _, _, scores = network.explain(faces)
    patches = tokens[:, 1:]  # without the class token
    assert patches.shape[1] == 16
    torch.testing.assert_close(features, patches.mean(1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits, network.head(patches.mean(1)), atol=1e-4, rtol=1e-4)
    for row, column in ((0, 0), (0, 3), (2, 1), (3, 3)):
        expected = network.head(patches[:, 4 * row + column])
        torch.testing.assert_close(scores[:, :, row, column], expected, atol=1e-4, rtol=1e-4)
