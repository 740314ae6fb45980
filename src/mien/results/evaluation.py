"""A model judged on a part of a data set: results/<model>-<split>-<part>.json."""

from dataclasses import field
from typing import ClassVar

from mien.provenance import origin
from mien.results.record import Measured, record
from mien.results.scores import Calibration, LabelNoise, Scores


@record
class Subject(Measured):
    """What was judged, and on what.

    Photographs of another data set have its folder's name for their split.

    Attributes:
        model: The run's folder or the model file, by name.
        model_hash: SHA-256 of the weights or of the model file; empty for a peer, whose version is in its name.
        data_hash: SHA-256 over the part's pixels and labels.
        split: "official", "kaggle", or the name of a folder of photographs.
        part: "train", "validation", "test" or "photographs".
    """

    made_by: ClassVar[str] = "mien evaluate"

    model: str
    model_hash: str
    data_hash: str
    split: str
    part: str
    code: str = field(kw_only=True)
    date: str = field(kw_only=True)

    @classmethod
    def today(cls, model: str, model_hash: str, data_hash: str, split: str, part: str) -> "Subject":
        """A model that is judged here and now.

        Args:
            model: As the field.
            model_hash: As the field.
            data_hash: As the field.
            split: As the field.
            part: As the field.

        Returns:
            The record, with code, machine and moment.
        """
        return Subject(model, model_hash, data_hash, split, part, **origin())


@record
class Evaluation(Subject):
    """The scores on all pictures of the part, and on those that training cannot have seen the exact pixels of.

    Attributes:
        raw: On all pictures.
        without_duplicates: On those without copies in what training has.
        calibration: On all pictures; None where it was not asked for.
        labels: On all pictures; None where it was not asked for or there are no raters' votes.
        left_out: How many of the data set's pictures could not be read or show no face, and folders of other classes;
            None in older files.
    """

    raw: Scores
    without_duplicates: Scores
    calibration: Calibration | None = field(default=None, kw_only=True)
    labels: LabelNoise | None = field(default=None, kw_only=True)
    left_out: int | None = field(default=None, kw_only=True)
