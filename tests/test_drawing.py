"""Faces are drawn on the part of the picture that they change, and as on the whole of it."""

from dataclasses import replace

import numpy as np
import pytest

from mien.expressions import NAMES
from mien.recognition import drawing
from mien.recognition.faces import Box, Face, Square, TrackedFace
from mien.recognition.verdicts import Verdict


def made_faces(seed: int, height: int, width: int) -> list[Face]:
    """Some that reach beyond the picture or lie outside it, with labels wider than their boxes and without bars."""
    random, faces = np.random.default_rng(seed), []
    for number in range(3):
        left, top = random.uniform(-60, width), random.uniform(-60, height)
        across, down = np.exp(random.uniform(1, 5.3, 2))
        faces.append(
            TrackedFace(
                box=Box(left, top, left + across, top + down),
                square=Square(left, top, across),
                score=0.9,
                probabilities=random.dirichlet(np.ones(len(NAMES))).astype(np.float32),
                features=np.zeros(2, np.float32),
                withheld=number == 2,
                track=number * 100,
            )
        )
    return faces


@pytest.mark.parametrize("seed", range(40))
def test_a_part_of_the_picture_is_drawn_on_as_the_whole_would_be(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    height, width = 150 + seed, 230 - seed
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    before, faces = picture.copy(), made_faces(seed, height, width)
    drawn = drawing.annotate(picture, faces)
    assert (picture == before).all(), "it is a copy that is drawn on"
    monkeypatch.setattr(drawing, "_bounds", lambda *_: (0, 0, width, height))
    assert (drawn == drawing.annotate(picture, faces)).all()


def test_without_faces_the_picture_stays_as_it_is() -> None:
    picture = np.full((20, 30, 3), 7, np.uint8)
    assert (drawing.annotate(picture, []) == picture).all()


@pytest.mark.parametrize(
    ("verdict", "withheld", "text"),
    [
        (Verdict.KNOWN, False, "7: happy 85%"),
        (Verdict.NEAR, False, "7: happy? 85%"),
        (Verdict.COVERED, True, "7: not judged"),
        (None, False, "7: happy 85%"),
    ],
)
def test_a_label_says_track_expression_doubt_and_probability(
    verdict: Verdict | None, withheld: bool, text: str
) -> None:
    shares = np.full(len(NAMES), 0.025, np.float32)
    shares[NAMES.index("happy")] = 0.85
    (face, *_) = made_faces(0, 100, 100)
    face = replace(face, probabilities=shares, verdict=verdict, withheld=withheld, track=7)
    assert drawing._label(face, 300, 200).text == text
