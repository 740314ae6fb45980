"""The app's server gives out the app and the models, on this machine's own names, and nothing else."""

import http.client
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.server.serving import SECURITY_HEADERS, AppServer, ServerError

ROOT = Path(__file__).parents[2]
FILES = {
    "index.html": "text/html; charset=utf-8",
    "sw.js": "text/javascript; charset=utf-8",
    "assets/index-1a2b.js": "text/javascript; charset=utf-8",
    "assets/runtime-3c4d.wasm": "application/wasm",
    "manifest.webmanifest": "application/manifest+json",
    "icon.svg": "image/svg+xml",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AppServer]:
    for name in (*FILES, "notes.secret"):
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}", encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.onnx").write_bytes(b"\x08\x09")
    (tmp_path / "outside.js").write_text("secret", encoding="utf-8")
    with AppServer(tmp_path / "app", tmp_path / "models", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: AppServer, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """The answer to a request as a browser on this machine makes it; headers with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_every_file_comes_whole_with_its_type(server: AppServer) -> None:
    for name, kind in FILES.items():
        response, content = ask(server, f"/{name}")
        assert response.status == 200
        assert response.headers["Content-Type"] == kind
        assert content.decode() == f"content of {name}"
    assert ask(server, "/")[1] == ask(server, "/index.html")[1]
    assert ask(server, "/models/small.onnx")[1] == b"\x08\x09"


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/models/",
        "/notes.secret",
        "/../outside.js",
        "/assets/../../outside.js",
        "/%2e%2e/outside.js",
        "//outside.js",
        "/index.html/",
        "/models/../app/index.html",
        "/missing.js",
    ],
)
def test_nothing_else_can_be_asked_for(server: AppServer, path: str) -> None:
    assert ask(server, path)[0].status == 404


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1", "localhost:PORT.evil.example", ""])
def test_other_host_names_are_refused(server: AppServer, host: str) -> None:
    response, content = ask(server, "/", Host=host.replace("PORT", str(server.server_port)))
    assert response.status == 421
    assert b"content of" not in content


def test_the_machines_own_names_are_served(server: AppServer) -> None:
    for name in ("localhost", "127.0.0.1"):
        assert ask(server, "/", Host=f"{name}:{server.server_port}")[0].status == 200


def test_only_reading_is_answered(server: AppServer) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(server, "/", method)[0].status == 501
    response, content = ask(server, "/index.html", "HEAD")
    assert response.status == 200
    assert response.headers["Content-Length"] == str(len("content of index.html"))
    assert content == b""


def test_what_is_named_by_its_content_is_kept_and_the_rest_is_asked_for_again(server: AppServer) -> None:
    def cache(path: str) -> str:
        return ask(server, path)[0].headers["Cache-Control"]

    sha256 = server.served["/models/small.onnx"].sha256
    for path in ("/assets/index-1a2b.js", f"/models/small.onnx?sha256={sha256}"):
        assert "immutable" in cache(path)
    for path in ("/", "/sw.js", "/models/small.onnx", "/models/small.onnx?sha256=other"):
        assert cache(path) == "no-cache"
    tag = ask(server, "/sw.js")[0].headers["ETag"]
    response, content = ask(server, "/sw.js", If_None_Match=tag)
    assert (response.status, content) == (304, b"")


def test_every_answer_carries_the_policy_and_it_is_the_pages_own(server: AppServer) -> None:
    for path in ("/", "/assets/runtime-3c4d.wasm", "/missing.js"):
        headers = ask(server, path)[0].headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    page = (ROOT / "web" / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', page)
    assert policy is not None
    assert SECURITY_HEADERS["Content-Security-Policy"] == f"{policy[1]}; frame-ancestors 'none'"
    assert "http" not in policy[1]  # no other origin, by any name


def test_a_browser_that_goes_away_is_not_worth_a_line(server: AppServer, capsys: pytest.CaptureFixture) -> None:
    for error, worth in ((ConnectionResetError("gone"), False), (ValueError("a fault of ours"), True)):
        try:
            raise error
        except (ConnectionError, ValueError):
            server.handle_error(None, ("127.0.0.1", 1))
        assert ("a fault of ours" in capsys.readouterr().err) is worth


def test_a_taken_port_and_a_missing_build_are_said_in_one_line(server: AppServer, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="choose another with --port"):
        AppServer(tmp_path / "app", tmp_path / "models", server.server_port)
    with pytest.raises(ServerError, match="make app"):
        AppServer(tmp_path / "models", tmp_path / "models", 0)
