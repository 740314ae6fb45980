"""Where models run: ONNX Runtime's execution providers by short names."""

import re

from mien.errors import MienError
from mien.recognition.runtime import onnxruntime

CPU = "cpu"
AUTO = "auto"
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    CPU: "CPUExecutionProvider",
}
"""Providers of devices, in the order in which "auto" prefers them."""
_ONLY_BY_NAME = ("tensorrt", "openvino")
"""They compile a model for minutes, or run it on the CPU again."""
_DEVICE = re.compile(r"([a-z0-9]+)(?::(\d+))?")


def installed() -> list[str]:
    """The devices that the installed ONNX Runtime knows; whether the hardware is there shows only when it is used.

    Returns:
        Names among `PROVIDERS`.
    """
    offered = onnxruntime.get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in offered]


def choose(device: str) -> str:
    """The device that is meant.

    Args:
        device: "cpu", "cuda", "cuda:1" for the second of its kind, another of `PROVIDERS`, or "auto" for the best that
            is installed.

    Returns:
        The device's name, with the number if one was given.

    Raises:
        MienError: There is no such device, or the installed ONNX Runtime has no provider for it.
    """
    there = installed()
    if device == AUTO:
        return next((name for name in there if name not in _ONLY_BY_NAME), CPU)
    match = _DEVICE.fullmatch(device)
    if match is None or match[1] not in PROVIDERS:
        raise MienError(f"unknown device '{device}'; there are {AUTO}, {', '.join(PROVIDERS)}")
    if match[1] not in there:
        raise MienError(f"no device '{device}' here: the installed ONNX Runtime offers {', '.join(there)}")
    return device


def providers(device: str) -> list[str | tuple[str, dict[str, str]]]:
    """What ONNX Runtime is asked for: the CPU too, for what the device cannot do.

    Args:
        device: As `choose` gives it.

    Returns:
        Providers' names, or names with their options, the preferred first.
    """
    if device == CPU:
        return [PROVIDERS[CPU]]
    name, _, number = device.partition(":")
    options = {"device_id": number} if number else {}
    if name == "cuda":
        options["cudnn_conv_algo_search"] = "HEURISTIC"  # by default every new number of faces is tuned for seconds
    return [(PROVIDERS[name], options), PROVIDERS[CPU]]
