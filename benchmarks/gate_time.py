"""How much of a model's time its gate takes: each shipped file beside the same file without its gate.

    python benchmarks/gate_time.py

Both run in turns in one process on one core, face by face; the medians make the ratio. Writes
results/benchmarks/gate-time.json and prints it.
"""

import statistics
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from mien.novelty.attaching import detach
from mien.provenance import file_hash, origin
from mien.recognition.model import ModelFile, shipped_models
from mien.results.benchmarks import GateTime, GateTimes
from mien.results.record import write

RESULTS = Path(__file__).parents[1] / "results" / "benchmarks" / "gate-time.json"
ROUNDS = 400
FACE = np.random.default_rng(0).integers(0, 256, (1, 48, 48), dtype=np.uint8)


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """On one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def times(path: Path) -> GateTime:
    """A face's milliseconds with and without the gate, and the bytes that it takes."""
    whole, bare = onnx.load(path), onnx.load(path)
    detach(bare)
    sessions, taken = (session(whole), session(bare)), ([], [])
    for _ in range(ROUNDS):
        for one, of in zip(sessions, taken, strict=True):
            started = time.perf_counter()
            one.run(None, {"face": FACE})
            of.append((time.perf_counter() - started) * 1e3)
    with_gate, without = (statistics.median(of[ROUNDS // 10 :]) for of in taken)
    return GateTime(file_hash(path), with_gate, without, whole.ByteSize() - bare.ByteSize())


def main() -> None:
    """Measure every shipped model that has a gate."""
    files = {name: ModelFile.open(name) for name in shipped_models()}
    found = {name: times(file.path) for name, file in files.items() if file.gate is not None}
    write(RESULTS, GateTimes(found, **origin()))
    for name, of in found.items():
        print(
            f"{name}: {of.with_ms:.2f} ms a face, {of.without_ms:.2f} without its gate: {of.share:.1%}; {of.size} bytes"
        )


if __name__ == "__main__":
    main()
