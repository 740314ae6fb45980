"""The curve of a synthesis run: the losses, a line now and then."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CurvePoint:
    """One line of the curve: the means of the losses since the line before.

    Attributes:
        step: Steps done.
        gap, penalty, real_class: The critic's (see `losses`).
        realism, made_class, cycle: The generator's.
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
