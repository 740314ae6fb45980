"""Serve the built app and the model files to the browser on this machine, and nothing else to nobody else.

The files that can be asked for are listed once, at the start: no address leads out of the two folders, and no folder is
ever listed. The Host header is checked, so that no page on the web can reach the server under a name of its own.
"""

import hashlib
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mien.errors import MienError

LOOPBACK = "127.0.0.1"

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}

# index.html carries the same policy for hosts that send no headers; frame-ancestors works as a header only.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ServerError(MienError):
    """The app cannot be served: it is not built, or its port is taken."""


@dataclass(frozen=True)
class Served:
    """A file that can be asked for; `named_by_hash` where another content always has another address."""

    path: Path
    named_by_hash: bool = False

    @cached_property
    def sha256(self) -> str:
        """In hexadecimal, of the content when it is first asked for."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


class AppServer(ThreadingHTTPServer):
    """Serves the app on loopback; `serve_forever` starts it, `address` is where it is.

    app: the built app's folder; models: the model files'; port: 0 takes a free one.

    Raises ServerError where the app is not built or the port is taken.
    """

    daemon_threads = True

    def __init__(self, app: Path, models: Path, port: int) -> None:
        self.served = served_files(app, models)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ServerError(f"port {port} cannot be used; choose another with --port") from error
        self.hosts = {f"{name}:{self.server_port}" for name in ("localhost", LOOPBACK)}

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that lets its connection go is no error; whatever else happens in an answer is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/"


def app_folder() -> Path:
    """Where the built app lies: in the package."""
    return Path(str(files("mien"))) / "server" / "app"


def served_files(app: Path, models: Path) -> dict[str, Served]:
    """Every address that there is, such as "/assets/index-1a2b.js"; raises ServerError where the app is not built."""
    if not (app / "index.html").is_file():
        raise ServerError("the app is not built; `make app` builds it (with Node.js 20 or newer)")
    served = {
        f"/{path.relative_to(app).as_posix()}": Served(path, named_by_hash=path.parent.name == "assets")
        for path in app.rglob("*")
        if path.suffix in CONTENT_TYPES and path.is_file()
    }
    served["/"] = served["/index.html"]
    served |= {f"/models/{path.name}": Served(path) for path in models.glob("*.onnx")}
    return served


class _Handler(BaseHTTPRequestHandler):
    server: AppServer
    protocol_version = "HTTP/1.1"
    server_version = "mien"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        self._answer(with_content=False)

    def _answer(self, with_content: bool) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        address = urlsplit(self.path)
        served = self.server.served.get(unquote(address.path))
        if served is None or not served.path.is_file():
            return self._refuse(HTTPStatus.NOT_FOUND)
        asked = parse_qs(address.query).get("sha256", [""])[0]
        fresh_for_ever = served.named_by_hash or asked == served.sha256
        tag = f'"{served.sha256}"'
        unchanged = self.headers.get("If-None-Match") == tag
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPES[served.path.suffix])
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if fresh_for_ever else "no-cache")
        self.send_header("ETag", tag)
        if not unchanged:
            self.send_header("Content-Length", str(served.path.stat().st_size))
        self._end_headers()
        if with_content and not unchanged:
            with served.path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)

    def _refuse(self, status: HTTPStatus) -> None:
        text = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self._end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _end_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet: the one line that matters is the address."""
