"""Mixing augmentations: what their masks, shares and spectra must be."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import RecipeError
from mien.training.mixing import MIXINGS
from mien.training.mixing.cutmix import CutMix
from mien.training.mixing.cutout import GREY, Cutout
from mien.training.mixing.fmix import FMix, low_noise
from mien.training.mixing.mixture import beta
from mien.training.mixing.mixup import Mixup

PAIRS = (Mixup, CutMix, FMix)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def faces(count: int = 16, pixels: int = 24) -> torch.Tensor:
    return torch.rand((count, 1, pixels, pixels), generator=generator(99))


@pytest.mark.parametrize("name", MIXINGS)
@pytest.mark.parametrize("per", ["sample", "batch"])
def test_same_seed_gives_same_batch_and_another_does_not(name: str, per: str) -> None:
    mixing = MIXINGS[name]() if name == "cutout" else MIXINGS[name](per=per)
    first, again, other = (mixing(faces(), generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.faces, again.faces)
    assert torch.equal(first.partner, again.partner)
    assert torch.equal(first.lam, again.lam)
    assert not torch.equal(first.faces, other.faces)


@pytest.mark.parametrize("name", MIXINGS)
def test_mixture_keeps_shape_range_and_the_weight_of_targets(name: str) -> None:
    batch = faces(32)
    mixture = MIXINGS[name]()(batch, generator())
    assert mixture.faces.shape == batch.shape
    assert mixture.faces.min() >= 0
    assert mixture.faces.max() <= 1
    assert mixture.partner.sort().values.tolist() == list(range(32))
    targets = torch.softmax(torch.randn((32, 7), generator=generator(3)), 1)
    torch.testing.assert_close(mixture.targets(targets).sum(1), torch.ones(32))


@settings(max_examples=30, deadline=None)
@given(lam=st.floats(0, 1), height=st.integers(8, 40), width=st.integers(8, 40), seed=st.integers(0, 1000))
@pytest.mark.parametrize("kind", PAIRS)
def test_a_masks_mean_is_the_share(kind: type, lam: float, height: int, width: int, seed: int) -> None:
    masks = kind().masks(torch.full((4,), lam), height, width, generator(seed))
    mean = masks.mean((1, 2, 3))
    if kind is CutMix:  # what lies outside the face does not count, so a face keeps at least its lam, to the pixel
        assert (mean >= lam - (height + width) / (height * width)).all()
    else:
        assert (mean - lam).abs().max() <= 1 / (height * width) + 1e-6


@pytest.mark.parametrize("kind", PAIRS)
def test_a_mixed_face_is_own_and_partner_by_the_share(kind: type) -> None:
    """Each face is one grey level of its own, so that its mean tells how much of it is left."""
    levels = torch.linspace(0, 1, 16)
    mixture = kind()(levels.view(-1, 1, 1, 1).expand(-1, 1, 24, 24), generator(5))
    expected = mixture.lam * levels + (1 - mixture.lam) * levels[mixture.partner]
    torch.testing.assert_close(mixture.faces.mean((1, 2, 3)), expected)


def test_cutmix_share_is_the_clipped_boxs() -> None:
    batch = torch.zeros((64, 1, 20, 30))
    batch[::2] = 1
    mixture = CutMix()(batch, generator(7))
    clipped = 0
    for face, own, other, lam in zip(mixture.faces, batch, batch[mixture.partner], mixture.lam, strict=True):
        if own[0, 0, 0] == other[0, 0, 0]:
            continue
        rows, columns = (face == other).any((0, 2)).nonzero(), (face == other).any((0, 1)).nonzero()
        if not len(rows):
            assert lam == 1
            continue
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        box = (bottom - top) * (right - left)
        assert (face == other).sum() == box  # it is a box, wholly the partner's
        assert lam == pytest.approx(float(1 - box / 600))
        clipped += bool(top == 0 or left == 0 or bottom == 20 or right == 30)
    assert clipped >= 5


def test_cutmix_boxes_have_the_partners_share_of_the_area_and_the_faces_shape() -> None:
    for lam in (0.19, 0.64):
        masks = CutMix().masks(torch.full((200,), lam), 40, 60, generator())[:, 0]
        smallest = masks.mean((1, 2)).min()  # of a box that lies inside
        assert float(smallest) == pytest.approx(lam, abs=0.03)
        inside = masks[masks.mean((1, 2)) == smallest][0] == 0
        assert int(inside.any(1).sum()) == pytest.approx(40 * (1 - lam) ** 0.5, abs=1)
        assert int(inside.any(0).sum()) == pytest.approx(60 * (1 - lam) ** 0.5, abs=1)


def test_fmix_rounds_up_as_often_as_down() -> None:
    masks = FMix().masks(torch.full((400,), 31.5 / 64), 8, 8, generator())
    counts = masks.sum((1, 2, 3))
    assert set(counts.tolist()) == {31, 32}
    assert float(counts.mean()) == pytest.approx(31.5, abs=0.1)


def test_fmix_amplitude_falls_with_the_third_power_of_frequency() -> None:
    noise = low_noise(200, 64, 64, 3.0, generator())
    amplitude = torch.fft.rfft2(noise).abs().square().mean(0).sqrt()
    f = torch.hypot(torch.fft.fftfreq(64)[:, None], torch.fft.rfftfreq(64)[None])
    # The first and last column are their own mirror images, where the inverse transform keeps half of the power only.
    band = (f >= 2 / 64) & (f <= 0.45)
    band[:, 0] = band[:, -1] = False
    slope, _ = np.polyfit(f[band].log().numpy(), amplitude[band].log().numpy(), 1)
    assert slope == pytest.approx(-3, abs=0.03)


def test_fmix_masks_hold_whole_patches() -> None:
    """White noise would change sign between most neighbours; low frequencies seldom do."""
    masks = FMix().masks(torch.full((50,), 0.5), 48, 48, generator())
    changes = (masks[..., 1:] != masks[..., :-1]).float().mean()
    assert set(masks.unique().tolist()) == {0, 1}
    assert changes < 0.05


def test_one_mask_per_batch_or_per_face() -> None:
    levels = torch.ones((8, 1, 24, 24))
    assert len(Mixup(per="batch")(levels, generator()).lam.unique()) == 1
    assert len(Mixup(per="sample")(levels, generator()).lam.unique()) == 8
    assert FMix(per="batch").masks(torch.tensor([0.5]), 24, 24, generator()).shape[0] == 1


@pytest.mark.parametrize("kind", [*PAIRS, Cutout])
def test_probability_leaves_the_others_as_they_are(kind: type) -> None:
    batch = faces(400, 12)
    untouched = (kind(probability=0.3)(batch, generator())).faces.eq(batch).all(-1).all(-1).all(-1).float().mean()
    assert 0.6 < untouched < 0.8
    assert torch.equal(kind(probability=0)(batch, generator()).faces, batch)


def test_cutouts_square_falls_alike_on_all_sides() -> None:
    hit = (Cutout(size=0.5)(torch.zeros((4000, 1, 8, 8)), generator()).faces == GREY).float().mean((0, 1))
    # A pixel is hit where the centre falls within a quarter of its middle: near an edge, as far as the picture goes.
    reach = (torch.arange(8) + 0.5) / 8
    often = (reach + 0.25).clamp(max=1) - (reach - 0.25).clamp(min=0)
    torch.testing.assert_close(hit, often[:, None] * often[None, :], atol=0.03, rtol=0)


def test_cutout_greys_a_square_and_keeps_the_target() -> None:
    mixture = Cutout(size=0.5)(torch.zeros((300, 1, 24, 24)), generator())
    assert (mixture.lam == 1).all()
    assert set(mixture.faces.unique().tolist()) == {0.0, GREY}
    sizes = (mixture.faces == GREY).sum((1, 2, 3))
    assert sizes.max() == 144  # whole squares
    assert sizes.min() >= 36  # the centre lies inside, so at least a quarter does
    assert (sizes < 144).float().mean() > 0.5


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_beta_has_its_moments(alpha: float) -> None:
    draws = beta(alpha, 20000, torch.device("cpu"), generator())
    assert float(draws.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(draws.var()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Mixup, {"alpha": 0}),
        (FMix, {"per": "epoch"}),
        (FMix, {"decay": -1}),
        (Cutout, {"size": 0}),
        (CutMix, {"probability": 2}),
    ],
)
def test_options_that_make_no_sense_are_refused(kind: type, options: dict) -> None:
    with pytest.raises(RecipeError):
        kind(**options)
