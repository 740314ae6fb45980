"""A service on this machine's loopback, and what its clients send; for the tests of `mien serve`."""

import http.client
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mien.recognition.recognizer import Recognizer
from mien.service.api import create_app
from mien.service.limits import Limits
from mien.service.running import listen, server_of

PORTRAIT = Path(__file__).parents[1] / "examples" / "obama.jpg"
BOUNDARY = "between-the-pictures"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@contextmanager
def service(recognizer: Any = None, limits: Limits | None = None, token: str | None = None) -> Iterator[int]:
    """A running service; gives its port."""
    limits = limits or Limits(at_once=2)
    app = create_app(recognizer or Recognizer(threads=1), limits, token)
    server = server_of(app, limits)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
            app.state.admission.close()


def ask(
    port: int, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """A request's status, headers and content; headers with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def told(answer: tuple[int, Any, bytes]) -> Any:
    """The JSON of an answer with status 200."""
    assert answer[0] == 200, answer
    return json.loads(answer[2])


def form(*files: tuple[str, bytes], field: str = "pictures") -> bytes:
    """The body of a form with files."""
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files
    )
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def picture(width: int, height: int, kind: str = "PNG", noise: bool = False) -> bytes:
    """A picture file without a face; with noise it cannot be compressed."""
    pixels = np.zeros((height, width), np.uint8)
    if noise:
        pixels = np.random.default_rng(0).integers(0, 255, (height, width), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()
