"""How FER2013's pictures are cut around a face: results/framing.json."""

from typing import Annotated, ClassVar

from pydantic import Field

from mien.results.record import Measured, record


@record
class PlaceOfFaces:
    """Where pictures lie by one reference: medians in sides, spreads and what turned heads add in percent of them."""

    right: float
    down: float
    side: float
    spread_right: float
    spread_down: float
    spread_side: float
    turned_half_away_right: float
    turned_away_right: float


@record
class FoundBySurroundings:
    """The share of pictures in which a face is found, by what is put around them."""

    pictures: int
    as_it_is: Annotated[float, Field(alias="as it is")]
    edge_repeated: Annotated[float, Field(alias="edge repeated")]
    reflected: float


@record
class LookedAtAgain:
    """Faces of photographs, cut and looked at like pictures of the data set."""

    faces: int
    found_again: int
    side_ratio_median: float
    shift_median_percent: float


@record
class FramingMeasurements(Measured):
    """The results file; framing: what was made of it, as model files have it."""

    made_by: ClassVar[str] = "python benchmarks/framing.py"

    pictures: int
    seed: int
    found: int
    found_by_surroundings: FoundBySurroundings
    turned_away: int
    references: dict[str, PlaceOfFaces]
    framing: str
    photographs_looked_at_again: LookedAtAgain
