"""How a model does on people that FER2013 does not show: folders of labelled photographs, through the whole pipeline.

FER2013's labels rank models differently from every other set. These pictures judge and may choose; nothing learns from
them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data import photographs
from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.evaluation.bootstrap import fraction_right
from mien.evaluation.calibration import calibration_error
from mien.expressions import NAMES
from mien.provenance import origin
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.prior import apply_prior
from mien.results.scores import Interval
from mien.results.world import World, WorldScores

FACES = "faces"
"""Where a folder of pictures from elsewhere has this folder, its sets lie in there."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Probabilities float [N, classes] for faces uint8 [N, 48, 48]."""


@dataclass(frozen=True)
class WorldSet:
    """Labelled photographs of one source.

    Attributes:
        name: The folder's name.
        faces: The largest face of each photograph in which one was found, cut as recognition cuts it.
        missed: How many photographs have no face that is found, or cannot be read.
    """

    name: str
    faces: FaceData
    missed: int

    @property
    def pictures(self) -> int:
        """How many photographs there are, found or missed."""
        return len(self.faces) + self.missed


def load(
    root: Path,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    classes: tuple[str, ...] = NAMES,
    framing: Framing = FRAMING,
) -> list[WorldSet]:
    """Find the faces in every set of photographs under a folder.

    Args:
        root: Holds a folder for each set, which has a folder for each class; or `root/faces` does.
        progress: Called with a set's name, the photographs done, and how many there are.
        classes: What the sets' folders may be called.
        framing: How the model that is judged asks for faces.

    Returns:
        The sets by name.

    Raises:
        DataError: There is no set in the folder, or no face in a whole set.
    """
    place = root / FACES if (root / FACES).is_dir() else root
    folders = (
        sorted(folder for folder in place.iterdir() if photographs.are_in(folder, classes)) if place.is_dir() else []
    )
    if not folders:
        raise DataError(f"{root}: no sets of labelled photographs (a folder for each set, in it one for each class)")
    return [_load_set(folder, progress, classes, framing) for folder in folders]


def _load_set(
    folder: Path, progress: Callable[[str, int, int], None], classes: tuple[str, ...], framing: Framing
) -> WorldSet:
    found = photographs.load(folder, lambda done, total: progress(folder.name, done, total), classes, framing)
    missed = sum((folder / problem.place).is_file() for problem in found.problems)
    return WorldSet(folder.name, found, missed)


def judge(predict: Predict, world: WorldSet, to_equal: np.ndarray | None = None) -> WorldScores:
    """Judge a model on one set.

    Args:
        predict: Answers for grey faces.
        world: The set.
        to_equal: What brings its probabilities to an equal class prior, float [classes] (`prior_ratio`); None if that
            is not known.

    Returns:
        Its scores; photographs without a face that is found count as wrong.
    """
    probabilities = predict(world.faces.faces)
    return WorldScores(
        pictures=world.pictures,
        missed=world.missed,
        accuracy=_accuracy(world, probabilities),
        accuracy_equal_prior=None if to_equal is None else _accuracy(world, apply_prior(probabilities, to_equal)),
        calibration_error=calibration_error(world.faces.labels, probabilities),
        recall=_recall(world, probabilities.argmax(1)),
        data_hash=world.faces.fingerprint(),
    )


def _accuracy(world: WorldSet, probabilities: np.ndarray) -> Interval:
    return fraction_right(np.concatenate([probabilities.argmax(1) == world.faces.labels, np.zeros(world.missed, bool)]))


def _recall(world: WorldSet, called: np.ndarray) -> dict[str, float]:
    labels = world.faces.labels
    return {world.faces.classes[label]: float((called[labels == label] == label).mean()) for label in np.unique(labels)}


def result(model: str, model_hash: str, scores: dict[str, WorldScores]) -> World:
    """The results file of a model that was judged here and now.

    Args:
        model: Its name.
        model_hash: SHA-256 of its file.
        scores: By set.

    Returns:
        The record.
    """
    return World(model, model_hash, mean_accuracy(scores), scores, **origin())


def mean_accuracy(scores: dict[str, WorldScores]) -> float:
    """The plain mean over the sets, so that a large one does not rule.

    Args:
        scores: By set; at least one.

    Returns:
        In [0, 1].
    """
    return sum(of.accuracy.value for of in scores.values()) / len(scores)
