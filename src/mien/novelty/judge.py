"""Measure the gate beside its baselines: how well each tells OOD pictures from real faces, and whom it shuts out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import laplace
from sklearn.metrics import roc_auc_score

from mien.classifier.classifier import Classifier
from mien.data.dataset import FaceData, folder_label
from mien.errors import DataError, ModelError
from mien.novelty.ood_sets import OODSet
from mien.novelty.open_set import risk, unclear
from mien.novelty.scores import BASELINES
from mien.recognition.gate import Gate
from mien.recognition.media_files import find_pictures
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.recognition.verdicts import Verdict
from mien.results.gate import DetectorAndGate, GateScores, Passage, Risk, Separation

OURS, OURS_COVERED = "gate: unlike", "gate: covered"
KEPT = 0.95
REPORTED = "FER2013"
"""The part that is reported on, among the sets of real faces."""
FIT_FACES = 5_000
"""So many training faces fit the baselines; more change their figures little."""
_QUARTERS = ("lowest quarter", "second", "third", "highest quarter")


Show = Callable[[str, int, int], None]


def judge(
    models: Sequence[Classifier],
    training: FaceData,
    real: FaceData,
    ood: list[OODSet],
    seed: int,
    show: Show = lambda text, done, total: None,
) -> tuple[GateScores, np.ndarray, dict[str, np.ndarray]]:
    """Measure every score of every model, and the gate's verdicts.

    Args:
        models: At least one with a gate; the first of these is judged.
        training: Faces that the scores are fitted on.
        real: Real faces that no model learned from.
        ood: Sets of out-of-distribution pictures.
        seed: Draws the training faces.
        show: Is called with what is done, how much of it is done, and how much there is.

    Returns:
        All that was measured; and the gate's scores, float [N, 3] of the real faces, and [M, 3] of each set by its
        name.

    Raises:
        ModelError: No model has a gate.
    """
    gated = next((model for model in models if model.gate is not None), None)
    if gated is None or gated.gate is None:
        raise ModelError("none of these models has a gate to judge; fit one with: mien novelty fit MODEL --data DIR")
    tables: dict[str, dict[str, dict[str, Separation]]] = {}
    chosen = np.random.default_rng(seed).permutation(len(training))[:FIT_FACES]
    ood_scores: dict[str, np.ndarray] = {}
    for model in models:
        fitted_on = model.outputs(training.faces[chosen], partial(show, model.name))
        outputs = model.outputs(real.faces, partial(show, model.name))
        ood_outputs = {one.name: model.outputs(one.faces, partial(show, model.name)) for one in ood}
        table: dict[str, dict[str, Separation]] = {}
        for name, fit in BASELINES.items():
            show(f"{model.name}: {name}", 0, 1)
            score = fit(fitted_on, training.labels[chosen])
            own = score(outputs)
            theirs = {kind: score(found) for kind, found in ood_outputs.items()}
            table[name] = {kind: separation(own, scores) for kind, scores in theirs.items()}
        if model is gated:
            assert outputs.novelty is not None  # the model has a gate
            novelty = outputs.novelty
            ood_scores = {kind: found.novelty for kind, found in ood_outputs.items() if found.novelty is not None}
            for name, column in ((OURS, 1), (OURS_COVERED, 2)):
                table[name] = {
                    kind: separation(novelty[:, column], found[:, column]) for kind, found in ood_scores.items()
                }
            accepted = np.array([gated.gate.verdict(row) is Verdict.KNOWN for row in novelty])
            right = outputs.probabilities.argmax(1) == real.labels
            refusing = {REPORTED: risk(novelty[:, 1], right, accepted, outputs.probabilities.max(1))}
            groups = unclear(real, outputs, novelty, fitted_on, training.labels[chosen])
        tables[model.name] = table
    made = GateScores(
        separation=tables,
        far=[one.name for one in ood if one.far],
        passage={kind: passage(gated.gate, scores) for kind, scores in ood_scores.items()},
        refused=by_group(gated.gate, novelty, real),
        found={},
        pipeline={},
        risk=refusing,
        unclear=groups,
    )
    return made, novelty, ood_scores


def separation(real: np.ndarray, ood: np.ndarray) -> Separation:
    """How well a score tells strange pictures from real faces.

    Args:
        real: Scores float [N] of real faces.
        ood: Scores float [M] of strange pictures, higher is stranger.

    Returns:
        AUROC and FPR95.
    """
    truth = np.r_[np.zeros(len(real)), np.ones(len(ood))]
    accepted = ood <= np.quantile(real, KEPT)
    return Separation(float(roc_auc_score(truth, np.r_[real, ood])), float(accepted.mean()))


def passage(gate: Gate, scores: np.ndarray) -> Passage:
    """The gate's verdicts on faces that came cropped.

    Args:
        gate: Its thresholds.
        scores: float [N, 3], by `gate.SCORES`.

    Returns:
        The share of each verdict.
    """
    return shares([gate.verdict(row) for row in scores])


def shares(said: list[Verdict]) -> Passage:
    """How often each verdict was said.

    Args:
        said: At least one.

    Returns:
        Shares in [0, 1], and how many there were.
    """
    verdicts = np.array(said)
    return Passage(len(said), **{verdict.value: float((verdicts == verdict).mean()) for verdict in Verdict})


def by_group(gate: Gate, scores: np.ndarray, real: FaceData) -> dict[str, dict[str, Passage]]:
    """The gate's verdicts on real faces: all, by class, and by quarters of brightness and of sharpness.

    Args:
        gate: Its thresholds.
        scores: float [N, 3] of the faces.
        real: The faces.

    Returns:
        By kind of group and by group; groups without faces are left out.
    """
    sharpness = np.array([laplace(face.astype(float), mode="mirror").var() for face in real.faces])
    groups = {
        "all": {"all": np.ones(len(real), bool)},
        "class": {name: real.labels == label for label, name in enumerate(real.classes)},
        "brightness": _quarters(real.faces.mean((1, 2))),
        "sharpness": _quarters(sharpness),
    }
    return {
        group: {name: passage(gate, scores[mask]) for name, mask in members.items() if mask.any()}
        for group, members in groups.items()
    }


def judge_photographs(
    made: GateScores,
    recognizer: Recognizer,
    strange: list[Path],
    labelled: list[Path],
    people: frozenset[str],
    show: Show,
) -> None:
    """Enter into the scores what detector and gate do with photographs.

    Args:
        made: The scores; they are changed.
        recognizer: With a gate.
        strange: Folders of pictures without faces.
        labelled: Folders with a folder for each class.
        people: Names of files in `strange` that show people; they are left out.
        show: As in `judge`.

    Raises:
        DataError: No face is found in any picture of a labelled folder.
    """
    for folder in strange:
        made.pipeline[folder.name] = through_pipeline(recognizer, folder, people, show)
    for folder in labelled:
        made.found[folder.name], made.risk[folder.name] = found_faces(recognizer, folder, show)


def through_pipeline(recognizer: Recognizer, folder: Path, people: frozenset[str], show: Show) -> DetectorAndGate:
    """What detector and gate do with a folder's pictures as they are.

    Args:
        recognizer: With a gate.
        folder: Of pictures without faces.
        people: Names of files that show people; they are left out.
        show: As in `judge`.

    Returns:
        Counts of pictures.
    """
    pictures = [path for path in find_pictures([folder]) if path.name not in people]
    counts = {"found": 0, "passed": 0, "covered": 0}
    for number, path in enumerate(pictures):
        said = {face.verdict for face in recognizer.recognize(read_picture(path))}
        counts["found"] += bool(said)
        counts["passed"] += Verdict.KNOWN in said
        counts["covered"] += Verdict.COVERED in said
        show(f"{folder.name}, detector and gate", number + 1, len(pictures))
    return DetectorAndGate(len(pictures), **counts)


def found_faces(recognizer: Recognizer, folder: Path, show: Show) -> tuple[dict[str, Passage], Risk]:
    """The gate's verdicts on the largest face of each labelled photograph, and what refusing brings.

    Args:
        recognizer: With a gate.
        folder: Has a folder for each class.
        show: As in `judge`.

    Returns:
        Shares of the verdicts on all and by class, and the risk.

    Raises:
        DataError: No face is found in any of the pictures.
    """
    faces, labels = [], []
    for entry in sorted(folder.iterdir()):
        label = folder_label(entry, recognizer.classes) if entry.is_dir() else None
        pictures = [] if label is None else find_pictures([entry])
        for number, path in enumerate(pictures):
            found = recognizer.recognize(read_picture(path))
            faces += found[:1]
            labels += [label] * len(found[:1])
            show(f"{folder.name}/{entry.name}", number + 1, len(pictures))
    if not faces:
        raise DataError(f"{folder}: no face was found in any of its pictures")
    true, said = np.array(labels), [face.verdict or Verdict.KNOWN for face in faces]
    groups = {"all": np.ones(len(true), bool)} | {recognizer.classes[label]: true == label for label in np.unique(true)}
    passages = {
        name: shares([verdict for verdict, one in zip(said, mask, strict=True) if one]) for name, mask in groups.items()
    }
    accepted = np.array([verdict is Verdict.KNOWN for verdict in said])
    scores = np.array([face.novelty for face in faces])
    right = np.array([face.probabilities.argmax() for face in faces]) == true
    return passages, risk(scores[:, 1], right, accepted, np.array([face.confidence for face in faces]))


def _quarters(values: np.ndarray) -> dict[str, np.ndarray]:
    place = np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values)
    return {name: place == number for number, name in enumerate(_QUARTERS)}
