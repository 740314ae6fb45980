import pytest
import torch

from mien.training.precision import precision_for


@pytest.fixture
def no_gpu(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)


@pytest.mark.parametrize("told", [{"avx512_bf16": True}, {"amx_bf16": True, "avx2": True}, {"bf16": True}])
def test_a_processor_with_bf16_instructions_keeps_the_recipes_precision(monkeypatch, no_gpu, told) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    assert precision_for("cpu", "bf16-mixed") == precision_for("auto", "bf16-mixed") == "bf16-mixed"


@pytest.mark.parametrize("told", [{"avx2": True, "avx512_bf16": False}, {"neon": True}])
def test_a_processor_without_them_takes_float32(monkeypatch, no_gpu, told) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    assert precision_for("cpu", "bf16-mixed") == precision_for("auto", "bf16-mixed") == "32-true"


def test_an_older_torch_that_cannot_tell_takes_float32(monkeypatch, no_gpu) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert precision_for("cpu", "bf16-mixed") == "32-true"


@pytest.mark.parametrize(("native", "taken"), [(True, "bf16-mixed"), (False, "32-true")])
def test_a_gpu_is_asked_for_its_own_bf16_and_not_for_an_imitation(monkeypatch, native, taken) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    assert precision_for("auto", "bf16-mixed") == precision_for("cuda", "bf16-mixed") == taken


def test_float32_stays_float32(no_gpu) -> None:
    assert precision_for("cpu", "32-true") == "32-true"
