"""A video's faces from stand-ins for detector and model: what is raw, what is smoothed, and what the files say."""

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from matplotlib.colors import to_hex

from mien.expressions import EXPRESSIONS, NAMES
from mien.recognition.faces import Box, Detection, Frame, Square, TrackedFace
from mien.recognition.model import Outputs
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import VIDEO_COLUMNS, CsvSink, JsonSink
from mien.recognition.video.annotating import CLOCK, AnnotatedVideo
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.showing import turned
from mien.recognition.video.summary import Summary
from mien.recognition.video.timeline import draw
from mien.recognition.video.watching import Video

LOOKS = np.random.default_rng(0).integers(0, 2, (2, 12, 12, 3)) * 2.0 - 1
PLACES = ((70, 96), (250, 48))  # of the two faces: x of the middle, side


def landmarks(x: float, y: float, side: float) -> np.ndarray:
    return np.array([[-0.2, -0.2], [0.2, -0.2], [0, 0], [0, 0.2], [-0.4, -0.1], [0.4, -0.1]]) * side + (x, y)


class TwoFaces:
    """Finds the faces that are drawn in a picture: the small one first."""

    def detect(self, picture: np.ndarray, any_rotation: bool = False, threads: int | None = None) -> list[Detection]:
        found = []
        for x, side in PLACES[::-1]:
            box = Box(x - side / 2, 75 - side / 2, x + side / 2, 75 + side / 2)
            if picture[75 - side // 2 : 75 + side // 2, x - side // 2 : x + side // 2].std() > 5:
                found.append(Detection(box, 0.9, landmarks(x, 75, side)))
        return found

    def follow(self, picture: np.ndarray, expected: list[Detection]) -> list[Detection]:
        return self.detect(picture)


class ByLight:
    """Says "angry" as far as a crop is bright, and "neutral" for the rest."""

    classes = NAMES

    def run(self, faces: np.ndarray) -> Outputs:
        bright = faces[:, 20:28, 20:28].mean((1, 2)).astype(np.float32) / 255
        said = np.zeros((len(faces), len(NAMES)), np.float32)
        said[:, 0], said[:, 6] = bright, 1 - bright
        return Outputs(said, bright[:, None])


class Flicker:
    """Thirty shots of two faces, one of which is out of sight for a while; each has a light of its own."""

    source, live, problem = "flicker.mp4", False, None
    hidden = range(9, 21)

    def __iter__(self) -> Iterator[DecodedFrame]:
        generator = np.random.default_rng(1)
        for number in range(30):
            picture = np.full((150, 320, 3), 90, np.uint8)
            for (x, side), look in zip(PLACES, LOOKS, strict=True):
                patches = generator.uniform(60, 190) + 40 * look
                if side == 96 or number not in self.hidden:
                    whole = patches.astype(np.uint8).repeat(side // 12, 0).repeat(side // 12, 1)
                    picture[75 - side // 2 : 75 + side // 2, x - side // 2 : x + side // 2] = whole
            yield DecodedFrame(number, 3 + number * 0.04 + (number > 15) * 0.3, picture)

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    made = Recognizer("mobilenet_v2", threads=1, gate="off")
    made.detector, made.model = TwoFaces(), ByLight()  # type: ignore[assignment]
    return made


def test_each_face_has_its_own_reading_and_its_own_memory(recognizer: Recognizer) -> None:
    frames = list(Video(Flicker(), recognizer))
    assert [frame.number for frame in frames] == list(range(30))
    memories: dict[int, tuple[np.ndarray, float]] = {}
    numbers: dict[float, set[int]] = {}
    for frame, shot in zip(frames, Flicker(), strict=True):
        assert frame.time == shot.time
        here = {face.box.centre[0]: face for face in frame.faces}
        assert 70 in here
        assert list(here) == [70, 250][: len(here)], "the largest first"
        alone = {face.box.centre[0]: face for face in recognizer.recognize(shot.pixels)}
        assert set(here) <= set(alone)
        for x, face in here.items():
            assert isinstance(face, TrackedFace)
            numbers.setdefault(x, set()).add(face.track)
            now = alone[x].probabilities
            before, when = memories.get(face.track, (now, frame.time))
            mean = now + math.exp(-(frame.time - when) / 0.35) * (before - now)
            memories[face.track] = mean, frame.time
            assert face.raw == pytest.approx(now, abs=1e-6)
            assert face.probabilities == pytest.approx(mean, abs=1e-5)
    assert all(len(of) == 1 for of in numbers.values())
    assert sum(len(frame.faces) == 2 for frame in frames) >= 12
    assert {len(frame.faces) for frame in frames[12:20]} == {1}


def tracked(number: int, smoothed: list[float], raw: list[float], withheld: bool = False) -> TrackedFace:
    return TrackedFace(
        box=Box(10.04, 20.16, 60.25, 80.35),
        square=Square(35, 50, 70),
        score=0.98767,
        probabilities=np.array(smoothed, np.float32),
        features=np.zeros(3, np.float32),
        withheld=withheld,
        track=number,
        raw=np.array(raw, np.float32),
    )


SMOOTHED = [0.1, 0.2, 0.3, 0.05, 0.15, 0.123456, 0.076544]
RAW = [0.7, 0.1, 0.05, 0.05, 0.02, 0.03, 0.05]
PIXELS = np.zeros((90, 90, 3), np.uint8)


def test_files_hold_both_what_was_said_and_what_was_smoothed(tmp_path: Path) -> None:
    frames = [
        Frame("a.mp4", PIXELS, [tracked(4, SMOOTHED, RAW)], 7, 1 / 3),
        Frame("a.mp4", PIXELS, [], 8, 123.4567891),
    ]
    with CsvSink(tmp_path / "a.csv", VIDEO_COLUMNS) as table, JsonSink(tmp_path / "a.json") as tree:
        for frame in frames:
            table.write(frame)
            tree.write(frame)
    first, second = csv.DictReader((tmp_path / "a.csv").open())
    assert [float(first[name]) for name in NAMES] == [0.1, 0.2, 0.3, 0.05, 0.15, 0.12346, 0.07654]
    assert [float(first[f"raw_{name}"]) for name in NAMES] == RAW
    assert [first[name] for name in ("left", "top", "right", "bottom")] == ["10.0", "20.2", "60.2", "80.3"]
    assert (first["score"], first["time"], first["frame"], first["track"]) == ("0.9877", "0.333333", "7", "4")
    assert first["expression"] == "fear"
    assert (second["time"], second["frame"], second["track"], second["angry"]) == ("123.456789", "8", "", "")
    whole, empty = json.loads((tmp_path / "a.json").read_text())
    (face,) = whole["faces"]
    assert list(face["raw"].values()) == RAW
    assert face["probabilities"]["surprise"] == 0.12346
    assert face["box"] == [10.0, 20.2, 60.2, 80.3]
    assert empty == {"video": "a.mp4", "time": 123.456789, "frame": 8, "faces": []}


def test_tables_keep_times_exactly_and_every_row(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from mien.recognition.tables import ParquetSink

    with ParquetSink(tmp_path / "parts") as sink:
        for number in range(1030):
            sink.write(Frame("a.mp4", PIXELS, [tracked(4, SMOOTHED, RAW)], number, 40_000 + number / 1000))
    found = parquet.read_table(tmp_path / "parts").to_pylist()
    assert [row["time"] for row in found] == [round(40_000 + number / 1000, 6) for number in range(1030)]
    assert found[-1]["raw_angry"] == pytest.approx(0.7)
    assert found[-1]["angry"] == pytest.approx(0.1)


def test_a_summary_is_the_mean_over_frames_in_quarters_of_a_second() -> None:
    summary = Summary()
    happy, sad = np.eye(7)[3].tolist(), np.eye(7)[4].tolist()
    frames = {0.0: happy, 0.1: happy, 0.24: sad, 0.26: happy, 0.9: None}
    with summary:
        for number, (time, said) in enumerate(frames.items()):
            faces = [] if said is None else [tracked(1, said, RAW), tracked(2, said, RAW, withheld=True)]
            if said is not None:
                faces.append(tracked(3, said, RAW, withheld=time > 0))
            summary.write(Frame("a.mp4", PIXELS, list(faces), number, time))
    one, two = summary.tracks[1], summary.tracks[2]
    assert one.shares == pytest.approx(0.75 * np.eye(7)[3] + 0.25 * np.eye(7)[4])
    assert (one.first, one.last, one.frames) == (0.0, 0.26, 4)
    assert {place: total.tolist() for place, total in one.bins.items()} == {
        0: (2 * np.eye(7)[3] + np.eye(7)[4]).tolist(),
        1: happy,
    }
    assert two.shares.sum() == 0
    assert two.frames == 4
    assert summary.tracks[3].shares == pytest.approx(np.eye(7)[3]), "of the frames in which it was judged"
    assert (summary.frames, summary.frames_without_face, summary.start, summary.end) == (5, 1, 0.0, 0.9)


def test_a_withheld_face_is_no_part_of_what_files_say(tmp_path: Path) -> None:
    texts = set()
    for said in (SMOOTHED, SMOOTHED[::-1]):
        frame = Frame("a.mp4", PIXELS, [replace(tracked(1, said, said), withheld=True)], 0, 0.0)
        with CsvSink(tmp_path / "a.csv", VIDEO_COLUMNS) as table, JsonSink(tmp_path / "a.json") as tree:
            table.write(frame)
            tree.write(frame)
        texts.add((tmp_path / "a.csv").read_text() + (tmp_path / "a.json").read_text())
    assert len(texts) == 1


def test_the_timeline_of_a_video_without_faces_says_so() -> None:
    figure = draw(Summary())
    assert len(figure.axes) == 1
    assert [text.get_text() for text in figure.axes[0].texts] == ["no face in sight"]


def test_the_timelines_bands_are_full_and_share_one_clock() -> None:
    summary = Summary()
    for number in range(20):
        faces = [tracked(track, SMOOTHED, RAW) for track in (1, 2)]
        summary.write(Frame("a.mp4", PIXELS, faces, number, number / 10))
    first, second = draw(summary).axes
    for axis in (first, second):
        assert axis.get_ylim() == (0, 1)
        assert axis.get_xlim() == second.get_xlim()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_a_display_matrix_turns_by_quarters_and_mirrors(quarters: int, mirrored: bool) -> None:
    """FFmpeg's: 16.16 numbers, the rows of x' = a x + c y and y' = b x + d y; y grows downwards."""
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    a, b, c, d = [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)][quarters]
    if mirrored:
        a, c = -a, -c
    expected = np.rot90(pixels, -quarters)  # clockwise
    expected = expected[:, ::-1] if mirrored else expected
    one = 1 << 16
    found = turned(pixels, (a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30))
    assert np.array_equal(found, expected)


def test_a_timelines_band_stacks_the_shares_of_each_quarter_of_a_second() -> None:
    summary = Summary()
    for number, said in enumerate([SMOOTHED, RAW]):
        summary.write(Frame("a.mp4", PIXELS, [tracked(1, said, said)], number, 2.0 + number / 4))
    (axis,) = draw(summary).axes
    assert len(axis.patches) == len(NAMES)
    floor = np.zeros(2)
    for patch, kind, shares in zip(axis.patches, EXPRESSIONS, np.array([SMOOTHED, RAW]).T, strict=True):
        values, edges, baseline = patch.get_data()
        assert edges.tolist() == [2.0, 2.25, 2.5]
        assert baseline == pytest.approx(floor)
        floor = floor + shares
        assert values == pytest.approx(floor)
        assert to_hex(patch.get_facecolor()) == to_hex(kind.colour)


def test_the_copys_clock_rises_where_the_frames_stands_still(tmp_path: Path) -> None:
    times = [0.0, 0.5, 0.5, 0.4, 1.0]
    with AnnotatedVideo(tmp_path / "a.mp4") as copy:
        for number, time in enumerate(times):
            copy.write(Frame("a.mp4", np.full((48, 64, 3), 9, np.uint8), [], number, time))
    with av.open(str(tmp_path / "a.mp4")) as opened:
        found = [float(frame.time) for frame in opened.decode(video=0)]
    step = float(CLOCK)
    assert found == pytest.approx([0, 0.5, 0.5 + step, 0.5 + 2 * step, 1.0], abs=step / 2)
