"""What cameras and live streams are called."""

import re
from pathlib import Path

_CAMERA = re.compile(r"webcam(?::(\d+))?")
STREAMS = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "srt://", "udp://", "rtp://", "tcp://")


def is_live(source: str | Path) -> bool:
    """Whether this names a camera ("webcam", "webcam:1") or a live stream's address.

    Args:
        source: What was given as a video.

    Returns:
        False for a file and for a recording's address.
    """
    return camera_number(source) is not None or str(source).startswith(STREAMS)


def camera_number(source: str | Path) -> int | None:
    """The number of the camera that is named.

    Args:
        source: What was given as a video.

    Returns:
        From 0; None where no camera is named.
    """
    match = _CAMERA.fullmatch(str(source))
    return int(match[1] or 0) if match else None
