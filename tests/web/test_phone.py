"""`mien app --phone`: https in the local network, for the one browser that brings the code."""

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from chromium import PATIENCE

pytest.importorskip("cryptography")
pytest.importorskip("segno")

from mien.recognition.model import models_folder
from mien.server.phone import PhoneServer, local_address, qr_code
from mien.server.serving import ServerError, app_folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PhoneServer]:
    (tmp_path / "index.html").write_text("the app", encoding="utf-8")
    with PhoneServer(tmp_path, tmp_path, 0, host="127.0.0.1") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: PhoneServer, path: str, **headers: str) -> http.client.HTTPResponse:
    """The answer to a browser that has waved the certificate's warning away."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", server.server_port, context=context, timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_the_code_lets_one_browser_in_once(server: PhoneServer) -> None:
    assert ask(server, "/mien/").status == 403
    assert ask(server, "/mien/?code=guess").status == 403
    assert ask(server, "/mien/", Cookie="mien=guess").status == 403
    address = urlsplit(server.address)
    place = f"{address.path}?{address.query}"
    response = ask(server, place)
    assert (response.status, response.headers["Location"]) == (302, "/mien/")
    cookie = response.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/mien/"} <= set(cookie.split("; "))
    assert ask(server, "/mien/", Cookie=cookie.split(";")[0]).status == 200
    assert ask(server, place).status == 403  # the code is used up
    assert "code" not in server.address


def test_only_its_own_address_is_answered(server: PhoneServer) -> None:
    assert ask(server, "/mien/", Host="evil.example").status == 421


def test_plain_http_and_a_silent_browser_keep_nobody_waiting(server: PhoneServer) -> None:
    silent = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    silent.connect()
    plain = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    plain.request("GET", "/mien/")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        plain.getresponse()
    assert ask(server, "/mien/").status == 403
    silent.close()


def test_the_certificate_is_made_anew_at_every_start(server: PhoneServer, tmp_path: Path) -> None:
    assert "BEGIN CERTIFICATE" in ssl.get_server_certificate(("127.0.0.1", server.server_port))
    with PhoneServer(tmp_path, tmp_path, 0, host="127.0.0.1") as other:
        assert other.fingerprint != server.fingerprint
        assert other.address != server.address


def test_the_address_is_shown_as_a_qr_code() -> None:
    assert len(qr_code("https://192.168.1.20:8420/mien/?code=abcdefghijklmnop").splitlines()) > 10


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("unreachable")

    monkeypatch.setattr("socket.socket.connect", unreachable)
    with pytest.raises(ServerError, match="no network"):
        local_address()


def test_a_phones_browser_reads_the_camera_by_it(
    launch: Callable, video: Callable[[np.ndarray], Path], frame: np.ndarray, catalogue: list[dict]
) -> None:
    from playwright.sync_api import expect

    browser: Any = launch(video(frame))
    with PhoneServer(app_folder(), models_folder(), 0, host="127.0.0.1") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        context = browser.new_context(ignore_https_errors=True, permissions=["camera"])
        page = context.new_page()
        page.goto(server.address)
        assert "code" not in page.url
        page.get_by_role("button", name="Open the camera").click()
        expect(page.locator(".result:not(.empty) .result-share")).to_contain_text("%", timeout=PATIENCE)
        context.close()
        server.shutdown()
        thread.join()
