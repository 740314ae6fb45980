"""Spoiling training faces: each kind alone, what stays as it is, and JPEG against a real encoder."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from made_data import made_up_face
from torch.nn import functional

from mien.errors import RecipeError
from mien.training.affine import RandomAffine
from mien.training.degrading import Degrade, _compressed, _shrinking
from mien.training.loop import DeviceData, _mixed_batch
from mien.training.recipe import Recipe, Stage, from_dict

NOTHING = Degrade(1.0, cover=0, side_light=0, tone=0, light=0, contrast=0, blur=0, noise=0, jpeg=0)
KINDS = {"cover": 0.3, "side_light": 0.9, "tone": 1.0, "light": 1.5, "contrast": 0.8, "blur": 1.8, "noise": 0.1}


@pytest.fixture(scope="module")
def faces() -> torch.Tensor:
    return torch.from_numpy(np.stack([made_up_face(number % 7, number) for number in range(28)]))


def spoil(degrade: Degrade, faces: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return degrade(faces, torch.Generator().manual_seed(seed))


def roughness(faces: torch.Tensor) -> torch.Tensor:
    """How much neighbours differ, [N]."""
    return faces.float().diff(dim=2).abs().mean((1, 2))


def test_nothing_is_nothing(faces: torch.Tensor) -> None:
    assert torch.equal(spoil(NOTHING, faces), faces)
    assert torch.equal(spoil(Degrade(probability=0), faces), faces)


def test_the_seed_decides(faces: torch.Tensor) -> None:
    assert torch.equal(spoil(Degrade(), faces), spoil(Degrade(), faces))
    assert not torch.equal(spoil(Degrade(), faces), spoil(Degrade(), faces, 1))
    assert spoil(Degrade(), faces).dtype == torch.uint8


@pytest.mark.parametrize("kind", [*KINDS, "jpeg"])
def test_each_kind_strikes_alone_and_as_often_as_told(kind: str, faces: torch.Tensor) -> None:
    many = faces.repeat(40, 1, 1)
    most = KINDS.get(kind, 92.0)
    changed = (spoil(replace(NOTHING, probability=0.25, **{kind: most}), many) != many).flatten(1).any(1).float().mean()
    # A blur strikes along and across apart in half of the faces; a strength near 0 may change nothing.
    assert 0.15 < float(changed) < (0.40 if kind == "blur" else 0.32)


def test_each_kind_does_what_its_name_says(faces: torch.Tensor) -> None:
    def only(**kind: float) -> torch.Tensor:
        return spoil(replace(NOTHING, **kind), faces)

    assert (roughness(only(blur=1.8)) <= roughness(faces) + 0.01).all()
    assert roughness(only(blur=1.8)).mean() < 0.8 * roughness(faces).mean()
    assert roughness(only(noise=0.14)).mean() > 1.2 * roughness(faces).mean()
    assert (only(contrast=0.85).float().std((1, 2)) <= faces.float().std((1, 2)) + 0.5).all()
    assert (only(side_light=0.9) <= faces).all()
    bright = only(light=1.5).float().mean((1, 2)) - faces.float().mean((1, 2))
    assert bright.min() < -20
    assert bright.max() > 20
    # A tone curve keeps the order of greys, black and white.
    ramp = torch.arange(0, 256).clamp(max=255).to(torch.uint8).view(1, 16, 16).repeat(8, 1, 1)
    curved = spoil(replace(NOTHING, tone=1.0), ramp).flatten(1).int()
    assert (curved.diff(dim=1) >= 0).all()
    assert (curved[:, 0] == 0).all()
    assert (curved[:, -1] == 255).all()
    covered = only(cover=0.3)
    assert ((covered != faces).float().mean((1, 2)) <= 0.32).all()


def test_few_pixels_are_the_mean_of_what_they_cover_and_come_back_blended() -> None:
    ramp = torch.tensor([0.0, 2, 4, 10, 8, 6]).expand(6, 6)[None]
    # To two pixels: means 2 and 8; each lies in the middle of three, and a third of the way on they are blended.
    expected = torch.tensor([2.0, 2, 4, 6, 8, 8])
    seen = ramp @ _shrinking(6, torch.full((1, 1, 1), 0.67)).transpose(1, 2)
    torch.testing.assert_close(seen[0, 0], expected)
    assert torch.equal(ramp @ _shrinking(6, torch.zeros(1, 1, 1)).transpose(1, 2), ramp)


def test_small_faces_are_those_of_a_resampled_picture(faces: torch.Tensor) -> None:
    share = torch.linspace(0, 0.9, len(faces)).view(-1, 1, 1)
    both = _shrinking(48, share)
    for face, weights, lost in zip(faces.float(), both, share.flatten(), strict=True):
        side = max(round((1 - float(lost)) * 48), 1)
        small = functional.interpolate(face[None, None], size=side, mode="area")
        back = functional.interpolate(small, size=48, mode="bilinear", align_corners=False)[0, 0]
        torch.testing.assert_close(weights @ face @ weights.T, back, atol=1e-3, rtol=0)


def test_small_strikes_as_often_as_told_and_draws_nothing_when_left_out(faces: torch.Tensor) -> None:
    many = faces.repeat(40, 1, 1)
    small = spoil(replace(NOTHING, probability=0.25, small=0.67), many)
    assert 0.15 < float((small != many).flatten(1).any(1).float().mean()) < 0.32
    assert roughness(spoil(replace(NOTHING, small=0.67), faces)).mean() < 0.8 * roughness(faces).mean()


def test_what_is_left_out_draws_nothing_so_that_older_recipes_give_the_batches_they_gave(faces: torch.Tensor) -> None:
    used, counted = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    Degrade()(faces, used)
    for _ in range(20):  # cover 6, side light 3, tone, contrast and light 2 each, blur 5
        torch.rand(len(faces), generator=counted)
    torch.randn(faces.shape, generator=counted)
    for _ in range(4):  # noise and jpeg
        torch.rand(len(faces), generator=counted)
    assert torch.equal(used.get_state(), counted.get_state())


@pytest.mark.parametrize("quality", [10, 25, 40, 90])
def test_jpeg_is_as_a_real_encoder_has_it(quality: int, faces: torch.Tensor) -> None:
    ours = _compressed(faces[:7].float(), torch.full((7, 1, 1), 100.0 - quality)).numpy()
    for face, mine in zip(faces[:7].numpy(), ours, strict=True):
        _, content = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
        theirs = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE).astype(float)
        # Encoders round a coefficient that lies halfway either way; on the whole they agree.
        assert np.abs(mine - theirs).mean() < 0.15 * np.abs(theirs - face).mean() + 0.5


def test_a_recipe_can_ask_for_it(faces: torch.Tensor) -> None:
    recipe = from_dict({"network": "vit_tiny", "degrade": {"probability": 0.5, "noise": 0.2}})
    assert recipe.degrade == Degrade(probability=0.5, noise=0.2)
    assert from_dict(recipe.to_dict()) == recipe
    assert Recipe("vit_tiny").degrade is None
    with pytest.raises(RecipeError, match="did you mean 'noise'"):
        from_dict({"network": "vit_tiny", "degrade": {"noises": 0.2}})
    with pytest.raises(RecipeError, match="probability"):
        from_dict({"network": "vit_tiny", "degrade": {"probability": 2}})


def test_training_spoils_before_faces_are_moved(faces: torch.Tensor) -> None:
    data = DeviceData(faces, torch.eye(7).repeat(4, 1), None)
    still = RandomAffine((1.0, 1.0), 0, 0, mirror=False, brightness=0, contrast=0, erase=0)
    recipe = Recipe("vit_tiny", (Stage(1, 48),), affine=still, degrade=replace(NOTHING, side_light=0.9))
    places = torch.arange(28)
    batch, *_ = _mixed_batch(data, places, recipe.degrade, recipe.stage_at(0), torch.Generator().manual_seed(3))
    expected = spoil(recipe.degrade, faces, 3).float() / 255
    assert torch.allclose(batch[:, 0], expected, atol=1e-5)
