"""Boxes, the merging of candidates, tiles, and the detector on real photographs."""

import math
import pickle
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import ModelError
from mien.recognition.detection import (
    LEFT_EAR,
    LEFT_EYE,
    MOUTH,
    NOSE,
    RIGHT_EAR,
    RIGHT_EYE,
    SAME_FACE_OVERLAP,
    TILE,
    FaceDetector,
    anchors,
    merge,
    roll,
    tile_squares,
)
from mien.recognition.faces import Box, Detection
from mien.recognition.pictures import as_picture, read_picture

EXAMPLES = Path(__file__).parents[1] / "examples"

# Each picture's one face, as (x, y, side) of the detector's box, checked by eye.
FACES = {
    "astronaut.jpg": (226, 124, 102),
    "biden.jpg": (162, 123, 82),
    "obama.jpg": (277, 159, 148),
    "obama2.jpg": (180, 245, 170),
    "obama3.jpg": (212, 132, 71),
}


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


numbers = st.floats(-100, 100)
boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    numbers,
    numbers,
    st.floats(0.1, 80),
    st.floats(0.1, 80),
)
candidates = st.builds(
    lambda box, score: Detection(box, score, np.linspace(box.left, box.bottom, 12).reshape(6, 2)),
    boxes,
    st.floats(0.01, 1),
)


def square_at(x: float, y: float, side: float) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_a_share(one, other):
    assert one.overlap(other) == pytest.approx(other.overlap(one))
    assert 0 <= one.overlap(other) <= 1 + 1e-9
    assert one.overlap(one) == pytest.approx(1)


@given(boxes, numbers, numbers, st.floats(0.1, 10))
def test_overlap_does_not_mind_moving_and_scaling(box, x, y, scale):
    other = Box(box.left + 1, box.top - 2, box.right + 3, box.bottom + 1)

    def moved(b: Box) -> Box:
        return Box(b.left * scale + x, b.top * scale + y, b.right * scale + x, b.bottom * scale + y)

    assert moved(box).overlap(moved(other)) == pytest.approx(box.overlap(other), abs=1e-6)


@given(st.lists(candidates, max_size=12))
@settings(max_examples=60)
def test_merging(detections):
    merged = merge(detections)
    assert len(merged) <= len(detections)
    assert bool(merged) == bool(detections)
    scores = [one.score for one in merged]
    assert scores == sorted(scores, reverse=True)
    if detections:
        assert scores[0] == max(one.score for one in detections)
    for one in merged:
        assert min(d.box.left for d in detections) - 1e-9 <= one.box.left
        assert one.box.right <= max(d.box.right for d in detections) + 1e-9
        assert one.landmarks.shape == (6, 2)


@given(candidates, st.integers(1, 6))
def test_merging_copies_gives_one_of_them(find, copies):
    (merged,) = merge([find] * copies)
    assert merged.box.overlap(find.box) == pytest.approx(1)
    np.testing.assert_allclose(merged.landmarks, find.landmarks, atol=1e-9)
    assert merged.score == find.score


@given(st.lists(candidates, max_size=8))
@settings(max_examples=40)
def test_what_does_not_overlap_stays(detections):
    apart = [
        Detection(Box(d.box.left + 1000 * i, d.box.top, d.box.right + 1000 * i, d.box.bottom), d.score, d.landmarks)
        for i, d in enumerate(detections)
    ]
    assert {id(one) for one in merge(apart)} == {id(one) for one in apart}


def test_the_merged_box_is_the_mean_weighted_by_score():
    left = Detection(square_at(10, 10, 20), 0.9, np.zeros((6, 2)))
    right = Detection(square_at(14, 10, 20), 0.3, np.full((6, 2), 8.0))
    assert left.box.overlap(right.box) >= SAME_FACE_OVERLAP
    (merged,) = merge([right, left])
    assert merged.box.centre == pytest.approx((11, 10))
    assert merged.score == 0.9
    np.testing.assert_allclose(merged.landmarks, 2)


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(0, 12))
def test_tiles_cover_the_picture(height, width, limit):
    tiles = tile_squares(height, width, limit)
    assert len(tiles) <= limit
    if max(height, width) <= TILE or limit < 2:
        assert not tiles
    if tiles:
        assert {tile.side for tile in tiles} == {tiles[0].side}
        for extent, middles in ((height, {tile.y for tile in tiles}), (width, {tile.x for tile in tiles})):
            ends = [(middle - tiles[0].side / 2, middle + tiles[0].side / 2) for middle in sorted(middles)]
            assert ends[0][0] <= 1e-6
            assert ends[-1][1] >= extent - 1e-6
            for before, after in pairwise(ends):
                assert after[0] < before[1], "neighbours must share a part"


def test_anchors_stand_in_cells_of_two_grids():
    places = anchors()
    assert places.shape == (896, 2)
    np.testing.assert_allclose(places[0], 0.5 / 16)
    np.testing.assert_allclose(places[2], (1.5 / 16, 0.5 / 16))
    np.testing.assert_allclose(places[512], 0.5 / 8)
    np.testing.assert_allclose(places[-1], 7.5 / 8)


@pytest.mark.parametrize("name", FACES)
def test_one_face_in_each_photograph(detector, name):
    (face,) = detector.detect(read_picture(EXAMPLES / name))
    assert face.box.overlap(square_at(*FACES[name])) > 0.7
    assert 0.7 <= face.score <= 1
    eyes, mouth = face.landmarks[[LEFT_EYE, RIGHT_EYE]], face.landmarks[MOUTH]
    assert eyes[0, 0] < eyes[1, 0]
    assert face.landmarks[LEFT_EAR, 0] < face.landmarks[RIGHT_EAR, 0]
    assert eyes[:, 1].max() < face.landmarks[NOSE, 1] < mouth[1]
    assert abs(roll(face.landmarks)) < math.radians(20)


@pytest.mark.parametrize("degrees", [-30, 30])
def test_a_tilted_head_is_found_with_its_tilt(detector, degrees):
    picture = read_picture(EXAMPLES / "astronaut.jpg")
    (upright,) = detector.detect(picture)
    # OpenCV turns counter-clockwise, `roll` grows clockwise
    matrix = cv2.getRotationMatrix2D(upright.box.centre, -degrees, 1)
    (tilted,) = detector.detect(cv2.warpAffine(picture, matrix, picture.shape[1::-1]))
    assert math.degrees(roll(tilted.landmarks) - roll(upright.landmarks)) == pytest.approx(degrees, abs=6)
    assert tilted.box.overlap(upright.box) > 0.75


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", FACES)
def test_a_picture_that_lies_on_a_side_or_stands_on_its_head(detector, name, quarters):
    picture = read_picture(EXAMPLES / name)
    (upright,) = detector.detect(picture)
    (found,) = detector.detect(np.ascontiguousarray(np.rot90(picture, quarters)), any_rotation=True)
    height, width = picture.shape[:2]
    x, y = upright.landmarks.T
    there = {1: (y, width - x), 2: (width - x, height - y), 3: (height - y, x)}[quarters]
    np.testing.assert_allclose(found.landmarks, np.stack(there, 1), atol=0.15 * upright.box.width)
    away = math.degrees(roll(found.landmarks) - roll(upright.landmarks)) + 90 * quarters
    assert abs((away + 180) % 360 - 180) < 12


def test_a_turned_picture_is_looked_for_only_where_that_is_asked_for(detector):
    turned = np.ascontiguousarray(read_picture(EXAMPLES / "obama.jpg")[::-1, ::-1])
    assert detector.detect(turned) == []
    assert len(detector.detect(turned, any_rotation=True)) == 1


def test_a_turned_face_takes_the_place_of_an_unsure_one_upright(detector, monkeypatch):
    sure = Detection(square_at(50, 50, 20), 0.9, np.zeros((6, 2)))
    unsure = Detection(square_at(52, 50, 20), 0.75, np.ones((6, 2)))
    other = Detection(square_at(10, 10, 5), 0.7, np.ones((6, 2)))
    monkeypatch.setattr(
        detector, "_search", lambda pyramid, angle, threshold, apply: [sure] if angle else [unsure, other]
    )
    picture = np.zeros((100, 100, 3), np.uint8)
    assert detector.detect(picture, any_rotation=True) == [sure, other]
    assert detector.detect(picture) == [unsure, other]
    monkeypatch.setattr(detector, "_search", lambda pyramid, angle, threshold, apply: [] if angle else [unsure, other])
    assert detector.detect(picture, any_rotation=True) == [unsure, other]


def test_small_faces_are_found_where_they_are_looked_for(detector):
    scale = 24 / FACES["obama.jpg"][2]
    portrait = cv2.resize(read_picture(EXAMPLES / "obama.jpg"), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.full((1900, 2600, 3), 128, np.uint8)
    places = [(left, top) for left in (100, 900, 1700, 2400) for top in (60, 940, 1700)]
    for left, top in places:
        picture[top : top + portrait.shape[0], left : left + portrait.shape[1]] = portrait
    found = FaceDetector(small_faces=True).detect(picture)
    assert len(found) == len(places)
    assert len(detector.detect(picture)) < len(places) / 2
    assert pickle.loads(pickle.dumps(FaceDetector(small_faces=True, tiles=9))).tiles == 9


def test_a_picture_that_is_a_tight_face(detector):
    x, y, side = FACES["astronaut.jpg"]
    picture = read_picture(EXAMPLES / "astronaut.jpg")
    half = side * 0.58
    tight = picture[round(y - half - 5) : round(y + half - 5), round(x - half) : round(x + half)]
    for size in (48, 200, 1500):
        (face,) = detector.detect(cv2.resize(tight, (size, size), interpolation=cv2.INTER_AREA))
        assert 0.6 < face.box.width / size < 1.1


def test_grey_is_enough(detector):
    grey = cv2.cvtColor(read_picture(EXAMPLES / "obama.jpg"), cv2.COLOR_RGB2GRAY)
    (face,) = detector.detect(as_picture(grey))
    assert face.box.overlap(square_at(*FACES["obama.jpg"])) > 0.7


def test_small_faces_in_a_large_picture_need_the_tiles(detector):
    portrait = read_picture(EXAMPLES / "obama.jpg")
    x, y, side = FACES["obama.jpg"]
    scale = 100 / side
    small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = np.full((3000, 4000, 3), 128, np.uint8)
    corners = [(100, 200), (1700, 1300), (3500, 2500)]
    for left, top in corners:
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    found = detector.detect(picture)
    assert len(found) == len(corners)
    for left, top in corners:
        there = square_at(left + x * scale, top + y * scale, 100)
        assert max(face.box.overlap(there) for face in found) > 0.6
    assert len(FaceDetector(tiles=0).detect(picture)) < len(corners)


def test_largest_first(detector):
    portrait = read_picture(EXAMPLES / "obama.jpg")
    half = cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    picture = np.full((portrait.shape[0], 900, 3), 90, np.uint8)
    picture[: half.shape[0], : half.shape[1]] = half
    picture[:, 900 - portrait.shape[1] :] = portrait
    first, second = detector.detect(picture)
    assert first.box.area > 2 * second.box.area
    assert first.box.left > second.box.right


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 40_000), (40_000, 3), (7, 500), (48, 48), (300, 301)])
def test_no_face_is_an_empty_list(detector, shape):
    assert detector.detect(np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)) == []
    assert detector.detect(np.full((*shape, 3), 200, np.uint8)) == []


def test_a_view_of_another_array_is_read_right(detector):
    picture = read_picture(EXAMPLES / "astronaut.jpg")
    (plain,) = detector.detect(picture)
    (mirrored,) = detector.detect(picture[:, ::-1])
    width = picture.shape[1]
    flipped = Box(width - mirrored.box.right, mirrored.box.top, width - mirrored.box.left, mirrored.box.bottom)
    assert flipped.overlap(plain.box) > 0.85


def test_a_missing_or_damaged_file_is_named(tmp_path, detector):
    picture = np.zeros((50, 50, 3), np.uint8)
    with pytest.raises(ModelError, match="missing"):
        FaceDetector(tmp_path).detect(picture)
    for name in ("blazeface_near.onnx", "blazeface_far.onnx"):
        content = bytearray((detector.models / name).read_bytes())
        content[1000] ^= 1
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        FaceDetector(tmp_path).detect(picture)


def test_most_pictures_of_the_data_set_are_found(detector, real_data):
    paths = sorted((real_data / "images" / "train" / "happy").glob("*.png"))[:60]
    found = [len(detector.detect(read_picture(path))) for path in paths]
    assert sum(count == 1 for count in found) >= 52
