"""What the detector shows its networks and makes of their answers, by networks that say what a test tells them."""

import math
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from mien.recognition import detection
from mien.recognition.detection import FaceDetector, anchors, merge, tile_squares
from mien.recognition.faces import Box, Detection

LEVEL = ((-0.2, -0.2), (0.2, -0.2), (0, 0), (0, 0.2), (-0.4, -0.1), (0.4, -0.1))
"""Eyes, nose, mouth and ears in boxes' sides from the middle, for a head that is not tilted."""
TILTED = tuple((-y, x) for x, y in LEVEL)
"""A quarter turn clockwise."""


@dataclass(frozen=True)
class Answer:
    """A face at x and y, wide and high, in shares of what the network sees, with a score."""

    x: float
    y: float
    wide: float
    high: float
    score: float
    marks: tuple[tuple[float, float], ...] = LEVEL


@dataclass
class Networks:
    """Both networks: what they saw, values [size, size, 3], and what they are to answer, look by look."""

    answers: dict[str, list[list[Answer]]] = field(default_factory=lambda: {"front": [], "back": []})
    seen: dict[str, list[np.ndarray]] = field(default_factory=lambda: {"front": [], "back": []})

    def session(self, name: str) -> "Session":
        return Session(self, name)


@dataclass
class Session:
    networks: Networks
    name: str

    def run(self, names: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        (view,) = inputs.values()
        self.networks.seen[self.name].append(view[0])
        size = view.shape[1]
        waiting = self.networks.answers[self.name]
        scores, places = np.full((1, 896, 1), -20, np.float32), np.zeros((1, 896, 16), np.float32)
        for anchor, answer in enumerate(waiting.pop(0) if waiting else []):
            scores[0, anchor] = math.log(answer.score / (1 - answer.score))
            marks = np.array(answer.marks) * (answer.wide, answer.wide) + (answer.x, answer.y)
            points = np.concatenate([[(answer.x, answer.y)], marks]) - anchors()[anchor]
            whole = np.concatenate([points[:1], [(answer.wide, answer.high)], points[1:]]) * size
            places[0, anchor] = whole.ravel()
        return [scores[:, :512], scores[:, 512:], places[:, :512], places[:, 512:]]


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    made = Networks()
    monkeypatch.setattr(
        detection,
        "Session",
        lambda path, threads: SimpleNamespace(opened=made.session("front" if "near" in path.name else "back")),
    )
    return made


def slopes(height: int = 600, width: int = 800) -> np.ndarray:
    """Red grows to the right and green downwards, so that a colour tells its place: uint8 [height, width, 3]."""
    picture = np.full((height, width, 3), 40, np.uint8)
    picture[..., 0] = np.linspace(0, 250, width)
    picture[..., 1] = np.linspace(0, 250, height)[:, None]
    return picture


def places(view: np.ndarray, height: int = 600, width: int = 800) -> np.ndarray:
    """Where in `slopes` the pixels of a view, in [-1, 1], come from: x and y, [size, size, 2]."""
    return (view[..., :2] * 127.5 + 127.5) / 250 * (width - 1, height - 1) + 0.5


FACE = [Answer(0.5, 0.5, 0.4, 0.4, 0.9)]


def test_both_networks_see_the_whole_picture_and_grey_around_it(networks: Networks) -> None:
    assert FaceDetector().detect(slopes()) == []
    (back,), (front,) = networks.seen["back"], networks.seen["front"]
    assert back.shape == (256, 256, 3)
    assert front.shape == (128, 128, 3)
    assert np.abs(back[:30]).max() == np.abs(front[:, :24]).max() == pytest.approx(0.5 / 127.5)
    assert back[64, 2, 2] == pytest.approx(40 / 127.5 - 1, abs=0.01)
    assert places(back)[128, 0, 0] == pytest.approx(800 / 512, abs=4)
    assert places(back)[128, 255, 0] == pytest.approx(800 - 800 / 512, abs=4)
    assert places(back)[128, 128] == pytest.approx((401, 301), abs=4)
    # The front network sees it with a margin, as three fifths of what it is shown.
    step = 800 / 0.6 / 128
    for column in (30, 64, 97):
        assert places(front)[64, column, 0] == pytest.approx(400 + (column + 0.5 - 64) * step, abs=6)


@pytest.mark.parametrize(("score", "looks"), [(0.45, 1), (0.55, 2)])
def test_half_sure_is_enough_for_a_candidate_to_be_refined(networks: Networks, score: float, looks: int) -> None:
    networks.answers["back"] = [[Answer(0.5, 0.5, 0.1, 0.1, score)]]
    FaceDetector().detect(slopes())
    assert len(networks.seen["front"]) == looks


@pytest.mark.parametrize(("score", "faces"), [(0.65, 0), (0.75, 1)])
def test_a_face_needs_seven_tenths_when_it_is_refined(networks: Networks, score: float, faces: int) -> None:
    networks.answers["back"] = [[Answer(0.5, 0.5, 0.1, 0.1, 0.6)]]
    networks.answers["front"] = [[], [Answer(0.5, 0.5, 0.5, 0.5, score)]]
    assert [round(face.score, 4) for face in FaceDetector().detect(slopes())] == [score] * faces


def test_refining_looks_twice_as_wide_as_the_candidate_and_gives_the_place(networks: Networks) -> None:
    networks.answers["back"] = [[Answer(0.25, 0.375, 0.125, 0.1, 0.9)]]  # at (200, 200), 100 wide and 80 high
    networks.answers["front"] = [[], [Answer(0.6, 0.5, 0.4, 0.3, 0.9)]]
    (face,) = FaceDetector().detect(slopes())
    view = places(networks.seen["front"][1])
    for row, column in ((0, 0), (64, 64), (127, 20)):
        where = 100 + (column + 0.5) * 200 / 128, 100 + (row + 0.5) * 200 / 128
        assert view[row, column] == pytest.approx(where, abs=5)
    assert (face.box.left, face.box.right) == pytest.approx((220 - 40, 220 + 40))
    assert (face.box.top, face.box.bottom) == pytest.approx((200 - 30, 200 + 30))
    np.testing.assert_allclose(face.landmarks, np.array(LEVEL) * 80 + (220, 200), atol=1e-3)


def test_refining_sees_a_tilted_head_upright(networks: Networks) -> None:
    networks.answers["back"] = [[Answer(0.5, 0.5, 0.125, 0.125, 0.9, TILTED)]]
    networks.answers["front"] = [[], [Answer(0.5, 0.6, 0.4, 0.4, 0.9)]]
    (face,) = FaceDetector().detect(slopes())
    view = places(networks.seen["front"][1])
    # Its right is the picture's bottom, its bottom the picture's left.
    assert view[64, 120] == pytest.approx((400, 300 + 56.5 * 200 / 128), abs=5)
    assert view[120, 64] == pytest.approx((400 - 56.5 * 200 / 128, 300), abs=5)
    assert face.box.centre == pytest.approx((400 - 20, 300), abs=1e-3)


def test_what_refining_sees_elsewhere_is_not_the_candidate(networks: Networks) -> None:
    networks.answers["back"] = [[Answer(0.5, 0.5, 0.125, 0.125, 0.9)]]
    networks.answers["front"] = [[], [Answer(0.15, 0.15, 0.2, 0.2, 0.99), Answer(0.5, 0.5, 0.5, 0.5, 0.8)]]
    (face,) = FaceDetector().detect(slopes())
    assert face.score == pytest.approx(0.8)
    networks.answers["back"] = [[Answer(0.5, 0.5, 0.125, 0.125, 0.9)]]
    networks.answers["front"] = [[], [Answer(0.15, 0.15, 0.2, 0.2, 0.99)]]
    assert FaceDetector().detect(slopes()) == []


def test_two_finds_of_one_face_are_one_face_and_the_largest_comes_first(networks: Networks) -> None:
    networks.answers["back"] = [
        [Answer(0.5, 0.5, 0.1, 0.1, 0.9), Answer(0.56, 0.5, 0.1, 0.1, 0.8), Answer(0.2, 0.4, 0.05, 0.05, 0.95)]
    ]
    networks.answers["front"] = [[], [Answer(0.5, 0.5, 0.5, 0.5, 0.9)], FACE, [Answer(0.35, 0.5, 0.5, 0.5, 0.8)]]
    faces = FaceDetector().detect(slopes())
    assert len(networks.seen["front"]) == 4
    assert [face.score for face in faces] == pytest.approx([0.9, 0.9])
    assert faces[0].box.area > faces[1].box.area


def test_followed_faces_are_looked_at_once_and_merged(networks: Networks) -> None:
    box = Box(350, 250, 450, 350)
    expected = [Detection(box, 0.9, np.array(LEVEL) * 100 + (400, 300))] * 2
    networks.answers["front"] = [[Answer(0.5, 0.5, 0.5, 0.5, 0.9)]] * 2
    (face,) = FaceDetector().follow(slopes(), expected)
    assert len(networks.seen["front"]) == 2
    assert networks.seen["back"] == []
    assert face.box.overlap(box) == pytest.approx(1, abs=1e-3)


def test_large_pictures_are_shrunk_by_means_and_not_by_leaving_pixels_out(networks: Networks) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (2048, 2048, 1), dtype=np.uint8) * 255
    FaceDetector(tiles=0).detect(np.repeat(noise, 3, 2))
    # Of means over 8 x 8 pixels; a few pixels' would be four times as rough.
    assert networks.seen["back"][0].std() < 0.2


def test_large_pictures_are_looked_at_in_six_tiles_at_most(networks: Networks) -> None:
    FaceDetector().detect(np.zeros((3000, 4000, 3), np.uint8))
    assert len(networks.seen["back"]) == 1 + 6


@pytest.mark.parametrize("angle", [0.0, 1.5, 3.0])
def test_all_looks_at_a_turned_picture_are_turned(networks: Networks, angle: float) -> None:
    looks = FaceDetector()._looks(3000, 4000, angle)
    assert [look.square.roll for look in looks] == [angle] * (2 + 6)


@pytest.mark.parametrize(
    ("height", "width", "side", "centres"),
    [
        (1000, 1280, None, []),
        (1000, 2250, 1250, [(625, 500), (1625, 500)]),  # each shares a fifth with the next
        (2250, 1000, 1250, [(500, 625), (500, 1625)]),
        (2000, 2000, 2000 / 1.8, [(x, y) for y in (5000 / 9, 13000 / 9) for x in (5000 / 9, 13000 / 9)]),
        (900, 3000, 3000 / 2.6, [(x, 450) for x in (3000 / 5.2, 1500, 3000 - 3000 / 5.2)]),
    ],
)
def test_tiles_by_hand(height: int, width: int, side: float | None, centres: list[tuple[float, float]]) -> None:
    tiles = tile_squares(height, width, 6)
    assert [(tile.x, tile.y) for tile in tiles] == [pytest.approx(centre) for centre in centres]
    assert all(tile.side == pytest.approx(side) for tile in tiles)


def at(x: float, side: float = 100) -> Detection:
    return Detection(Box(x, 0, x + side, side), 0.9, np.zeros((6, 2)))


@pytest.mark.parametrize(("moved", "one"), [(40, True), (50, True), (57, False), (65, False)])
def test_boxes_that_overlap_by_three_tenths_are_one_face(moved: float, one: bool) -> None:
    """Moved by 50 of 100 the overlap is a third, by 57 it is 0.274."""
    assert len(merge([at(0), at(moved)])) == (1 if one else 2)


def test_boxes_that_overlap_by_just_as_much_are_one_face() -> None:
    wide = Detection(Box(0, 0, 2, 1), 0.9, np.zeros((6, 2)))
    narrow = Detection(Box(0, 0, 1, 1), 0.8, np.ones((6, 2)))
    (merged,) = merge([narrow, wide], overlap=0.5)
    assert merged.score == 0.9
    assert merged.box.right == pytest.approx((2 * 0.9 + 1 * 0.8) / 1.7)
    np.testing.assert_allclose(merged.landmarks, 0.8 / 1.7)


def test_overlap_is_of_the_union() -> None:
    assert Box(0, 0, 10, 10).overlap(Box(0, 0, 5, 10)) == pytest.approx(0.5)
    assert Box(0, 0, 10, 10).overlap(Box(5, 5, 15, 15)) == pytest.approx(25 / 175)
