"""The app for a phone in the same network: https with a certificate made for this start, and a code that opens it once.

Browsers give the camera to https pages alone, and nobody gives out certificates for addresses in a home network, so the
server makes its own; the phone's browser warns of it, and the printed fingerprint tells whether it is the right one.
Whoever has the address cannot use it without the code, and the code works for the first browser that brings it.
"""

import datetime
import hmac
import io
import ipaddress
import secrets
import socket
import ssl
import sys
import tempfile
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mien.recognition.extra import load
from mien.server.serving import FOLDER, AppHandler, AppServer, ServerError

COOKIE = "mien"
DAYS = 7
"""So long the certificate holds."""
HANDSHAKE = 30
"""A browser that does not finish greeting is let go after so many seconds."""


class PhoneServer(AppServer):
    """Serves the app to one browser in the local network; `address` holds the one-time code.

    Args:
        app: The built app's folder.
        models: The model files'.
        port: 0 takes a free one.
        host: This machine's address in that network; None finds it.

    Raises:
        ServerError: There is no network, the app is not built, or the port is taken.
        MissingExtraError: The extra `phone` is not installed.
    """

    def __init__(self, app: Path, models: Path, port: int, host: str | None = None, own: Path | None = None) -> None:
        host = host or local_address()
        self.context, self.fingerprint = _context(host)
        super().__init__(app, models, port, host, _PhoneHandler, own)
        self.hosts = {f"{host}:{self.server_port}"}
        self._code: str | None = secrets.token_urlsafe(16)
        self._session = secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        """Where the app is; with the code, as long as it was not used."""
        place = f"https://{self.server_address[0]!s}:{self.server_port}{FOLDER}"
        return f"{place}?code={self._code}" if self._code else place

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        """Accept a connection; its greeting is left to its own thread, so that no silent browser keeps others waiting.

        Returns:
            The connection and the browser's address.
        """
        connection, address = super().get_request()
        connection.settimeout(HANDSHAKE)
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Phones break off the greeting when they warn of the certificate: no error either.

        Args:
            request: The connection.
            client_address: Whose.
        """
        if not isinstance(sys.exception(), ssl.SSLError | TimeoutError):
            super().handle_error(request, client_address)

    def redeem(self, code: str) -> str | None:
        """Trade the code, which is then used up, for the session.

        Args:
            code: What the browser brought.

        Returns:
            The session; None for any other code.
        """
        if self._code is None or not hmac.compare_digest(code.encode(), self._code.encode()):
            return None
        self._code = None
        return self._session

    def knows(self, session: str) -> bool:
        """Whether a browser's cookie is that of the one that brought the code.

        Args:
            session: The cookie's value.

        Returns:
            False for any other.
        """
        return hmac.compare_digest(session.encode(), self._session.encode())


class _PhoneHandler(AppHandler):
    server: PhoneServer

    def _answer(self, with_content: bool) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        if self.server.knows(self._cookie()):
            return super()._answer(with_content)
        code = parse_qs(urlsplit(self.path).query).get("code", [""])[0]
        session = self.server.redeem(code)
        if session is None:
            return self._refuse(HTTPStatus.FORBIDDEN)
        self._lead(FOLDER, {"Set-Cookie": f"{COOKIE}={session}; Path={FOLDER}; Secure; HttpOnly; SameSite=Strict"})

    def _cookie(self) -> str:
        try:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return ""
        return morsel.value if morsel else ""


def qr_code(address: str) -> str:
    """An address as a QR code of block letters, for a terminal with a dark or a light ground.

    Args:
        address: What the code holds.

    Returns:
        Several lines.

    Raises:
        MissingExtraError: The extra `phone` is not installed.
    """
    text = io.StringIO()
    load("segno", "phone").make(address, error="l").terminal(out=text, compact=True)
    return text.getvalue()


def local_address() -> str:
    """This machine's address in its network.

    Returns:
        An IPv4 address.

    Raises:
        ServerError: It is in none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the system only chooses the way out
            address = str(probe.getsockname()[0])
        except OSError as error:
            raise ServerError("this machine is in no network; --phone needs one that the phone is in too") from error
    if ipaddress.ip_address(address).is_loopback:
        raise ServerError("this machine is in no network; --phone needs one that the phone is in too")
    return address


def _context(host: str) -> tuple[ssl.SSLContext, str]:
    """A certificate of our own for an address, ready to serve with, and its SHA-256 as browsers show it."""
    x509 = load("cryptography.x509", "phone")
    hashes = load("cryptography.hazmat.primitives.hashes", "phone")
    forms = load("cryptography.hazmat.primitives.serialization", "phone")
    key = load("cryptography.hazmat.primitives.asymmetric.ec", "phone")
    private = key.generate_private_key(key.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mien")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:  # readable by this user alone, and gone again at once
        path = Path(folder) / "own.pem"
        path.write_bytes(pem + certificate.public_bytes(forms.Encoding.PEM))
        context.load_cert_chain(path)
    return context, certificate.fingerprint(hashes.SHA256()).hex(":").upper()
