"""Serve the built app and the model files to the browser on this machine, and nothing else to nobody else.

The files that can be asked for are listed once, at the start, and read anew when they change: no address leads out of
the two folders, and no folder is ever listed. The Host header is checked, so that no page on the web can reach the
server under a name of its own.
"""

import gzip
import hashlib
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mien.errors import MienError
from mien.server.listing import LIST, OWN, ModelList

LOOPBACK = "127.0.0.1"
FOLDER = "/mien/"
"""Where the app is on its port. Its service worker answers for this folder alone, and not for whatever program runs on
the port another day."""
OLD_WORKER = "/sw.js"
"""Until 0.1.0 the app stood at the root of its port, and so did its worker, which asks here for its successor."""
RETIRE = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("mien-app-")) await caches.delete(name);
  await self.registration.unregister();
  for (const client of await self.clients.matchAll({ type: "window" })) await client.navigate("/mien/");
})()));
"""

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

COMPRESSED = {".css", ".html", ".js", ".json", ".svg", ".webmanifest"}
"""What is text, and small enough to be compressed at every answer."""

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


class Served:
    """A file that can be asked for, read anew whenever it has changed.

    Args:
        path: The file.
        named_by_hash: Whether its name changes with its content, so that browsers may keep it.
    """

    def __init__(self, path: Path, named_by_hash: bool = False) -> None:
        """named_by_hash: whether another content always has another address."""
        self.path = path
        self.named_by_hash = named_by_hash
        self._known: tuple[tuple[int, ...], str] | None = None

    def read(self) -> tuple[bytes, str]:
        """The file as it is at this moment.

        Returns:
            Content, and its SHA-256 in hexadecimal.

        Raises:
            OSError: It is gone.
        """
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
        version = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if self._known is None or self._known[0] != version or len(content) != status.st_size:
            self._known = (version, hashlib.sha256(content).hexdigest())
        return content, self._known[1]


class AppServer(ThreadingHTTPServer):
    """Serves the app; `serve_forever` starts it, `address` is where it is.

    Args:
        app: The built app's folder.
        models: The model files'.
        port: 0 takes a free one.
        host: This machine alone, unless another of its addresses is given.
        handler: What answers.
        own: A user's model file to begin with, or None.

    Raises:
        ServerError: The app is not built or the port is taken.
    """

    daemon_threads = True

    def __init__(
        self,
        app: Path,
        models: Path,
        port: int,
        host: str = LOOPBACK,
        handler: "type[AppHandler] | None" = None,
        own: Path | None = None,
    ) -> None:
        self.served = served_files(app, models)
        if own is not None:
            self.served[f"{FOLDER}models/{OWN}"] = Served(own)
        self.models = ModelList(app / LIST, models, own)
        try:
            super().__init__((host, port), handler or AppHandler)
        except (OSError, OverflowError) as error:
            raise ServerError(f"port {port} cannot be used; choose another with --port") from error
        self.hosts = {f"{name}:{self.server_port}" for name in ("localhost", LOOPBACK)}

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that lets its connection go is no error; whatever else happens in an answer is printed.

        Args:
            request: The connection.
            client_address: Whose.
        """
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """Where the app is, for a browser on this machine."""
        return f"http://{LOOPBACK}:{self.server_port}{FOLDER}"


def app_folder() -> Path:
    """Where the built app lies: in the package.

    Returns:
        It is there once the app is built.
    """
    return Path(str(files("mien"))) / "server" / "app"


def served_files(app: Path, models: Path) -> dict[str, Served]:
    """Every address that there is, such as "/assets/index-1a2b.js".

    Args:
        app: The built app's folder.
        models: The model files'.

    Returns:
        Files by address.

    Raises:
        ServerError: The app is not built.
    """
    if not (app / "index.html").is_file():
        raise ServerError("the app is not built; `make app` builds it (with Node.js 20 or newer)")
    served = {
        f"{FOLDER}{path.relative_to(app).as_posix()}": Served(path, named_by_hash=path.parent.name == "assets")
        for path in app.rglob("*")
        if path.suffix in CONTENT_TYPES and path.is_file()
    }
    served[FOLDER] = served[f"{FOLDER}index.html"]
    served |= {f"{FOLDER}models/{path.name}": Served(path) for path in models.glob("*.onnx")}
    return served


class AppHandler(BaseHTTPRequestHandler):
    """Answers what a browser asks for; only the server's own names in the Host header are answered to."""

    server: AppServer
    protocol_version = "HTTP/1.1"
    server_version = "mien"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """Answer with the content."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """Answer with the headers alone."""
        self._answer(with_content=False)

    def _answer(self, with_content: bool) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        address = urlsplit(self.path)
        path = unquote(address.path)
        if path == "/":
            return self._lead(FOLDER)
        if path == OLD_WORKER:
            return self._send(RETIRE.encode(), ".js", "no-store", with_content)
        if path == FOLDER + LIST:
            return self._send(self.server.models.read(), ".json", "no-cache", with_content)
        served = self.server.served.get(path)
        try:
            content, sha256 = served.read() if served else (None, "")
        except OSError:
            content = None
        asked = parse_qs(address.query).get("sha256")
        # Another content than the one that is asked for is nothing that a browser may keep under its name.
        if served is None or content is None or asked not in (None, [sha256]):
            return self._refuse(HTTPStatus.NOT_FOUND)
        fresh_for_ever = served.named_by_hash or asked is not None
        self._send(
            content,
            served.path.suffix,
            "public, max-age=31536000, immutable" if fresh_for_ever else "no-cache",
            with_content,
            f'"{sha256}"',
        )

    def _send(self, content: bytes, suffix: str, cache: str, with_content: bool, tag: str | None = None) -> None:
        tag = tag or f'"{hashlib.sha256(content).hexdigest()}"'
        unchanged = self.headers.get("If-None-Match") == tag
        compressed = suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        if compressed and not unchanged:
            content = gzip.compress(content, 6, mtime=0)
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPES[suffix])
        self.send_header("Cache-Control", cache)
        self.send_header("ETag", tag)
        if suffix in COMPRESSED:
            self.send_header("Vary", "Accept-Encoding")
        if compressed and not unchanged:
            self.send_header("Content-Encoding", "gzip")
        if not unchanged:
            self.send_header("Content-Length", str(len(content)))
        self._end_headers()
        if with_content and not unchanged:
            self.wfile.write(content)

    def _lead(self, place: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", place)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self._end_headers()

    def _refuse(self, status: HTTPStatus) -> None:
        text = f"{status.value} {status.phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(text)))
        self._end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _end_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal quiet: the one line that matters is the address.

        Args:
            format: Not needed.
            *args: Not needed.
        """
