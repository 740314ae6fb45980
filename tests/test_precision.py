import pytest
import torch

from mien.training.precision import precision_for, processor_has_bf16


@pytest.mark.parametrize("told", [{"avx512_bf16": True}, {"amx_bf16": True, "avx2": True}, {"bf16": True}])
def test_a_processor_with_bf16_instructions_keeps_the_recipes_precision(monkeypatch, told) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    assert precision_for("cpu", "bf16-mixed") == "bf16-mixed"


@pytest.mark.parametrize("told", [{"avx2": True, "avx512_bf16": False}, {"neon": True}])
def test_a_processor_without_them_takes_float32(monkeypatch, told) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told, raising=False)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert precision_for("cpu", "bf16-mixed") == precision_for("auto", "bf16-mixed") == "32-true"
    assert precision_for("cuda", "bf16-mixed") == "bf16-mixed"
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    assert precision_for("auto", "bf16-mixed") == "bf16-mixed"


def test_float32_stays_float32() -> None:
    assert precision_for("cpu", "32-true") == "32-true"


def test_an_older_torch_that_cannot_tell_takes_float32(monkeypatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not processor_has_bf16()
