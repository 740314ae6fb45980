"""When a tracker takes two finds for one face, by numbers worked out by hand; and when the detector looks."""

import math
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from mien.recognition.faces import Box, Detection
from mien.recognition.video import tracking
from mien.recognition.video.placing import Placer
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.smoothing import Smoother
from mien.recognition.video.tracking import Tracker

SIDE = 48
# Two looks that have nothing in common: 12 x 12 patches of colour without a mean, of length 1, at right angles.
_DRAWN = np.random.default_rng(0).normal(size=(2, 12 * 12 * 3))
_DRAWN -= _DRAWN.mean(1, keepdims=True)
A = _DRAWN[0] / np.linalg.norm(_DRAWN[0])
B = _DRAWN[1] - (_DRAWN[1] @ A) * A
B /= np.linalg.norm(B)


def alike(share: float) -> np.ndarray:
    """A look whose correlation with A is `share`."""
    return share * A + math.sqrt(1 - share**2) * B


def found(x: float, side: float = SIDE, score: float = 0.9, y: float = 100) -> Detection:
    half = side / 2
    return Detection(Box(x - half, y - half, x + half, y + half), score, np.array([[x, y]] * 6, float))


def scene(
    *faces: tuple[float, np.ndarray], side: int = SIDE, light: float = 128, rows: Sequence[float] | None = None
) -> np.ndarray:
    """A picture with looks at their places; later ones stand before earlier ones."""
    picture = np.full((200, 400, 3), 90, np.uint8)
    for (x, look), y in zip(faces, rows or [100] * len(faces), strict=True):
        patches = np.clip(light + 700 * look, 0, 255).round().astype(np.uint8).reshape(12, 12, 3)
        left, top = round(x - side / 2), round(y - side / 2)
        picture[top : top + side, left : left + side] = patches.repeat(side // 12, 0).repeat(side // 12, 1)
    return picture


def started(x: float = 100, look: np.ndarray = A) -> Tracker:
    """A tracker that has seen one face, at time 0."""
    tracker = Tracker()
    assert list(tracker.update(scene((x, look)), [found(x)], 0.0)) == [1]
    return tracker


@pytest.mark.parametrize(
    ("after", "moved", "likeness", "same"),
    [
        (0.1, 0.0, 0.40, True),  # in its place three tenths are enough
        (0.1, 0.0, 0.20, False),
        (0.1, 0.5, 0.40, True),  # up to 0.6 of its size aside
        (0.1, 0.7, 0.40, False),  # beyond, it must look alike by half
        (0.1, 0.7, 0.60, True),
        (0.1, 0.9, 0.99, False),  # and no further than 0.6 and 2 a second, here 0.8
        (1.0, 2.4, 0.60, True),  # here 2.6
        (1.0, 2.8, 0.99, False),
        (1.9, 0.0, 0.99, True),  # a number is kept for two seconds
        (2.1, 0.0, 0.99, None),
    ],
)
def test_whom_a_find_is_taken_for(after: float, moved: float, likeness: float, same: bool | None) -> None:
    x = 100 + SIDE * moved
    numbers = list(started().update(scene((x, alike(likeness))), [found(x)], after))
    # A stranger must be found twice while the known face is missing; at once where that is given up.
    assert numbers == ([2] if same is None else [1] if same else [])


@pytest.mark.parametrize(("side", "same"), [(96, True), (108, False), (24, True)])
def test_a_face_does_not_grow_to_more_than_four_times_its_area(side: int, same: bool) -> None:
    assert list(started().update(scene((100, A), side=side), [found(100, side)], 0.1)) == ([1] if same else [])


def test_light_is_no_part_of_a_look() -> None:
    assert list(started().update(scene((100, A), light=90), [found(100)], 0.1)) == [1]


@pytest.mark.parametrize(("likeness", "same"), [(0.1, True), (-0.1, False)])
def test_a_look_is_remembered_by_seven_tenths(likeness: float, same: bool) -> None:
    """A, and then (0.6, 0.8) of A and B: (0.88, 0.24), to which 0.1 is alike by 0.36 and -0.1 by 0.17."""
    tracker = started()
    assert list(tracker.update(scene((100, alike(0.6))), [found(100)], 0.1)) == [1]
    assert list(tracker.update(scene((100, alike(likeness))), [found(100)], 0.2)) == ([1] if same else [])


def test_a_face_is_expected_where_its_speed_takes_it_for_half_a_second() -> None:
    tracker = started()
    tracker.update(scene((110, A)), [found(110)], 0.1)  # 100 pixels a second, of which three tenths are believed
    for time, x in ((0.1, 110), (0.3, 116), (0.5, 122)):
        (expected,) = tracker.expected(time)
        assert expected.box.centre == pytest.approx((x, 100))
        assert expected.landmarks[:, 0] == pytest.approx(x)
    assert tracker.expected(0.61) == []
    # It stands at 125 from then on: 2.7 sizes are within 0.6 + 2 * 1.1 of it, 3.0 are not.
    for moved, same in ((2.7, True), (3.0, False)):
        again = started()
        again.update(scene((110, A)), [found(110)], 0.1)
        x = 125 + moved * SIDE
        assert list(again.update(scene((x, A)), [found(x)], 1.2)) == ([1] if same else [])


def numbers_at(tracker: Tracker, time: float, *faces: tuple[float, float, np.ndarray]) -> list[int]:
    """The number that each of the faces, at x and y and with a look, gets."""
    finds = [found(x, y=y) for x, y, _ in faces]
    places = tracker.update(scene(*((x, look) for x, _, look in faces), rows=[y for _, y, _ in faces]), finds, time)
    return [number for find in finds for number, place in places.items() if place is find]


def test_place_and_look_count_alike() -> None:
    """Two faces side by side are found one below the other; costs by hand, distances in faces."""
    rather, hardly = alike(0.6), alike(0.95)
    tracker = Tracker()
    assert numbers_at(tracker, 0.0, (100, 100, A), (148, 100, rather)) == [1, 2]
    # Each a little nearer to the other's place: 2 * 0.74 against 2 * (0.68 + 0.4).
    assert numbers_at(tracker, 0.1, (126, 76, A), (122, 124, rather)) == [1, 2]
    tracker = Tracker()
    assert numbers_at(tracker, 0.0, (100, 100, A), (148, 100, hardly)) == [1, 2]
    # Each with the other's look, which hardly differs: 2 * (0.63 + 0.05) against 2 * 0.80.
    assert numbers_at(tracker, 0.2, (118, 76, hardly), (130, 124, A)) == [1, 2]


def test_pairs_are_made_at_the_least_cost_of_all() -> None:
    """The first find is nearest to the second track, which is the only one that the second find can be."""
    tracker = Tracker()
    assert numbers_at(tracker, 0.0, (100, 100, A), (148, 100, A)) == [1, 2]
    assert numbers_at(tracker, 0.1, (126, 76, A), (168, 124, A)) == [1, 2]


class MarkedDetector:
    """Finds a face where a shot's pixels say so, and notes when it looked and how."""

    def __init__(self) -> None:
        self.searched: list[float] = []
        self.followed: list[float] = []

    def detect(self, picture: np.ndarray) -> list[Detection]:
        self.searched.append(self._number(picture) / 100)
        return self._found(picture)

    def follow(self, picture: np.ndarray, expected: list[Detection]) -> list[Detection]:
        self.followed.append(self._number(picture) / 100)
        return self._found(picture)

    def _number(self, picture: np.ndarray) -> int:
        return int(picture[0, 0, 0])

    def _found(self, picture: np.ndarray) -> list[Detection]:
        return [found(100, score=self._number(picture) / 400 + 0.5)] if picture[0, 0, 1] else []


def shots(count: int, gone: int = 1000) -> list[DecodedFrame]:
    """A hundred shots a second; from shot `gone` on nobody is there."""
    pictures = [scene((100, A)) if number < gone else scene() for number in range(count)]
    for number, picture in enumerate(pictures):
        picture[0, 0] = number, number < gone, 0
    return [DecodedFrame(number, number / 100, picture) for number, picture in enumerate(pictures)]


def test_the_detector_looks_ten_times_a_second_and_searches_every_fourth_time() -> None:
    detector = MarkedDetector()
    placed = list(Placer(detector).place(shots(101)))
    assert detector.searched == pytest.approx([0.0, 0.4, 0.8])
    assert detector.followed == pytest.approx([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.9, 1.0])
    for shot, places in placed:
        assert places[1].score == pytest.approx(0.5 + shot.number / 400)


def test_a_face_that_is_gone_at_the_next_look_is_not_shown_between() -> None:
    placed = list(Placer(MarkedDetector()).place(shots(40, gone=25)))
    assert [bool(places) for _, places in placed] == [number <= 20 for number in range(40)]


def test_a_reading_counts_a_third_after_a_third_of_a_second() -> None:
    smoother = Smoother()
    before, after = np.eye(7, dtype=np.float32)[3], np.eye(7, dtype=np.float32)[0]
    assert smoother.add(before, 7.0) == pytest.approx(before)
    assert smoother.add(after, 7.35)[3] == pytest.approx(math.exp(-1), abs=1e-6)
    assert smoother.add(after, 7.45)[3] == pytest.approx(math.exp(-0.45 / 0.35), abs=1e-6)
    assert smoother.add(before, 7.45)[3] == pytest.approx(math.exp(-0.45 / 0.35), abs=1e-6)  # no time has passed


def test_where_nobody_has_a_choice_the_pairs_are_those_of_the_least_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one possible partner at most for each, SciPy, which takes long to import, is not asked."""
    generator, hungarian = np.random.default_rng(0), tracking.load(tracking.HUNGARIAN).linear_sum_assignment
    asked, without = [], 0

    def load(name: str) -> SimpleNamespace:
        asked.append(name)
        return SimpleNamespace(linear_sum_assignment=hungarian)

    monkeypatch.setattr(tracking, "load", load)
    for _ in range(300):
        costs = generator.uniform(0, 3, generator.integers(1, 5, 2))
        costs[generator.random(costs.shape) < 0.7] = np.inf
        places = iter(costs.ravel())
        monkeypatch.setattr(tracking, "_cost", lambda *_, places=places: next(places))
        asked.clear()
        rows, columns = costs.shape
        pairs = tracking._pairs([None] * columns, [None] * rows, [None] * rows, 0.0)  # type: ignore[list-item]
        best = zip(*hungarian(np.minimum(costs, 1e6)), strict=True)
        assert pairs == {row: column for row, column in best if costs[row, column] < 1e6}
        assert list(pairs) == sorted(pairs)
        without += not asked
    assert 50 < without < 290


def test_a_detection_is_scaled_with_its_landmarks() -> None:
    landmarks = np.arange(12, dtype=np.float64).reshape(6, 2)
    found = tracking.scaled(Detection(Box(1, 2, 3, 5), 0.8, landmarks), 2, 10)
    assert (found.box, found.score) == (Box(2, 20, 6, 50), 0.8)
    assert found.landmarks.tolist() == [[2 * x, 10 * y] for x, y in landmarks]
