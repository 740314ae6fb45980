"""Measure the gate beside its rivals: how well each tells strange pictures from real faces, and whom it shuts out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import laplace
from sklearn.metrics import roc_auc_score

from mien.data.dataset import FaceData
from mien.errors import ModelError
from mien.expressions import NAMES
from mien.novelty.kinds import Kind
from mien.novelty.scores import RIVALS, Reading
from mien.recognition.finding import find_pictures
from mien.recognition.gate import Gate, Verdict
from mien.recognition.model import ModelFile, Outputs
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.results.gate import GateScores, Passage, Pipeline, Separation

OURS_NEAR, OURS_FAR, OURS = "gate: near score", "gate: far score", "gate: both"
KEPT = 0.95
FIT_FACES = 10_000
"""So many training faces fit the rivals; more change their figures in the third digit."""
_BATCH = 64
_QUARTERS = ("lowest quarter", "second", "third", "highest quarter")


Show = Callable[[str, int, int], None]


def judge(
    models: list[ModelFile],
    training: FaceData,
    real: FaceData,
    kinds: list[Kind],
    seed: int,
    show: Show = lambda text, done, total: None,
) -> tuple[GateScores, np.ndarray, dict[str, np.ndarray]]:
    """Measure every score of every model, and the gate's verdicts; also returns the gate's scores.

    These are float [N, 2] of the real faces and of each kind. show(what, done, total) is called now and then. Raises
    ModelError where no model has a gate.
    """
    gated = next((model for model in models if model.gate is not None), None)
    if gated is None or gated.gate is None:
        raise ModelError("none of these models has a gate to judge; fit one with: mien novelty fit MODEL --data DIR")
    tables: dict[str, dict[str, dict[str, Separation]]] = {}
    places = np.random.default_rng(seed).permutation(len(training))[:FIT_FACES]
    strange: dict[str, np.ndarray] = {}
    for model in models:
        known = Reading.of(_run(model, training.faces[places], show))
        outputs = _run(model, real.faces, show)
        strangers = {kind.name: _run(model, kind.faces, show) for kind in kinds}
        table: dict[str, dict[str, Separation]] = {}
        for name, fit in RIVALS.items():
            show(f"{model.name}: {name}", 0, 1)
            score = fit(known, training.labels[places])
            own = score(Reading.of(outputs))
            table[name] = {kind: separation(own, score(Reading.of(found))) for kind, found in strangers.items()}
        if model is gated:
            assert outputs.novelty is not None  # the model has a gate
            novelty = outputs.novelty
            strange = {kind: found.novelty for kind, found in strangers.items() if found.novelty is not None}
            for name, combine in (
                (OURS_NEAR, lambda scores: scores[:, 0]),
                (OURS_FAR, lambda scores: scores[:, 1]),
                (OURS, partial(_both, thresholds=gated.gate.thresholds, middle=np.median(novelty, 0))),
            ):
                table[name] = {kind: separation(combine(novelty), combine(found)) for kind, found in strange.items()}
        tables[model.name] = table
    made = GateScores(
        separation=tables,
        far=[kind.name for kind in kinds if kind.far],
        passage={kind: passage(gated.gate, scores) for kind, scores in strange.items()},
        refused=by_group(gated.gate, novelty, real),
        pipeline={},
    )
    return made, novelty, strange


def separation(real: np.ndarray, strange: np.ndarray) -> Separation:
    """For scores [N] of real faces and [M] of strange pictures, higher is stranger."""
    truth = np.r_[np.zeros(len(real)), np.ones(len(strange))]
    accepted = strange <= np.quantile(real, KEPT)
    return Separation(float(roc_auc_score(truth, np.r_[real, strange])), float(accepted.mean()))


def passage(gate: Gate, scores: np.ndarray) -> Passage:
    """The shares of the gate's verdicts on scores [N, 2]."""
    verdicts = np.array([gate.verdict(row) for row in scores])
    shares = {verdict.value: float((verdicts == verdict).mean()) for verdict in Verdict}
    return Passage(len(scores), **shares)


def by_group(gate: Gate, scores: np.ndarray, real: FaceData) -> dict[str, dict[str, Passage]]:
    """The gate's verdicts on real faces: all, by class, and by quarters of brightness and of sharpness."""
    sharpness = np.array([laplace(face.astype(float), mode="mirror").var() for face in real.faces])
    groups = {
        "all": {"all": np.ones(len(real), bool)},
        "class": {name: real.labels == label for label, name in enumerate(NAMES)},
        "brightness": _quarters(real.faces.mean((1, 2))),
        "sharpness": _quarters(sharpness),
    }
    return {
        group: {name: passage(gate, scores[mask]) for name, mask in members.items() if mask.any()}
        for group, members in groups.items()
    }


def through_pipeline(recognizer: Recognizer, folder: Path, people: frozenset[str], show: Show) -> Pipeline:
    """Detector and gate on a folder's pictures as they are, those named in `people` left out."""
    pictures = [path for path in find_pictures([folder]) if path.name not in people]
    found = passed = 0
    for number, path in enumerate(pictures):
        faces = recognizer.recognize(read_picture(path))
        found += bool(faces)
        passed += any(face.verdict == Verdict.KNOWN for face in faces)
        show(f"{folder.name}, detector and gate", number + 1, len(pictures))
    return Pipeline(len(pictures), found, passed)


def _both(scores: np.ndarray, thresholds: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """One score from two: the larger one, each in units of the way from the middle of real faces to its threshold."""
    return ((scores - middle) / (thresholds - middle)).max(1)


def _quarters(values: np.ndarray) -> dict[str, np.ndarray]:
    place = np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values)
    return {name: place == number for number, name in enumerate(_QUARTERS)}


def _run(model: ModelFile, faces: np.ndarray, show: Show) -> Outputs:
    parts = []
    for start in range(0, len(faces), _BATCH):
        parts.append(model.run(faces[start : start + _BATCH]))
        show(model.name, start + len(parts[-1].probabilities), len(faces))
    return Outputs.joined(parts)
