"""Frames are read as a player shows them, and the annotated copy shows the same."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import every, make_video
from PIL import Image
from test_video_reading import ramp, set_matrix

from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Box, Detection, Frame
from mien.recognition.video.annotating import AnnotatedVideo, fitted
from mien.recognition.video.placing import Placer
from mien.recognition.video.reading import DecodedFrame, VideoFile
from mien.recognition.video.showing import square_size, turned

EXAMPLE = Path(__file__).parents[1] / "examples/astronaut.jpg"


def copy_of(path: Path, target: Path) -> Path:
    with AnnotatedVideo(target) as copy:
        for shot in VideoFile(path):
            copy.write(Frame(path, shot.pixels, [], shot.number, shot.time))
    return target


def test_an_annotated_copy_is_hardly_to_be_told_from_the_original(tmp_path):
    with Image.open(EXAMPLE) as picture:
        pixels = np.asarray(picture.convert("RGB").resize((320, 240)))
    with AnnotatedVideo(tmp_path / "copy.mp4") as copy:
        for number in range(6):
            copy.write(Frame("a.mp4", np.roll(pixels, 4 * number, axis=1), [], number, number / 25))
    for shot in VideoFile(tmp_path / "copy.mp4"):
        apart = np.abs(shot.pixels.astype(int) - np.roll(pixels, 4 * shot.number, axis=1)).mean()
        assert apart < 4.5  # 3.2 at x264's quality 20, 5.0 at 28; half the colour's resolution is lost at any


@pytest.mark.parametrize(
    ("name", "shape", "shown"),
    [
        ("wide.mp4", Fraction(2), (48, 128)),
        ("wide.ts", Fraction(2), (48, 128)),
        ("wide.mkv", Fraction(16, 15), (48, 68)),
        ("high.mp4", Fraction(1, 2), (96, 64)),
        ("pal.avi", Fraction(64, 45), (48, 91)),
        ("square.mp4", Fraction(1), (48, 64)),
        ("mistaken.mp4", Fraction(1, 1000), (48, 64)),
    ],
)
def test_pixels_that_are_not_square_are_made_square(tmp_path, name, shape, shown):
    path = make_video(tmp_path / name, ramp, every(0.04, 0.4), shape=shape)
    assert {shot.pixels.shape[:2] for shot in VideoFile(path)} == {shown}
    with av.open(str(copy_of(path, tmp_path / "copy.mp4"))) as opened:
        stream = opened.streams.video[0]
        assert (stream.height, stream.width) == tuple(side + side % 2 for side in shown)
        assert stream.sample_aspect_ratio in (None, 0, 1)


def test_a_turned_video_is_made_square_before_it_is_turned(tmp_path):
    path = make_video(tmp_path / "phone.mp4", ramp, every(0.04, 0.4), shape=Fraction(2))
    set_matrix(path, (0, 1, 0, -1, 0, 0, 0, 0, 1))
    assert next(iter(VideoFile(path))).pixels.shape == (128, 48, 3)


def test_square_sides():
    assert square_size(720, 576, Fraction(64, 45)) == (1024, 576)
    assert square_size(720, 576, None) == square_size(720, 576, Fraction(0)) == (720, 576)
    assert square_size(12000, 9000, Fraction(2)) == (12000, 4500)  # the longer side would be too long


@pytest.mark.parametrize("a", [-1, 0, 1])
@pytest.mark.parametrize("b", [-1, 0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_every_turn_and_mirroring(a, b, sign):
    """Each pixel goes where the matrix sends it: x' = a x + c y, y' = b x + d y."""
    if abs(a) + abs(b) != 1:
        pytest.skip("no quarter turn")
    c, d = -b * sign, a * sign
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    rows, columns = np.mgrid[:2, :4]
    across, down = a * columns + c * rows, b * columns + d * rows
    wanted = np.zeros((2, 4, 3) if a else (4, 2, 3), np.uint8)
    wanted[down - down.min(), across - across.min()] = picture
    assert np.array_equal(turned(picture, (a, b, 0, c, d, 0, 0, 0, 1)), wanted)


def test_a_mirrored_video_is_mirrored(tmp_path):
    path = make_video(tmp_path / "mirror.mp4", ramp, every(0.04, 0.4))
    set_matrix(path, (-1, 0, 0, 0, 1, 0, 0, 0, 1))
    red = next(iter(VideoFile(path))).pixels[:, :, 0].astype(float)
    assert red[:, :32].mean() > red[:, 32:].mean() + 50


ORANGE = (200, 50, 20)
MATRICES = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}
"""What red and blue weigh in the brightness."""


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_colours_follow_the_tags(tmp_path, matrix, full, bits):
    """Luma and chroma computed here by the standards' formulas come out as the colour they were made of."""
    red, green, blue = np.array(ORANGE) / 255
    of_red, of_blue = MATRICES[matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    chroma = (blue - luma) / (2 - 2 * of_blue), (red - luma) / (2 - 2 * of_red)
    levels = [luma * 255, *(128 + 255 * value for value in chroma)]
    if not full:
        levels = [16 + luma * 219, *(128 + 224 * value for value in chroma)]
    path = tmp_path / "orange.mkv"
    kind, scale = ("yuv420p", 1) if bits == 8 else ("yuv420p10le", 4)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, kind
        marks = f"colormatrix={matrix}:fullrange={'on' if full else 'off'}:colorprim=bt709:transfer=bt709"
        stream.options = {"preset": "ultrafast", "qp": "1", "x264-params": marks}
        for _ in range(3):
            frame = av.VideoFrame(64, 48, kind)
            for plane, level in zip(frame.planes, levels, strict=True):
                values = np.full(plane.buffer_size // (1 if bits == 8 else 2), round(level * scale))
                plane.update(values.astype(np.uint8 if bits == 8 else "<u2").tobytes())
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    shown = next(iter(VideoFile(path))).pixels.reshape(-1, 3).mean(0)
    assert np.abs(shown - ORANGE).max() < 4


def test_the_copy_says_which_colours_it_has_and_keeps_them(tmp_path):
    path = make_video(tmp_path / "a.mp4", lambda now: np.full((48, 64, 3), ORANGE, np.uint8), every(0.04, 0.4))
    before = next(iter(VideoFile(path))).pixels.reshape(-1, 3).mean(0)
    copy = copy_of(path, tmp_path / "copy.mp4")
    with av.open(str(copy)) as opened:
        codec = opened.streams.video[0].codec_context
        assert [int(tag) for tag in (codec.colorspace, codec.color_primaries, codec.color_trc)] == [1, 1, 1]  # BT.709
        assert int(codec.color_range) == 1  # limited
    assert np.abs(next(iter(VideoFile(copy))).pixels.reshape(-1, 3).mean(0) - before).max() < 3


@pytest.mark.parametrize("kind", ["gray", "gbrp10le", "bgr0", "bgra", "yuv422p10le", "yuv444p", "gray16le", "yuva420p"])
def test_every_kind_of_pixel_is_read(tmp_path, kind):
    grey = kind.startswith("gray")
    colour = (120, 120, 120) if grey else ORANGE
    path = make_video(
        tmp_path / "a.mkv", lambda now: np.full((47, 63, 3), colour, np.uint8), [0, 0.04], codec="ffv1", pixels=kind
    )
    assert np.abs(next(iter(VideoFile(path))).pixels.reshape(-1, 3).mean(0) - colour).max() < 4


def test_interlaced_pictures_lose_their_combs(tmp_path):
    """Something moves between the two fields of each frame; told as interlaced, every frame and time stays."""

    def combed(now: float) -> np.ndarray:
        canvas = np.full((96, 128, 3), 30, np.uint8)
        place = int(now * 800) % 64
        canvas[::2, place : place + 32] = 220
        canvas[1::2, place + 16 : place + 48] = 220
        return canvas

    def combs(path: Path) -> float:
        pixels = [shot.pixels[:, :, 0].astype(float) for shot in VideoFile(path)]
        assert len(pixels) == 20
        return float(np.mean([np.abs(2 * one[1:-1] - one[:-2] - one[2:]).mean() for one in pixels]))

    plain = make_video(tmp_path / "plain.mp4", combed, every(0.04, 0.8), encoding={"qp": "10"})
    told = make_video(
        tmp_path / "told.mp4", combed, every(0.04, 0.8), encoding={"qp": "10", "x264-params": "tff=1:no-scenecut=1"}
    )
    assert combs(told) < combs(plain) / 3
    video = VideoFile(told)
    assert [shot.time for shot in video] == pytest.approx(every(0.04, 0.8), abs=1e-3)
    assert "interlaced" in video.notes[0]


def test_a_size_and_a_shape_that_change_in_the_middle(tmp_path):
    """Each picture has its own size, to the frame; the copy keeps the first, the others fitted into it."""
    parts = [
        make_video(tmp_path / "a.ts", ramp, every(0.04, 0.4), shape=Fraction(2), encoding={"bf": "2"}),
        make_video(tmp_path / "b.ts", lambda now: ramp(now, 96, 128), every(0.04, 0.4)),
        make_video(tmp_path / "c.ts", ramp, every(0.04, 0.4), shape=Fraction(3), encoding={"bf": "2"}),
    ]
    path = tmp_path / "changing.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    shapes = [shot.pixels.shape[:2] for shot in VideoFile(path)]
    assert shapes == [(48, 128)] * 10 + [(96, 128)] * 10 + [(48, 192)] * 10
    with av.open(str(copy_of(path, tmp_path / "copy.mp4"))) as opened:
        frames = list(opened.decode(video=0))
    assert {(frame.height, frame.width) for frame in frames} == {(48, 128)}
    assert len(frames) == 30


def test_fitting_keeps_the_shape():
    white = np.full((100, 100, 3), 255, np.uint8)
    placed = fitted(white, 50, 80)
    assert placed.shape == (50, 80, 3)
    assert placed[:, 15:65].min() == 255
    assert placed[:, :15].max() == placed[:, 65:].max() == 0
    assert fitted(white[:99, :99], 100, 100).min() == 255  # an odd side is filled up, not scaled


class KnownFace(FaceDetector):
    """Always finds one face in the middle of the picture, a quarter of its sides long."""

    def __init__(self) -> None: ...

    def detect(self, picture: np.ndarray) -> list[Detection]:
        height, width = picture.shape[:2]
        box = Box(0.4 * width, 0.4 * height, 0.65 * width, 0.65 * height)
        return [Detection(box, 0.9, np.zeros((6, 2)))]

    def follow(self, picture: np.ndarray, expected: list[Detection]) -> list[Detection]:
        return self.detect(picture)


def test_a_face_keeps_its_number_over_a_change_of_size():
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    large = noise.repeat(4, 0).repeat(4, 1)
    shots = [DecodedFrame(number, number * 0.04, noise if number < 12 else large) for number in range(24)]
    placed = [places for _, places in Placer(KnownFace()).place(shots)]
    assert {tuple(places) for places in placed} == {(1,)}
    assert [round(places[1].box.width) for places in placed] == [40] * 12 + [160] * 12


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (15, 3)])
def test_tiny_frames(tmp_path, size):
    path = make_video(
        tmp_path / "a.mkv",
        lambda now: np.full((*size, 3), 200, np.uint8),
        every(0.04, 0.2),
        codec="ffv1",
        pixels="yuv444p",
    )
    shots = list(VideoFile(path))
    assert len(shots) == 5
    assert shots[0].pixels.shape == (*size, 3)
    with av.open(str(copy_of(path, tmp_path / "copy.mp4"))) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 5
