"""Refuse a model file that answers otherwise than the network it came from, on real faces."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mien.errors import ExportError
from mien.export.onnx import ClassifierGraph
from mien.recognition.model import Outputs, open_session, run_session

# Float against float: what different orders of summation may do. Measured gaps are near 1e-6.
TOLERANCE = 1e-4
MAP_TOLERANCE = 1e-3
# int8: shares of the pictures, on real data.
LEAST_AGREEMENT = 0.97
MOST_ACCURACY_LOST = 0.003


@dataclass(frozen=True)
class Agreement:
    """How two sets of probabilities compare.

    Attributes:
        largest_difference: Of one probability.
        same_expression: The share of pictures with the same expression, in [0, 1].
    """

    largest_difference: float
    same_expression: float


def run_file(path: Path, faces: np.ndarray, batch: int = 64) -> Outputs:
    """Run a model file that may not carry its metadata yet.

    Args:
        path: The file.
        faces: uint8 [N, 48, 48].
        batch: Faces a call. Dynamic int8 takes its scales from the whole batch: use 1 for it, as `ModelFile.run` does.

    Returns:
        What the model says of each face.

    Raises:
        ModelError: The file cannot be read as a model.
    """
    return run_session(open_session(path, None), faces, batch)


def check_float(graph: ClassifierGraph, path: Path, faces: np.ndarray) -> Agreement:
    """Compare a file with PyTorch.

    Args:
        graph: What was exported.
        path: The file.
        faces: uint8 [N, 48, 48].

    Returns:
        How the probabilities compare.

    Raises:
        ExportError: An output differs.
    """
    with torch.inference_mode():
        expected = [output.numpy() for output in graph(torch.from_numpy(faces))]
    found = run_file(path, faces)
    assert found.map is not None  # the graph always has one
    for name, ours, theirs, tolerance in (
        ("probabilities", expected[0], found.probabilities, TOLERANCE),
        ("features", expected[1], found.features, MAP_TOLERANCE * max(1.0, float(np.abs(expected[1]).max()))),
        ("map", expected[2], found.map, MAP_TOLERANCE * max(1.0, float(np.abs(expected[2]).max()))),
    ):
        gap = float(np.abs(ours - theirs).max())
        if not gap <= tolerance:
            raise ExportError(f"{name} of the exported file differ from PyTorch's by {gap:.2g}; not written")
    return agreement(expected[0], found.probabilities)


def agreement(ours: np.ndarray, theirs: np.ndarray) -> Agreement:
    """Compare two sets of probabilities.

    Args:
        ours: float [N, classes].
        theirs: float [N, classes].

    Returns:
        How they compare.
    """
    return Agreement(float(np.abs(ours - theirs).max()), float((ours.argmax(1) == theirs.argmax(1)).mean()))


def check_int8(labels: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> Agreement:
    """Compare float probabilities with int8's.

    Args:
        labels: int [N].
        ours: float [N, classes].
        theirs: float [N, classes].

    Returns:
        How they compare.

    Raises:
        ExportError: Too much is lost.
    """
    found = agreement(ours, theirs)
    lost = float((ours.argmax(1) == labels).mean() - (theirs.argmax(1) == labels).mean())
    if found.same_expression < LEAST_AGREEMENT or lost > MOST_ACCURACY_LOST:
        raise ExportError(
            f"int8 changes the expression of {1 - found.same_expression:.1%} of faces and loses {lost:.4f} accuracy "
            f"(allowed: {1 - LEAST_AGREEMENT:.0%} and {MOST_ACCURACY_LOST}); export without --int8"
        )
    return found
