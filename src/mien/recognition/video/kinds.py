"""What a file is by its first bytes, whatever its name says: a still picture, an animated one, a playlist, or else."""

import struct
from collections.abc import Iterator
from enum import StrEnum, auto
from pathlib import Path
from typing import BinaryIO

_PNG = b"\x89PNG\r\n\x1a\n"
_STILL = (
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"8BPS",
    b"\0\0\1\0",
    b"\0\0\0\x0cjP  ",
    b"\xffO\xffQ",
    b"qoif",
)
_NETPBM = tuple(f"P{number}".encode() for number in range(1, 8))
_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"jpeg"})
_PLAYLISTS = (b"ffconcat version", b"v=0\r\n", b"v=0\n", b"[playlist]", b"[Reference]", b"RTSPtext", b"<asx", b"<ASX")
_MOVING = (
    b"\x1aE\xdf\xa3",
    b"\0\0\1\xba",
    b"\0\0\1\xb3",
    b"0&\xb2u\x8ef\xcf\x11",
    b"FLV\1",
    b"YUV4MPEG2",
    b"\x06\x0e+4",
)
_SOUND_SUFFIXES = frozenset({".mka", ".m4a", ".m4b", ".oga", ".ogg", ".opus", ".wma", ".aac", ".mp3", ".wav", ".flac"})


class Kind(StrEnum):
    """PICTURE stands still; ANIMATION is a GIF, WebP, PNG or AVIF of several frames; JPEGS is one JPEG after another;
    HLS and PLAYLIST name other files; OTHER is left to the decoder."""

    PICTURE = auto()
    ANIMATION = auto()
    JPEGS = auto()
    HLS = auto()
    PLAYLIST = auto()
    OTHER = auto()


def kind_of(path: Path) -> Kind:
    """The kind of a file by its content. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(4096)
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        file.seek(0)
        if head.startswith(b"\xff\xd8\xff"):
            return Kind.JPEGS if _another_jpeg_follows(file) else Kind.PICTURE
        if head.startswith((b"GIF87a", b"GIF89a", _PNG)) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
            return Kind.ANIMATION if _has_several_frames(file, head) else Kind.PICTURE
        if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
            return Kind.PICTURE
        if head[4:12] == b"ftypavis":
            return Kind.ANIMATION
    if head.startswith(_STILL) or (head.startswith(_NETPBM) and head[2:3].isspace()):
        return Kind.PICTURE
    if text.startswith(b"#EXTM3U"):
        return Kind.HLS
    if text.startswith(_PLAYLISTS) or (text.startswith(b"<") and b"<MPD" in text):
        return Kind.PLAYLIST
    return Kind.OTHER


def looks_moving(path: Path) -> bool:
    """A guess without a decoder whether a file of the kind OTHER is a video: its container holds videos as a rule."""
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix.lower() in _SOUND_SUFFIXES or head[4:11] == b"ftypM4A":
        return False
    boxes = head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
    packets = any(head[place :: 188 + extra][:8].count(b"\x47") == 8 for place, extra in ((0, 0), (4, 4), (0, 16)))
    avi = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    return boxes or packets or avi or head.startswith((*_MOVING, b"OggS"))


def _has_several_frames(file: BinaryIO, head: bytes) -> bool:
    if head.startswith(b"GIF"):
        return _several(_gif_frames(file))
    if head.startswith(_PNG):
        return _apng_frames(file) > 1
    return _several(name for name in _riff_chunks(file) if name == b"ANMF")


def _several(items: Iterator[object]) -> bool:
    """Whether there are two at least; looks no further."""
    return next(items, None) is not None and next(items, None) is not None


def _gif_frames(file: BinaryIO) -> Iterator[int]:
    """Where each picture of a GIF starts; a file that is cut off ends them."""
    flags = file.read(13)[10]
    file.seek(_colours(flags), 1)
    while (block := file.read(1)) in (b"\x21", b"\x2c"):
        if block == b"\x2c":
            yield file.tell()
            descriptor = file.read(9)
            if len(descriptor) < 9:
                return
            file.seek(_colours(descriptor[8]) + 1, 1)
        else:
            file.seek(1, 1)
        while (size := file.read(1)) not in (b"", b"\0"):
            file.seek(size[0], 1)


def _colours(flags: int) -> int:
    """Bytes of a GIF's table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _apng_frames(file: BinaryIO) -> int:
    file.seek(len(_PNG))
    while len(header := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", header)
        if name == b"acTL":
            return int.from_bytes(file.read(4), "big")
        if name == b"IDAT":
            return 1
        file.seek(size + 4, 1)
    return 1


def _riff_chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        yield name
        file.seek(size + size % 2, 1)


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
