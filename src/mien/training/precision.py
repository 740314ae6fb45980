"""The precision that a machine is fast in."""

from collections.abc import Mapping
from typing import Any

import torch

# torch's names for them: x86-64's AVX-512 and AMX, ARM's.
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")


def processor_has_bf16() -> bool:
    """Whether the processor computes in bfloat16 itself; no where torch is too old to tell."""
    told: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(told.get(name, False) for name in _INSTRUCTIONS)


def precision_for(accelerator: str, wanted: str) -> str:
    """A recipe's precision, or "32-true" on a processor that has no bfloat16: imitating it takes many times longer.

    accelerator: as Fabric has it; "auto" is the processor where there is nothing else.
    """
    on_processor = accelerator == "cpu" or (accelerator == "auto" and not torch.accelerator.is_available())
    return "32-true" if on_processor and not processor_has_bf16() else wanted


def described(precision: str, wanted: str) -> str:
    """`precision` for whoever waits, with the reason where it is not the recipe's."""
    return precision if precision == wanted else f"{precision} ({wanted} is slow on this processor)"
