"""The app's server gives out the app and the models, on this machine's own names, and nothing else."""

import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.provenance import file_hash
from mien.recognition.model import models_folder
from mien.server.listing import ModelList
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
        response, content = ask(server, f"/mien/{name}")
        assert response.status == 200
        assert response.headers["Content-Type"] == kind
        assert content.decode() == f"content of {name}"
    assert ask(server, "/mien/")[1] == ask(server, "/mien/index.html")[1]
    assert ask(server, "/mien/models/small.onnx")[1] == b"\x08\x09"


@pytest.mark.parametrize(
    "path",
    [
        "/mien/assets",
        "/mien/assets/",
        "/mien/models/",
        "/mien/notes.secret",
        "/mien/../outside.js",
        "/mien/assets/../../outside.js",
        "/mien/%2e%2e/outside.js",
        "/mien//outside.js",
        "/outside.js",
        "/index.html",
        "/mien/index.html/",
        "/mien/models/../app/index.html",
        "/mien/missing.js",
    ],
)
def test_nothing_else_can_be_asked_for(server: AppServer, path: str) -> None:
    assert ask(server, path)[0].status == 404


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1", "localhost:PORT.evil.example", ""])
def test_other_host_names_are_refused(server: AppServer, host: str) -> None:
    response, content = ask(server, "/mien/", Host=host.replace("PORT", str(server.server_port)))
    assert response.status == 421
    assert b"content of" not in content


def test_the_machines_own_names_are_served(server: AppServer) -> None:
    for name in ("localhost", "127.0.0.1"):
        assert ask(server, "/mien/", Host=f"{name}:{server.server_port}")[0].status == 200


def test_only_reading_is_answered(server: AppServer) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(server, "/", method)[0].status == 501
    response, content = ask(server, "/mien/index.html", "HEAD")
    assert response.status == 200
    assert response.headers["Content-Length"] == str(len("content of index.html"))
    assert content == b""


def test_what_is_named_by_its_content_is_kept_and_the_rest_is_asked_for_again(server: AppServer) -> None:
    def cache(path: str) -> str:
        return ask(server, path)[0].headers["Cache-Control"]

    sha256 = hashlib.sha256(b"\x08\x09").hexdigest()
    for path in ("/mien/assets/index-1a2b.js", f"/mien/models/small.onnx?sha256={sha256}"):
        assert "immutable" in cache(path)
    for path in ("/mien/", "/mien/sw.js", "/mien/models/small.onnx", "/mien/models.json"):
        assert cache(path) == "no-cache"
    assert cache("/mien/models/small.onnx?sha256=other") == "no-store"
    for path in ("/mien/sw.js", "/mien/models.json"):
        tag = ask(server, path)[0].headers["ETag"]
        response, content = ask(server, path, If_None_Match=tag)
        assert (response.status, content) == (304, b"")


def test_text_is_compressed_for_those_who_take_it(server: AppServer) -> None:
    response, content = ask(server, "/mien/sw.js", Accept_Encoding="gzip, br")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert int(response.headers["Content-Length"]) == len(content)
    assert gzip.decompress(content) == b"content of sw.js"
    for path in ("/mien/sw.js", "/mien/assets/runtime-3c4d.wasm"):
        assert ask(server, path)[0].headers["Content-Encoding"] is None
    assert ask(server, "/mien/models/small.onnx", Accept_Encoding="gzip")[0].headers["Content-Encoding"] is None


def test_a_file_that_is_replaced_is_never_served_under_the_old_hash(server: AppServer, tmp_path: Path) -> None:
    path = tmp_path / "models" / "small.onnx"
    before = path.stat()
    old = f"/mien/models/small.onnx?sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert ask(server, old)[0].status == 200
    # Of the same size and with the same time, as `cp -p` makes it.
    other = b"\x08\x0a"
    path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ask(server, old)[0].status == 404
    new = f"/mien/models/small.onnx?sha256={hashlib.sha256(other).hexdigest()}"
    response, content = ask(server, new)
    assert (response.status, content) == (200, other)
    assert "immutable" in response.headers["Cache-Control"]
    path.unlink()
    assert ask(server, new)[0].status == 404


def test_the_list_of_models_is_that_of_the_files(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(models_folder() / "vit_tiny.onnx", models / "tiny.onnx")
    (models / "same.onnx").write_bytes(b"same")
    (models / "broken.onnx").write_bytes(b"broken")
    old = [
        {"url": f"models/{name}.onnx?sha256=x", "bytes": 1, "sha256": "x", "properties": {}}
        for name in ("tiny", "gone", "broken")
    ]
    sha256 = hashlib.sha256(b"same").hexdigest()
    same = {"url": "models/same.onnx", "bytes": 4, "sha256": sha256, "properties": {"a": "b"}}
    (tmp_path / "models.json").write_text(json.dumps({"models": [*old, same]}), encoding="utf-8")
    tiny, kept = json.loads(ModelList(tmp_path / "models.json", models).read())["models"]
    assert kept == same
    sha256 = file_hash(models / "tiny.onnx")
    assert tiny["url"] == f"models/tiny.onnx?sha256={sha256}"
    assert (tiny["sha256"], tiny["bytes"]) == (sha256, (models / "tiny.onnx").stat().st_size)
    assert tiny["properties"]["name"] == "vit_tiny"


def test_the_port_itself_leads_to_the_app_and_an_old_worker_there_retires(server: AppServer) -> None:
    response, _ = ask(server, "/")
    assert (response.status, response.headers["Location"]) == (302, "/mien/")
    assert response.headers["Cache-Control"] == "no-store"
    response, content = ask(server, "/sw.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert b"unregister" in content


def test_every_answer_carries_the_policy_and_it_is_the_pages_own(server: AppServer) -> None:
    for path in ("/", "/mien/", "/mien/assets/runtime-3c4d.wasm", "/missing.js"):
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
