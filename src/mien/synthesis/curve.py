"""The curve of a synthesis run: the losses, a line now and then."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """One line of the curve: the means of the losses since the line before.

    Attributes:
        step: Steps done.
        gap: The critic's estimate of the Wasserstein distance (see `losses`).
        penalty: The critic's gradient penalty.
        real_class: The critic's cross entropy on real faces.
        realism: Of made faces, as the critic sees it.
        made_class: The critic's cross entropy on made faces.
        cycle: Mean absolute difference of faces translated there and back.
        steps_per_second: Of the generator, the critic's updates included.
    """

    step: int
    gap: float
    penalty: float
    real_class: float
    realism: float
    made_class: float
    cycle: float
    steps_per_second: float
