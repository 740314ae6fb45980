"""What the gate refuses is told by no output; what it passes is told as it is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from mien.cli.main import app
from mien.expressions import NAMES
from mien.recognition.drawing import annotate
from mien.recognition.faces import Box, Face, Frame, Square
from mien.recognition.gate import GATE, Gate
from mien.recognition.model import models_folder
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import CsvSink, JsonSink
from mien.recognition.verdicts import Gating, Verdict

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Verdict, Path]:
    """A model file for each verdict, which says it of every face."""
    folder = tmp_path_factory.mktemp("models")
    bounds = {
        Verdict.KNOWN: (1000, 1000, 1000),
        Verdict.COVERED: (1000, -1000, 1000),
        Verdict.NEAR: (-1000, 1000, 1000),
        Verdict.FAR: (1000, 1000, -1000),
    }
    model = onnx.load(models_folder() / "mobilenet_v2.onnx")
    properties = {entry.key: entry.value for entry in model.metadata_props}
    for verdict, (unlike, covered, far) in bounds.items():
        gate = Gate(cut=unlike, found=unlike, doubt_scale=0, doubt_offset=0, covered=covered, far=far)
        onnx.helper.set_model_props(model, properties | {GATE: gate.to_text()})
        onnx.save(model, folder / f"{verdict}.onnx")
    return {verdict: folder / f"{verdict}.onnx" for verdict in bounds}


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("gate", ["warn", "refuse"])
def test_the_command_refuses_all_that_is_strange_and_nothing_else(
    models: dict[Verdict, Path], verdict: Verdict, gate: str, tmp_path: Path
) -> None:
    arguments = [EXAMPLES[0], "--model", models[verdict], "--gate", gate, "--csv", tmp_path / "a.csv", "--json", "-"]
    done = CliRunner().invoke(app, ["predict", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    (face,) = json.loads(done.stdout)["faces"]
    refused = gate == "refuse" and verdict is not Verdict.KNOWN
    assert face["verdict"] == verdict
    assert (face["expression"] is None) == refused
    assert [share is None for share in face["probabilities"].values()] == [refused] * 7
    header, row = ((tmp_path / "a.csv").read_text()).splitlines()
    told = dict(zip(header.split(","), row.split(","), strict=True))
    assert [told[name] == "" for name in ("expression", *NAMES)] == [refused] * 8
    assert told["verdict"] == verdict


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_strange_face_says_so(models: dict[Verdict, Path], verdict: Verdict) -> None:
    (face,) = Recognizer(models[verdict], threads=1, gate=Gating.REFUSE).recognize(EXAMPLES[0])
    assert face.verdict is verdict
    assert face.strange == face.withheld == (verdict is not Verdict.KNOWN)


def test_a_score_at_its_threshold_is_known() -> None:
    gate = Gate(cut=2, found=2, doubt_scale=0, doubt_offset=0, covered=1, far=3)
    said = [gate.verdict(np.array(row)) for row in ([9, 2, 1], [0, 2.001, 1], [0, 0, 1.001], [0, 3, 0], [0, 3.001, 9])]
    assert said == [Verdict.KNOWN, Verdict.NEAR, Verdict.COVERED, Verdict.NEAR, Verdict.FAR]


def withheld(said: np.ndarray, verdict: Verdict = Verdict.NEAR) -> Face:
    scores = np.zeros((7, 4, 4), np.float32)
    scores[int(said.argmax()), int(said.argmax()) % 4] = 5
    box = Box(20, 20, 140, 140)
    return Face(box, Square(80, 80, 120), 0.9, said, np.zeros(3), scores, np.ones(2), verdict, withheld=True)


@pytest.mark.parametrize("verdict", [Verdict.NEAR, Verdict.FAR])
def test_no_drawing_and_no_file_tells_withheld_expressions_apart(verdict: Verdict, tmp_path: Path) -> None:
    said = [np.roll(np.array([0.7, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02], np.float32), turn) for turn in range(7)]
    picture = np.full((200, 160, 3), 128, np.uint8)
    results = set()
    for probabilities in said:
        face = withheld(probabilities, verdict)
        frame = Frame("a.png", picture, [face])
        with CsvSink(tmp_path / "a.csv") as table, JsonSink(tmp_path / "a.json") as tree:
            table.write(frame)
            tree.write(frame)
        drawn = annotate(picture, [face], show_map=True)
        results.add(((tmp_path / "a.csv").read_text(), (tmp_path / "a.json").read_text(), drawn.tobytes()))
    assert len(results) == 1
    told = replace(withheld(said[0], verdict), withheld=False)
    assert annotate(picture, [told], show_map=True).tobytes() not in {drawn for *_, drawn in results}


def test_every_face_of_a_batch_has_its_own_outputs() -> None:
    recognizer = Recognizer("mobilenet_v2", threads=1)
    together = list(recognizer.recognize_all(EXAMPLES[:3], batch=10))
    for faces, path in zip(together, EXAMPLES[:3], strict=True):
        for ours, alone in zip(faces, recognizer.recognize(path), strict=True):
            for name in ("probabilities", "features", "map", "novelty"):
                np.testing.assert_allclose(getattr(ours, name), getattr(alone, name), rtol=1e-3, atol=1e-3)
    assert len({face.novelty.tobytes() for faces in together for face in faces}) == sum(map(len, together))
