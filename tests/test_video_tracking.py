"""Faces keep their numbers, places between looks are right, and smoothing follows time."""

import math
import threading
import time

import numpy as np
import pytest

from mien.recognition.faces import Box, Detection
from mien.recognition.side_by_side import side_by_side
from mien.recognition.video.ahead import ahead
from mien.recognition.video.placing import DETECT_EVERY, MOST_WAITING, Placer
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.smoothing import MEMORY, Smoother
from mien.recognition.video.tracking import PATIENCE, Tracker

SIDE = 40
RNG = np.random.default_rng(0)
LOOKS = {name: RNG.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8) for name in "abc"}


def found(x: float, y: float = 60) -> Detection:
    """A face of `SIDE` pixels with its centre at (x, y)."""
    half = SIDE / 2
    return Detection(Box(x - half, y - half, x + half, y + half), 0.9, np.array([[x, y]] * 6, float))


def scene(**places: float) -> np.ndarray:
    """A picture with the look of each named face at its x; the later named stand before the earlier."""
    picture = np.full((120, 400, 3), 90, np.uint8)
    for name, x in places.items():
        left = round(x - SIDE / 2)
        picture[60 - SIDE // 2 : 60 + SIDE // 2, left : left + SIDE] = LOOKS[name]
    return picture


def test_crossing_faces_keep_their_numbers():
    tracker = Tracker()
    seen: dict[str, set[int]] = {"a": set(), "b": set()}
    for step in range(41):
        a, b = 60 + 5 * step, 260 - 5 * step
        finds = {"b": found(b)} | ({"a": found(a)} if abs(a - b) > SIDE * 0.7 else {})  # a is hidden behind b
        places = tracker.update(scene(a=a, b=b), list(finds.values()), step * 0.1)
        for name, detection in finds.items():
            seen[name] |= {number for number, place in places.items() if place is detection}
    assert seen["a"].isdisjoint(seen["b"])
    assert len(seen["a"]) == len(seen["b"]) == 1


def test_a_gap_keeps_the_number_and_a_long_one_does_not():
    tracker = Tracker()
    assert list(tracker.update(scene(a=100), [found(100)], 0.0)) == [1]
    assert tracker.update(scene(), [], 0.5) == {}
    assert list(tracker.update(scene(a=110), [found(110)], PATIENCE * 0.8)) == [1]
    assert list(tracker.update(scene(a=110), [found(110)], PATIENCE * 2)) == [2]


def test_another_face_in_the_same_place_gets_another_number():
    tracker = Tracker()
    assert list(tracker.update(scene(a=100), [found(100)], 0.0)) == [1]
    assert list(tracker.update(scene(c=100), [found(100)], 0.1)) == []  # while 1 is missing, 2 must be seen twice
    assert list(tracker.update(scene(c=100), [found(100)], 0.2)) == [2]
    assert list(tracker.update(scene(a=100), [found(100)], 0.3)) == [1]


def test_the_expected_place_moves_on_as_the_face_did():
    tracker = Tracker()
    for step in range(10):
        tracker.update(scene(a=50 + 20 * step), [found(50 + 20 * step)], step * 0.1)
    (expected,) = tracker.expected(1.0)
    assert expected.box.centre[0] == pytest.approx(250, abs=8)


class MadeUpDetector:
    """Finds the one face that moves 100 pixels a second, where the shot's number says how far it is."""

    def __init__(self) -> None:
        self.searched: list[float] = []
        self.followed: list[float] = []

    def detect(self, picture):
        self.searched.append(self.time_of(picture))
        return [found(50 + 100 * self.time_of(picture))]

    def follow(self, picture, expected):
        self.followed.append(self.time_of(picture))
        return [found(50 + 100 * self.time_of(picture))]

    def time_of(self, picture) -> float:
        return int(picture[0, 0, 0]) / 30


def shots(count: int, rate: float = 30.0) -> list[DecodedFrame]:
    pictures = [scene(a=50 + 100 * number / rate) for number in range(count)]
    for number, picture in enumerate(pictures):
        picture[0, 0] = number
    return [DecodedFrame(number, number / rate, picture) for number, picture in enumerate(pictures)]


def test_the_detector_looks_now_and_then_and_every_frame_has_its_place():
    detector = MadeUpDetector()
    placed = list(Placer(detector).place(shots(62)))
    assert [shot.number for shot, _ in placed] == list(range(62))
    for shot, places in placed:
        assert list(places) == [1]
        assert places[1].box.centre[0] == pytest.approx(50 + 100 * shot.time, abs=1e-6)
        assert places[1].landmarks[0][0] == pytest.approx(50 + 100 * shot.time, abs=1e-6)
    looks = sorted(detector.searched + detector.followed)
    assert np.diff(looks[:-1]).max() == pytest.approx(DETECT_EVERY, abs=1e-3)
    assert looks[-1] == pytest.approx(61 / 30)  # the end is looked at and not guessed
    assert len(detector.searched) < len(detector.followed)


def test_live_every_frame_is_looked_at_and_none_waits():
    detector = MadeUpDetector()
    given = iter(shots(10))
    placed = Placer(detector, detect_every=0.0).place(given)
    assert next(placed)[0].number == 0
    assert next(placed)[0].number == 1
    assert next(given).number == 2  # nothing was taken in advance


def test_a_clock_that_stands_still_does_not_fill_the_memory():
    still = [DecodedFrame(shot.number, 0.0, shot.pixels) for shot in shots(60)]
    taken = 0

    def counted():
        nonlocal taken
        for shot in still:
            taken += 1
            yield shot

    for given, _ in enumerate(Placer(MadeUpDetector()).place(counted())):
        assert taken - given <= MOST_WAITING + 2


def test_smoothing_follows_time_and_not_frames():
    before, after = np.eye(7, dtype=np.float32)[3], np.eye(7, dtype=np.float32)[0]
    results = []
    for rate in (10, 50):
        smoother = Smoother()
        smoother.add(before, 0.0)
        for number in range(rate):
            smoothed = smoother.add(after, (number + 1) / rate)
        results.append(smoothed)
    assert np.allclose(results[0], results[1], atol=1e-5)
    assert results[0][3] == pytest.approx(math.exp(-1 / MEMORY), abs=1e-5)
    assert results[0].sum() == pytest.approx(1, abs=1e-5)


def test_ahead_keeps_the_order_and_hands_on_errors():
    def numbers():
        yield from range(5)
        raise ValueError("the end")

    given = ahead(numbers(), 2)
    assert [next(given) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="the end"):
        next(given)


def test_ahead_makes_no_more_than_it_may_and_ends_when_closed():
    made: list[int] = []

    def numbers():
        for number in range(1000):
            made.append(number)
            yield number

    before = threading.active_count()
    given = ahead(numbers(), 3)
    assert next(given) == 0
    time.sleep(0.3)
    assert len(made) <= 6
    given.close()
    assert threading.active_count() == before


def test_ahead_drops_the_oldest_where_the_user_is_slow():
    taken, made = threading.Event(), threading.Event()

    def numbers():
        yield 0
        taken.wait(5)
        yield from range(1, 100)
        made.set()

    given = ahead(numbers(), 1, drop=True)
    assert next(given) == 0
    taken.set()
    made.wait(5)
    rest = list(given)
    assert rest[-1] == 99
    assert len(rest) < 5


def test_side_by_side_keeps_the_order_and_takes_few_items_at_once():
    taken, most = 0, 0

    def items():
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number

    def slow_when_even(number):
        time.sleep(0.01 * (number % 2 == 0))
        return -number

    for done, (item, result) in enumerate(side_by_side(slow_when_even, items(), 3)):
        assert (item, result) == (done, -done)
        most = max(most, taken - done)
    assert done == 19
    assert most <= 4


def test_side_by_side_hands_on_errors_after_what_came_before():
    given = side_by_side(lambda number: 6 // number, [3, 2, 0, 1], 2)
    assert [next(given), next(given)] == [(3, 2), (2, 3)]
    with pytest.raises(ZeroDivisionError):
        next(given)
