"""Writes docs/figures/translations.png: an example portrait with each expression, by the generator that ships.

Usage: python benchmarks/translations_sheet.py
"""

from pathlib import Path

import numpy as np

from mien.expressions import NAMES
from mien.synthesis import face_sheets
from mien.synthesis.portrait import find_face
from mien.synthesis.translator import Translator

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    translator = Translator.open()
    face = find_face(ROOT / "examples" / "astronaut.jpg", translator.metadata["crop"])
    row = np.concatenate([face[None], translator.translate_all(face)])
    face_sheets.save(face_sheets.sheet([["face", *NAMES]], row[None]), ROOT / "docs" / "figures" / "translations.png")
