"""The answers that the app's own tests are held to are still Python's."""

import gzip
import json
import math
from typing import Any

import golden
import numpy as np

# Versions of OpenCV resize and warp within a grey level of each other, and the detector answers to that.
PIXELS = 0.5
# Longer texts are crops, in base 64.
LONGEST_WORD = 1000
HOW_TO_MEND = "run `python tests/web/golden.py` and then `npm test` in web/"


def test_golden_cases_are_up_to_date() -> None:
    pixels = np.frombuffer(gzip.decompress((golden.FOLDER / "picture.rgb.gz").read_bytes()), np.uint8)
    pixels = pixels.reshape(golden.PICTURE_SIZE[1], golden.PICTURE_SIZE[0], 3)
    kept = json.loads((golden.FOLDER / "cases.json").read_text(encoding="utf-8"))
    now = golden.cases(pixels)
    assert kept.keys() == now.keys(), HOW_TO_MEND
    for name in kept:
        assert same(kept[name], now[name]), f"{name}: {HOW_TO_MEND}"


def test_a_golden_photograph_has_one_face_upright_and_on_its_side() -> None:
    kept = json.loads((golden.FOLDER / "cases.json").read_text(encoding="utf-8"))
    assert len(kept["faces"]) == 1
    assert len(kept["facesOnSide"]) == 1


def same(one: Any, other: Any) -> bool:
    """Equal, numbers within `PIXELS`; crops are left to the app's tests, which compare grey levels."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one if key != "crop")
    if isinstance(one, str) and len(one) > LONGEST_WORD:
        return len(one) == len(other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, abs_tol=PIXELS)
    return one == other
