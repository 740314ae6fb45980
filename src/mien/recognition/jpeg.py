"""Decode JPEG files by libjpeg-turbo directly: the same pixels as Pillow's, without its copies."""

import numpy as np
import simplejpeg


def decode_jpeg(content: bytes) -> np.ndarray | None:
    """The pixels of a JPEG file, or None for one that is damaged, cut off or not in grey or colour of 8 bits.

    Args:
        content: The file's content.

    Returns:
        uint8 RGB [H, W, 3], not turned by its EXIF orientation.
    """
    try:
        return simplejpeg.decode_jpeg(content, colorspace="RGB", strict=True)
    except ValueError:
        return None
