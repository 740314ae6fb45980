"""Figures for synthetic faces, from arrays alone: KID, distances, near-copies, shares with intervals."""

import numpy as np

from mien.results.synthesis import Distance, ShareOfCount

PATCH = 12
"""Pixels: a quarter of a face, an eye or the half of a mouth."""
_BLOCK = 1024


def share(hits: np.ndarray) -> ShareOfCount:
    """The share of true values.

    Args:
        hits: bool [N], at least one.

    Returns:
        With Wilson's 95% interval.
    """
    return wilson(int(hits.sum()), len(hits))


def wilson(hits: float, count: float) -> ShareOfCount:
    """A share and its 95% interval (Wilson 1927).

    Of none, the share is 0 and may be anything.

    Args:
        hits: May be a mean over several tries.
        count: May be a mean over several tries.

    Returns:
        The share, in [0, 1].
    """
    if not count:
        return ShareOfCount(0.0, 0.0, 1.0, 0)
    value, z = hits / count, 1.959964
    middle = (value + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * (value * (1 - value) / count + z**2 / (4 * count**2)) ** 0.5
    return ShareOfCount(value, max(middle - half, 0.0), min(middle + half, 1.0), round(count))


def kernel_distance(
    ours: np.ndarray, theirs: np.ndarray, seed: int = 0, size: int = 100, subsets: int = 200
) -> Distance:
    """KID (Binkowski et al. 2018); zero on average where both sides are drawn alike.

    The unbiased squared maximum mean discrepancy with the kernel (x . y / D + 1) ** 3, over random subsets. Values
    compare only with others of the same features.

    Args:
        ours: Features float [N, D].
        theirs: Features float [M, D].
        seed: Draws the subsets.
        size: Of a subset, or the smaller side's number, at least 2.
        subsets: How many.

    Returns:
        Mean and standard deviation over the subsets.
    """
    generator = np.random.default_rng(seed)
    size = min(size, len(ours), len(theirs))
    found = []
    for _ in range(subsets):
        x = ours[generator.choice(len(ours), size, replace=False)].astype(np.float64)
        y = theirs[generator.choice(len(theirs), size, replace=False)].astype(np.float64)
        within = sum(kernel.sum() - np.trace(kernel) for kernel in (_kernel(x, x), _kernel(y, y)))
        found.append(within / (size * (size - 1)) - 2 * _kernel(x, y).mean())
    return Distance(float(np.mean(found)), float(np.std(found)))


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to length 1: their products are cosines.

    Args:
        vectors: float [N, D].

    Returns:
        float32 [N, D]; a row of zeros stays.
    """
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)


def appearance(faces: np.ndarray) -> np.ndarray:
    """Grey faces as unit vectors without their mean light: their products are correlations.

    Args:
        faces: uint8 [N, 48, 48].

    Returns:
        float32 [N, 2304].
    """
    pixels = faces.reshape(len(faces), -1).astype(np.float32)
    return unit(pixels - pixels.mean(1, keepdims=True))


def patch_spectra(faces: np.ndarray) -> np.ndarray:
    """How much of each frequency and direction the patches of a face hold: stripes and grids stand out.

    The mean over overlapping patches of the logarithm of their power spectrum (periodograms under a Hann window, Welch
    1967), less its mean over the frequencies: neither light, contrast nor what is where tells two faces apart.

    Args:
        faces: uint8 [N, 48, 48].

    Returns:
        float32 [N, 84].
    """
    line = np.hanning(PATCH + 2)[1:-1]
    step = PATCH // 2
    windows = np.lib.stride_tricks.sliding_window_view(faces, (PATCH, PATCH), (1, 2))[:, ::step, ::step]
    spectra = []
    for some in np.array_split(windows, max(len(faces) // _BLOCK, 1)):
        patches = some.astype(np.float32)
        patches -= patches.mean((-2, -1), keepdims=True)
        power = np.abs(np.fft.rfft2(patches * np.outer(line, line))) ** 2
        # A grey level's rounding leaves about 1.
        spectra.append(np.log(power + 1).mean((1, 2)).reshape(len(some), -1))
    found = np.concatenate(spectra)
    return (found - found.mean(1, keepdims=True)).astype(np.float32)


def standardised(vectors: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Shift and scale columns as others need it for mean 0 and deviation 1.

    Args:
        vectors: float [N, D].
        like: float [M, D], those others.

    Returns:
        float [N, D].
    """
    return (vectors - like.mean(0)) / np.maximum(like.std(0), 1e-6)


def nearest(ours: np.ndarray, theirs: np.ndarray, rank: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The nearest, or second nearest and so on, by the product of unit vectors.

    Args:
        ours: float [N, D] of length 1.
        theirs: float [M, D] of length 1.
        rank: 1 for the nearest.

    Returns:
        Products float32 [N], and indices int64 [N] in `theirs`.
    """
    products, indices = [], []
    for start in range(0, len(ours), _BLOCK):
        block = ours[start : start + _BLOCK] @ theirs.T
        index = np.argpartition(block, -rank, axis=1)[:, -rank]
        indices.append(index)
        products.append(np.take_along_axis(block, index[:, None], 1)[:, 0])
    return np.concatenate(products), np.concatenate(indices)


def spread(vectors: np.ndarray) -> float:
    """Mean cosine distance between two different rows.

    Args:
        vectors: float [N, D] of length 1, N at least 2.

    Returns:
        In [0, 2].
    """
    total = vectors.sum(0, dtype=np.float64)
    count = len(vectors)
    return float(1 - (total @ total - np.square(vectors, dtype=np.float64).sum()) / (count * (count - 1)))
