"""Fit the gate to a model: its scores from the training faces, its thresholds from held-out faces.

Faces count twice: as the data set has them, and as the detector finds them again, which is what recognition reads. What
is no face teaches nothing but the covers that are drawn over training faces; no folder of other pictures is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from mien.classifier.batches import Show as Progress
from mien.classifier.batches import in_batches, silent
from mien.data.dataset import FaceData
from mien.errors import DataError, ExportError, ModelError
from mien.novelty.attaching import attach, detach
from mien.novelty.covering import Covering, spoil
from mien.novelty.feature_extractor import Activations, FeatureExtractor, precision_of, read_graph, session_of
from mien.novelty.fitted_scores import FittedScores
from mien.novelty.mahalanobis import ClassStatistics, RelativeMahalanobis
from mien.novelty.redetection import Redetected, redetect
from mien.novelty.thresholds import LEAST, HeldOutFaces, RedetectedFaces, choose, refused
from mien.novelty.unlikeness import Unlikeness
from mien.recognition.gate import GATE, SCORES, Gate
from mien.recognition.model import record_hash, run_session
from mien.storage import check_suffix, write_atomically

FIT_FACES = 6_000
"""So many training faces fit the scores; more change little."""
FOUND_FACES = 3_000
"""So many of them are looked for again."""
SPOILED_FACES = 500
"""So many pictures of each kind that is drawn teach what a covered face is."""
CHECKED = 500
"""So many held-out faces show whether the file's scores are the fitted ones."""
_LEAST_LIKENESS = 0.999  # correlation of the scores as stored, in 8 bits, with the exact ones
_ALWAYS = 400  # faces of a class that are taken before others: its mean needs them, and "disgust" has 436
_LEAST_FOUND = 0.5  # of the held-out faces: fewer say more of the detector than of the faces
BATCH = 64

Show = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FitReport:
    """What a fit came to.

    Attributes:
        gate: Its numbers, as the file has them.
        refused: The share of the held-out faces that it refuses as they are, in [0, 1].
        refused_found: The same of those that the detector found again; None where it found too few to choose by.
        growth: Bytes that the file gained.
    """

    gate: Gate
    refused: float
    refused_found: float | None
    growth: int


def fit(
    source: Path,
    target: Path,
    training: FaceData,
    held_out: FaceData,
    show: Show = lambda what, done, total: None,
) -> FitReport:
    """Write a model with a gate in it.

    Args:
        source: The model file; it may have a gate already, which is replaced.
        target: Where it is written; it may be the same file.
        training: The faces that the model learned from.
        held_out: Faces that it did not learn from; the thresholds are chosen by them.
        show: Called with what is done, how much of it, and how much there is.

    Returns:
        What the fit came to. The same arguments give the same file.

    Raises:
        ModelError: The model has no features, no map or none of the gate's layers, or gives no finite numbers.
        DataError: There are too few pictures of a class, or too few held-out ones.
        ExportError: The scores in the file are not the fitted ones. Nothing is written in any of these cases.
    """
    check_suffix(target, ".onnx", what="an ONNX model")
    if len(held_out) < LEAST:
        raise DataError(f"{len(held_out)} held-out faces are too few to choose thresholds by; {LEAST} are needed")
    model = FeatureExtractor(source)
    chosen = _sample(training, FIT_FACES)
    again = redetect(
        chosen.faces[:FOUND_FACES], model.framing, lambda done, total: show("faces looked for", done, total)
    )
    scores = _fit_scores(model, chosen, again, show)
    graph = read_graph(source)
    detach(graph)
    bare = graph.ByteSize()
    attach(graph, scores, model)
    held_again = redetect(
        held_out.faces, model.framing, lambda done, total: show("held-out faces looked for", done, total)
    )
    gate, shares = _thresholds(graph, scores, model, held_out, held_again, again)
    properties = {entry.key: entry.value for entry in graph.metadata_props} | {GATE: gate.to_text()}
    onnx.helper.set_model_props(graph, properties)
    write_atomically(target, lambda draft: onnx.save(graph, draft))
    record_hash(target)
    return FitReport(gate, *shares, graph.ByteSize() - bare)


def _fit_scores(model: FeatureExtractor, training: FaceData, again: Redetected, show: Show) -> FittedScores:
    cut = extract_all(model, training.faces, lambda done, total: show("training faces", done, total))
    relative = RelativeMahalanobis.of(ClassStatistics.of(cut.features, training.labels, classes=training.classes))
    whole = Activations.joined([cut, extract_all(model, again.faces)]) if len(again) else cut
    covered, others = spoil(np.concatenate([training.faces, again.faces]), SPOILED_FACES)
    spoiled = [
        extract_all(model, pictures, lambda done, total: show("covered faces", done, total))
        for pictures in (covered, others)
    ]
    return FittedScores(relative, Unlikeness.of(whole, model.layers), Covering.of(whole, *spoiled))


def _thresholds(
    graph: onnx.ModelProto,
    fitted: FittedScores,
    model: FeatureExtractor,
    held_out: FaceData,
    held_again: Redetected,
    again: Redetected,
) -> tuple[Gate, tuple[float, float | None]]:
    """The gate's numbers, and the shares that it refuses: they are those of the scores as the file gives them."""
    session, step = session_of(graph), 1 if precision_of(graph) == "int8" else BATCH
    scores = run_session(session, held_out.faces, step).novelty
    assert scores is not None  # attached before
    _check(scores[:CHECKED], fitted(extract_all(model, held_out.faces[:CHECKED])))
    cut = HeldOutFaces(scores, held_out.labels)
    if len(held_again) < max(LEAST, _LEAST_FOUND * len(held_out)) or len(again) < LEAST:
        gate = choose(cut)
        return gate, (refused(gate, cut), None)
    told = run_session(session, held_again.faces, step).novelty
    assert told is not None
    found = RedetectedFaces(told, held_out.labels[held_again.indices], held_again.scores, again.scores)
    gate = choose(cut, found)
    return gate, (refused(gate, cut), refused(gate, found))


def extract_all(model: FeatureExtractor, faces: np.ndarray, progress: Progress = silent) -> Activations:
    """Run a feature extractor over faces in batches.

    Args:
        model: The extractor.
        faces: uint8 [N, 48, 48].
        progress: Is called with the faces done and their number, batch after batch.

    Returns:
        What the model makes of all faces.

    Raises:
        ModelError: It gives NaN or infinities.
    """
    seen = Activations.joined(in_batches(model.extract, faces, BATCH, progress))
    if not all(np.isfinite(values).all() for values in (seen.logits, seen.features, *seen.vectors)):
        raise ModelError("this model gives features that are not finite numbers; no gate can be fitted to it")
    return seen


def _sample(data: FaceData, count: int) -> FaceData:
    """At most so many faces in any order, but of each class all where it has few."""
    order = np.random.default_rng(0).permutation(len(data))
    rank = np.empty(len(data), int)
    for label in np.unique(data.labels):
        of_class = order[data.labels[order] == label]
        rank[of_class] = np.arange(len(of_class))
    rare = rank[order] < _ALWAYS
    chosen = np.concatenate([order[rare], order[~rare]])[:count]
    return data.where(np.random.default_rng(1).permutation(chosen))


def _check(stored: np.ndarray, fitted: np.ndarray) -> None:
    """Raise ExportError where the file's scores [N, 3] are not finite or rank faces otherwise than the fitted ones."""
    if not np.isfinite(stored).all():
        raise ExportError("the scores in the file are not finite for all held-out faces; not written")
    for name, ours, theirs in zip(SCORES, stored.T, fitted.T, strict=True):
        likeness = float(np.corrcoef(ours, theirs)[0, 1])
        if not likeness >= _LEAST_LIKENESS:
            raise ExportError(
                f"the score '{name}' in the file correlates by only {likeness:.4f} with the fitted one "
                f"({_LEAST_LIKENESS} is allowed); not written"
            )
