"""The devices that a training can run on here, and a Fabric on the ones that were asked for."""

import torch
from lightning_fabric import Fabric

from mien.cores import cores
from mien.errors import MienError


def devices_here() -> dict[str, int]:
    """What this machine has, the fastest first.

    Returns:
        How many GPUs under "cuda" and "mps", how many cores under "cpu".
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = {"cuda": gpus, "mps": int(torch.backends.mps.is_available()), "cpu": cores()}
    return {name: count for name, count in there.items() if count}


def fabric_for(accelerator: str, devices: int, precision: str) -> Fabric:
    """A Fabric, not launched yet.

    Args:
        accelerator: "auto" for the fastest that is there, "cpu", "cuda" or "mps".
        devices: How many GPUs, or how many processes on a CPU.
        precision: "32-true" or "bf16-mixed".

    Returns:
        The Fabric.

    Raises:
        MienError: Where this machine has no such accelerator or fewer devices; says what it has.
    """
    there = devices_here()
    told = ", ".join(f"{name} ({count} {'cores' if name == 'cpu' else 'devices'})" for name, count in there.items())
    kind = next(iter(there)) if accelerator == "auto" else accelerator
    if kind not in there:
        raise MienError(
            f"there is no accelerator '{accelerator}' on this machine; there is {told}; auto takes the first"
        )
    if not 1 <= devices <= there[kind]:
        raise MienError(f"{devices} devices of {kind} are not on this machine; there is {told}")
    try:
        return Fabric(accelerator=accelerator, devices=devices, precision=precision)  # type: ignore[arg-type]
    except (RuntimeError, ValueError) as error:  # a driver that does not answer, a cluster's own settings
        raise MienError(f"{kind} cannot be used: {' '.join(str(error).split())[:200]}; there is {told}") from error
