"""What kind of file this is: its content says so, whatever its name ends with."""

from enum import StrEnum, auto
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from PIL import Image

APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""How the files begin in which macOS keeps its notes about others, `._party.jpg` about `party.jpg`."""


def _suffixes(kinds: str) -> frozenset[str]:
    return frozenset(f".{kind}" for kind in kinds.split())


JPEG_SUFFIXES = _suffixes("jpg jpeg jpe jfif")
PICTURE_SUFFIXES = JPEG_SUFFIXES | _suffixes("png apng webp avif heic heif hif mpo bmp gif tif tiff jp2 ppm pgm")
VIDEO_SUFFIXES = _suffixes(
    "mp4 m4v mov qt mkv webm avi mpg mpeg m2v ts mts m2ts wmv asf flv f4v 3gp 3g2 ogv mxf vob dv y4m ivf rm rmvb "
    "mjpg mjpeg h264 h265 hevc"
)
PLAYLIST_SUFFIXES = _suffixes("m3u8 mpd sdp ffconcat")
_SOUND_SUFFIXES = _suffixes("m4a m4b mka weba wma ogg oga opus mp3 aac flac wav")
"""Files of sound alone may begin as videos do."""
_RAW_SUFFIXES = _suffixes("dng nef nrw cr2 cr3 arw orf rw2 pef srw raf 3fr iiq")
"""Cameras' raw data, which is not read: most of it looks like TIFF, with a preview."""
_PROGRAM_TEXT = frozenset({".ts", ".mts"})
"""What TypeScript is called too."""

_JPEG = b"\xff\xd8\xff"
_PICTURES: tuple[bytes, ...] = (
    *(_JPEG, b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"8BPS"),
)
_VIDEOS: tuple[bytes, ...] = (
    *(b"\x1a\x45\xdf\xa3", b"FLV", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\0\0\x01\xba", b"\0\0\x01\xb3"),
    *(b"OggS", b"\x06\x0e\x2b\x34\x02\x05\x01\x01", b"YUV4MPEG2", b"\x1f\x07\0", b"DKIF", b".RMF", b"nut/multi"),
)
_PLAYLISTS = (b"ffconcat version", b"v=0\r\n", b"v=0\n", b"[playlist]", b"[Reference]", b"RTSPtext", b"<asx", b"<ASX")
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""How QuickTime's older files begin, after four bytes of length."""
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"jpeg")
_STILL = (*_HEIF, b"avif", b"avis")
_SOUND = (b"M4A ", b"M4B ", b"M4P ")
HEAD = 4096
"""Bytes that are looked at."""


class FileType(StrEnum):
    """What a file holds.

    PICTURE stands still. ANIMATION is a GIF, PNG, WebP or AVIF of several frames, JPEGS one JPEG after another, and
    VIDEO a container that holds videos as a rule. HLS and PLAYLIST name other files; NOTES are what macOS keeps about
    others. OTHER is whatever the first bytes do not tell.
    """

    PICTURE = auto()
    ANIMATION = auto()
    JPEGS = auto()
    VIDEO = auto()
    HLS = auto()
    PLAYLIST = auto()
    NOTES = auto()
    OTHER = auto()


MOVING = frozenset({FileType.ANIMATION, FileType.JPEGS, FileType.VIDEO})
"""What is read as a video."""


def file_type_of(path: Path) -> FileType:
    """The kind of a file by its content; its suffix counts only where a container may hold sound alone.

    Args:
        path: A regular file.

    Returns:
        What it holds; OTHER where the content does not tell.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(_JPEG):
            return FileType.JPEGS if _another_jpeg_follows(file) else FileType.PICTURE
    if head.startswith(APPLE_DOUBLE):
        return FileType.NOTES
    if _is_picture(head):
        return FileType.ANIMATION if _is_animation(path, head) else FileType.PICTURE
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"#EXTM3U"):
        return FileType.HLS
    if text.startswith(_PLAYLISTS) or (text.startswith(b"<") and b"<MPD" in text):
        return FileType.PLAYLIST
    return FileType.VIDEO if _is_video(head) and path.suffix.lower() not in _SOUND_SUFFIXES else FileType.OTHER


def likely_file_type(path: Path) -> FileType:
    """What a file is among many: quicker than `file_type_of`, and by its suffix where it is empty, locked or not there.

    A JPEG that is called so is taken for one picture without a look at its end. Cameras' raw files and what is no
    regular file are OTHER.

    Args:
        path: Any path; it need not exist.

    Returns:
        What it holds or seems to hold.
    """
    suffix = path.suffix.lower()
    try:
        if not S_ISREG(path.stat().st_mode):
            return FileType.OTHER  # to look into a pipe would take from it
        with path.open("rb") as file:
            head = file.read(HEAD)
        if suffix in JPEG_SUFFIXES and head.startswith(_JPEG):
            return FileType.PICTURE
        kind = file_type_of(path)
    except OSError:
        head, kind = b"", FileType.OTHER
    if kind is FileType.NOTES:
        return kind
    if suffix in _RAW_SUFFIXES or (suffix in _PROGRAM_TEXT and kind is FileType.OTHER and _is_text(head)):
        return FileType.OTHER
    if kind is not FileType.OTHER:
        return kind
    if suffix in PICTURE_SUFFIXES:
        return FileType.PICTURE
    return FileType.VIDEO if suffix in VIDEO_SUFFIXES else FileType.OTHER


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is HEIF: HEIC, and not AVIF, which Pillow reads by itself.

    Args:
        head: The file's first bytes.

    Returns:
        False for AVIF too.
    """
    brands = set(_brands(head))
    return bool(brands & set(_HEIF)) and not brands & {b"avif", b"avis"}


def is_video(head: bytes) -> bool:
    """Whether a file that begins so is a video, or sound; animated pictures are none.

    Args:
        head: The file's first bytes.

    Returns:
        False for whatever is a picture.
    """
    return not _is_picture(head) and _is_video(head)


def _is_animation(path: Path, head: bytes) -> bool:
    webp = head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & 2
    if not (head.startswith((b"GIF8", b"\x89PNG")) or webp or b"avis" in _brands(head)):
        return False
    try:
        with Image.open(path) as picture:
            return picture.format in ("GIF", "PNG", "WEBP", "AVIF") and getattr(picture, "is_animated", False)
    except Exception:  # reading it will say why
        return False


def _is_picture(head: bytes) -> bool:
    bitmap = head[:2] == b"BM" and head[6:10] == bytes(4)
    netpbm = head[:1] == b"P" and head[1:2] in b"1234567Ff" and head[2:3].isspace()
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return (
        head.startswith(_PICTURES)
        or not set(_STILL).isdisjoint(_brands(head))
        or bitmap
        or (netpbm and len(head) > 3)
        or webp
    )


def _is_video(head: bytes) -> bool:
    riff = head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"AVI "
    quicktime = head[4:8] in _ATOMS or (head[4:8] == b"ftyp" and _brand(head) not in _SOUND)
    # transport streams: packets of 188 bytes that begin with 0x47, on discs each with four bytes before it
    packets = any(
        len(head) > start + 2 * step and {head[start], head[start + step], head[start + 2 * step]} == {0x47}
        for start, step in ((0, 188), (4, 192), (0, 204))
    )
    return head.startswith(_VIDEOS) or riff or quicktime or packets


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _brands(head: bytes) -> list[bytes]:
    """The major and the compatible brands of a file of ISO's base media format."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))]


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


def _another_jpeg_follows(file: BinaryIO) -> bool:
    """Whether a JPEG starts where the first ends, and not as a phone's second view of the same picture (MPF)."""
    file.seek(2)
    while len(header := file.read(4)) == 4 and header[0] == 0xFF and header[1] != 0xDA:
        size = int.from_bytes(header[2:], "big")
        if header[1] == 0xE2 and file.read(4) == b"MPF\0":
            return False
        file.seek(size - 2 - (4 if header[1] == 0xE2 else 0), 1)
    rest = b""
    while chunk := file.read(1 << 16):
        rest = rest[-1:] + chunk
        place = rest.find(b"\xff\xd9")  # never inside the coded picture, where FF is followed by 00
        if place >= 0:
            after = rest[place + 2 :] + file.read(64)
            return after.lstrip(b"\0\r\n")[:3] == b"\xff\xd8\xff"
    return False
