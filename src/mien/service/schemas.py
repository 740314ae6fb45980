"""What the service's answers look like, for OpenAPI: the same values as in the JSON of `mien predict --json`."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, create_model

from mien.expressions import NAMES
from mien.recognition.verdicts import Verdict

Share = Annotated[float | None, Field(ge=0, le=1)]
Probabilities = create_model(
    "Probabilities",
    __doc__="One probability for each expression, together 1; null where the expression is withheld.",
    **{name: (Share, ...) for name in NAMES},  # type: ignore[call-overload]
)


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
    probabilities: Probabilities  # type: ignore[valid-type]


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


class Health(BaseModel):
    """The service answers, and with what."""

    status: Literal["ok"] = "ok"
    version: str
    model: str
    gate: str


class Problem(BaseModel):
    """Why a request was not served."""

    error: str = Field(description="one line that says what is wrong and what to do")
