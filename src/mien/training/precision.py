"""The precision that a machine is fast in."""

from collections.abc import Mapping
from typing import Any

import torch

# torch's names for them: x86-64's AVX-512 and AMX, ARM's.
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")


def precision_for(accelerator: str, wanted: str) -> str:
    """A recipe's precision, or "32-true" on a machine without bfloat16 of its own: to imitate it takes far longer.

    Args:
        accelerator: As Fabric has it; "auto" is the processor where there is nothing else.
        wanted: The recipe's.

    Returns:
        As Fabric has it.
    """
    return wanted if _has_bf16(accelerator) else "32-true"


def _has_bf16(accelerator: str) -> bool:
    if accelerator != "cpu" and torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if accelerator != "cpu" and torch.accelerator.is_available():
        return True
    told: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch cannot tell
    return any(told.get(name, False) for name in _INSTRUCTIONS)


def described(precision: str, wanted: str) -> str:
    """`precision` for whoever waits, with the reason where it is not the recipe's.

    Args:
        precision: What is used.
        wanted: The recipe's.

    Returns:
        A few words.
    """
    return precision if precision == wanted else f"{precision} ({wanted} is slow on this machine)"
