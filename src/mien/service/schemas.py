"""What the service's answers look like, for OpenAPI: the same values as in the JSON of `mien predict --json`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from mien.expressions import NAMES
from mien.recognition.verdicts import Verdict

Share = Annotated[float | None, Field(ge=0, le=1)]


class Probabilities(BaseModel):
    """One probability for each expression, together 1; null where the expression is withheld."""


class FaceAnswer(BaseModel):
    """One face and the expression it shows."""

    box: Annotated[list[float], Field(min_length=4, max_length=4)] = Field(
        description="left, top, right and bottom in pixels of the upright picture"
    )
    score: float = Field(ge=0, le=1, description="the face detector's")
    verdict: Verdict | None = Field(description="the gate's word on the face; null where the gate is off")
    expression: str | None = Field(
        description="the most probable one; null where it is withheld", json_schema_extra={"examples": [NAMES[0]]}
    )
    probabilities: Probabilities


class PictureAnswer(BaseModel):
    """The faces of one picture, the largest first; a picture without a face has an empty list."""

    faces: list[FaceAnswer]


class NamedAnswer(BaseModel):
    """One picture of a batch: its faces, or why it cannot be read."""

    picture: str = Field(description="the file's name as it was sent")
    faces: list[FaceAnswer] | None = Field(description="the largest first; null where the picture cannot be read")
    error: str | None = Field(description="one line; null where the picture was read")


class BatchAnswer(BaseModel):
    """An answer for every picture of a batch, in their order."""

    pictures: list[NamedAnswer]


def answers(classes: tuple[str, ...]) -> tuple[type[PictureAnswer], type[BatchAnswer]]:
    """What a service answers whose model tells apart these classes: for one picture, and for a batch.

    Args:
        classes: The classes' names, in order.

    Returns:
        Types of the answers for one picture and for a batch.
    """
    fields: dict[str, Any] = {f"p{place}": (Share, Field(alias=name)) for place, name in enumerate(classes)}
    probabilities = create_model("Probabilities", __base__=Probabilities, __doc__=Probabilities.__doc__, **fields)
    told: dict[str, Any] = {"probabilities": (probabilities, ...)}
    face = create_model("FaceAnswer", __base__=FaceAnswer, __doc__=FaceAnswer.__doc__, **told)
    faces: dict[str, Any] = {"faces": (list[face], ...)}  # type: ignore[valid-type]
    perhaps: dict[str, Any] = {"faces": (list[face] | None, NamedAnswer.model_fields["faces"])}  # type: ignore[valid-type]
    named = create_model("NamedAnswer", __base__=NamedAnswer, __doc__=NamedAnswer.__doc__, **perhaps)
    pictures: dict[str, Any] = {"pictures": (list[named], ...)}  # type: ignore[valid-type]
    return (
        create_model("PictureAnswer", __base__=PictureAnswer, __doc__=PictureAnswer.__doc__, **faces),
        create_model("BatchAnswer", __base__=BatchAnswer, __doc__=BatchAnswer.__doc__, **pictures),
    )


class Health(BaseModel):
    """The service answers, and with what."""

    status: Literal["ok"] = "ok"
    version: str
    model: str
    gate: str


class Problem(BaseModel):
    """Why a request was not served."""

    error: str = Field(description="one line that says what is wrong and what to do")
