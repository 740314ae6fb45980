"""The shapes that flow through recognition: where a face is, the square cut from it, and what was read from it."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mien.expressions import NAMES, Expression, described
from mien.names import as_text
from mien.recognition.verdicts import Verdict

TELLING = frozenset({"circumplex"})
"""Details that tell the expression."""


@dataclass(frozen=True)
class Box:
    """A rectangle in picture coordinates: pixels, x to the right, y down, the first pixel's centre at (0.5, 0.5).

    Attributes:
        left: x of its left edge.
        top: y of its upper edge.
        right: x of its right edge.
        bottom: y of its lower edge.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """In pixels; below 0 where `right` lies left of `left`."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels; below 0 where `bottom` lies above `top`."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Its x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """In square pixels; 0 for a box turned inside out."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    def overlap(self, other: "Box") -> float:
        """Intersection over union with another box.

        Args:
            other: In the same picture.

        Returns:
            Intersection over union, in [0, 1].
        """
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        common = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - common
        return common / union if union > 0 else 0.0


@dataclass(frozen=True, eq=False)  # arrays are not equal or unequal as a whole
class Detection:
    """A face the detector found.

    Attributes:
        box: Around the face.
        score: In [0, 1].
        landmarks: float [6, 2] in picture coordinates, named from the viewer's side: left eye, right eye, nose tip,
            mouth centre, left ear, right ear.
    """

    box: Box
    score: float
    landmarks: np.ndarray


@dataclass(frozen=True)
class Square:
    """The square that is cropped from a picture.

    Attributes:
        x: Of its centre, in pixels.
        y: Of its centre, in pixels.
        side: In pixels.
        roll: Radians. A positive roll follows a head tilted clockwise as the viewer sees it; the crop then shows it
            upright.
    """

    x: float
    y: float
    side: float
    roll: float = 0.0


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a picture and the expression it shows.

    Attributes:
        box: Around the face, in picture coordinates.
        square: What the model has seen of the picture.
        score: The detector's, in [0, 1].
        probabilities: float32 [classes] in the order of `classes`, summing to 1.
        features: float32 [D], before the model's last layer.
        map: float32 [classes, h, w], each class's score at each place of the upright crop (its mean is the class's
            logit), or None where the model has none.
        novelty: float32 [3], the gate's scores, by `gate.SCORES`, higher is stranger; None without a gate.
        verdict: The gate's word on whether this is a face as the models know them; None without a gate.
        withheld: The expression of a strange face was not to be told: tables, files and drawings leave it out.
        details: What was asked for besides, by group and column; see `details`.
        classes: What the model tells apart, in order: `mien.EXPRESSIONS` for every model that ships.
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
    details: dict[str, dict[str, float]] = field(default_factory=dict)
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
            probabilities are None where the expression is withheld. Groups of details follow where they were asked for.
            All are Python's own numbers and strings.
        """
        return self._head() | self._details()

    def _head(self) -> dict[str, Any]:
        return {
            "box": [round(float(side), 1) for side in (self.box.left, self.box.top, self.box.right, self.box.bottom)],
            "score": round(float(self.score), 4),
            "verdict": None if self.verdict is None else str(self.verdict),
            "expression": None if self.withheld else self.expression,
            "probabilities": self._told(self.probabilities),
        }

    def _details(self) -> dict[str, dict[str, float | None]]:
        """The details, without those that tell the expression where it is withheld; None for what is not a number."""
        return {
            group: {
                column: round(value, 4) if math.isfinite(value) and not (self.withheld and group in TELLING) else None
                for column, value in columns.items()
            }
            for group, columns in self.details.items()
        }

    def _told(self, probabilities: np.ndarray) -> dict[str, float | None]:
        shares = zip(self.classes, probabilities, strict=True)
        return {name: None if self.withheld else round(float(share), 5) for name, share in shares}


@dataclass(frozen=True, eq=False, repr=False)
class TrackedFace(Face):
    """A face of a video: one that keeps its number from frame to frame.

    Attributes:
        track: Its number, from 1, never given to another face of the same video.
        probabilities: Smoothed along the track, as `expression` and `confidence` are.
        raw: float32 [classes], what the model said of this frame alone.
    """

    track: int = 0
    raw: np.ndarray = field(default_factory=lambda: np.zeros(len(NAMES), np.float32))

    def to_dict(self) -> dict[str, Any]:
        """The face as plain values, with its track's number first; see `Face.to_dict`.

        Returns:
            `Face.to_dict` with "track" before and "raw" after it.
        """
        return {"track": int(self.track)} | self._head() | {"raw": self._told(self.raw)} | self._details()


NO_PIXELS = np.empty((0, 0, 3), np.uint8)
"""Of a frame whose rows alone are wanted: a batch of large pictures would fill the memory."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture, or one frame of a video, and the faces in it.

    Attributes:
        source: What it was read from, as given.
        pixels: uint8 RGB [H, W, 3], upright.
        faces: The largest first, empty where there is none.
        number: Of the frame, from 0.
        time: When it is shown, in seconds on the video's own clock; None for a picture.
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
        """What `to_dict` says of the picture or frame itself.

        Returns:
            "picture" alone, or "video", "time" in seconds to the microsecond, and "frame".
        """
        if self.time is None:
            return {"picture": as_text(self.source)}
        return {"video": as_text(self.source), "time": round(float(self.time), 6), "frame": int(self.number)}
