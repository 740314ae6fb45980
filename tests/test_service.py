"""`mien serve`: pictures in, faces out; nothing beyond its limits, nothing stored, every error one line."""

import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra 'serve'")

from serving import FORM, PORTRAIT, ask, form, picture, service, told

from mien.errors import MienError
from mien.expressions import NAMES
from mien.recognition.recognizer import Recognizer
from mien.service.guarding import check_token, is_loopback
from mien.service.limits import Limits

TOKEN = "a-token-of-some-length"
SMALL = Limits(picture_bytes=300_000, request_bytes=500_000, pixels=1_000_000, batch=3, at_once=2)
COMMAND = [sys.executable, "-c", "from mien.cli.main import main; main()", "serve", "--port", "0"]


class Held:
    """A recognizer that reads nothing until it is let go."""

    classes = NAMES

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Semaphore(0), threading.Event()
        self.model, self.gating = type("model", (), {"name": "held"}), "off"

    def recognize(self, _: object) -> list:
        self.begun.release()
        assert self.let_go.wait(30)
        return []


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(threads=1)


@pytest.fixture(scope="module")
def port(recognizer: Recognizer) -> Iterator[int]:
    with service(recognizer, SMALL) as port:
        yield port


def test_a_picture_is_read_as_the_library_reads_it(port: int, recognizer: Recognizer) -> None:
    answer = told(ask(port, "POST", "/v1/faces", PORTRAIT.read_bytes()))
    assert answer == {"faces": [face.to_dict() for face in recognizer.recognize(PORTRAIT)]}
    assert len(answer["faces"]) == 1


def test_a_picture_without_a_face_is_a_result(port: int) -> None:
    assert told(ask(port, "POST", "/v1/faces", picture(64, 48))) == {"faces": []}


def test_a_batch_answers_for_each_picture_in_its_order(port: int) -> None:
    files = [("note.txt", b"no picture"), ("ünï.jpg", PORTRAIT.read_bytes()), ("none.png", picture(64, 48))]
    broken, portrait, none = told(ask(port, "POST", "/v1/faces/batch", form(*files), Content_Type=FORM))["pictures"]
    assert broken == {"picture": "note.txt", "faces": None, "error": "note.txt: not a picture that can be read"}
    assert portrait["picture"] == "ünï.jpg"
    assert (len(portrait["faces"]), portrait["error"]) == (1, None)
    assert none == {"picture": "none.png", "faces": [], "error": None}


def test_one_large_picture_of_a_batch_ends_no_other(port: int) -> None:
    files = [("wide.png", picture(2000, 1000)), ("heavy.png", picture(600, 600, noise=True)), ("x.png", picture(9, 9))]
    wide, heavy, small = told(ask(port, "POST", "/v1/faces/batch", form(*files), Content_Type=FORM))["pictures"]
    assert wide["error"] == "wide.png: 2000x1000 is more than 1 megapixels; make it smaller"
    assert heavy["error"] == "heavy.png: more than 0.3 megabytes; make it smaller"
    assert small["faces"] == []


NO_FILE = form(("x.png", b"x"), field="others")
REFUSED = {
    "nothing": ("/v1/faces", b"", {}, 422, "empty"),
    "text": ("/v1/faces", b"no picture", {}, 422, "not a picture"),
    "half a picture": ("/v1/faces", PORTRAIT.read_bytes()[:9000], {}, 422, "broken"),
    "many pixels": ("/v1/faces", picture(8000, 8000), {}, 413, "8000x8000 is more than 1 megapixels"),
    "many bytes": ("/v1/faces", bytes(300_001), {}, 413, "0.3 megabytes"),
    "far more bytes": ("/v1/faces", bytes(30_000_000), {}, 413, "0.3 megabytes"),
    "a stream of bytes": ("/v1/faces", (bytes(99_999) for _ in range(300)), {}, 413, "0.3 megabytes"),
    "a form": ("/v1/faces", form(("x.png", b"x")), {"Content_Type": FORM}, 415, "--data-binary"),
    "no form": ("/v1/faces/batch", b"{}", {"Content_Type": "application/json"}, 415, "-F pictures"),
    "no boundary": ("/v1/faces/batch", b"{}", {"Content_Type": "multipart/form-data"}, 422, "boundary"),
    "half a form": ("/v1/faces/batch", b"--x\r\nno", {"Content_Type": FORM}, 422, "not a form"),
    "no file": ("/v1/faces/batch", NO_FILE, {"Content_Type": FORM}, 422, "called 'pictures'"),
    "many files": ("/v1/faces/batch", form(*[("x.png", b"x")] * 4), {"Content_Type": FORM}, 413, "more than 3 pict"),
    "a large form": ("/v1/faces/batch", form(("x", bytes(600_000))), {"Content_Type": FORM}, 413, "0.5 megabytes"),
    "no such address": ("/nothing", b"", {}, 404, "/openapi.json"),
    "another name": ("/v1/faces", b"", {"Host": "evil.example"}, 421, "127.0.0.1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_gets_one_line(port: int, case: str) -> None:
    path, body, headers, status, part = REFUSED[case]
    given, _, content = ask(port, "POST", path, body, **headers)
    said = json.loads(content)
    assert given == status
    assert list(said) == ["error"]
    assert part in said["error"]
    assert said["error"].isprintable()


def test_an_address_without_a_method_says_which_it_has(port: int) -> None:
    status, headers, content = ask(port, "GET", "/v1/faces")
    assert (status, headers["Allow"]) == (405, "POST")
    assert "error" in json.loads(content)


def test_no_picture_is_stored_or_logged(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def stored(*_: object, **__: object) -> None:
        raise AssertionError("a picture would lie on the disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", stored)
    monkeypatch.setattr(tempfile, "TemporaryFile", stored)
    large = picture(2000, 2000, noise=True)
    assert len(large) > 3_000_000
    with service(recognizer) as port:
        body = form(("private.png", large), ("private.txt", b"x"))
        answers = told(ask(port, "POST", "/v1/faces/batch", body, Content_Type=FORM))["pictures"]
        assert [answer["faces"] for answer in answers] == [[], None]
        counted = ask(port, "GET", "/metrics")[2].decode()
    assert "private" not in counted
    assert capfd.readouterr() == ("", "")


def test_requests_beyond_those_that_may_wait_are_told_to_come_again() -> None:
    held = Held()
    answers: list[int] = []
    with service(held, Limits(at_once=1, waiting=1)) as port:
        ask_one = lambda: answers.append(ask(port, "POST", "/v1/faces", picture(9, 9))[0])  # noqa: E731
        threads = [threading.Thread(target=ask_one) for _ in range(2)]
        threads[0].start()
        assert held.begun.acquire(timeout=30)
        threads[1].start()
        wait_for(port, "mien_in_flight 2.0")
        status, headers, content = ask(port, "POST", "/v1/faces", bytes(5_000_000))
        assert (status, headers["Retry-After"]) == (429, "1")
        assert "try again" in json.loads(content)["error"]
        assert told(ask(port, "GET", "/health"))["status"] == "ok"  # it answers all the while
        held.let_go.set()
        for thread in threads:
            thread.join()
        assert answers == [200, 200]
        assert ask(port, "POST", "/v1/faces", picture(9, 9))[0] == 200


def test_what_takes_too_long_is_answered_and_keeps_its_place_until_it_ends() -> None:
    held = Held()
    with service(held, Limits(at_once=1, waiting=0, seconds=1)) as port:
        status, headers, content = ask(port, "POST", "/v1/faces", picture(9, 9))
        assert (status, headers["Retry-After"]) == (503, "5")
        assert "1 seconds" in json.loads(content)["error"]
        assert ask(port, "POST", "/v1/faces", picture(9, 9))[0] == 429  # its thread cannot be ended
        held.let_go.set()
        wait_for(port, "mien_in_flight 0.0")
        assert ask(port, "POST", "/v1/faces", picture(9, 9))[0] == 200


def test_who_sends_too_slowly_is_told(recognizer: Recognizer) -> None:
    with service(recognizer, Limits(seconds=1, at_once=1)) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.putrequest("POST", "/v1/faces")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"only this")
        response = connection.getresponse()
        assert response.status == 408
        assert "1 seconds" in json.loads(response.read())["error"]
        connection.close()


def test_what_nobody_foresaw_says_nothing_of_the_picture(capfd: pytest.CaptureFixture[str]) -> None:
    class Failing(Held):
        def recognize(self, _: object) -> list:
            raise RuntimeError("a secret of the picture")

    with service(Failing()) as port:
        status, _, content = ask(port, "POST", "/v1/faces", picture(9, 9))
        assert ask(port, "GET", "/health")[0] == 200
    assert status == 500
    assert list(json.loads(content)) == ["error"]
    printed = capfd.readouterr()
    assert re.fullmatch(r"mien: unforeseen RuntimeError \(test_service\.py:\d+\)\n", printed.err)
    assert "secret" not in content.decode() + printed.out


def test_with_a_token_nobody_asks_without_it(recognizer: Recognizer) -> None:
    with service(recognizer, token=TOKEN) as port:
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer é"}):
            for method, path in (("POST", "/v1/faces"), ("GET", "/metrics"), ("GET", "/openapi.json")):
                status, headers, content = ask(port, method, path, b"x" * 100, **wrong)
                assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
                assert "token" in json.loads(content)["error"]
        right = {"Authorization": f"Bearer {TOKEN}", "Host": "faces.example"}
        assert len(told(ask(port, "POST", "/v1/faces", PORTRAIT.read_bytes(), **right))["faces"]) == 1
        assert ask(port, "GET", "/health")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "faces.example"])
def test_other_machines_reach_it_with_a_token_alone(host: str) -> None:
    with pytest.raises(MienError, match="MIEN_SERVE_TOKEN"):
        check_token(host, None)
    with pytest.raises(MienError, match="fewer than 16"):
        check_token(host, "short")
    check_token(host, TOKEN)


def test_this_machine_is_known_by_all_its_names() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "localhost.example", "10.0.0.1")))


def test_metrics_count_what_was_answered(recognizer: Recognizer) -> None:
    with service(recognizer) as port:
        ask(port, "POST", "/v1/faces", PORTRAIT.read_bytes())
        ask(port, "POST", "/v1/faces", b"no picture")
        ask(port, "GET", f"/{'x' * 50}")
        counted = ask(port, "GET", "/metrics")[2].decode()
    assert 'mien_requests_total{path="/v1/faces",status="200"} 1.0' in counted
    assert 'mien_requests_total{path="/v1/faces",status="422"} 1.0' in counted
    assert 'mien_requests_total{path="other",status="404"} 1.0' in counted
    assert "mien_faces_total 1.0" in counted
    assert "mien_pictures_total 1.0" in counted
    assert "xxx" not in counted


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
def test_when_it_ends_it_answers_what_it_has_let_in() -> None:
    with started() as (process, port):
        content = PORTRAIT.read_bytes()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest("POST", "/v1/faces")
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content[:100])
        wait_for(port, "mien_in_flight 1.0")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.send(content[100:])
        response = connection.getresponse()
        assert len(json.loads(response.read())["faces"]) == 1
        connection.close()
        assert process.wait(30) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("ended\n", "")


def test_it_prints_nothing_of_what_is_sent() -> None:
    two = io.BytesIO()
    Image.new("L", (9, 9)).save(two, "GIF", save_all=True, append_images=[Image.new("L", (9, 9), 255)])
    with started() as (process, port):
        for content in (two.getvalue(), picture(10_000, 10_000), b"no picture"):
            ask(port, "POST", "/v1/faces/batch", form(("private.gif", content)), Content_Type=FORM)
        process.terminate()
        assert process.wait(30) == 0 or os.name == "nt"
        assert (process.stdout.read(), process.stderr.read()) == ("ended\n", "") or os.name == "nt"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--host", "0.0.0.0"], "MIEN_SERVE_TOKEN"),
        (["--host", "nowhere.invalid"], "MIEN_SERVE_TOKEN"),
        (["--model", "none"], "unknown model"),
        (["--device", "none"], "none"),
    ],
)
def test_what_it_cannot_start_with_is_one_line(options: list[str], part: str) -> None:
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert part in done.stderr


def test_a_port_that_is_taken_is_one_line(port: int) -> None:
    done = subprocess.run([*COMMAND[:-1], str(port)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--port" in done.stderr


def test_without_the_extra_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['fastapi'] = None; " + COMMAND[2]
    done = subprocess.run([sys.executable, "-c", code, "serve"], capture_output=True, text=True)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "mien[serve]" in done.stderr


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen, int]]:
    """The command as a process of its own, and its port."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(re.search(r":(\d+)/", process.stdout.readline())[1])
        finally:
            process.kill()


def wait_for(port: int, line: str) -> None:
    """Until the service's metrics have a line."""
    end = time.monotonic() + 30
    while line not in ask(port, "GET", "/metrics")[2].decode():
        assert time.monotonic() < end, f"no {line}"
        time.sleep(0.02)
