"""The content of a file decides whether it is a video, and opening one reads nothing but what was given."""

import os
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import every, make_sound, make_video
from PIL import Image, ImageCms

import mien
from mien.errors import VideoError
from mien.recognition.file_types import FileType, file_type_of, is_heif
from mien.recognition.media_files import find_media
from mien.recognition.video.animations import Animation
from mien.recognition.video.reading import VideoFile, holds_video


def picture(now: float) -> np.ndarray:
    return np.full((48, 64, 3), int(now * 400) % 256, np.uint8)


def pictures(count: int) -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, (48, 64, 3), dtype=np.uint8)) for _ in range(count)]


def animation(path: Path, durations: list[int]) -> Path:
    first, *others = pictures(len(durations))
    options = {"duration": durations, "loop": 0} if len(durations) > 1 else {}
    first.save(path, save_all=len(durations) > 1, append_images=others, **options)
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("files") / "video.mp4", picture, every(0.04, 0.4))


@pytest.mark.parametrize("name", ["none", "wrong.jpg", "a.qt", "a.3gp", "a b.txt", "x{} [y] %d.bin", "a:b.mp4"])
def test_a_video_by_any_name(tmp_path, video, name):
    path = tmp_path / name
    path.write_bytes(video.read_bytes())
    assert holds_video(path)
    assert len(list(VideoFile(path))) == 10


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.ts", "libx264"),
        ("a.mkv", "libx264"),
        ("a.avi", "mpeg4"),
        ("a.flv", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.wmv", "mpeg4"),
        ("a.y4m", "rawvideo"),
        ("a.mjpeg", "mjpeg"),
        ("a.ogv", "libvpx"),
        ("a.h264", "libx264"),
    ],
)
@pytest.mark.parametrize("with_av", [True, False])
def test_every_container_is_known_without_its_name(tmp_path, monkeypatch, name, codec, with_av):
    if not with_av and name.endswith(("mjpeg", "h264")):
        pytest.skip("bare pictures are told by decoding them")
    kind = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = make_video(tmp_path / name, picture, every(0.04, 0.4), codec=codec, pixels=kind).rename(tmp_path / "plain")
    if not with_av:
        monkeypatch.setitem(sys.modules, "av", None)
    assert holds_video(path)


def test_what_is_no_video(tmp_path, video, monkeypatch):
    one = pictures(1)[0]
    for suffix in ("jpg", "png", "gif", "webp", "bmp", "tiff", "ppm", "ico"):
        one.save(tmp_path / f"still.{suffix}")
    one.save(tmp_path / "multi.tiff", save_all=True, append_images=pictures(2))
    make_sound(tmp_path / "song.mp4")
    (tmp_path / "text.mp4").write_text("not a video" * 100)
    (tmp_path / "table.csv").write_text("video,time\na.mp4,0.0\n" * 50)
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "head.mp4").write_bytes(video.read_bytes()[:30])
    for path in tmp_path.iterdir():
        assert not holds_video(path), path.name
    monkeypatch.setitem(sys.modules, "av", None)
    for path in tmp_path.iterdir():
        if path.name not in ("song.mp4", "head.mp4"):  # not to be told without a decoder
            assert not holds_video(path), path.name
    assert holds_video(tmp_path / "nowhere.mp4")  # so that the line says "no such file", and not "not a picture"


def test_one_jpeg_after_another_is_seen_past_whatever_notes_the_first_one_has(tmp_path):
    """A colour profile is in a segment like that of a phone's second view, which makes no video of the pair."""
    first, second = pictures(2)
    first.save(tmp_path / "one", "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    second.save(tmp_path / "two", "JPEG", comment=b"a note")
    one, two = ((tmp_path / name).read_bytes() for name in ("one", "two"))
    assert one.count(b"\xff\xe2") == 1
    segment = b"\xff\xe2" + (2 + 4 + 8).to_bytes(2, "big") + b"MPF\0" + bytes(8)
    for data, kind in (
        (one + two, FileType.JPEGS),
        (two + one, FileType.JPEGS),
        (one, FileType.PICTURE),
        (one[:2] + segment + one[2:] + two, FileType.PICTURE),
    ):
        (tmp_path / "data").write_bytes(data)
        assert file_type_of(tmp_path / "data") is kind


@pytest.mark.parametrize(
    ("brand", "kind"), [(b"M4A ", FileType.OTHER), (b"M4B ", FileType.OTHER), (b"isom", FileType.VIDEO)]
)
def test_sound_alone_is_told_by_its_brand_whatever_it_is_called(tmp_path, brand, kind):
    (tmp_path / "data").write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(200))
    assert file_type_of(tmp_path / "data") is kind


def test_heif_is_told_by_the_box_that_it_begins_with():
    assert is_heif(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert not is_heif(b"\0\0\0\x18freeheic\0\0\0\0mif1heic")
    assert not is_heif(b"\0\0\0\x18ftypisom\0\0\0\0isommp41")


def test_one_jpeg_after_another_is_a_video_unless_it_is_called_a_picture(tmp_path):
    """Phones append other views to a picture, and a folder of many pictures is not read to their ends."""
    first, second = pictures(2)
    first.save(tmp_path / "one", "JPEG")
    second.save(tmp_path / "two", "JPEG")
    both = (tmp_path / "one").read_bytes() + (tmp_path / "two").read_bytes()
    for name in ("a.mjpeg", "plain", "photo.jpg"):
        (tmp_path / name).write_bytes(both)
        assert file_type_of(tmp_path / name) is FileType.JPEGS
    found = find_media([tmp_path])
    assert [path.name for path in found.videos] == ["a.mjpeg", "plain"]
    assert [path.name for path in found.pictures] == ["one", "photo.jpg", "two"]
    assert find_media([tmp_path / "photo.jpg", tmp_path / "plain"]).videos == [tmp_path / "plain"]


def test_playlists_are_videos_where_they_are_named(tmp_path, video, monkeypatch):
    """So that the line is about a playlist, and not about a picture; FFmpeg is not let at them."""
    (tmp_path / "a.mp4").write_bytes(video.read_bytes())
    (tmp_path / "list").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    (tmp_path / "far.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    (tmp_path / "code.ts").write_text("let a = 1")
    monkeypatch.setattr("av.open", lambda *given, **options: pytest.fail("opened"))
    named = [tmp_path / "list", tmp_path / "far.m3u8"]
    assert find_media(named).videos == named
    said = []
    assert find_media([tmp_path], said.append).videos == [tmp_path / "a.mp4"]
    assert said == ["3 other files passed over (.m3u8, .ts, no suffix)"]


@pytest.mark.parametrize("with_av", [True, False])
def test_what_no_rule_knows_is_tried_where_it_is_named(tmp_path, monkeypatch, with_av):
    made = make_video(tmp_path / "a.h264", picture, every(0.04, 0.4)).rename(tmp_path / "bare")
    (tmp_path / "text").write_text("no video" * 100)
    if not with_av:
        monkeypatch.setitem(sys.modules, "av", None)
    found = find_media([made, tmp_path / "text"])
    assert found.videos == [made] * with_av
    assert tmp_path / "text" in found.pictures


DURATIONS = [100, 250, 40, 500, 0]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_animations_are_videos_with_their_own_times(tmp_path, suffix):
    path = animation(tmp_path / f"a.{suffix}", DURATIONS)
    assert holds_video(path)
    shots = list(Animation(path))
    assert [shot.time for shot in shots] == pytest.approx([0.0, 0.1, 0.35, 0.39, 0.89])
    assert [shot.number for shot in shots] == [0, 1, 2, 3, 4]
    assert all(shot.pixels.shape == (48, 64, 3) for shot in shots)
    with Image.open(path) as opened:
        opened.seek(3)
        assert np.array_equal(shots[3].pixels, np.asarray(opened.convert("RGB")))
    frames = list(mien.open(path.rename(tmp_path / "plain"), mien.Recognizer(threads=1)))
    assert [frame.time for frame in frames] == [shot.time for shot in shots]


def test_pictures_without_a_duration_last_a_tenth_of_a_second(tmp_path):
    path = animation(tmp_path / "a.gif", [0, 10, 20])
    assert [shot.time for shot in Animation(path)] == pytest.approx([0.0, 0.1, 0.2])


def test_transparent_animations_are_over_white(tmp_path):
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    black = Image.new("RGBA", (64, 48), (0, 0, 0, 255))
    clear.save(tmp_path / "a.png", save_all=True, append_images=[black], duration=100, blend=0)
    first, second = Animation(tmp_path / "a.png")
    assert first.pixels.min() == 255
    assert second.pixels.max() == 0


def test_an_animation_that_is_cut_off_gives_what_is_there(tmp_path):
    path = animation(tmp_path / "a.gif", [100] * 10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    opened = Animation(path)
    assert 2 < len(list(opened)) < 9
    assert "cut off" in str(opened.problem)


@pytest.mark.parametrize(
    "named",
    [
        "/etc/passwd",
        "../secret.ts",
        "http://127.0.0.1:9/a.ts",
        "file:///etc/passwd",
        "%2e%2e/secret.ts",
        "link.ts",
        "sub/../../secret.ts",
        "concat:a|b",
        "data:text/plain,a",
        'a.ts\n#EXT-X-MAP:URI="/etc/passwd"',
        'a.ts\n#EXT-X-KEY:METHOD=AES-128,URI="../key"',
        "inner.m3u8",
    ],
)
def test_a_playlist_reads_only_what_lies_beside_it(tmp_path, named):
    secret = make_video(tmp_path / "secret.ts", picture, every(0.04, 0.4))
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / "a.ts").write_bytes(secret.read_bytes())
    (folder / "link.ts").symlink_to(secret)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:0.4,\n"
    (folder / "inner.m3u8").write_text(f"{head}../secret.ts\n#EXT-X-ENDLIST\n")
    for name in ("list.m3u8", "list.mp4"):
        (folder / name).write_text(f"{head}{named}\n#EXT-X-ENDLIST\n")
        with pytest.raises(VideoError, match="which is not beside it") as raised:
            VideoFile(folder / name)
        assert "\n" not in str(raised.value)
    (folder / "own.m3u8").write_text(f"{head}a.ts\n#EXT-X-ENDLIST\n")
    assert len(list(VideoFile(folder / "own.m3u8"))) == 10


@pytest.mark.parametrize("name", ["a.sdp", "a.ffconcat", "a.mpd", "disguised.mp4"])
def test_other_playlists_are_refused(tmp_path, video, name):
    text = {
        "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "a.mpd": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>\n',
    }.get(name, "ffconcat version 1.0\nfile video.mp4\n")
    (tmp_path / "video.mp4").write_bytes(video.read_bytes())
    (tmp_path / name).write_text(text)
    with pytest.raises(VideoError, match="names other files"):
        VideoFile(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_as_it_comes(tmp_path):
    source = make_video(tmp_path / "a.ts", picture, every(0.04, 0.4))
    pipe = tmp_path / "pipe.ts"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_bytes(source.read_bytes()), daemon=True).start()
    assert holds_video(pipe)
    assert len(list(VideoFile(pipe))) == 10


def test_an_address_of_a_file_is_that_file(video):
    assert len(list(VideoFile(video.as_uri()))) == 10


def test_one_frame_and_a_thousand_a_second(tmp_path):
    one = make_video(tmp_path / "one.mp4", picture, [0.0])
    assert [shot.time for shot in VideoFile(one)] == [0.0]
    fast = make_video(tmp_path / "fast.mkv", picture, every(0.001, 0.2))
    assert [shot.time for shot in VideoFile(fast)] == pytest.approx(every(0.001, 0.2))
    assert VideoFile(fast).notes == []


def test_a_title_that_is_not_utf_8_is_no_obstacle(tmp_path):
    path = make_video(tmp_path / "a.mkv", picture, every(0.1, 0.5))
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as output:
        output.metadata["title"] = "Küche"
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    content = (tmp_path / "b.mkv").read_bytes()
    assert content.count("Küche".encode()) == 1
    (tmp_path / "b.mkv").write_bytes(content.replace("Küche".encode(), b"K\xfc\xfcche"))
    assert len(list(VideoFile(tmp_path / "b.mkv"))) == 5
