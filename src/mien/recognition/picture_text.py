"""What a picture may be called in text: a path, or a data: URL that holds it; other addresses are not followed."""

import base64
import binascii
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from mien.addresses import without_query
from mien.errors import PictureError
from mien.names import abridged

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{100,}={0,2}\s*")


def from_text(text: str) -> Path | bytes:
    """The path that a text names, or the content of a data: URL.

    Args:
        text: What was given as a picture.

    Returns:
        A path, which need not exist, or the bytes of a picture's file.

    Raises:
        PictureError: It is the address of something elsewhere, base64 without the words around it, or a data: URL that
            is none.
    """
    if text[:5].lower() == "data:":
        return _from_data_url(text)
    if scheme := _SCHEME.match(text):
        raise PictureError(f"{abridged(without_query(text), 80)}: {_what_to_do(scheme[1].lower())}")
    if _BASE64.fullmatch(text) and not _exists(text):
        raise PictureError(
            f"{abridged(text, 40)}: neither a file nor an address; if it is base64, give base64.b64decode(text)"
        )
    return Path(text)


def _from_data_url(text: str) -> bytes:
    head, comma, body = text.partition(",")
    content = unquote_to_bytes(body)
    try:
        if head.lower().endswith(";base64"):
            content = base64.b64decode(content.translate(bytes.maketrans(b"-_", b"+/")) + b"==")
    except binascii.Error:
        content = b""
    if not comma or not content:
        raise PictureError(f"{abridged(text, 40)}: a data: URL without readable content")
    return content


def _what_to_do(scheme: str) -> str:
    if scheme == "file":
        return "an address; give the path itself"
    return "an address, and pictures are not fetched; download it, and give the file or its bytes"


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long for a name
        return False
