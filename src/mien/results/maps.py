"""Whether maps show what a model goes by: results/<model>-<split>-<part>-faithful.json."""

from typing import ClassVar

from mien.results.evaluation import Subject
from mien.results.record import record
from mien.results.scores import Interval


@record
class Faithfulness:
    """One kind of map.

    Attributes:
        deletion: Area under the class's probability while the pixels are blurred, the most important first: lower is
            better.
        insertion: The same while they come back into the blurred face: higher is better.
        less_insertion: By how much the exact map's insertion is above this map's, on the same faces.
        deletion_curve: The mean probability after each of equal steps.
        insertion_curve: The same.
        ms: Median time for a face's prediction and map.
        ms_beyond: What the map adds to the prediction.
    """

    deletion: Interval
    insertion: Interval
    less_insertion: Interval
    deletion_curve: list[float]
    insertion_curve: list[float]
    ms: float
    ms_beyond: float


@record
class MapScores:
    """All kinds of maps of one model on the same faces, with 95% bootstrap intervals.

    Attributes:
        faces: How many.
        seed: Of the bootstrap.
        prediction_ms: Median time for a face's prediction.
        methods: By name.
    """

    faces: int
    seed: int
    prediction_ms: float
    methods: dict[str, Faithfulness]


@record
class Maps(Subject, MapScores):
    """The results file."""

    made_by: ClassVar[str] = "mien evaluate --faithful"
