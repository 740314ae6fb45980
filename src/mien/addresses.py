"""Addresses of cameras and streams as they may be shown and stored: without names of users, passwords and keys."""

import re

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+):/+(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]{1,30}:/+\S*[^\s:,;)'\"]", re.IGNORECASE)
"""A scheme is that short: longer ones, looked for from every letter on, would take minutes in a picture as base64."""
_PORT = re.compile(r"[^:]*:\d*|\[[^\]]*\](:\d*)?")
_SECRET = (
    r"[\w.-]*(?:pass|pwd|psw|token|secret|key|auth|sign?(?:ature)?\b|hmac|hash|login|user|usr|account|credential|"
    r"session|sid\b|jwt|bearer|policy|pin\b|otp\b|code\b|streamid|hdn\w*)[\w.-]*|p|pw|u|sig"
)
_IN_QUERY = re.compile(rf"(?P<key>(?:^|[?&;#,:])(?:{_SECRET})=)[^&;#]*", re.IGNORECASE)
_IN_PATH = re.compile(rf"(?P<key>(?:^|[/&;,_])(?:{_SECRET})=)(?:(?!_[a-z]+=)[^/&;,])*", re.IGNORECASE)
_HIDDEN = r"\g<key>***"


def redacted(address: object) -> str:
    """An address without the name and password before its host, and with `***` for keys, tokens and the like in it.

    "rtsp://user:pass@host/live?token=abc&channel=1" becomes "rtsp://host/live?token=***&channel=1". What is no address,
    such as a file's name, stays as it is.

    Args:
        address: Of a camera or stream, or anything else that was given as a source.

    Returns:
        The address as it may be shown.
    """
    found = _ADDRESS.fullmatch(str(address))
    return str(address) if found is None else _without_secrets(found)


def redacted_text(text: str) -> str:
    """A text with every address in it `redacted`.

    Args:
        text: Any text.

    Returns:
        The text, all else unchanged.
    """
    return _IN_TEXT.sub(lambda found: redacted(found[0]), text)


def without_query(address: str) -> str:
    """An address `redacted` and without its query, for messages that have no use for it.

    Args:
        address: Of a camera or stream.

    Returns:
        The address as it may be shown.
    """
    return redacted(address).partition("?")[0]


def _without_secrets(found: re.Match[str]) -> str:
    if found["scheme"].lower() == "file":
        return found[0]
    path, mark, query = _without_user(found["rest"]).partition("?")
    host, slash, path = path.partition("/")
    start = found[0][: found.start("rest") - found.start()]
    return start + host + _IN_PATH.sub(_HIDDEN, slash + path) + mark + _IN_QUERY.sub(_HIDDEN, query)


def _without_user(rest: str) -> str:
    """What follows the user's name and password, which may hold the very signs that should end them."""
    before_query = rest.partition("?")[0]
    if "@" in before_query:
        return rest[before_query.rindex("@") + 1 :]
    head = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest and ":" in head and not _PORT.fullmatch(head):
        return rest[rest.rindex("@") + 1 :]
    return rest
