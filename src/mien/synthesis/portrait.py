"""From any picture to the cut face that a generator translates."""

from pathlib import Path

import numpy as np

from mien.errors import PictureError
from mien.recognition.cropping import crop_picture, luma
from mien.recognition.detection import FaceDetector
from mien.recognition.framing import Framing
from mien.recognition.pictures import as_picture, read_picture
from mien.synthesis.translator import SIZE


def find_face(picture: str | Path | np.ndarray, crop: str) -> np.ndarray:
    """Crop the largest face of a picture.

    Args:
        picture: A file's path, or uint8 RGB [H, W, 3] or grey [H, W]; one of exactly 48 x 48 pixels is taken as a face
            cropped already.
        crop: The framing of the generator's metadata.

    Returns:
        Grey uint8 [48, 48].

    Raises:
        PictureError: No face is found, or the file cannot be read.
    """
    if isinstance(picture, str | Path):
        pixels, name = read_picture(picture), str(picture)
    else:
        pixels, name = as_picture(picture), "this picture"
    found = FaceDetector().detect(pixels)
    if not found:
        raise PictureError(f"{name}: no face found in it; give a picture that shows a face")
    if pixels.shape[:2] == (SIZE, SIZE):
        return luma(pixels)
    return crop_picture(pixels, Framing.from_text(crop).square(found[0]), SIZE)
