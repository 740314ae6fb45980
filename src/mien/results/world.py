"""A model on photographs from elsewhere: results/<model>-world.json."""

from dataclasses import field
from typing import ClassVar

from mien.results.record import Measured, record
from mien.results.scores import Interval


@record
class WorldScores:
    """What a model reaches on one set.

    Attributes:
        pictures: All photographs.
        missed: Those without a face that is found; they count as wrong.
        accuracy: Share of all photographs that are called as labelled, with its 95% bootstrap interval over them.
        accuracy_equal_prior: The same under an equal class prior; None of a run, and in older files.
        calibration_error: Expected calibration error on the faces that were found, 15 bins, in [0, 1].
        recall: By class that the set has: the share of its found faces that are called so.
        data_hash: SHA-256 over the found faces' pixels and labels.
    """

    pictures: int
    missed: int
    accuracy: Interval
    calibration_error: float
    recall: dict[str, float]
    data_hash: str
    accuracy_equal_prior: Interval | None = field(default=None, kw_only=True)


@record
class World(Measured):
    """The results file.

    Attributes:
        model: Its name.
        model_hash: SHA-256 of its file.
        mean_accuracy: The plain mean over the sets, so that a large one does not rule.
        sets: By folder.
    """

    made_by: ClassVar[str] = "mien evaluate --world"

    model: str
    model_hash: str
    mean_accuracy: float
    sets: dict[str, WorldScores]
