"""The shapes that flow through recognition: where a face is, the square cut from it, and what was read from it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mien.expressions import NAMES, Expression, described
from mien.names import as_text
from mien.recognition.gate import Verdict


@dataclass(frozen=True)
class Box:
    """A rectangle in picture coordinates: pixels, x to the right, y down, the first pixel's centre at (0.5, 0.5)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, in [0, 1]."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        common = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0


@dataclass(frozen=True, eq=False)  # arrays are not equal or unequal as a whole
class Detection:
    """A face the detector found: its box, a score in [0, 1], and landmarks float [6, 2] in picture coordinates.

    Landmarks, named from the viewer's side: left eye, right eye, nose tip, mouth centre, left ear, right ear.
    """

    box: Box
    score: float
    landmarks: np.ndarray


@dataclass(frozen=True)
class Square:
    """The square that is cut from a picture: centre and side in pixels, and its turn in radians.

    A positive turn follows a head tilted clockwise as the viewer sees it; the crop then shows it upright.
    """

    x: float
    y: float
    side: float
    roll: float = 0.0


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a picture and the expression it shows.

    probabilities: float32 [classes], in the order of `classes`, summing to 1; features: float32 [D]; map:
    float32 [classes, h, w], each class's score at each place of the upright crop (its mean is the class's logit), or
    None where the model has none; score: the detector's, in [0, 1].

    novelty: float32 [3], the gate's scores, by `gate.SCORES`, higher is stranger; verdict: its word on whether this is
    a face as the models know them; both None without a gate. withheld: the expression of a strange face was not to be
    told: tables, files and drawings leave it out.

    classes: the names of what the model tells apart, the seven of `mien.EXPRESSIONS` for every model that ships.
    """

    box: Box
    square: Square
    score: float
    probabilities: np.ndarray
    features: np.ndarray
    map: np.ndarray | None = None
    novelty: np.ndarray | None = None
    verdict: Verdict | None = None
    withheld: bool = False
    classes: tuple[str, ...] = NAMES

    def __repr__(self) -> str:
        said = "withheld" if self.withheld else f"{self.expression} {self.confidence:.2f}"
        sides = (self.box.left, self.box.top, self.box.right, self.box.bottom)
        return f"<{type(self).__name__} {said}, box {', '.join(f'{side:.0f}' for side in sides)}>"

    @property
    def strange(self) -> bool:
        """Whether the gate says that this is no face as the models know them."""
        return self.verdict not in (None, Verdict.KNOWN)

    @property
    def expression(self) -> str:
        """The most probable expression's name, such as "happy"."""
        return self.classes[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The most probable expression's probability, in [0, 1]."""
        return float(self.probabilities.max())

    @property
    def adjective(self) -> str:
        """The expression as said of a face, such as "surprised"."""
        return self.kind.adjective

    @property
    def kind(self) -> Expression:
        """The most probable expression with its words and its colour."""
        return described(self.classes)[int(self.probabilities.argmax())]

    def to_dict(self) -> dict[str, Any]:
        """The face as plain values, as in the JSON that `mien predict --json` writes.

        Returns:
            box: left, top, right and bottom in pixels; score: the detector's, in [0, 1]; verdict: the gate's, None
            without a gate; expression: its name; probabilities: one for each expression's name, in their order. A face
            of a video has also its track's number and, as raw, the probabilities before smoothing. Expression and
            probabilities are None where the expression is withheld. All are Python's own numbers and strings.
        """
        return {
            "box": [round(float(side), 1) for side in (self.box.left, self.box.top, self.box.right, self.box.bottom)],
            "score": round(float(self.score), 4),
            "verdict": None if self.verdict is None else str(self.verdict),
            "expression": None if self.withheld else self.expression,
            "probabilities": self._told(self.probabilities),
        }

    def _told(self, probabilities: np.ndarray) -> dict[str, float | None]:
        shares = zip(self.classes, probabilities, strict=True)
        return {name: None if self.withheld else round(float(share), 5) for name, share in shares}


@dataclass(frozen=True, eq=False, repr=False)
class TrackedFace(Face):
    """A face of a video: one that keeps its number from frame to frame.

    track: its number, from 1, never given to another face of the same video; probabilities: smoothed along the track,
    as `expression` and `confidence` are; raw: float32 [classes], what the model said of this frame alone.
    """

    track: int = 0
    raw: np.ndarray = field(default_factory=lambda: np.zeros(len(NAMES), np.float32))

    def to_dict(self) -> dict[str, Any]:
        """The face as plain values, with its track's number first; see `Face.to_dict`."""
        return {"track": int(self.track)} | super().to_dict() | {"raw": self._told(self.raw)}


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture, or one frame of a video, and the faces in it.

    pixels: uint8 RGB [H, W, 3], upright; faces: the largest first, empty where there is none; number: of the frame,
    from 0; time: when it is shown, in seconds on the video's own clock, None for a picture.
    """

    source: str | Path
    pixels: np.ndarray
    faces: list[Face]
    number: int = 0
    time: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The picture or frame as plain values, as in the JSON that `mien predict --json` writes.

        Returns:
            picture: the source; or video, time in seconds and frame, its number; and faces: each face's
            `Face.to_dict`, the largest first.
        """
        return self.head() | {"faces": [face.to_dict() for face in self.faces]}

    def head(self) -> dict[str, Any]:
        """What `to_dict` says of the picture or frame itself."""
        if self.time is None:
            return {"picture": as_text(self.source)}
        return {"video": as_text(self.source), "time": round(float(self.time), 6), "frame": int(self.number)}
