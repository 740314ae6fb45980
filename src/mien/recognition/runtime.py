"""ONNX Runtime, or one line on what to install: which of its packages is right nobody but the user knows."""

from mien.errors import MissingExtraError

try:
    import onnxruntime
except ModuleNotFoundError as error:
    raise MissingExtraError("this needs ONNX Runtime: pip install 'mien[cpu]', or 'mien[gpu]' for NVIDIA's") from error

__all__ = ["onnxruntime"]
