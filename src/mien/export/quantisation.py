"""Weights in int8, activations quantised as they come (dynamic): a quarter of the size, faster for transformers."""

import logging
from pathlib import Path

from mien.storage import write_atomically


def quantise(source: Path, target: Path) -> None:
    """Write the int8 version of a model file, one scale for each output channel.

    Weights keep to seven bits: processors without VNNI add pairs of 8-bit products in 16 bits, which overflows with
    eight, and the same file must give the same answer everywhere.

    Args:
        source: The float32 file.
        target: Where the int8 file goes.

    Raises:
        StorageError: The disk refuses.
    """
    # Imported here: onnxruntime.quantization takes a second to load, and only this needs it.
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)
    write_atomically(
        target,
        lambda draft: quantize_dynamic(
            source,
            draft,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        ),
    )
