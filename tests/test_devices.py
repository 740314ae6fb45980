"""Where models run; without such hardware, ONNX Runtime's list of providers is replaced."""

import numpy as np
import onnxruntime
import pytest
from typer.testing import CliRunner

from mien import Recognizer
from mien.cli.main import app
from mien.errors import MienError, MienWarning
from mien.recognition import devices
from mien.recognition.devices import PROVIDERS, choose

REAL = onnxruntime.InferenceSession


class Pretended:
    """A session that says it runs on what it was asked for, and runs on the CPU."""

    asked: list = []  # noqa: RUF012

    def __init__(self, path, options, providers):
        self.asked.append(providers)
        self._real = REAL(path, options, providers=["CPUExecutionProvider"])
        self._names = [provider if isinstance(provider, str) else provider[0] for provider in providers]

    def get_providers(self):
        return self._names

    def __getattr__(self, name):
        return getattr(self._real, name)


class FallingBack(Pretended):
    def get_providers(self):
        return ["CPUExecutionProvider"]


class Refusing(Pretended):
    def __init__(self, path, options, providers):
        if len(providers) > 1:
            raise RuntimeError("no kernel image is available")
        super().__init__(path, options, providers)

    def get_providers(self):
        return ["CPUExecutionProvider"]


def offer(monkeypatch, *names):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [PROVIDERS[name] for name in names])


def test_a_device_that_is_not_there_is_one_line(monkeypatch):
    offer(monkeypatch, "cpu", "coreml")
    with pytest.raises(MienError, match=r"no device 'cuda' here: the installed ONNX Runtime offers coreml, cpu$"):
        Recognizer(device="cuda")
    with pytest.raises(MienError, match="unknown device 'gpu'; there are auto, cuda, "):
        Recognizer(device="gpu")


def test_auto_takes_the_best_that_is_there(monkeypatch):
    for offered, best in (
        (["cpu"], "cpu"),
        (["tensorrt", "cuda", "cpu"], "cuda"),
        (["openvino", "cpu"], "cpu"),
        (["directml", "cpu"], "directml"),
    ):
        offer(monkeypatch, *offered)
        assert choose("auto") == best
    assert choose("directml:1") == "directml:1"


def test_the_device_is_asked_for_and_told(monkeypatch):
    offer(monkeypatch, "cuda", "cpu")
    monkeypatch.setattr(onnxruntime, "InferenceSession", Pretended)
    Pretended.asked.clear()
    recognizer = Recognizer(device="cuda:1")
    assert recognizer.model.device == "cuda:1"
    (provider, options), last = Pretended.asked[0]
    assert (provider, options["device_id"], last) == ("CUDAExecutionProvider", "1", "CPUExecutionProvider")
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    assert np.array_equal(recognizer.classify(faces).probabilities, Recognizer().classify(faces).probabilities)


@pytest.mark.parametrize("session", [FallingBack, Refusing])
def test_a_device_that_cannot_be_started_is_said_and_the_cpu_used(monkeypatch, session):
    offer(monkeypatch, "cuda", "cpu")
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with pytest.warns(MienWarning, match="cuda cannot be started"):
        recognizer = Recognizer(device="cuda")
    assert recognizer.model.device == "cpu"
    assert recognizer.classify(np.zeros((1, 48, 48), np.uint8)).probabilities.shape == (1, 7)


@pytest.mark.parametrize(("session", "said"), [(Pretended, "runs on cuda"), (FallingBack, "cannot be started")])
def test_the_command_says_in_one_line_what_is_used(monkeypatch, tmp_path, session, said):
    from PIL import Image

    offer(monkeypatch, "cuda", "cpu")
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    Image.new("L", (60, 60)).save(tmp_path / "a.png")
    done = CliRunner().invoke(app, ["predict", str(tmp_path / "a.png"), "--device", "cuda"])
    assert done.exit_code == 0, done.output
    assert [said in line for line in done.stderr.splitlines()] == [True]


def test_every_provider_is_known_by_one_name():
    assert len(set(devices.PROVIDERS.values())) == len(devices.PROVIDERS)
    assert "cpu" in devices.installed()
