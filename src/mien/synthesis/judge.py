"""Judge the synthetic faces of a balanced folder with a classifier that had no part in making them.

Everything is measured against a floor or a rival: distances against two halves of the real class and against the
untranslated sources, the target's share against the sources' and the real class's, identity against other people.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.classifier.classifier import Classifier
from mien.data import dataset
from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.expressions import NAMES
from mien.results.synthesis import ClassJudgement, Distances, Identity
from mien.synthesis import face_sheets, scores
from mien.synthesis.balance import SUMMARY, Synthetic, read_manifest
from mien.synthesis.sampling import training_faces

COPY = 0.97
"""Correlation of the pixels from which two faces count as copies of each other."""
FaceFeatures = Callable[[np.ndarray], np.ndarray]
"""Faces uint8 [N, 48, 48] to features float32 [N, D]."""
_PAIRS = 64
_LEAST = 4  # real faces: two halves of two


@dataclass(frozen=True)
class Balanced:
    """A balanced folder in memory: the real training faces, and for each line of the manifest its face and source.

    Attributes:
        real: The real training faces.
        lines: The manifest.
        synthetic: uint8 [S, 48, 48].
        sources: int64 [S], rows of `real`.
        strength: The share of the generator's change that they took; None where that is not known, or there was none.
    """

    real: FaceData
    lines: list[Synthetic]
    synthetic: np.ndarray
    sources: np.ndarray
    strength: float | None = None


def read(folder: Path) -> Balanced:
    """Read what `mien synth balance` wrote.

    Args:
        folder: That folder.

    Returns:
        All of it.

    Raises:
        DataError: It is another or an incomplete folder.
    """
    lines = read_manifest(folder)
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        split = summary["split"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder}: no readable {SUMMARY}; give a folder that `mien synth balance` wrote") from error
    real = training_faces(dataset.load(folder, split))
    row_of = {str(name): row for row, name in enumerate(real.ids)}
    faces = []
    for line in lines:
        face = dataset.read_face(folder / line.file)
        if isinstance(face, str) or line.source not in row_of:
            raise DataError(f"{folder}: {line.file} or its source is missing or broken; balance the data set anew")
        faces.append(face)
    rows = np.array([row_of[line.source] for line in lines])
    return Balanced(real, lines, np.stack(faces), rows, summary.get("strength"))


def judge(
    balanced: Balanced, model: Classifier, seed: int = 0, persons: FaceFeatures | None = None
) -> dict[str, ClassJudgement]:
    """Judge the synthetic faces of each class that has some.

    Args:
        balanced: The folder.
        model: The independent classifier.
        seed: Chooses halves and subsets.
        persons: Features of a network that knows people apart (`face_network`).

    Returns:
        A judgement by class.

    Raises:
        DataError: There are too few to judge.
    """
    targets = np.array([NAMES.index(line.label) for line in balanced.lines])
    verdicts = {}
    for label in np.unique(targets):
        chosen = targets == label
        verdicts[NAMES[label]] = _verdict(balanced, chosen, int(label), model, seed, persons)
    return verdicts


def _verdict(
    balanced: Balanced, chosen: np.ndarray, label: int, model: Classifier, seed: int, persons: FaceFeatures | None
) -> ClassJudgement:
    generator = np.random.default_rng([seed, label])
    faces, rows = balanced.synthetic[chosen], balanced.sources[chosen]
    own_class = balanced.real.where(balanced.real.labels == label)
    if len(faces) < 2 or len(own_class) < _LEAST:
        raise DataError(
            f"'{NAMES[label]}': {len(faces)} synthetic and {len(own_class)} real faces are too few to judge"
        )
    pictures = faces, balanced.real.faces[rows], own_class.faces
    made, sources, real = map(model.outputs, pictures)
    halves = np.array_split(generator.permutation(len(own_class)), 2)
    another = (np.arange(len(rows)) + generator.integers(1, len(rows), len(rows))) % len(rows)
    looks, source_looks, real_looks = map(scores.appearance, pictures)
    likeness, _ = scores.nearest(looks, real_looks)
    spectra = [scores.patch_spectra(of) for of in pictures]

    def distances(made: np.ndarray, sources: np.ndarray, real: np.ndarray) -> Distances:
        compared = (made, real), (sources, real), (real[halves[0]], real[halves[1]])
        return Distances(*(scores.kernel_distance(ours, theirs, seed) for ours, theirs in compared))

    kid = distances(made.features, sources.features, real.features)
    return ClassJudgement(
        synthetic=len(faces),
        real=len(own_class),
        called_synthetic=scores.share(made.probabilities.argmax(1) == label),
        called_sources=scores.share(sources.probabilities.argmax(1) == label),
        called_real=scores.share(real.probabilities.argmax(1) == label),
        kid_synthetic=kid.synthetic,
        kid_sources=kid.sources,
        kid_real_halves=kid.real_halves,
        identity_features=_identity(scores.unit(made.features), scores.unit(sources.features), another),
        identity_pixels=_identity(looks, source_looks, another),
        diversity_synthetic=scores.spread(scores.unit(made.features)),
        diversity_real=scores.spread(scores.unit(real.features)),
        copies_of_training_faces=scores.share(likeness >= COPY),
        unchanged=scores.share((looks * source_looks).sum(1) >= COPY),
        patches=distances(*(scores.standardised(of, spectra[2]) for of in spectra)),
        persons=None if persons is None else distances(*map(persons, pictures)),
    )


def _identity(made: np.ndarray, sources: np.ndarray, another: np.ndarray) -> Identity:
    own, other = 1 - (made * sources).sum(1), 1 - (made * sources[another]).sum(1)
    return Identity(float(own.mean()), float(other.mean()), scores.share(own < other))


def pairs(balanced: Balanced, seed: int = 0, count: int = _PAIRS) -> np.ndarray:
    """A sheet of pairs chosen by chance, source left and translation right.

    Args:
        balanced: The folder.
        seed: Chooses them.
        count: How many, at most.

    Returns:
        Grey uint8 [H, W].
    """
    count = min(count, len(balanced.lines))
    chosen = np.sort(np.random.default_rng(seed).choice(len(balanced.lines), count, replace=False))
    across = next(across for across in (8, 4, 3, 2, 1) if count % across == 0)
    both = np.stack([balanced.real.faces[balanced.sources[chosen]], balanced.synthetic[chosen]], 1)
    titles = [text for place in chosen for text in (balanced.lines[place].source_label, balanced.lines[place].label)]
    rows = [titles[start : start + 2 * across] for start in range(0, len(titles), 2 * across)]
    return face_sheets.sheet(rows, both.reshape(-1, 2 * across, *both.shape[2:]))
