"""What a training may run on: one line says what there is, and nothing is begun where it is not there."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from mien.cli.main import app
from mien.errors import MienError
from mien.training import devices
from mien.training.devices import devices_here, fabric_for

RECIPE = Path(__file__).parents[1] / "recipes" / "shipped" / "mobilenet_v2_cpu.toml"
STARGAN = Path(__file__).parents[1] / "recipes" / "stargan_cpu.toml"


@pytest.fixture(autouse=True)
def only_two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(devices, "cores", lambda: 2)


@pytest.mark.parametrize("accelerator", ["cuda", "gpu", "tpu", "mps", "CPU", ""])
def test_accelerators_that_are_not_there_are_refused(accelerator: str) -> None:
    with pytest.raises(MienError, match=rf"no accelerator '{accelerator}' on this machine; there is cpu \(2 cores\)"):
        fabric_for(accelerator, 1, "32-true")


@pytest.mark.parametrize("count", [3, 9, 0, -1])
def test_more_devices_than_there_are_are_refused(count: int) -> None:
    for accelerator in ("auto", "cpu"):
        with pytest.raises(
            MienError, match=rf"{count} devices of cpu are not on this machine; there is cpu \(2 cores\)"
        ):
            fabric_for(accelerator, count, "32-true")


def test_what_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fabric_for("auto", 1, "32-true").device.type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert devices_here() == {"cuda": 4, "cpu": 2}
    with pytest.raises(MienError, match=r"5 devices of cuda are not .* there is cuda \(4 devices\), cpu \(2 cores\)"):
        fabric_for("auto", 5, "32-true")


@pytest.mark.parametrize(
    "options", [["train", str(RECIPE), "--weights", "none"], ["synth", "train", str(STARGAN)]], ids=["train", "synth"]
)
@pytest.mark.parametrize("accelerator", ["cuda", "tpu"])
def test_the_commands_say_it_before_they_read_a_picture(options: list[str], accelerator: str, tmp_path: Path) -> None:
    words = [*options, "--data", "nowhere", "--out", str(tmp_path / "run"), "--accelerator", accelerator]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, MienError)
    assert "there is cpu" in str(result.exception)
    assert not (tmp_path / "run").exists()


def test_no_threads_are_refused() -> None:
    for command in (["train", str(RECIPE)], ["synth", "train", str(STARGAN)]):
        result = CliRunner().invoke(app, [*command, "--data", "nowhere", "--threads", "0"])
        assert result.exit_code == 2
        assert "threads" in result.output
