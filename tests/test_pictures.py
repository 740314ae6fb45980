"""Every kind of picture people have is read alike; what is none is one clear line."""

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
    with pytest.raises(PictureError, match="no pictures"):
        find_pictures([tmp_path / "empty"])


def test_as_picture_takes_grey_and_rgb_only(rgb):
    assert as_picture(rgb) is rgb
    assert as_picture(rgb[:, :, 0]).shape == rgb.shape
    for wrong in (rgb.astype(float), rgb[:, :, :2], np.zeros((0, 5), np.uint8), rgb[None]):
        with pytest.raises(PictureError, match="uint8"):
            as_picture(wrong)
