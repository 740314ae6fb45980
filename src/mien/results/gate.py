"""The gate beside its rivals, and whom it shuts out: results/novelty.json."""

from typing import ClassVar

from mien.results.record import Measured, record


@record
class Separation:
    """How well a score tells strange pictures from real faces.

    auroc: the chance that a strange picture scores above a real face, in [0, 1]. fpr95: the classic convention, the
    share of strange pictures accepted where 95% of the real faces are.
    """

    auroc: float
    fpr95: float


@record
class Passage:
    """What the gate at its own thresholds says of some pictures: how many there are, and the share of each verdict."""

    pictures: int
    known: float
    near: float
    far: float

    @property
    def refused(self) -> float:
        return self.near + self.far


@record
class Pipeline:
    """Detector and gate together on pictures without people: how many have a face in them by each."""

    pictures: int
    found: int
    passed: int


@record
class GateScores:
    """Everything measured. separation: [model][score][kind]; far: the kinds with nothing of a face in them;
    passage: the gate's verdicts by kind; refused: real faces, all, by class, by brightness and by sharpness; pipeline:
    by folder."""

    separation: dict[str, dict[str, dict[str, Separation]]]
    far: list[str]
    passage: dict[str, Passage]
    refused: dict[str, dict[str, Passage]]
    pipeline: dict[str, Pipeline]


@record
class GateJudgement(Measured, GateScores):
    """The results file.

    Attributes:
        models: SHA-256 of every model file, by the model's name.
        data: SHA-256 over the real faces' pixels and labels.
        split: Of FER2013.
        real_faces: How many there are.
        count: Pictures of each kind that is made.
        seed: Drew them.
        gated_by: The model whose gate is judged.
        thresholds: Its near and far one.
    """

    made_by: ClassVar[str] = "mien novelty judge"

    models: dict[str, str]
    data: str
    split: str
    real_faces: int
    count: int
    seed: int
    gated_by: str
    thresholds: tuple[float, float]
