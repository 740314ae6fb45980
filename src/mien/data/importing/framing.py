"""A labelled picture to a face as training takes it: 48x48, grey, upright."""

from enum import StrEnum

import numpy as np

from mien.data.dataset import FACE_SIZE, read_face
from mien.data.importing.source import LabelledPicture
from mien.errors import PictureError
from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.framing import FRAMING, middle_square
from mien.recognition.pictures import read_picture

LARGEST_CUT = 112
"""Square pictures up to this side are faces that were cut already, where nobody says."""


class Faces(StrEnum):
    """What the pictures show: AUTO lets the preset or the size tell, CUT a face and nothing else, FIND whatever."""

    AUTO = "auto"
    CUT = "cut"
    FIND = "find"


class FaceCutter:
    """Cuts the one face that a labelled picture is of: the largest that is found, or all of the picture.

    Args:
        faces: What the pictures show.
        cut_by_preset: What the layout says of that; None where it says nothing.
    """

    def __init__(self, faces: Faces, cut_by_preset: bool | None) -> None:
        self._cut = {Faces.CUT: True, Faces.FIND: False}.get(faces, cut_by_preset)
        self._detector = FaceDetector()
        self.found = 0
        """How many faces were looked for and found."""

    def __call__(self, one: LabelledPicture) -> np.ndarray | str:
        """Cut the face out of a picture.

        Args:
            one: The picture.

        Returns:
            The face, uint8 [48, 48], or the reason why there is none.
        """
        if isinstance(one.picture, np.ndarray):
            return self._face(one.picture)
        face = read_face(one.picture)  # as training reads what is of its size
        if isinstance(face, np.ndarray):
            return face
        try:
            return self._face(read_picture(one.picture))
        except PictureError as error:
            return str(error).removeprefix(f"{one.picture}: ")

    def _face(self, picture: np.ndarray) -> np.ndarray | str:
        height, width = picture.shape[:2]
        if (height, width) == (FACE_SIZE, FACE_SIZE) and picture.ndim == 2:
            return picture
        if self._cut or (self._cut is None and height == width <= LARGEST_CUT):
            return crop_picture(picture, middle_square(picture), FACE_SIZE)
        found = self._detector.detect(picture)
        if not found:
            return "no face was found"
        self.found += 1
        return crop_picture(picture, FRAMING.square(found[0]), FACE_SIZE)
