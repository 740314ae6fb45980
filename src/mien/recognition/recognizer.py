"""`Recognizer`: a picture in, every face in it with its expression out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, overload

import numpy as np

from mien.errors import MienError, PictureError
from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Detection, Face, Square
from mien.recognition.framing import Framing
from mien.recognition.gate import Gating, Verdict, require_probabilities
from mien.recognition.model import ModelFile, Outputs
from mien.recognition.pictures import Picture, as_picture

GATEKEEPER = "mobilenet_v2"
"""The shipped model whose gate judges the faces of models that have none."""


@dataclass(frozen=True)
class Cut:
    """A face ready for the model: where it was found, the square that frames it, and its pixels, grey uint8."""

    detection: Detection
    square: Square
    pixels: np.ndarray


class Recognizer:
    """Finds the faces in pictures and reads the expression that each shows.

    model: a shipped model's name ("mobilenet_v2", "vit_tiny") or a model file's path; threads: how many cores a call
    may use, all if None; gate: what becomes of faces unlike those the models know: "warn" says so in `Face.verdict`,
    "refuse" withholds their expression too, "off" asks for no verdict. A model without a gate of its own is gated by
    the shipped one that has it. Raises ModelError for an unknown or damaged model, MienError for another gate or no
    threads.

    >>> recognizer = Recognizer()
    >>> for face in recognizer.recognize("party.jpg"):  # doctest: +SKIP
    ...     print(face.expression, face.confidence, face.verdict)
    """

    def __init__(
        self, model: str | Path = "mobilenet_v2", threads: int | None = None, gate: Gating | str = Gating.WARN
    ) -> None:
        if gate not in tuple(Gating):
            raise MienError(f"unknown gate {gate!r}; there are {', '.join(Gating)}")
        if threads is not None and threads < 1:
            raise MienError(f"threads must be 1 or more, or None for all cores; not {threads}")
        self.model = ModelFile.open(model, threads)
        self.gating = Gating(gate)
        self._gatekeeper = None if self.gating is Gating.OFF else self.model
        if self._gatekeeper is not None and self._gatekeeper.gate is None:
            self._gatekeeper = ModelFile.open(GATEKEEPER, threads)
        self.detector = FaceDetector(threads=threads or 1)
        self._framing = Framing.from_text(self.model.metadata["crop"])
        self._size = int(self.model.metadata["input_size"])

    def __repr__(self) -> str:
        return f"<Recognizer {self.model.name}, gate {self.gating}>"

    def recognize(self, picture: Picture) -> list[Face]:
        """The faces of one picture, the largest first; an empty list where there is none.

        picture: a file's path, its content as bytes, an image of Pillow, or uint8 RGB [H, W, 3] or grey [H, W]. Raises
        PictureError for one that cannot be read.
        """
        return next(self.recognize_all([picture]))

    @overload
    def recognize_all(
        self, pictures: Iterable[Picture], batch: int = 32, *, errors: Literal["raise"] = "raise"
    ) -> Iterator[list[Face]]: ...

    @overload
    def recognize_all(
        self, pictures: Iterable[Picture], batch: int = 32, *, errors: Literal["return"]
    ) -> Iterator[list[Face] | PictureError]: ...

    def recognize_all(
        self, pictures: Iterable[Picture], batch: int = 32, *, errors: Literal["raise", "return"] = "raise"
    ) -> Iterator[list[Face]] | Iterator[list[Face] | PictureError]:
        """Read many pictures, the faces of several in one call of the model.

        Holds no more pictures than it needs to fill a batch.

        Args:
            pictures: Each as `recognize` takes it. What is raised while they are gone through is raised here, after the
                results of the pictures before it.
            batch: About how many faces the model reads in one call, 1 or more.
            errors: What becomes of a picture that cannot be read: "raise" its PictureError, after the results of the
                pictures before it, or "return" it in the picture's place and go on.

        Returns:
            For each picture in turn its faces, the largest first, or the PictureError.

        Raises:
            PictureError: A picture cannot be read and `errors` is "raise", or `pictures` is a single picture.
            MienError: An unknown value of `errors`.
        """
        if isinstance(pictures, Picture):  # a path or an array would go through by letters or rows
            raise PictureError("recognize_all takes a list of pictures; recognize takes a single one")
        if errors not in ("raise", "return"):
            raise MienError(f"errors must be 'raise' or 'return', not {errors!r}")
        return self._recognize_all(pictures, batch, errors == "return")

    def _recognize_all(
        self, pictures: Iterable[Picture], batch: int, returned: bool
    ) -> Iterator[list[Face] | PictureError]:
        waiting: list[list[Cut] | PictureError] = []
        try:
            for picture in pictures:
                try:
                    pixels = as_picture(picture)
                except PictureError as error:
                    if not returned:
                        raise
                    waiting.append(error)
                else:
                    waiting.append(self.cut(pixels, self.detector.detect(pixels)))
                if _faces(waiting) >= batch or len(waiting) >= batch:
                    ready, waiting = waiting, []
                    yield from self._read_some(ready)
        except Exception:
            yield from self._read_some(waiting)
            raise
        yield from self._read_some(waiting)

    def _read_some(self, waiting: "Sequence[list[Cut] | PictureError]") -> Iterator[list[Face] | PictureError]:
        """What `read` gives for pictures, with the errors of others between them in their places."""
        faces = iter(self.read([cuts for cuts in waiting if not isinstance(cuts, PictureError)]))
        for one in waiting:
            yield one if isinstance(one, PictureError) else next(faces)

    def cut(self, picture: np.ndarray, found: Iterable[Detection]) -> list[Cut]:
        """Cut the faces found in a picture uint8 RGB [H, W, 3] as the model needs them."""
        squares = [(detection, self._framing.square(detection)) for detection in found]
        return [Cut(detection, square, crop_picture(picture, square, self._size)) for detection, square in squares]

    def read(self, pictures: Sequence[Sequence[Cut]]) -> list[list[Face]]:
        """Read what `cut` gave for several pictures, all their faces in one call of the model."""
        crops = [cut.pixels for cuts in pictures for cut in cuts]
        if not crops:
            return [[] for _ in pictures]
        faces = np.stack(crops)
        outputs = self.classify(faces)
        if self._gatekeeper not in (None, self.model):
            outputs = replace(outputs, novelty=self._gatekeeper.run(faces).novelty)
        places = iter(range(len(crops)))
        return [[self._face(cut, outputs, next(places)) for cut in cuts] for cuts in pictures]

    def classify(self, faces: np.ndarray) -> Outputs:
        """Read faces that are cut already: grey uint8 [N, 48, 48], framed as the training data frames them."""
        outputs = self.model.run(faces)
        require_probabilities(outputs.probabilities, self.model.name)
        return outputs

    def _face(self, cut: Cut, outputs: Outputs, place: int) -> Face:
        face = Face(
            box=cut.detection.box,
            square=cut.square,
            score=cut.detection.score,
            probabilities=outputs.probabilities[place],
            features=outputs.features[place],
            map=None if outputs.map is None else outputs.map[place],
        )
        gate = None if self._gatekeeper is None else self._gatekeeper.gate
        if gate is None or outputs.novelty is None:
            return face
        novelty = outputs.novelty[place]
        verdict = gate.verdict(novelty)
        withheld = self.gating is Gating.REFUSE and verdict is not Verdict.KNOWN
        return replace(face, novelty=novelty, verdict=verdict, withheld=withheld)


def _faces(waiting: "Sequence[list[Cut] | PictureError]") -> int:
    return sum(len(cuts) for cuts in waiting if not isinstance(cuts, PictureError))
