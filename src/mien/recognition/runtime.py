"""ONNX Runtime, which reports to nobody, or one line on which of its packages to install."""

import os

from mien.errors import MissingExtraError

# Official builds from 1.29 on report their use to Microsoft unless this is set before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

try:
    import onnxruntime
except ModuleNotFoundError as error:
    raise MissingExtraError("this needs ONNX Runtime: pip install 'mien[cpu]', or 'mien[gpu]' for NVIDIA's") from error

__all__ = ["onnxruntime"]
