"""Makes docs/figures/demo.jpg: a portrait with its expression, and where in the face it was seen.

Usage: python benchmarks/readme_picture.py
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mien import Recognizer
from mien.recognition.drawing import annotate
from mien.recognition.pictures import read_picture

ROOT = Path(__file__).parents[1]
PORTRAIT = ROOT / "examples" / "astronaut.jpg"
HEIGHT = 480


def main() -> None:
    picture = cv2.resize(read_picture(PORTRAIT), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    faces = Recognizer().recognize(picture)
    x, y = (round(place) for place in faces[0].box.centre)
    half = round(1.6 * faces[0].box.width)
    rows, columns = slice(max(y - half, 0), y + half), slice(max(x - half, 0), x + half)
    panels = []
    for show_map in (False, True):
        drawn = annotate(picture, faces, show_map)[rows, columns]
        panels.append(cv2.resize(drawn, (round(HEIGHT * drawn.shape[1] / drawn.shape[0]), HEIGHT)))
    (ROOT / "docs" / "figures").mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.hstack(panels)).save(ROOT / "docs" / "figures" / "demo.jpg", quality=90)


if __name__ == "__main__":
    main()
