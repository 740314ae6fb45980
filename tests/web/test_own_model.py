"""A user's own model in the browser: the app names its classes, as many as there are, and says what Python says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from chromium import serving
from expectation import MODELS
from onnx import helper, numpy_helper
from pages import ASTRONAUT, Start

from mien.expressions import described
from mien.recognition.recognizer import Recognizer
from mien.server.serving import app_folder

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
        told = dict(
            zip(
                app.page.locator(".bar-name").all_text_contents(),
                (int(text.rstrip("%")) for text in app.page.locator(".bar-share").all_text_contents()),
                strict=True,
            )
        )
    expected = {
        kind.adjective.capitalize(): round(100 * share)
        for kind, share in zip(described(classes), face.probabilities, strict=True)
    }
    assert {name.capitalize(): share for name, share in told.items()} == pytest.approx(expected, abs=2)
