"""A training's run: run.json, the lines of curve.csv, and metrics.json in results/runs/<recipe>-s<seed>/."""

import math
from dataclasses import field
from typing import Annotated, Any, ClassVar, Self

from pydantic import AliasChoices, Field, model_validator

from mien.results.evaluation import Evaluation
from mien.results.record import AnyNumber, Measured, Share, record
from mien.results.scores import Bin


@record
class Epoch:
    """One line of the curve.

    Attributes:
        epoch: From 0.
        loss: Mean over the epoch's steps.
        accuracy: The averaged network's on the validation part, in [0, 1].
        macro_f1: The same.
        pictures_per_second: Of the training alone.
        seconds: Of the whole epoch.
        raters: Accuracy against the majority of FER+'s raters there; None where the recipe learns nothing from them.
    """

    epoch: int
    loss: AnyNumber
    accuracy: Share
    macro_f1: Share
    pictures_per_second: float
    seconds: float
    raters: Share | None = None

    @property
    def selection_score(self) -> float:
        """What the best epoch is chosen by: the mean of accuracy and macro F1, so that no class is given up.

        Raters who are learned from count as much as both: by the labels alone, such a training looks like a loss.
        """
        labels = (self.accuracy + self.macro_f1) / 2
        return labels if self.raters is None else (labels + self.raters) / 2


@record
class InterpolationScores:
    """Scores in [0, 1] of the mean with one fraction of fine-tuned weights, on the part that chooses.

    Attributes:
        fraction: Of the fine-tuned weights.
        accuracy: Against the labels.
        macro_f1: Mean over the classes.
        raters: Accuracy against the majority of FER+'s raters; None where there are no votes.
    """

    fraction: Annotated[float, Field(validation_alias=AliasChoices("fraction", "share"))]  # the second in version 0.1
    accuracy: float
    macro_f1: float
    raters: float | None = None

    @property
    def selection_score(self) -> float:
        """Labels and raters count alike: fine-tuning also learns the labels' habits, which no other data set shares."""
        return self.accuracy if self.raters is None else (self.accuracy + self.raters) / 2


@record
class Interpolation:
    """How weights were averaged.

    Attributes:
        start: The fraction of those before the training.
        best_epoch: The fraction of the best epoch's.
        last_epoch: The fraction of the last epoch's.
        tried: The scores of every fraction; None in older files.
    """

    start: float
    best_epoch: float | None = None
    last_epoch: float | None = None
    tried: list[InterpolationScores] | None = None


@record
class StartTensors:
    """How many of its tensors a network has from the file it started from.

    Attributes:
        taken: From the file.
        of: All that it has.
    """

    taken: int
    of: int


@record
class RunDescription(Measured):
    """run.json.

    Attributes:
        recipe: `mien.training.recipe` knows its keys.
        data: SHA-256 over the training part.
        start: The file of the weights it started from, by name, or a word for them.
        start_sha256: Of that file; None for a word, and in older files.
        start_tensors: What was taken from it; None where it was not counted.
        precision: What the machine made of the recipe's; None in older files.
        teachers: SHA-256 of the weights of each that it learned from, by name; None where there were none, and in older
            files.
        interpolation: How weights were averaged; None where they were not.
        average_of: Of how many runs this is the plain mean; None for a single one.
        classes: What it tells apart, in order; None for the seven of `expressions.NAMES`.
    """

    recipe: dict[str, Any]
    data: str
    start: str
    start_sha256: str | None = field(default=None, kw_only=True)
    start_tensors: StartTensors | None = field(default=None, kw_only=True)
    precision: str | None = field(default=None, kw_only=True)
    teachers: dict[str, str] | None = field(default=None, kw_only=True)
    interpolation: Annotated[
        Interpolation | None, Field(validation_alias=AliasChoices("interpolation", "soup"))  # the second in version 0.1
    ] = field(default=None, kw_only=True)
    average_of: int | None = field(default=None, kw_only=True)
    classes: list[str] | None = field(default=None, kw_only=True)
    code: str = field(kw_only=True)
    hardware: str = field(kw_only=True)


@record
class RunMetrics(Evaluation):
    """metrics.json of a run on file: what it scores on the part that its recipe reports on. It agrees with itself.

    Attributes:
        reliability: Confidence and accuracy in bins, on all pictures of the part.
    """

    made_by: ClassVar[str] = "mien experiments collect"

    reliability: list[Bin]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        intervals = {**self.without_duplicates.intervals, **self.raw.intervals}
        if self.labels is not None:
            intervals["accuracy_majority"] = self.labels.accuracy_majority
        for name, interval in intervals.items():
            if not interval.is_ordered:
                raise ValueError(f"{name} lies outside its interval")
        error = sum(one.pictures * abs(one.accuracy - one.confidence) for one in self.reliability) / self.raw.pictures
        if not math.isclose(error, self.raw.calibration_error, abs_tol=1e-6):
            raise ValueError("calibration is not its bins'")
        return self
