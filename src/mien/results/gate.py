"""The gate beside its rivals, and whom it shuts out: results/novelty.json."""

from dataclasses import field
from typing import ClassVar

from mien.results.record import Measured, record


@record
class Separation:
    """How well a score tells strange pictures from real faces.

    Attributes:
        auroc: The chance that a strange picture scores above a real face, in [0, 1].
        fpr95: The classic convention, the share of strange pictures accepted where 95% of the real faces are.
    """

    auroc: float
    fpr95: float


@record
class Passage:
    """What the gate at its own thresholds says of some pictures.

    Attributes:
        pictures: How many there are.
        known: The share of this verdict, in [0, 1].
        covered: The same of this one.
        near: The same of this one.
        far: The same of this one.
    """

    pictures: int
    known: float
    covered: float
    near: float
    far: float

    @property
    def refused(self) -> float:
        """The share of all other verdicts than known."""
        return 1 - self.known


@record
class DetectorAndGate:
    """Detector and gate together.

    Attributes:
        pictures: How many there are.
        found: In how many the detector finds a face.
        passed: In how many the gate passes one.
        covered: In how many it calls one covered.
    """

    pictures: int
    found: int
    passed: int
    covered: int


@record
class Risk:
    """What refusing faces brings on a set of labelled faces.

    Attributes:
        faces: How many there are.
        refused: The share that the gate refuses, in [0, 1].
        accuracy_accepted: The share of the accepted ones that are called as labelled.
        accuracy_refused: The same of the refused ones; None where there is none.
        area: The area under the risk-coverage curve by unlikeness, the mean error over all shares of the least unlike
            faces: lower is better, and the plain error means that refusing by this score brings nothing.
        area_confidence: The same by the model's own confidence.
        error: The plain error.
    """

    faces: int
    refused: float
    accuracy_accepted: float
    accuracy_refused: float | None = field(default=None, kw_only=True)
    area: float
    area_confidence: float
    error: float


@record
class GateScores:
    """Everything measured.

    Attributes:
        separation: [model][score][kind].
        far: The kinds with nothing of a face in them.
        passage: The gate's verdicts by kind.
        refused: Its verdicts on real faces as they are cut: all, by class, by brightness and by sharpness.
        found: Its verdicts on real faces that the detector found: [set][class], and "all".
        pipeline: By folder.
        risk: By set of real faces, what refusing brings.
        unclear: AUROC by what the raters saw, and by the score that is to notice it.
    """

    separation: dict[str, dict[str, dict[str, Separation]]]
    far: list[str]
    passage: dict[str, Passage]
    refused: dict[str, dict[str, Passage]]
    found: dict[str, dict[str, Passage]]
    pipeline: dict[str, DetectorAndGate]
    risk: dict[str, Risk]
    unclear: dict[str, dict[str, float]]


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
        gate: Its numbers, by name.
    """

    made_by: ClassVar[str] = "mien novelty judge"

    models: dict[str, str]
    data: str
    split: str
    real_faces: int
    count: int
    seed: int
    gated_by: str
    gate: dict[str, float]
