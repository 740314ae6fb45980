"""What kind of file this is: its first bytes say so, whatever its name ends with."""

from enum import StrEnum
from pathlib import Path
from stat import S_ISREG

from PIL import Image

APPLE_DOUBLE = b"\x00\x05\x16\x07"
"""How the files begin in which macOS keeps its notes about others, `._party.jpg` about `party.jpg`."""


def _suffixes(kinds: str) -> frozenset[str]:
    return frozenset(f".{kind}" for kind in kinds.split())


PICTURE_SUFFIXES = _suffixes("jpg jpeg jpe jfif png apng webp avif heic heif hif mpo bmp gif tif tiff jp2 ppm pgm")
VIDEO_SUFFIXES = _suffixes(
    "mp4 m4v mov qt mkv webm avi mpg mpeg m2v ts mts m2ts wmv asf flv f4v 3gp 3g2 ogv mxf vob dv y4m ivf rm rmvb "
    "mjpg mjpeg h264 h265 hevc"
)
_SOUND_SUFFIXES = _suffixes("m4a m4b mka weba wma ogg oga opus mp3 aac flac wav")
"""Files of sound alone may begin as videos do."""
_RAW_SUFFIXES = _suffixes("dng nef nrw cr2 cr3 arw orf rw2 pef srw raf 3fr iiq")
"""Cameras' raw data, which is not read: most of it looks like TIFF, with a preview."""
_PROGRAM_TEXT = frozenset({".ts", ".mts"})
"""What TypeScript is called too."""

_PICTURES: tuple[bytes, ...] = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"8BPS"),
)
_VIDEOS: tuple[bytes, ...] = (
    *(b"\x1a\x45\xdf\xa3", b"FLV", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\0\0\x01\xba", b"\0\0\x01\xb3"),
    *(b"OggS", b"\x06\x0e\x2b\x34\x02\x05\x01\x01", b"YUV4MPEG2", b"\x1f\x07\0", b"DKIF", b".RMF", b"nut/multi"),
)
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""How QuickTime's older files begin, after four bytes of length."""
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_STILL = (*_HEIF, b"avif", b"avis")
_SOUND = (b"M4A ", b"M4B ", b"M4P ")
HEAD = 4096
"""Bytes that are looked at."""


class Kind(StrEnum):
    """What a file holds; an animation is a video."""

    PICTURE = "picture"
    VIDEO = "video"
    NOTES = "notes of macOS"
    OTHER = "other"


def kind_of(path: Path) -> Kind:
    """What a file holds; by its suffix only where its content says nothing, as that of an empty or locked file."""
    suffix = path.suffix.lower()
    try:
        if not S_ISREG(path.stat().st_mode):
            return Kind.OTHER  # to look into a pipe would take from it
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        head = b""
    if head.startswith(APPLE_DOUBLE):
        return Kind.NOTES
    if suffix in _RAW_SUFFIXES:
        return Kind.OTHER
    if _is_picture(head):
        return Kind.VIDEO if suffix in (".mjpg", ".mjpeg") or _is_animation(path, head) else Kind.PICTURE
    if is_video(head):
        return Kind.OTHER if suffix in _SOUND_SUFFIXES else Kind.VIDEO
    if suffix in PICTURE_SUFFIXES:
        return Kind.PICTURE
    return Kind.VIDEO if suffix in VIDEO_SUFFIXES and not (suffix in _PROGRAM_TEXT and _is_text(head)) else Kind.OTHER


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is HEIF: HEIC, and not AVIF, which Pillow reads by itself."""
    brands = set(_brands(head))
    return bool(brands & set(_HEIF)) and not brands & {b"avif", b"avis"}


def is_video(head: bytes) -> bool:
    """Whether a file that begins so is a video, or sound; animated pictures are none."""
    return not _is_picture(head) and _is_video(head)


def is_animation(path: Path) -> bool:
    """Whether a file is a GIF, PNG, WebP or AVIF of several frames."""
    try:
        with path.open("rb") as file:
            return _is_animation(path, file.read(HEAD))
    except OSError:
        return False


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
