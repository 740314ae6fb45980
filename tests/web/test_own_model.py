"""A user's own model in the browser: the app names its classes, crops faces as it asks, and says what Python says."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from chromium import serving
from expectation import MODELS
from onnx import helper, numpy_helper
from pages import ASTRONAUT, App, Start

from mien.export.onnx import set_metadata
from mien.expressions import described
from mien.recognition.faces import Face
from mien.recognition.framing import FRAMING
from mien.recognition.model import ModelFile
from mien.recognition.recognizer import Recognizer
from mien.server.serving import app_folder

PORTRAIT = ASTRONAUT.with_name("obama3.jpg")
OWN = {3: ("sad", "at ease", "happy"), 9: ("one", "two", "three", "four", "five", "six", "seven", "eight", "contempt")}


def relabelled(path: Path, classes: tuple[str, ...], sources: list[int]) -> Path:
    """A shipped model whose class i of those given is its class sources[i]: shares of what these have together."""
    model = onnx.load(MODELS / "mobilenet_v2.onnx")
    graph, count = model.graph, len(classes)
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name in ("probabilities", "map"):
                    names[place] = f"seven_{name}"
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(sources, np.int64), "sources"),
            numpy_helper.from_array(np.array([1], np.int64), "class_axis"),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Gather", ["seven_probabilities", "sources"], ["chosen"], axis=1),
            helper.make_node("ReduceSum", ["chosen", "class_axis"], ["together"], keepdims=1),
            helper.make_node("Div", ["chosen", "together"], ["probabilities"]),
            helper.make_node("Gather", ["seven_map", "sources"], ["map"], axis=1),
        ]
    )
    for output in graph.output:
        if output.name in ("probabilities", "map"):
            output.type.tensor_type.shape.dim[1].dim_value = count
    for entry in [entry for entry in model.metadata_props if entry.key in ("classes", "class_prior")]:
        model.metadata_props.remove(entry)
    model.metadata_props.add(key="classes", value=",".join(classes))
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("count", OWN)
def test_the_app_shows_the_classes_of_a_model_of_ones_own(
    count: int, start: Start, launch: Callable, browser: Any, tmp_path: Path
) -> None:
    classes = OWN[count]
    # The astronaut is happy, whose place is the last; a class that is not there gets a little of another's share.
    sources = [4, 6, 3] if count == 3 else [0, 1, 2, 4, 5, 6, 0, 1, 3]
    file = relabelled(tmp_path / "own.onnx", classes, sources)
    (face,) = Recognizer(file, threads=1).recognize(ASTRONAUT)
    assert face.expression == classes[-1]
    with serving(app_folder(), MODELS, file) as server:
        app = start(camera=False, at=server.address)
        app.choose("astronaut.jpg", ASTRONAUT.read_bytes(), "image/jpeg")
        app.word(face.adjective.capitalize())
        assert bars(app) == pytest.approx(expected(face, classes), abs=2)


def test_the_app_crops_faces_as_the_models_file_asks(
    start: Start, launch: Callable, browser: Any, tmp_path: Path
) -> None:
    usual = ModelFile.open("mobilenet_v2")
    file = Path(shutil.copy(usual.path, tmp_path / "closer.onnx"))
    set_metadata(file, usual.metadata | {"name": "closer", "crop": FRAMING.closer(1.15).to_text()})
    (face,), (far,) = (Recognizer(model, threads=1).recognize(PORTRAIT) for model in (file, "mobilenet_v2"))
    assert np.abs(face.probabilities - far.probabilities).max() > 0.15
    with serving(app_folder(), MODELS, file) as server:
        app = start(camera=False, at=server.address)
        app.choose("portrait.jpg", PORTRAIT.read_bytes(), "image/jpeg")
        app.word(face.adjective.capitalize())
        assert bars(app) == pytest.approx(expected(face, usual.classes), abs=6)  # JPEG decoders differ a little


def bars(app: App) -> dict[str, int]:
    """What the app shows of the face, in percent by expression."""
    names = app.page.locator(".bar-name").all_text_contents()
    shares = app.page.locator(".bar-share").all_text_contents()
    return {name.capitalize(): int(share.rstrip("%")) for name, share in zip(names, shares, strict=True)}


def expected(face: Face, classes: tuple[str, ...]) -> dict[str, int]:
    """What Python says of it."""
    shares = zip(described(classes), face.probabilities, strict=True)
    return {kind.adjective.capitalize(): round(100 * share) for kind, share in shares}
