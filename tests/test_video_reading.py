"""Videos are decoded as they are meant to be shown, and what is wrong with one is said in one line."""

import shutil
import struct
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import every, make_sound, make_video

from mien.errors import VideoError
from mien.recognition.video.live import Stream
from mien.recognition.video.reading import VideoFile


def ramp(time: float, height: int = 48, width: int = 64) -> np.ndarray:
    """Dark on the left, bright on the right; its blue says how late it is."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :, 0] = np.linspace(0, 255, width)
    picture[:, :, 2] = int(time * 40) % 256
    return picture


def times_by_ffprobe(path: Path) -> list[float]:
    if shutil.which("ffprobe") is None:
        pytest.skip("needs ffprobe (Debian: ffmpeg)")
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    said = subprocess.run([*command, path], capture_output=True, text=True, check=True).stdout
    return [float(line.strip(",")) for line in said.splitlines() if line.strip(",")]


UNEVEN = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.12, 40)).tolist()


@pytest.mark.parametrize(
    ("name", "times", "first"),
    [
        ("constant.mp4", every(0.04, 2), 0.0),
        ("uneven.mp4", UNEVEN, UNEVEN[0]),
        ("offset.mp4", every(0.04, 3.4, 1.4), 1.4),
        ("offset.mkv", every(0.04, 3.4, 1.4), 1.4),
        ("offset.ts", every(0.04, 3.4, 1.4), None),
        ("uneven.webm", UNEVEN, UNEVEN[0]),
        ("uneven.nut", UNEVEN, UNEVEN[0]),
        ("gap.mkv", [*every(0.04, 1), *every(0.04, 3601, 3600)], 0.0),
    ],
)
@pytest.mark.parametrize("order", ["0", "3"])
def test_times_are_those_of_ffprobe(tmp_path, name, times, first, order):
    codec = "libvpx" if name.endswith("webm") else "libx264"
    if codec != "libx264" and order != "0":
        pytest.skip("VP8 has no B-frames")
    reordered = {"bf": order, "b-adapt": "0", "b-pyramid": "normal", "x264-params": "keyint=30"}
    path = make_video(tmp_path / name, ramp, times, codec=codec, encoding=reordered if order != "0" else None)
    video = VideoFile(path)
    ours = [shot.time for shot in video]
    assert video.problem is None
    assert video.notes == []
    if first is not None:
        assert ours[0] == pytest.approx(first, abs=1e-3)
        assert video.start == pytest.approx(first, abs=1e-3)
        assert video.duration == pytest.approx(times[-1] - times[0], abs=0.15)
    theirs = times_by_ffprobe(path)
    assert len(ours) == len(theirs) == len(times)
    assert np.abs(np.array(ours) - theirs).max() < 5e-4


def test_frames_that_are_stored_out_of_order_come_in_order_at_their_own_times(tmp_path):
    """B-frames are decoded before those that they come after: their decoding times (dts) are others than these."""
    times = every(0.04, 2.2, 1.0)
    coding = {"preset": "ultrafast", "x264-params": "bframes=3:b-adapt=0"}
    path = make_video(tmp_path / "b-frames.mp4", ramp, times, encoding=coding)
    with av.open(str(path)) as stored:
        packets = [packet for packet in stored.demux(video=0) if packet.size]
        assert [packet.pts for packet in packets] != sorted(packet.pts for packet in packets)
    shots = list(VideoFile(path))
    assert [shot.number for shot in shots] == list(range(30))
    assert [shot.time for shot in shots] == pytest.approx(times, abs=1e-3)
    blues = [float(shot.pixels[:, :, 2].mean()) for shot in shots]
    assert blues == pytest.approx([int(time * 40) % 256 for time in times], abs=6)
    assert all(shot.pixels[:, -8:, 0].mean() > 180 > 60 > shot.pixels[:, :8, 0].mean() for shot in shots)


def test_frames_are_timed_by_when_they_are_shown_not_by_when_they_are_decoded(tmp_path):
    """Decoders give a frame the decoding time of the packet that brought it out: mostly, but not always, its own."""
    times = [1 + time for time in UNEVEN]
    plain = make_video(
        tmp_path / "plain.mp4", ramp, times, encoding={"preset": "ultrafast", "x264-params": "bframes=0"}
    )
    early = tmp_path / "early.mp4"
    with av.open(str(plain)) as source, av.open(str(early), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.dts -= int(0.2 / packet.time_base)
                packet.stream = stream
                output.mux(packet)
    with av.open(str(early)) as stored:
        assert any(abs(frame.pts - frame.dts) * frame.time_base > 0.1 for frame in stored.decode(video=0) if frame.dts)
    assert [shot.time for shot in VideoFile(early)] == pytest.approx(times, abs=1e-3)


def test_a_streams_time_counts_from_its_first_frame(tmp_path):
    times = [5 + time for time in UNEVEN]
    path = make_video(tmp_path / "joined-late.mp4", ramp, times)
    shots = list(Stream(str(path)))
    assert shots[0].time == 0
    assert [shot.time for shot in shots] == pytest.approx([time - times[0] for time in times], abs=1e-3)


def set_matrix(path: Path, matrix: tuple[int, ...]) -> None:
    """Write a display matrix into the track header of an MP4, as phones do."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    assert data[header] == 0, "a version 0 header"
    struct.pack_into(
        ">9i", data, header + 40, *(value << (30 if place % 3 == 2 else 16) for place, value in enumerate(matrix))
    )
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("matrix", "brightest"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), "right"),
        ((0, 1, 0, -1, 0, 0, 0, 0, 1), "bottom"),  # shown a quarter turn clockwise: a phone held upright
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), "left"),
        ((0, -1, 0, 1, 0, 0, 0, 0, 1), "top"),
    ],
)
def test_the_rotation_flag_is_followed(tmp_path, matrix, brightest):
    path = make_video(tmp_path / "phone.mp4", ramp, every(0.04, 0.4))
    set_matrix(path, matrix)
    shot = next(iter(VideoFile(path)))
    red = shot.pixels[:, :, 0].astype(float)
    half_y, half_x = red.shape[0] // 2, red.shape[1] // 2
    sides = {
        "left": red[:, :half_x].mean(),
        "right": red[:, half_x:].mean(),
        "top": red[:half_y].mean(),
        "bottom": red[half_y:].mean(),
    }
    assert max(sides, key=sides.__getitem__) == brightest
    assert red.shape == ((64, 48) if brightest in {"top", "bottom"} else (48, 64))


@pytest.mark.parametrize(
    ("codec", "pixels", "size"),
    [("libx264", "yuv444p", (47, 63)), ("libx264", "yuv420p10le", (48, 64)), ("ffv1", "yuv420p", (35, 101))],
)
def test_odd_sizes_and_ten_bits_are_read(tmp_path, codec, pixels, size):
    path = make_video(tmp_path / "a.mkv", lambda time: ramp(time, *size), every(0.04, 0.4), codec=codec, pixels=pixels)
    shots = list(VideoFile(path))
    assert len(shots) == 10
    assert all(shot.pixels.shape == (*size, 3) and shot.pixels.dtype == np.uint8 for shot in shots)
    assert np.abs(shots[0].pixels[:, :, 0].astype(int) - ramp(0, *size)[:, :, 0]).mean() < 12


def test_what_is_no_video_is_said(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video" * 100)
    make_sound(tmp_path / "song.mp4")
    whole = make_video(tmp_path / "whole.mp4", ramp, every(0.04, 2))
    (tmp_path / "headless.mp4").write_bytes(whole.read_bytes()[:-300])  # its table of contents stands at the end
    for name, message in {
        "empty.mp4": "an empty file",
        "text.mp4": "not a video",
        "song.mp4": "only sound",
        "headless.mp4": "not a video that can be read, or cut off",
        "nowhere.mp4": "no such file",
    }.items():
        with pytest.raises(VideoError, match=message) as raised:
            VideoFile(tmp_path / name)
        assert name in str(raised.value)
        assert "\n" not in str(raised.value)


def test_a_cut_off_video_gives_what_is_there(tmp_path):
    whole = make_video(tmp_path / "whole.mp4", ramp, every(0.04, 8), options={"movflags": "faststart"})
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.6)])
    video = VideoFile(path)
    shots = list(video)
    assert 60 < len(shots) < 200
    assert "cut off" in str(video.problem)


def test_damage_in_the_middle_costs_only_the_middle(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    path = make_video(tmp_path / "damaged.mkv", lambda time: np.roll(noise, int(time * 50), 1), every(0.04, 8))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 6000] = np.random.default_rng(1).bytes(6000)
    path.write_bytes(data)
    video = VideoFile(path)
    shots = list(video)
    assert len(shots) > 150
    assert shots[-1].time > 7.5
    assert "damaged" in str(video.problem)


@pytest.mark.parametrize(
    ("codec", "pixels", "width"), [("libx264", "yuv420p", 128), ("libx264", "yuv420p", 130), ("png", "rgb24", 128)]
)
def test_kept_pictures_stay_while_others_are_decoded(tmp_path: Path, codec: str, pixels: str, width: int) -> None:
    """FFmpeg uses memory again; a picture that is kept, or drawn on, is nobody else's."""

    def draw(time: float) -> np.ndarray:
        return np.full((96, width, 3), int(time * 100) % 200 + 20, np.uint8)

    video = make_video(tmp_path / "clip.mov", draw, every(0.04, 2), codec=codec, pixels=pixels)
    one_by_one = [shot.pixels.mean() for shot in VideoFile(video)]
    kept = []
    for shot in VideoFile(video):
        assert shot.pixels.flags.writeable
        assert shot.pixels.flags.c_contiguous
        kept.append(shot.pixels)
        if len(kept) % 2:
            drawn = shot.pixels.copy()
            shot.pixels[:] = 0
            shot.pixels[:] = drawn
    assert [pixels.mean() for pixels in kept] == one_by_one
    assert len(set(one_by_one)) > 40
