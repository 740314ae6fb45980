"""Whether maps point at what the model goes by: deletion and insertion curves (Petsiuk et al. 2018)."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from mien.classifier.batches import in_batches
from mien.classifier.classifier import Classifier
from mien.evaluation.bootstrap import resampled
from mien.explanation.map_methods import EXACT, MapMethod
from mien.explanation.occlusion import blurred
from mien.results.maps import Faithfulness, MapScores
from mien.results.scores import Interval

FACES = 500
"""How many faces are judged."""
STEPS = 12
BATCH = 100
TIMED = 30
"""Single faces that a method's time is the median of."""


def steps(methods: Mapping[str, MapMethod], faces: int) -> int:
    """How often `judge` calls `show` with a batch.

    Args:
        methods: Ways to make maps, by name.
        faces: How many.

    Returns:
        A number of calls.
    """
    return len(methods) * -(-faces // BATCH)


def judge(
    classifier: Classifier,
    methods: Mapping[str, MapMethod],
    faces: np.ndarray,
    seed: int = 0,
    show: Callable[[str], object] = lambda what: None,
) -> MapScores:
    """Judge a classifier's ways to make maps, for the class that it calls each face.

    Args:
        classifier: Whose probabilities are watched.
        methods: Ways to make maps, by name.
        faces: uint8 [N, 48, 48].
        seed: Of the bootstrap.
        show: Is called with the method's name before each batch.

    Returns:
        Deletion and insertion (Petsiuk et al. 2018) of each, and times.
    """
    areas: dict[str, np.ndarray] = {}
    curves: dict[str, np.ndarray] = {}
    for name, method in methods.items():

        def curves_of(batch: np.ndarray, name: str = name, method: MapMethod = method) -> np.ndarray:
            show(name)
            classes = classifier.probabilities(batch).argmax(1)
            return both_curves(classifier.probabilities, batch, classes, method(batch, classes))

        found = np.concatenate(in_batches(curves_of, faces, BATCH), axis=1)
        curves[name] = found.mean(1)
        areas[name] = (found[..., :-1] + found[..., 1:]).mean(2) / 2
    weights = resampled(len(faces), 1000, seed) / len(faces)

    def interval(values: np.ndarray) -> Interval:
        return Interval.of(values.mean(), weights @ values)

    some = faces[:TIMED]
    prediction = _median_ms(lambda face: lambda: classifier.probabilities(face), some)
    judged = {}
    for name, method in methods.items():
        ms = _median_ms(_timed(classifier, method), some)
        beyond = max(ms - prediction, 0.0)
        if name == EXACT and classifier.rest_of_map(some[:1]) is not None:
            beyond = _median_ms(classifier.rest_of_map, some)  # type: ignore[arg-type]
        deletion, insertion = areas[name]
        judged[name] = Faithfulness(
            deletion=interval(deletion),
            insertion=interval(insertion),
            less_insertion=interval(areas[EXACT][1] - insertion),
            deletion_curve=curves[name][0].tolist(),
            insertion_curve=curves[name][1].tolist(),
            ms=ms,
            ms_beyond=beyond,
        )
    return MapScores(len(faces), seed, prediction, judged)


def _enlarged(one: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(one.astype(np.float32)).resize((side, side), Image.Resampling.BILINEAR))


def both_curves(
    predict: Callable[[np.ndarray], np.ndarray], faces: np.ndarray, classes: np.ndarray, maps: np.ndarray
) -> np.ndarray:
    """Deletion and insertion curves (Petsiuk et al. 2018) of maps.

    Args:
        predict: Faces uint8 [M, s, s] to probabilities [M, classes].
        faces: uint8 [N, s, s].
        classes: int [N], whose probability is watched.
        maps: float [N, h, w].

    Returns:
        float [2, N, STEPS + 1]: deletion, then insertion.
    """
    count, side = len(faces), faces.shape[1]
    importance = np.stack([_enlarged(one, side) for one in maps]).reshape(count, -1)
    rank = np.argsort(np.argsort(-importance, axis=1, kind="stable"), axis=1, kind="stable").reshape(faces.shape)
    gone = blurred(faces)
    here = np.arange(count)
    whole, nothing = (predict(of)[here, classes] for of in (faces, gone))
    curves = np.empty((2, count, STEPS + 1))
    curves[0, :, 0] = curves[1, :, STEPS] = whole
    curves[0, :, STEPS] = curves[1, :, 0] = nothing
    for step in range(1, STEPS):
        first = rank < step * side * side / STEPS
        curves[0, :, step] = predict(np.where(first, gone, faces))[here, classes]
        curves[1, :, step] = predict(np.where(first, faces, gone))[here, classes]
    return curves


def _timed(classifier: Classifier, method: MapMethod) -> Callable[[np.ndarray], Callable[[], object]]:
    def prepare(face: np.ndarray) -> Callable[[], object]:
        classes = classifier.probabilities(face).argmax(1)
        return lambda: method(face, classes)

    return prepare


def _median_ms(prepare: Callable[[np.ndarray], Callable[[], object]], faces: np.ndarray) -> float:
    """The median time of the work on one face at a time, in milliseconds; the first is done twice."""
    prepare(faces[:1])()
    spent = []
    for number in range(len(faces)):
        work = prepare(faces[number : number + 1])
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return float(np.median(spent) * 1000)
