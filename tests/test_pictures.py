"""Every kind of picture people have is read alike; what is none is one clear line."""

import base64
import io
import os
import re
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote_from_bytes

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import AppendingTiffWriter

from mien.errors import LONGEST, MienError, MienWarning, PictureError
from mien.recognition import pictures
from mien.recognition.file_types import PICTURE_SUFFIXES
from mien.recognition.media_files import find_media, find_pictures
from mien.recognition.pictures import as_picture, read_pages, read_picture


@pytest.fixture
def rgb() -> np.ndarray:
    ramp = np.linspace(0, 255, 40, dtype=np.uint8)
    return np.stack([np.tile(ramp, (30, 1)), np.full((30, 40), 90, np.uint8), np.tile(ramp[::-1], (30, 1))], 2)


def test_rgb_png_is_read_as_it_is(tmp_path, rgb):
    Image.fromarray(rgb).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png"), rgb)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(tmp_path, rgb, orientation):
    stored = {  # how a camera held that way stores the upright picture
        1: rgb,
        2: rgb[:, ::-1],
        3: rgb[::-1, ::-1],
        4: rgb[::-1],
        5: rgb.transpose(1, 0, 2),
        6: np.rot90(rgb, 1),
        7: np.rot90(rgb, 2).transpose(1, 0, 2),
        8: np.rot90(rgb, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "a.png"), rgb)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", "png"), ("P", "png"), ("1", "png"), ("CMYK", "jpg"), ("YCbCr", "jpg"), ("LA", "png")]
)
def test_other_modes_become_rgb(tmp_path, rgb, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(rgb).convert(mode).save(path)
    read = read_picture(path)
    assert read.shape == rgb.shape
    assert read.dtype == np.uint8
    grey = np.asarray(Image.fromarray(rgb).convert("L")).astype(int)
    if mode in ("L", "LA"):
        assert np.array_equal(read[:, :, 0], grey)
    elif mode != "1":
        away = np.abs(np.asarray(Image.fromarray(read).convert("L")).astype(int) - grey).mean()
        assert away < (25 if mode == "P" else 8)  # Pillow's web palette dithers


def test_transparent_places_are_white(tmp_path, rgb):
    alpha = np.zeros((30, 40, 1), np.uint8)
    alpha[:, :20] = 255
    Image.fromarray(np.concatenate([rgb, alpha], 2)).save(tmp_path / "a.png")
    read = read_picture(tmp_path / "a.png")
    assert np.array_equal(read[:, :20], rgb[:, :20])
    assert (read[:, 20:] == 255).all()


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa", "P"])
def test_what_is_transparent_is_white_in_every_mode(mode):
    if mode in ("P", "PA"):
        picture = Image.new("P", (4, 2), 1)
        picture.putpalette([50, 50, 50, 9, 9, 9])
        picture.paste(0, (2, 0, 4, 2))
        if mode == "P":
            picture.info["transparency"] = 0
        else:
            picture = picture.convert("PA")
            picture.putalpha(Image.fromarray(np.array([[255, 255, 0, 0]] * 2, np.uint8)))
    else:
        picture = Image.new("RGBA", (4, 2), (9, 9, 9, 255))
        picture.paste((50, 50, 50, 0), (2, 0, 4, 2))
        for step in {"La": ["LA", "La"], "RGBa": ["RGBa"], "LA": ["LA"]}.get(mode, []):
            picture = picture.convert(step)
    assert picture.mode == mode
    seen = pictures.over_white(picture)
    assert abs(seen[:, :2].astype(int) - 9).max() <= 1
    assert (seen[:, 2:] == 255).all()


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_keeps_its_range(tmp_path, suffix):
    deep = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    Image.fromarray(deep).save(tmp_path / f"a.{suffix}")
    assert np.array_equal(read_picture(tmp_path / f"a.{suffix}")[:, :, 1].ravel(), np.arange(256))


def test_one_pixel_is_a_picture(tmp_path):
    Image.new("RGB", (1, 1), (7, 8, 9)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").tolist() == [[[7, 8, 9]]]


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_picture_is_one_line_that_names_it(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.jpg") as caught:
        read_picture(tmp_path / "a.jpg")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "gif", "tif"])
def test_truncated_files_are_refused(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PictureError, match="a\\."):
        read_picture(path)


def test_missing_file_and_folder_are_said(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match="folder"):
        read_picture(tmp_path)


def test_decompression_bombs_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    assert bomb.stat().st_size < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="bomb"):
        read_picture(bomb)


def test_the_largest_camera_pictures_are_within_the_limit():
    assert pictures.MOST_PIXELS > 12_000 * 9_000


def test_find_pictures_looks_into_folders_and_keeps_order(tmp_path):
    for name in ("b/2.JPG", "b/deep/1.png", "b/notes.txt", "a.gif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_pictures([tmp_path / "b", tmp_path / "a.gif", tmp_path / "b" / "2.JPG"])
    assert [path.name for path in found] == ["2.JPG", "1.png", "a.gif"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match=r"no pictures in this folder$"):
        find_pictures([tmp_path / "empty"])


def test_files_of_other_kinds_are_told_of(tmp_path):
    for name in ("a.jpe", "b.PDF", "c.pdf", "deep/d.mov", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    said = []
    assert [path.name for path in find_pictures([tmp_path], said.append)] == ["a.jpe"]
    assert said == ["3 other files passed over (.pdf, .mov)"]
    with pytest.raises(PictureError, match=r"no pictures in this folder, only other files \(\.mov\)"):
        find_pictures([tmp_path / "deep"])


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES - {".heic", ".heif", ".hif"}))
def test_every_kind_that_folders_are_searched_for_can_be_read(tmp_path, rgb, suffix):
    Image.fromarray(rgb).save(tmp_path / f"a{suffix}", "PNG" if suffix == ".apng" else None)
    (found,) = find_pictures([tmp_path])
    assert read_picture(found).shape == rgb.shape


def test_what_may_not_be_read_is_said_to_be_so(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    (tmp_path / "a.png").touch()
    real = os.scandir

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if str(path).endswith("locked") else real(path))
    assert find_pictures([tmp_path]) == [tmp_path / "a.png", tmp_path / "locked"]
    monkeypatch.setattr(Path, "is_dir", refuse)
    assert find_pictures([tmp_path / "a.png"]) == [tmp_path / "a.png"]
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(PictureError, match=r"a\.png: permission denied$"):
        read_picture(tmp_path / "a.png")


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(PictureError, match=r"a\.png: empty file$"):
        read_picture(tmp_path / "a.png")


def test_bytes_and_pillow_images_are_read_as_files_are(tmp_path, rgb):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(rgb).save(tmp_path / "a.png", exif=exif)
    turned = read_picture(tmp_path / "a.png")
    assert turned.shape == (40, 30, 3)
    assert np.array_equal(as_picture((tmp_path / "a.png").read_bytes()), turned)
    image = Image.open(tmp_path / "a.png")
    assert np.array_equal(as_picture(image), turned)
    assert image.size == (40, 30)  # the caller's own is left as it is
    assert np.array_equal(as_picture(tmp_path / "a.png"), turned)


@pytest.mark.parametrize("wrong", [None, 3, [1], b"no picture", io.BytesIO(b"no picture")])
def test_what_is_no_picture_in_memory_is_one_clear_line(wrong):
    said = r"^(a picture must be a path, .* not \w+|(these bytes|this file): not a picture .*)$"
    with pytest.raises(PictureError, match=said):
        as_picture(wrong)


def test_rgb_arrays_are_taken_as_they_are_and_odd_shapes_refused(rgb):
    assert as_picture(rgb) is rgb
    assert np.array_equal(as_picture(rgb[:, :, 0]), np.repeat(rgb[:, :, :1], 3, 2))
    assert np.array_equal(as_picture(rgb[:, :, :1]), np.repeat(rgb[:, :, :1], 3, 2))
    for wrong in (rgb[:, :, :2], np.zeros((0, 5), np.uint8), rgb[None], rgb.astype(str), np.uint8(3)):
        with pytest.raises(PictureError, match="uint8"):
            as_picture(wrong)
    with pytest.raises(PictureError, match="moveaxis"):
        as_picture(rgb.transpose(2, 0, 1))


def as_bits(eight: np.ndarray, bits: int) -> np.ndarray:
    """8-bit values as a camera of so many bits stores them in 16."""
    return np.rint(eight / 255 * (2**bits - 1)).astype(np.uint16)


def write_png(path: Path, values: np.ndarray) -> None:
    """A PNG of 16 bits; Pillow writes none in colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, channels = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_cameras_of_fewer_bits_are_read_by_the_bits_in_use(tmp_path, rgb, bits, channels):
    alpha = np.full((30, 40, 1), 65535, np.uint16)
    deep = as_bits(rgb if channels > 2 else rgb[:, :, :1], bits)
    write_png(tmp_path / "a.png", deep if channels % 2 else np.concatenate([deep, alpha], 2))
    expected = rgb if channels > 2 else np.repeat(rgb[:, :, :1], 3, 2)
    with pytest.warns(MienWarning, match=rf"a\.png: its largest value is \d+: read as {bits}-bit"):
        assert np.array_equal(read_picture(tmp_path / "a.png"), expected)
    with pytest.warns(MienWarning, match=f"read as {bits}-bit"), Image.open(tmp_path / "a.png") as opened:
        assert np.array_equal(as_picture(opened), expected) or channels == 1
    if channels != 2:
        with pytest.warns(MienWarning, match=f"this array: .* read as {bits}-bit"):
            assert np.array_equal(as_picture(deep), expected)


def test_pictures_that_use_all_16_bits_are_read_without_a_word(tmp_path, rgb, recwarn):
    write_png(tmp_path / "a.png", as_bits(rgb, 16))
    assert np.array_equal(read_picture(tmp_path / "a.png"), rgb)
    assert np.array_equal(as_picture(as_bits(rgb, 16)), rgb)
    assert np.array_equal(as_picture(rgb / 255), rgb)
    assert np.array_equal(as_picture(rgb.astype(np.int64)), rgb)
    assert as_picture(rgb > 100).max() == 255
    assert not recwarn


@pytest.mark.parametrize("bits", [12, 16])
def test_tiff_of_16_bits_is_read_in_either_byte_order_and_white_on_black(tmp_path, rgb, bits):
    deep, grey = as_bits(rgb[:, :, 0], bits), np.repeat(rgb[:, :, :1], 3, 2)
    Image.fromarray(deep.astype(">u2")).save(tmp_path / "big.tif")
    Image.fromarray(deep).save(tmp_path / "inverted.tif", tiffinfo={262: 0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MienWarning)
        assert np.array_equal(read_picture(tmp_path / "big.tif"), grey)
        assert np.array_equal(read_picture(tmp_path / "inverted.tif"), 255 - grey)


@pytest.mark.parametrize(
    "change", [lambda x: x / 127.5 - 1, lambda x: x * 0.02, lambda x: (x.astype(int) - 100) * 1000, lambda x: x * 1e5]
)
def test_other_ranges_are_measured_and_said(tmp_path, rgb, change):
    values = change(rgb[:, :, 0])
    values = values.astype(np.float32 if values.dtype.kind == "f" else np.int32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    for read in (lambda: read_picture(tmp_path / "a.tif"), lambda: as_picture(values)):
        with pytest.warns(MienWarning, match="read with .* as black and .* as white"):
            assert np.abs(read()[:, :, 0].astype(int) - rgb[:, :, 0]).max() <= 7  # half a percent lies outside


def test_values_that_are_no_numbers_spoil_no_picture(rgb):
    values = rgb / 255
    values[0, 0], values[0, 1] = np.nan, np.inf
    assert np.array_equal(as_picture(values)[1:], rgb[1:])


def test_lab_is_converted(tmp_path, rgb):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    ImageCms.profileToProfile(Image.fromarray(rgb), srgb, lab, outputMode="LAB").save(tmp_path / "a.tif")
    assert np.abs(read_picture(tmp_path / "a.tif").astype(int) - rgb).mean() < 4


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:1:1"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}, {"quality": 30}])
def test_jpeg_is_what_pillow_decodes(tmp_path, rgb, subsampling, options, monkeypatch):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 7
    Image.fromarray(rgb[:29, :37]).save(path, subsampling=subsampling, exif=exif, **options)
    quick = read_picture(path)
    assert pictures.decode_jpeg(path.read_bytes()) is not None
    monkeypatch.setattr(pictures, "decode_jpeg", lambda content: None)
    assert np.array_equal(quick, read_picture(path))
    with Image.open(path) as opened:
        assert np.array_equal(quick, np.asarray(ImageOps.exif_transpose(opened)))


def test_a_jpeg_that_is_too_large_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    Image.new("L", (200, 100)).save(tmp_path / "a.jpg")
    monkeypatch.setattr(pictures, "MOST_PIXELS", 10_000)
    monkeypatch.setattr(pictures, "decode_jpeg", lambda content: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="megapixels"):
        read_picture(tmp_path / "a.jpg")


class PathOfItsOwn:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


class Tensor:
    """As other libraries' arrays behave."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.values


def test_whatever_holds_a_picture_is_taken(tmp_path, rgb):
    path = tmp_path / "a.png"
    Image.fromarray(rgb).save(path)
    content = path.read_bytes()
    written = io.BytesIO()
    Image.fromarray(rgb).save(written, "PNG")  # its place is at the end now
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    for given in (bytearray(content), memoryview(content), written, PathOfItsOwn(path), url, Tensor(rgb)):
        assert np.array_equal(as_picture(given), rgb), given
    with path.open("rb") as file, path.open("rb", buffering=0) as raw:
        assert np.array_equal(as_picture(file), rgb)
        assert np.array_equal(as_picture(raw), rgb)
    assert np.array_equal(as_picture("data:image/png," + quote_from_bytes(content)), rgb)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "https://user:secret@example.org/a.jpg?key=secret",
            r"^https://example\.org/a\.jpg: an address, .*fetched",
        ),
        ("s3://bucket/a.jpg", "an address"),
        ("file:///home/a.jpg", "give the path itself"),
        ("A" * 200_000, "base64.b64decode"),
        ("ä" * 200_000, "too long for a file's name"),
        ("data:image/png;base64,####", "a data: URL without readable content"),
        ("data:image/png;base64," + "QUJD" * 50_000, "these bytes: not a picture"),
        ("x/." * 100_000, "too long"),
        (io.StringIO("text"), "open it in binary mode"),
        (io.BytesIO(), "this file: empty file"),
        ("a\nb.jpg", "^a b.jpg: no such file"),
        ("a\0b.jpg", "broken picture"),
    ],
)
def test_what_cannot_be_read_is_one_short_line(given, said):
    with pytest.raises(PictureError, match=said) as caught:
        as_picture(given)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_error_is_longer_than_a_few_lines():
    assert len(str(MienError("x" * 200_000))) == LONGEST


def test_macos_notes_are_told_apart_from_pictures(tmp_path, rgb):
    Image.fromarray(rgb).save(tmp_path / "a.png")
    (tmp_path / "._a.png").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "b.png").touch()
    for name in (".DS_Store", "Thumbs.db"):
        (tmp_path / name).touch()
    said = []
    assert find_pictures([tmp_path], said.append) == [tmp_path / "a.png"]
    assert len(said) == 1
    assert re.fullmatch(r"2 hidden files passed over \((\._a|b)\.png, (\._a|b)\.png\)", said[0])
    with pytest.raises(PictureError, match=r"\._a\.png: no picture, only what macOS noted"):
        read_picture(tmp_path / "._a.png")
    said.clear()
    assert find_media([tmp_path / "._a.png", tmp_path / "a.png"], said.append).pictures == [tmp_path / "a.png"]
    assert said == ["1 file of macOS's notes passed over (._a.png)"]
    assert find_media([tmp_path / "._a.png"]).pictures == [tmp_path / "._a.png"]


def test_heic_is_read_with_its_extra_and_named_without(tmp_path, rgb, monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(rgb).resize((400, 300))).save(tmp_path / "a.heic", quality=95)
    assert find_pictures([tmp_path]) == [tmp_path / "a.heic"]
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    pictures._know_heif.cache_clear()
    with pytest.raises(
        PictureError, match=r"a\.heic: a HEIC picture; this needs pillow_heif: pip install 'mien\[heif\]'"
    ):
        read_picture(tmp_path / "a.heic")
    monkeypatch.undo()
    expected = np.asarray(Image.fromarray(rgb).resize((400, 300))).astype(int)
    assert np.abs(read_picture(tmp_path / "a.heic") - expected).mean() < 4
    assert np.abs(as_picture((tmp_path / "a.heic").read_bytes()) - expected).mean() < 4


def test_content_says_what_a_file_is(tmp_path, rgb):
    for name, kind in (("jpeg.png", "JPEG"), ("photo", "JPEG"), ("a.dat", "PNG"), ("b.txt", "WEBP"), ("c.mp4", "GIF")):
        Image.fromarray(rgb).save(tmp_path / name, kind)
    heads = {
        "clip.jpg": b"\0\0\0\x20ftypisom",
        "clip.qt": b"\0\0\0\x14ftypqt  ",
        "noname": b"\x1a\x45\xdf\xa3",
        "old.mov": b"\0\0\1\0moov",
        "tv": (b"G" + bytes(187)) * 4,
        "a.3gp": b"",
    }
    others = {"song.m4a": b"\0\0\0\x20ftypM4A ", "song.ogg": b"OggS", "code.ts": b"let a", "raw.nef": b"MM\0*"}
    for name, head in (heads | others).items():
        (tmp_path / name).write_bytes(head)
    with pytest.raises(PictureError, match=r"clip\.jpg: a video or sound, not a picture; mien\.open reads videos"):
        read_picture(tmp_path / "clip.jpg")
    said = []
    found = find_media([tmp_path], said.append)
    assert [path.name for path in found.pictures] == ["a.dat", "b.txt", "c.mp4", "jpeg.png", "photo"]
    assert [path.name for path in found.videos] == sorted(heads)
    assert said == ["4 other files passed over (.m4a, .nef, .ogg, .ts)"]
    for path in found.pictures:
        assert read_picture(path).shape == rgb.shape


def test_animations_are_videos_and_more_pages_are_told_of(tmp_path, rgb):
    frames = [Image.fromarray(np.roll(rgb, shift, 1)) for shift in range(3)]
    for name in ("a.gif", "a.png", "a.webp", "pages.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    found = find_media([tmp_path])
    assert [path.name for path in found.videos] == ["a.gif", "a.png", "a.webp"]
    for path in (*found.videos, *found.pictures):
        with pytest.warns(MienWarning, match="3 (frames|pages), only the first is read"):
            read_picture(path)
    pages = list(read_pages(tmp_path / "pages.tif"))
    assert [page.name for page, _ in pages] == ["pages.tif#page=1", "pages.tif#page=2", "pages.tif#page=3"]
    for frame, (_, pixels) in zip(frames, pages, strict=True):
        assert np.array_equal(pixels, np.asarray(frame))


def test_a_page_that_is_a_smaller_copy_is_no_page(tmp_path, rgb):
    with AppendingTiffWriter(str(tmp_path / "a.tif"), True) as writer:
        Image.fromarray(rgb).save(writer)
        writer.newFrame()
        Image.fromarray(rgb).resize((10, 8)).save(writer, tiffinfo={254: 1})
    with Image.open(tmp_path / "a.tif") as written:
        assert written.n_frames == 2
    assert [page for page, _ in read_pages(tmp_path / "a.tif")] == [tmp_path / "a.tif"]


def test_threads_leave_warnings_as_they_were(tmp_path, rgb):
    Image.fromarray(rgb).save(tmp_path / "a.png")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read_picture, [tmp_path / "a.png"] * 200))
    assert warnings.filters == before


def test_an_open_file_is_called_by_its_name(tmp_path):
    (tmp_path / "torn.png").write_bytes(b"no picture")
    with (tmp_path / "torn.png").open("rb") as file, pytest.raises(PictureError, match=r"torn\.png"):
        as_picture(file)
    with pytest.raises(PictureError, match="this file"):
        as_picture(io.BytesIO(b"no picture"))
