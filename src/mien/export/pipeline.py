"""The way from a run's folder to a released model file."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from mien.classifier.classifier import require_same_classes
from mien.data.dataset import FaceData
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.export import onnx, parity
from mien.export.calibration import fit_temperature
from mien.export.quantisation import quantise
from mien.export.smooth_quant import smooth
from mien.export.static_int8 import PRECISION as STATIC
from mien.export.static_int8 import quantise_static
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.model import record_hash
from mien.recognition.prior import CLASS_PRIOR
from mien.storage import check_suffix, write_atomically
from mien.training.run import RunFolder
from mien.training.run_classifier import RunClassifier

SOME = 256
A_CLASS = 64
"""So many training faces of each class measure the scales and biases of static int8."""

Int8 = bool | Literal["static"]
"""Whether a file computes in int8: activations are rounded by scales of each face's own, or "static" by fixed ones."""
_PRECISION: dict[Int8, str] = {False: "float32", True: "int8", "static": STATIC}


def export_run(
    run: Path,
    load: Callable[[str], FaceData],
    target: Path,
    int8: Int8,
    say: Callable[[str], None] = lambda text: None,
    made_by: Mapping[str, str] | None = None,
    framing: Framing = FRAMING,
) -> str:
    """Write the model file of a run.

    Args:
        run: The run's folder.
        load: Reads the data set with the named split.
        target: Where the file goes.
        int8: See `Int8`; "static" is for convolutional networks.
        say: Is told what was measured on the way, a line at a time.
        made_by: Metadata on the pipeline that made the run, if one did.
        framing: How recognition is to crop faces for the file.

    Returns:
        A line on the file.

    Raises:
        ModelError: The folder has no weights.
        ExportError: A check is not passed, or the network is no convolutional one and `int8` is "static".
        MienError: The target is not named as an ONNX file. Nothing is written in any of these cases.
    """
    check_suffix(target, ".onnx", what="an ONNX model")
    classifier = RunClassifier(run, "cpu")
    recipe, network = classifier.recipe, classifier.network
    data = load(recipe.split)
    require_same_classes(classifier.name, classifier.classes, data.classes)
    folder, classes = RunFolder(run), classifier.classes
    validation = data.part("validation")
    batch = 1 if int8 is True else 64
    if int8 is True:
        smooth(network, _some(data.part("train").faces), recipe.pixels)
    logits = classifier.logits(validation.faces)
    temperature = fit_temperature(logits, validation.labels)
    say(f"temperature {temperature:.3f}, fitted on {len(validation)} validation pictures")
    with tempfile.TemporaryDirectory() as workshop:
        draft = Path(workshop) / target.name
        onnx.write(network, recipe.pixels, temperature, draft)
        faces = _some(validation.faces)
        graph = onnx.ClassifierGraph(network, recipe.pixels, temperature).eval()
        found = parity.check_float(graph, draft, faces)
        say(f"float32 agrees with PyTorch within {found.largest_difference:.1e} on {len(faces)} faces")
        answers = parity.run_file(draft, validation.faces).probabilities
        if int8:
            rounding = partial(quantise_static, faces=_balanced(data.part("train"))) if int8 == "static" else quantise
            draft, answers, temperature = _rounded(classifier, draft, validation, answers, rounding, batch, say)
        properties = {
            **onnx.properties(recipe.network, _PRECISION[int8], folder.description().data, classes, framing),
            "temperature": f"{temperature:.4f}",
            CLASS_PRIOR: _class_prior(data.part("train").labels, len(classes)),
            **_measured(recipe.split, "validation", validation, answers),
            **(made_by or {}),
        }
        if "test" in data.parts:
            test = data.part("test")
            answers = parity.run_file(draft, test.faces, batch).probabilities
            properties |= _measured(recipe.split, "test", test, answers)
        onnx.set_metadata(draft, properties)
        write_atomically(target, lambda place: place.write_bytes(draft.read_bytes()))
    record_hash(target)
    figures = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in properties.items() if "accuracy" in key)
    return f"{target.stat().st_size / 1e6:.1f} MB, {figures}"


def _class_prior(labels: np.ndarray, classes: int) -> str:
    """Each class's fraction of the training pictures, as the metadata tells it."""
    counts = np.bincount(labels, minlength=classes)
    return ",".join(f"{count / len(labels):.6f}" for count in counts)


def _some(faces: np.ndarray) -> np.ndarray:
    """Enough of the faces to find a difference or a range, always the same ones."""
    return faces[np.random.default_rng(0).choice(len(faces), min(SOME, len(faces)), replace=False)]


def _balanced(data: FaceData) -> np.ndarray:
    """As many faces of each class, as far as there are so many, in any order: always the same ones."""
    generator = np.random.default_rng(0)
    chosen = [
        generator.permutation(np.flatnonzero(data.labels == label))[:A_CLASS] for label in range(len(data.classes))
    ]
    return data.faces[generator.permutation(np.concatenate(chosen))]


def _rounded(
    classifier: RunClassifier,
    draft: Path,
    validation: FaceData,
    answers: np.ndarray,
    rounding: Callable[[Path, Path], None],
    batch: int,
    say: Callable[[str], None],
) -> tuple[Path, np.ndarray, float]:
    """The int8 file of a float one with these answers [N, classes]: its path, its own answers, and its temperature."""
    smaller = draft.with_suffix(".int8.onnx")
    rounding(draft, smaller)
    rounded = parity.run_file(smaller, validation.faces, batch)
    assert rounded.map is not None  # the graph always has one
    logits = rounded.map.mean((2, 3))
    # Rounding makes a network surer or less sure of itself: its temperature is fitted to its own answers.
    temperature = fit_temperature(logits, validation.labels)
    say(f"temperature {temperature:.3f} for int8")
    onnx.write(classifier.network, classifier.recipe.pixels, temperature, draft)
    rounding(draft, smaller)
    quantised = torch.from_numpy(logits / temperature).softmax(1).numpy()
    found = parity.check_int8(validation.labels, answers, quantised)
    say(f"int8 names the same expression on {found.same_expression:.2%} of {len(validation)} faces")
    return smaller, quantised, temperature


def _measured(split: str, part: str, data: FaceData, probabilities: np.ndarray) -> dict[str, str]:
    accuracy, macro_f1 = accuracy_and_macro_f1(
        confusion_matrix(data.labels, probabilities.argmax(1), probabilities.shape[1])
    )
    return {f"{split}_{part}_accuracy": f"{accuracy:.4f}", f"{split}_{part}_macro_f1": f"{macro_f1:.4f}"}
