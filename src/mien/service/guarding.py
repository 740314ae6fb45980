"""Who may ask: this machine under its own names, or whoever has the token."""

import hmac
import ipaddress
from http import HTTPStatus

from mien.errors import MienError
from mien.service.refusals import Refusal

TOKEN_VARIABLE = "MIEN_SERVE_TOKEN"
"""The environment variable with the token; on a command line every user of the machine could read it."""
SHORTEST_TOKEN = 16
OPEN = frozenset({"/health"})
"""What needs no token: whoever watches over a container asks without one."""


def is_loopback(host: str) -> bool:
    """Whether only this machine itself reaches an address.

    Args:
        host: An address or a name.

    Returns:
        True for "localhost" and loopback addresses.
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_token(host: str, token: str | None) -> None:
    """Refuse to start what anybody could use.

    Args:
        host: The address to listen at.
        token: What clients must send, or None.

    Raises:
        MienError: The address is another than loopback and there is no token, or the token is too short.
    """
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise MienError(f"{TOKEN_VARIABLE} has fewer than {SHORTEST_TOKEN} characters; make one: openssl rand -hex 32")
    if token is None and not is_loopback(host):
        raise MienError(
            f"{host} can be reached from other machines: set {TOKEN_VARIABLE} to a secret that clients must send, "
            "such as one of: openssl rand -hex 32"
        )


def guard(path: str, headers: "dict[str, str]", token: str | None) -> None:
    """Let a request in or not.

    Without a token the Host header must be one of this machine's own names: a page on the web could otherwise reach the
    service under a name that leads here.

    Args:
        path: The address that is asked for.
        headers: Those of the request, names in small letters.
        token: The service's.

    Raises:
        Refusal: It has not the right token, or asks under a strange name.
    """
    if path in OPEN:
        return
    if token is None:
        if not is_loopback(_without_port(headers.get("host", ""))):
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "ask at 127.0.0.1 or localhost; this service has no token")
        return
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Refusal(HTTPStatus.UNAUTHORIZED, "send the service's token: Authorization: Bearer ...")


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host
