"""The Android app without Android: its page out of the signed APK, the desktop's runtime behind its messages."""

import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from mien.recognition.model import models_folder
from mien.server.serving import CONTENT_TYPES, LOOPBACK

ROOT = Path(__file__).parents[2]
APK = ROOT / "out" / "mien.apk"
ASSETS = "assets/app/"
CACHE = Path(os.environ.get("MIEN_ANDROID_CACHE") or Path.home() / ".cache" / "mien-android")
AGENT = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 "
    "Mobile Safari/537.36 MienAndroid/2"
)
# The bytes of one; every shipped model takes them this large.
FACE = 48 * 48
SCREEN = {"viewport": {"width": 412, "height": 915}, "is_mobile": True, "has_touch": True}


def page_files() -> dict[str, bytes] | None:
    """The page's files in the APK by their address; None where the APK is not built."""
    if not APK.is_file():
        return None
    with zipfile.ZipFile(APK) as archive:
        names = [name for name in archive.namelist() if name.startswith(ASSETS)]
        return {name.removeprefix(ASSETS): archive.read(name) for name in names}


def can_run_engine() -> bool:
    """Whether Java and ONNX Runtime for it are here."""
    return bool(shutil.which("javac") and list(CACHE.glob("onnxruntime-[0-9]*.jar")))


@contextmanager
def desktop_engine() -> Iterator[str]:
    """The address of the desktop's runtime behind the phone's messages."""
    runtime = max(CACHE.glob("onnxruntime-[0-9]*.jar"))
    java = ROOT / "android" / "src"
    sources = [
        *(java / "main/java/app/mien/inference").glob("*.java"),
        java / "test/java/app/mien/inference/DesktopEngine.java",
    ]
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run(["javac", "-cp", runtime, "-d", classes, *sources], check=True)
        # An answer goes at once, without waiting for more; a connection stays open while a test does something else.
        http = ["-Dsun.net.httpserver.nodelay=true", "-Dsun.net.httpserver.idleInterval=3600"]
        command = ["java", *http, "-cp", f"{classes}:{runtime}", "app.mien.inference.DesktopEngine", models_folder()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout
            try:
                yield f"http://{LOOPBACK}:{int(process.stdout.readline())}/"
            finally:
                process.kill()


class Asked(NamedTuple):
    """A request to the engine: its path, how many faces it held, and the status of the answer."""

    path: str
    faces: int
    status: int

    @property
    def what(self) -> str:
        """open, run or close."""
        return self.path.split("/")[2]


@contextmanager
def phone(assets: dict[str, bytes], engine: str | None) -> Iterator[tuple[str, list[Asked]]]:
    """The shell's part: the page's address, and what was asked of the engine."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        # Connections stay open, so that a message costs about what it costs in the phone, and not a new connection.
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            self.engine = HTTPConnection(engine.split("/")[2]) if engine else None

        def finish(self) -> None:
            super().finish()
            if self.engine:
                self.engine.close()

        def do_GET(self) -> None:
            path = self.path[1:].partition("?")[0] or "index.html"
            kind = CONTENT_TYPES.get(Path(path).suffix, "text/plain")
            if path.startswith("native/"):
                status, body = self.native(path)
                faces = len(self.headers.get("Mien-Faces", "")) * 3 // 4 // FACE
                asked.append(Asked(path, faces, status))
            elif path in assets:
                status, body = 200, assets[path]
            else:
                status, body = 404, b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def native(self, path: str) -> tuple[int, bytes]:
            if self.engine is None:
                return 404, b""
            faces = self.headers.get("Mien-Faces")
            self.engine.request("GET", f"/{path}", headers={"Mien-Faces": faces} if faces else {})
            answer = self.engine.getresponse()
            return answer.status, answer.read()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with listening(Handler) as address:
        yield address, asked


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on this machine that answers by `handler` meanwhile."""
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
