"""Open a video with FFmpeg so that it reads what it was given and nothing else.

A playlist can name any file of this machine or any address. A local file is therefore opened without the network and by
the demuxers of videos alone, and a playlist only where all that it names lies beside it.
"""

import errno
import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mien.errors import VideoError
from mien.recognition.extra import load
from mien.recognition.file_types import FileType, file_type_of

_DEMUXERS = (
    "asf av1 avi cavsvideo dhav dirac dnxhd dv flic flv gxf h261 h263 h264 hevc ivf kux live_flv lxf m4v matroska mj2 "
    "mjpeg mov mp4 mpeg mpegts mpegvideo mpjpeg mxf nsv nut nuv obu ogg pva rm smjpeg ty vc1 vc1test vvc webm wtv "
    "yuv4mpegpipe "
    "aac ac3 aiff amr caf flac mp3 wav"  # no videos, but said to be sound
)
_RAW = frozenset(
    {"av1", "cavsvideo", "dirac", "dnxhd", "h261", "h263", "h264", "hevc", "m4v", "mpegvideo", "vc1", "vvc"}
)
"""Demuxers that take bytes of other kinds for theirs now and then: a frame must be seen before they are believed."""
MAY_JUMP = frozenset({"mpegts", "mpeg", "hls", "dhav", "pva", "ty"})
"""Demuxers of containers whose clock may be set anew in the middle by their own rules."""
_NETWORK = "crypto,data,http,httpproxy,https,rtmp,rtmps,rtmpt,rtp,rtsp,rtsps,srt,srtp,tcp,tls,udp,mmsh,mmst,ftp"
_WAIT = 10.0
"""Seconds that an address may take to answer."""
_DEEPEST = 4
"""Playlists that name playlists: a list of qualities names one for each, and no more is needed."""


def is_address(source: str | Path) -> bool:
    """Whether this is an address of the network (rtsp://..., https://...) and not a file.

    Args:
        source: What was given as a video.

    Returns:
        False for file:// too.
    """
    return "://" in str(source) and not str(source).startswith("file://")


def open_container(source: str | Path) -> Any:
    """Open PyAV's container of a file or an address.

    Args:
        source: A path or an address.

    Returns:
        The container.

    Raises:
        VideoError: It is no video or cannot be read.
        MissingExtraError: PyAV is not installed.
    """
    av = load("av")
    try:
        if is_address(source):
            # UDP loses packets on the way; a frame rate is not worth waiting for the frames that tell it
            options = {"rtsp_transport": "tcp", "protocol_whitelist": _NETWORK, "fpsprobesize": "0"}
            return av.open(str(source), timeout=_WAIT, container_options=options, **_lenient(av))
        return _open_file(av, _local(source))
    except av.FFmpegError as error:
        # FFmpeg's word for a demuxer that is none of these
        why = "another kind of file" if getattr(error, "errno", None) == errno.EINVAL else reason(error)
        raise VideoError(f"{source}: not a video that can be read, or cut off ({why})") from error


def _lenient(av: Any) -> dict[str, str]:
    """How PyAV is to take titles that are not UTF-8: from 19 on it never refuses them."""
    return {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}


def video_stream(container: Any) -> Any:
    """The first stream of moving pictures: a song's cover is none.

    Args:
        container: PyAV's.

    Returns:
        PyAV's stream, or None where there is none.
    """
    attached = load("av").stream.Disposition.attached_pic
    streams = (stream for stream in container.streams.video if not stream.disposition & attached)
    return next((stream for stream in streams if stream.codec_context is not None), None)


def reason(error: Exception) -> str:
    """FFmpeg's word for what went wrong.

    Args:
        error: FFmpeg's or Python's.

    Returns:
        A few words.
    """
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def has_frames(path: Path) -> bool:
    """Whether FFmpeg finds moving pictures in a file that may hold some by its first bytes.

    Args:
        path: A file.

    Returns:
        False too where it cannot be opened.
    """
    av = load("av")
    try:
        with open_container(path) as container:
            stream = video_stream(container)
            if stream is None or container.format.name not in _RAW:
                return stream is not None
            return next(iter(container.decode(stream)), None) is not None
    except (VideoError, av.FFmpegError):
        return False


def _open_file(av: Any, path: Path) -> Any:
    kind = _kind(path)
    if kind is FileType.PLAYLIST:
        raise VideoError(f"{path}: a playlist, which names other files; give those themselves")
    if kind in (FileType.PICTURE, FileType.ANIMATION):
        raise VideoError(f"{path}: a picture, not a video")
    demuxers, protocols = _DEMUXERS.replace(" ", ","), "file"
    if kind is FileType.HLS:
        _check_playlist(path)
        demuxers, protocols = f"{demuxers},hls", "file,crypto"
    # without the prefix a name such as "a:b.mp4" would be an address
    name = path if path.is_char_device() else f"file:{path}"
    options = {"protocol_whitelist": protocols, "format_whitelist": demuxers}
    form = "mjpeg" if kind is FileType.JPEGS else None
    return av.open(str(name), format=form, container_options=options, **_lenient(av))


def _local(source: str | Path) -> Path:
    text = str(source)
    if not text.startswith("file://"):
        return Path(source)
    from urllib.request import url2pathname  # brings a client of HTTP along, which takes a while

    return Path(url2pathname(text.removeprefix("file://")))


def _kind(path: Path) -> FileType:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise VideoError(f"{path}: a folder, not a video")
        if not stat.S_ISREG(mode):
            return FileType.OTHER  # what is read from a pipe cannot be read again
        if path.stat().st_size == 0:
            raise VideoError(f"{path}: an empty file")
        return file_type_of(path)
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such file") from error
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from error


def _check_playlist(path: Path, depth: int = 0) -> None:
    """Raises VideoError where an HLS playlist, or one that it names, names anything outside its folder."""
    for name in _named(path):
        plain = unquote(name.partition("?")[0])
        target = (path.parent / plain).resolve()
        # FFmpeg takes what stands before a colon for a protocol, and data: holds its content itself
        if ":" in name or ":" in plain or not target.is_relative_to(path.parent.resolve()):
            raise VideoError(f"{path}: a playlist that names {name[:80]!r}, which is not beside it; give that itself")
        if target.is_file() and file_type_of(target) in (FileType.HLS, FileType.PLAYLIST):
            if depth == _DEEPEST:
                raise VideoError(f"{path}: playlists that name each other")
            _check_playlist(path.parent / plain, depth + 1)


def _named(playlist: Path) -> list[str]:
    lines = [line.strip() for line in playlist.read_text(errors="replace").splitlines()]
    keys = [key for line in lines if line.startswith("#") for key in re.findall(r'URI\s*=\s*"?([^",]*)', line)]
    return keys + [line for line in lines if line and not line.startswith("#")]
