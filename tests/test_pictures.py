"""Every kind of picture people have is read alike; what is none is one clear line."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import PictureError
from mien.recognition import pictures
from mien.recognition.pictures import as_picture, find_pictures, read_picture


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
    for name in ("a.jpe", "b.HEIC", "c.heic", "deep/d.mov", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    said = []
    assert [path.name for path in find_pictures([tmp_path], said.append)] == ["a.jpe"]
    assert said == ["3 other files passed over (.heic, .mov)"]
    with pytest.raises(PictureError, match=r"no pictures in this folder, only other files \(\.mov\)"):
        find_pictures([tmp_path / "deep"])


@pytest.mark.parametrize("suffix", sorted(pictures.SUFFIXES))
def test_every_kind_that_folders_are_searched_for_can_be_read(tmp_path, rgb, suffix):
    Image.fromarray(rgb).save(tmp_path / f"a{suffix}")
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
    with pytest.raises(PictureError, match=r"^(a picture must be a path, .* not \w+|these bytes: not a picture .*)$"):
        as_picture(wrong)


def test_as_picture_takes_grey_and_rgb_only(rgb):
    assert as_picture(rgb) is rgb
    assert as_picture(rgb[:, :, 0]).shape == rgb.shape
    for wrong in (rgb.astype(float), rgb[:, :, :2], np.zeros((0, 5), np.uint8), rgb[None]):
        with pytest.raises(PictureError, match="uint8"):
            as_picture(wrong)
