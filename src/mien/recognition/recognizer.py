"""`Recognizer`: a picture in, every face in it with its expression out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Literal, NamedTuple, overload

import numpy as np

from mien.cores import cores
from mien.errors import MienError, MienWarning, PictureError
from mien.recognition.circumplex import coordinates
from mien.recognition.cropping import crop_picture
from mien.recognition.details import chosen, seen, with_derived
from mien.recognition.detection import FaceDetector
from mien.recognition.devices import CPU
from mien.recognition.faces import Box, Detection, Face, Square
from mien.recognition.framing import Framing, middle_square
from mien.recognition.model import ModelFile, Outputs
from mien.recognition.notes import give, held
from mien.recognition.pictures import Picture, as_8_bits, as_picture, count_pixels, together
from mien.recognition.prior import TRAINING, Prior, apply_prior, prior_ratio
from mien.recognition.side_by_side import side_by_side
from mien.recognition.verdicts import Gating, Verdict

GATEKEEPER = "mobilenet_v2"
"""The shipped model whose gate judges the faces of models that have none."""


@dataclass(frozen=True)
class FaceCrop:
    """A face ready for the model.

    Attributes:
        detection: Where it was found.
        square: What frames it.
        pixels: Its crop, grey uint8 [48, 48].
        found: Whether a detector has seen it; a picture that is a face comes without a detector's word.
        for_gate: Its crop as the gate's model asks for it; None where that is the same.
    """

    detection: Detection
    square: Square
    pixels: np.ndarray
    found: bool = True
    for_gate: np.ndarray | None = None


class _Cropped(NamedTuple):
    """The faces of a picture, or what reading it has raised; and what is to be said of it."""

    faces: list[FaceCrop] | Exception
    notes: list[MienWarning]


class Recognizer:
    """Finds the faces in pictures and reads the expression that each shows.

    It can be used by several threads, in forked processes, and pickled; what was pickled opens its files again. A model
    without a gate of its own is gated by the shipped one that has it.

    Args:
        model: A shipped model's name ("mobilenet_v2", "vit_tiny"), or a model file's path.
        threads: How many cores a call may use; if None all that the process may run on. Several pictures are read side
            by side, and of a single large one its parts are looked at so.
        gate: What becomes of faces unlike those the models know: "warn" says so in `Face.verdict`, "refuse" withholds
            their expression too, "off" asks for no verdict.
        device: Where the models run: "cpu", "cuda", "directml", "coreml" or another provider of the installed ONNX
            Runtime, or "auto" for the best that is there. Faces are looked for on the CPU.
        small_faces: Look for faces down to 30 pixels in large pictures, as of crowds; it takes many times as long.
        prior: How frequent the expressions are where the pictures come from: "training" as in the model's training,
            "equal", or a number for each class, such as how many there are. It helps where that is known: posed
            pictures with as many of each are read better as "equal", spontaneous ones worse.
        details: What to tell of each face besides, in `Face.details`: "pose" (yaw, pitch, roll), "quality" (size,
            sharpness, light), "circumplex" (valence and arousal, derived and not measured).

    Raises:
        ModelError: The model is unknown or damaged.
        MienError: There is no such gate, device, prior or detail, or there are no threads.

    >>> recognizer = Recognizer()
    >>> for face in recognizer.recognize("party.jpg"):  # doctest: +SKIP
    ...     print(face.expression, face.confidence, face.verdict)
    """

    def __init__(
        self,
        model: str | Path = "mobilenet_v2",
        threads: int | None = None,
        gate: Gating | str = Gating.WARN,
        device: str = CPU,
        small_faces: bool = False,
        prior: Prior = TRAINING,
        details: Sequence[str] = (),
    ) -> None:
        if gate not in tuple(Gating):
            raise MienError(f"unknown gate {gate!r}; there are {', '.join(Gating)}")
        if threads is not None and threads < 1:
            raise MienError(f"threads must be 1 or more, or None for all cores; not {threads}")
        self.threads = threads or cores()
        self.model = ModelFile.open(model, threads, device)
        self.device = self.model.device
        self.gating = Gating(gate)
        self._gatekeeper = None if self.gating is Gating.OFF else self.model
        if self._gatekeeper is not None and self._gatekeeper.gate is None:
            self._gatekeeper = ModelFile.open(GATEKEEPER, threads, device)
        self.detector = FaceDetector(threads=self.threads, small_faces=small_faces)
        self._framing = Framing.from_text(self.model.metadata["crop"])
        of_gate = None if self._gatekeeper is None else Framing.from_text(self._gatekeeper.metadata["crop"])
        self._framing_of_gate = None if of_gate == self._framing else of_gate
        self._size = int(self.model.metadata["input_size"])
        self.details = chosen(details)
        if "circumplex" in self.details:
            coordinates(self.classes)
        self._prior_ratio = prior_ratio(prior, self.model.metadata)

    @property
    def classes(self) -> tuple[str, ...]:
        """What the model tells apart, in the order of its probabilities."""
        return self.model.classes

    def __repr__(self) -> str:
        return f"<Recognizer {self.model.name}, gate {self.gating}>"

    def recognize(self, picture: Picture, faces_are_cut: bool = False) -> list[Face]:
        """Read the faces of one picture.

        Args:
            picture: A file's path, its content as bytes, the file opened in binary mode, an image of Pillow, or an RGB
                [H, W, 3] or grey [H, W] array, uint8 best.
            faces_are_cut: The picture is one face and nothing else: none is looked for, and the largest square in its
                middle is read, which should show what training data does, brow to chin and both ears.

        Returns:
            The faces, the largest first; an empty list where there is none.

        Raises:
            PictureError: The picture cannot be read.
        """
        return next(self.recognize_all([picture], faces_are_cut=faces_are_cut))

    @overload
    def recognize_all(
        self,
        pictures: Iterable[Picture],
        batch: int = 32,
        faces_are_cut: bool = False,
        *,
        errors: Literal["raise"] = "raise",
    ) -> Iterator[list[Face]]: ...

    @overload
    def recognize_all(
        self, pictures: Iterable[Picture], batch: int = 32, faces_are_cut: bool = False, *, errors: Literal["return"]
    ) -> Iterator[list[Face] | PictureError]: ...

    def recognize_all(
        self,
        pictures: Iterable[Picture],
        batch: int = 32,
        faces_are_cut: bool = False,
        *,
        errors: Literal["raise", "return"] = "raise",
    ) -> Iterator[list[Face]] | Iterator[list[Face] | PictureError]:
        """Read many pictures, the faces of several in one call of the model.

        With several threads the pictures of a batch are read side by side, none while the caller is at work on results;
        with a single one each picture is taken when the one before has been read. Holds two more pictures at most than
        there are threads, and decodes one by one those that have more than 25 megapixels a thread together.

        Args:
            pictures: Each as `recognize` takes it. What is raised while they are gone through is raised here, after the
                results of the pictures before it.
            batch: About how many faces the model reads in one call, and how many pictures are taken at a time, 1 or
                more.
            faces_are_cut: As for `recognize`.
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
        return self._recognize_all(pictures, batch, faces_are_cut, errors == "return")

    def _recognize_all(
        self, pictures: Iterable[Picture], batch: int, faces_are_cut: bool, returned: bool
    ) -> Iterator[list[Face] | PictureError]:
        waiting: list[list[FaceCrop] | PictureError] = []
        try:
            for cropped in self._crop_all(pictures, batch, faces_are_cut):
                give(cropped.notes)
                if isinstance(cropped.faces, list) or (returned and isinstance(cropped.faces, PictureError)):
                    waiting.append(cropped.faces)
                else:
                    raise cropped.faces
                if _faces(waiting) >= batch or len(waiting) >= batch:
                    ready, waiting = waiting, []
                    yield from self._classify_some(ready)
        except Exception:
            yield from self._classify_some(waiting)
            raise
        yield from self._classify_some(waiting)

    def _crop_all(self, pictures: Iterable[Picture], batch: int, faces_are_cut: bool) -> Iterator["_Cropped"]:
        """What `_crop` makes of each picture in turn; no thread works when it is given."""
        given, together = iter(pictures), batch if self.threads > 1 else 1
        while True:
            cropped: list[_Cropped] = []
            try:
                for one in self._crop_some(islice(given, together), faces_are_cut):
                    cropped.append(one)
            except Exception:  # of going through the pictures: `_crop` hands on its own
                yield from cropped
                raise
            yield from cropped
            if len(cropped) < together:
                return

    def _crop_some(self, pictures: Iterator[Picture], faces_are_cut: bool) -> Iterator["_Cropped"]:
        """Several pictures side by side, each by one thread; a single one by all threads."""
        raised, first, second = None, list(islice(pictures, 1)), list[Picture]()
        try:
            second = list(islice(pictures, 1))
        except Exception as error:
            raised = error
        several, pair = bool(second), second + first
        del first, second  # each picture is let go of when it is read
        taken = chain((pair.pop() for _ in range(len(pair))), pictures)
        crop = partial(self._crop, faces_are_cut=faces_are_cut, threads=1 if several else self.threads)
        if several and not faces_are_cut:
            self.detector.open()
        threads = self.threads if several else 1
        for _, cropped in side_by_side(crop, taken, threads, count_pixels, together(threads)):
            yield cropped
        if raised is not None:
            raise raised

    def _crop(self, picture: Picture, faces_are_cut: bool, threads: int) -> "_Cropped":
        """Read a picture, find its faces and cut them; what is raised is handed on."""
        faces: list[FaceCrop] | Exception
        with held() as notes:
            try:
                pixels = as_picture(picture)
                if faces_are_cut:
                    faces = [self._whole(pixels)]
                else:
                    faces = self.crop_faces(pixels, self.detector.detect(pixels, any_rotation=True, threads=threads))
            except Exception as error:
                faces = error
        return _Cropped(faces, notes)

    def _classify_some(self, waiting: "Sequence[list[FaceCrop] | PictureError]") -> Iterator[list[Face] | PictureError]:
        """What `classify_crops` gives for pictures, with the errors of others between them in their places."""
        faces = iter(self.classify_crops([crops for crops in waiting if not isinstance(crops, PictureError)]))
        for one in waiting:
            yield one if isinstance(one, PictureError) else next(faces)

    def _whole(self, picture: np.ndarray) -> FaceCrop:
        """A picture that is a face."""
        height, width = picture.shape[:2]
        detection = Detection(Box(0, 0, width, height), 1.0, np.full((6, 2), np.nan))
        square = middle_square(picture)
        return FaceCrop(detection, square, crop_picture(picture, square, self._size), found=False)

    def crop_faces(self, picture: np.ndarray, found: Iterable[Detection]) -> list[FaceCrop]:
        """Crop the faces found in a picture as the model needs them.

        Args:
            picture: uint8 RGB [H, W, 3].
            found: Faces in this picture.

        Returns:
            One crop a face, in the same order.
        """
        return [self._cut(picture, detection) for detection in found]

    def _cut(self, picture: np.ndarray, detection: Detection) -> FaceCrop:
        square, for_gate = self._framing.square(detection), None
        if self._framing_of_gate is not None:
            for_gate = crop_picture(picture, self._framing_of_gate.square(detection), self._size)
        return FaceCrop(detection, square, crop_picture(picture, square, self._size), for_gate=for_gate)

    def classify_crops(self, pictures: Sequence[Sequence[FaceCrop]]) -> list[list[Face]]:
        """Classify what `crop_faces` gave for several pictures, all their faces in one call of the model.

        Args:
            pictures: The crops of each picture.

        Returns:
            The faces of each picture, in the same order.

        Raises:
            ModelError: The model gives no finite probabilities.
        """
        outputs = self.read_crops([crop for crops in pictures for crop in crops])
        if outputs is None:
            return [[] for _ in pictures]
        indices = iter(range(len(outputs.probabilities)))
        return [[self.face(crop, outputs, next(indices)) for crop in crops] for crops in pictures]

    def read_crops(self, crops: Sequence[FaceCrop]) -> Outputs | None:
        """What the model and the gate's model say of crops, in one call.

        Args:
            crops: As `crop_faces` gives them.

        Returns:
            One row a crop, as `face` takes them; None where there are none.

        Raises:
            ModelError: The model gives no finite probabilities.
        """
        if not crops:
            return None
        outputs = self.classify(np.stack([crop.pixels for crop in crops]))
        if self._gatekeeper not in (None, self.model):
            faces = np.stack([crop.pixels if crop.for_gate is None else crop.for_gate for crop in crops])
            outputs = replace(outputs, novelty=self._gatekeeper.run(faces).novelty)
        return outputs

    def classify(self, faces: np.ndarray | Picture | Iterable[Picture]) -> Outputs:
        """Read faces that are cut already, framed as the training data frames them: brow to chin, both ears.

        Args:
            faces: Pictures of one face each, of any size and kind that `recognize` takes; or an array of faces of one
                size, [N, H, W] or [N, H, W, 3], which is read as it is where it is uint8 [N, 48, 48]. Of a picture that
                is not square the middle is read. A single picture is a list of one.

        Returns:
            The model's outputs, one row a face.

        Raises:
            PictureError: A picture cannot be read.
        """
        if isinstance(faces, np.ndarray):
            if faces.dtype == np.uint8 and faces.shape[1:] == (self._size, self._size):
                return self._run(faces)
            single = faces.ndim < 3 or (faces.ndim == 3 and faces.shape[2] in (3, 4))
            faces = as_8_bits(faces[None] if single else faces)
        elif isinstance(faces, Picture):
            faces = [faces]
        crops = [self._whole(as_picture(face)).pixels for face in faces]
        return self._run(np.stack(crops) if crops else np.empty((0, self._size, self._size), np.uint8))

    def _run(self, faces: np.ndarray) -> Outputs:
        outputs = self.model.run(faces)
        return replace(outputs, probabilities=apply_prior(outputs.probabilities, self._prior_ratio))

    def face(self, crop: FaceCrop, outputs: Outputs, index: int) -> Face:
        """A face, with the gate's verdict, from what was said of its crop.

        Args:
            crop: The face's.
            outputs: As `read_crops` gives them.
            index: The crop's row in them.

        Returns:
            The face.
        """
        face = Face(
            box=crop.detection.box,
            square=crop.square,
            score=crop.detection.score,
            probabilities=outputs.probabilities[index],
            features=outputs.features[index],
            map=None if outputs.map is None else outputs.map[index],
            details=with_derived(
                self.details,
                seen(self.details, crop.detection, crop.pixels),
                outputs.probabilities[index],
                self.classes,
            ),
            classes=self.classes,
        )
        gate = None if self._gatekeeper is None else self._gatekeeper.gate
        if gate is None or outputs.novelty is None:
            return face
        novelty = outputs.novelty[index]
        verdict = gate.verdict(novelty, crop.detection.score if crop.found else None)
        withheld = self.gating is Gating.REFUSE and verdict is not Verdict.KNOWN
        return replace(face, novelty=novelty, verdict=verdict, withheld=withheld)


def _faces(waiting: "Sequence[list[FaceCrop] | PictureError]") -> int:
    return sum(len(crops) for crops in waiting if not isinstance(crops, PictureError))
