"""Fit the gate to a model: both scores from its training faces, both thresholds from held-out faces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from mien.data.dataset import FaceData
from mien.errors import DataError, ExportError, ModelError
from mien.novelty.attaching import attach, detach
from mien.novelty.far import FarScore
from mien.novelty.mahalanobis import RelativeMahalanobis, Statistics
from mien.novelty.tapping import Seen, Tap, TappedModel, read_graph, session_of
from mien.recognition.gate import FAR, THRESHOLDS
from mien.recognition.model import record_hash, run_session
from mien.storage import check_suffix, write_atomically

# What relative Mahalanobis on the last features is blind to, plain Mahalanobis on early ones sees: they have not yet
# given up everything but the expression. Bands, because an upside-down face differs in where things are.
TAPS = (Tap(before="blocks.4.0.conv_pw", bands=3), Tap(before="blocks.5.0.conv_pw", bands=1))
KEPT = 0.95
"""Of faces like the held-out ones, at least this share passes."""
_NEAR_REFUSED = 0.005  # of a class by the near score alone: it sees little that the far score does not
_FAR_BEYOND = 0.001  # held-out faces so far out that nothing of a face is left in what lies beyond
_CONFIDENCE = 2.326  # standard deviations: 99% sure, one-sided; why not 95%: docs/gate.md
_LEAST_LIKENESS = 0.999  # correlation of the scores as stored, in 8 bits, with the exact ones
_LEAST_HELD_OUT = 20  # one of them may be refused, if any
BATCH = 64


@dataclass(frozen=True)
class Fitted:
    """What a fit came to.

    thresholds: of the near and the far score; far: the far score beyond which nothing is like a face; refused: share of
    the held-out faces, in [0, 1]; growth: bytes that the file gained.
    """

    thresholds: tuple[float, float]
    far: float
    refused: float
    growth: int


def fit(
    source: Path,
    target: Path,
    training: FaceData,
    held_out: FaceData,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Fitted:
    """Write `source` with a gate in it to `target`; both may be the same file.

    Raises ModelError for a model without features, map or the gate's layers, DataError for too few pictures of a class,
    ExportError where the scores in the file are not the fitted ones, MienError for a target that does not end in .onnx;
    nothing is then written.
    """
    check_suffix(target, ".onnx", what="an ONNX model")
    if len(held_out) < _LEAST_HELD_OUT:
        raise DataError(
            f"{len(held_out)} held-out faces are too few to choose thresholds by; {_LEAST_HELD_OUT} are needed"
        )
    model = TappedModel(source, TAPS)
    seen = see_all(model, training.faces, progress)
    near = RelativeMahalanobis.of(Statistics.of(seen.features, training.labels))
    far = FarScore.of(seen)
    graph = read_graph(source)
    detach(graph)
    bare = graph.ByteSize()
    attach(graph, near, far, TAPS)
    # The thresholds are those of the scores as the file gives them, not of the exact ones.
    scores = run_session(session_of(graph), held_out.faces, BATCH).novelty
    assert scores is not None  # attached above
    held = see_all(model, held_out.faces)
    _check(scores, np.stack([near(held.features), far(held)], 1))
    thresholds = choose_thresholds(scores, held_out.labels)
    # Of few faces the quantile may lie below the threshold: a face that passes would be far.
    beyond = max(float(np.quantile(scores[:, 1], 1 - _FAR_BEYOND)), thresholds[1])
    properties = {THRESHOLDS: ",".join(f"{value:.6g}" for value in thresholds), FAR: f"{beyond:.6g}"}
    onnx.helper.set_model_props(graph, {entry.key: entry.value for entry in graph.metadata_props} | properties)
    write_atomically(target, lambda draft: onnx.save(graph, draft))
    record_hash(target)
    return Fitted(thresholds, beyond, float((scores > thresholds).any(1).mean()), graph.ByteSize() - bare)


def choose_thresholds(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Thresholds for scores [N, 2] of held-out faces such that, 99% sure, at least `KEPT` of all such faces pass both.

    The near score must spare the class, by labels int [N], that lies farthest out: a rare one would else bear it alone.
    The sample's own share of refusals would lie above the true one half of the time, so fewer are refused in the
    sample: as many as a binomial of the allowed share falls below in one sample of a hundred.
    """
    count, allowed = len(scores), 1 - KEPT
    most = count * allowed - _CONFIDENCE * (count * allowed * KEPT) ** 0.5
    near = max(float(np.quantile(scores[labels == kind, 0], 1 - _NEAR_REFUSED)) for kind in np.unique(labels))
    # Faces that the near score refuses already count against the allowance, not against the far score.
    passing = np.sort(scores[scores[:, 0] <= near, 1])
    refused = max(int(most) - (count - len(passing)), 0)
    return near, float(passing[len(passing) - 1 - refused])


def see_all(model: TappedModel, faces: np.ndarray, progress: Callable[[int, int], None] | None = None) -> Seen:
    """Run a tapped model over uint8 [N, 48, 48] in batches.

    Raises ModelError where it gives NaN or infinities.
    """
    parts = []
    for start in range(0, len(faces), BATCH):
        parts.append(model.see(faces[start : start + BATCH]))
        if progress is not None:
            progress(min(start + BATCH, len(faces)), len(faces))
    seen = Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("logits", "features", "early")))
    if not all(np.isfinite(values).all() for values in (seen.logits, seen.features, seen.early)):
        raise ModelError("this model gives features that are not finite numbers; no gate can be fitted to it")
    return seen


def _check(stored: np.ndarray, fitted: np.ndarray) -> None:
    """Raise ExportError where the file's scores [N, 2] are not finite, or rank the held-out faces otherwise than the
    fitted ones.
    """
    if not np.isfinite(stored).all():
        raise ExportError("the scores in the file are not finite for all held-out faces; not written")
    for name, ours, theirs in zip(("near", "far"), stored.T, fitted.T, strict=True):
        likeness = float(np.corrcoef(ours, theirs)[0, 1])
        if not likeness >= _LEAST_LIKENESS:
            raise ExportError(
                f"the {name} score in the file correlates by only {likeness:.4f} with the fitted one "
                f"({_LEAST_LIKENESS} is allowed); not written"
            )
