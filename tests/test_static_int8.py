"""Static int8: a convolutional network's weights and activations in 8 bits, by scales measured once."""

from pathlib import Path

import numpy as np
import onnx as onnx_format
import pytest
import torch
from onnx import TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from typer.testing import CliRunner

from mien.cli.main import app
from mien.data.dataset import FaceData, load
from mien.errors import ExportError, RecipeError
from mien.export import onnx, parity, static_int8
from mien.export.calibration import fit_temperature
from mien.export.pipeline import export_run
from mien.export.static_int8 import quantise_static
from mien.novelty.attaching import detach
from mien.novelty.feature_extractor import FeatureExtractor
from mien.pipelines.steps.export import Export
from mien.recognition.model import ModelFile, models_folder, open_session
from mien.recognition.pictures import read_picture
from mien.recognition.recognizer import Recognizer
from mien.training.networks import build
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder
from mien.training.validating import validated

PIXELS = 48
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """The faces of the examples, and mirrored, and darker: uint8 [N, 48, 48]."""
    recognizer = Recognizer(threads=1, gate="off")
    pictures = [read_picture(path) for path in EXAMPLES]
    found = [recognizer.crop_faces(picture, recognizer.detector.detect(picture)) for picture in pictures]
    cut = np.stack([crop.pixels for crops in found for crop in crops])
    return np.concatenate([cut, cut[:, :, ::-1], cut // 2])


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network in floats, without its gate, as an export writes it."""
    path = tmp_path_factory.mktemp("exact") / "exact.onnx"
    model = onnx_format.load(models_folder() / "mobilenet_v2.onnx")
    detach(model)
    onnx_format.save(model, path)
    return path


@pytest.fixture(scope="module")
def rounded(exact: Path, faces: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rounded") / "rounded.onnx"
    quantise_static(exact, path, faces)
    return path


def test_it_is_smaller_and_close(
    exact: Path, rounded: Path, faces: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rounded.stat().st_size < 0.4 * exact.stat().st_size
    ours, theirs = parity.run_file(exact, faces), parity.run_file(rounded, faces)
    assert np.corrcoef(ours.probabilities.ravel(), theirs.probabilities.ravel())[0, 1] > 0.98
    assert np.corrcoef(ours.features.ravel(), theirs.features.ravel())[0, 1] > 0.98
    assert (ours.probabilities.argmax(1) == theirs.probabilities.argmax(1)).mean() > 0.9
    assert not capsys.readouterr().out, "nothing is printed but by the commands"


def test_no_face_changes_another_s_answer(rounded: Path, faces: np.ndarray) -> None:
    together, alone = parity.run_file(rounded, faces), parity.run_file(rounded, faces, batch=1)
    np.testing.assert_allclose(together.probabilities, alone.probabilities, atol=1e-5)
    assert np.ptp(together.probabilities, axis=0).max() > 0.05, "the faces differ"


def test_all_but_the_first_two_convolutions_and_the_head_are_rounded(exact: Path, rounded: Path) -> None:
    graph = onnx_format.load(rounded).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) == sum(node.op_type == "Conv" for node in onnx_format.load(exact).graph.node)
    assert [node.input[1] in tensors for node in convolutions] == [True] * 2 + [False] * (len(convolutions) - 2)
    for node in convolutions[2:]:
        values, scale = (tensors[name] for name in makers[node.input[1]].input[:2])
        whole = numpy_helper.to_array(values).astype(int)
        assert values.data_type == TensorProto.INT8
        assert np.abs(whole).max() <= 64, "seven bits"
        assert numpy_helper.to_array(scale).shape == whole.shape[:1], "a scale for each channel"
        assert makers[node.input[0]].op_type == "DequantizeLinear"
    heads = [node for node in graph.node if node.op_type == "MatMul"]
    assert [tensors[node.input[1]].data_type for node in heads] == [TensorProto.FLOAT]


def three_convolutions(path: Path) -> None:
    """A model file of nothing but three layers, each of four to eight channels; the last alone is rounded."""
    generator = np.random.default_rng(0)
    shapes = {"first": (4, 1, 1, 1), "second": (4, 4, 1, 1), "third": (8, 4, 3, 3)}
    constants = {name: generator.uniform(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    constants |= {f"{name}_bias": np.zeros(shape[0], np.float32) for name, shape in shapes.items()}
    constants |= {"axis": np.array([1]), "white": np.array(255, np.float32)}
    nodes = [
        make_node("Unsqueeze", ["face", "axis"], ["raised"]),
        make_node("Cast", ["raised"], ["cast"], to=TensorProto.FLOAT),
        make_node("Div", ["cast", "white"], ["made_0"]),
        *(
            make_node("Conv", [f"made_{number}", name, f"{name}_bias"], [f"made_{number + 1}"], name=name)
            for number, name in enumerate(shapes)
        ),
    ]
    graph = make_graph(
        nodes,
        "three",
        [make_tensor_value_info("face", TensorProto.UINT8, ["faces", 48, 48])],
        [make_tensor_value_info("made_3", TensorProto.FLOAT, ["faces", 8, 46, 46])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    onnx_format.save(make_model(graph, opset_imports=[make_opsetid("", 20)], ir_version=10), path)


def test_the_biases_take_up_what_rounding_the_weights_adds(
    faces: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def means(path: Path) -> np.ndarray:
        return open_session(path, 1).run(None, {"face": faces})[0].mean((0, 2, 3))

    three_convolutions(tmp_path / "exact.onnx")
    quantise_static(tmp_path / "exact.onnx", tmp_path / "corrected.onnx", faces)
    monkeypatch.setattr(static_int8, "_correct_biases", lambda *_: None)
    quantise_static(tmp_path / "exact.onnx", tmp_path / "plain.onnx", faces)
    wanted, corrected, plain = (means(tmp_path / f"{name}.onnx") for name in ("exact", "corrected", "plain"))
    assert np.abs(corrected - wanted).max() < 0.25 * np.abs(plain - wanted).max()


def test_the_first_faces_alone_give_the_scales(
    faces: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_int8, "FACES", 2)
    monkeypatch.setattr(static_int8, "_correct_biases", lambda *_: None)
    three_convolutions(tmp_path / "exact.onnx")
    given = {"all": faces, "first": faces[:2], "last": faces[-2:]}
    for name, some in given.items():
        quantise_static(tmp_path / "exact.onnx", tmp_path / f"{name}.onnx", some)
    told = [open_session(tmp_path / f"{name}.onnx", 1).run(None, {"face": faces})[0] for name in given]
    assert np.array_equal(told[0], told[1])
    assert not np.array_equal(told[0], told[2])


def test_the_gate_finds_its_layers(rounded: Path, exact: Path, faces: np.ndarray) -> None:
    ours, theirs = (FeatureExtractor(path).extract(faces[:4]) for path in (exact, rounded))
    for mine, other in zip(ours.vectors, theirs.vectors, strict=True):
        assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > 0.98


def test_a_transformer_is_refused(faces: np.ndarray, tmp_path: Path) -> None:
    onnx.write(build("vit_tiny", PIXELS), PIXELS, 1.0, tmp_path / "vit.onnx")
    with pytest.raises(ExportError, match="for convolutional networks"):
        quantise_static(tmp_path / "vit.onnx", tmp_path / "rounded.onnx", faces)
    assert [path.name for path in tmp_path.iterdir()] == ["vit.onnx"]


@pytest.fixture(scope="module")
def data(tiny_data: Path) -> FaceData:
    return load(tiny_data, "official")


def test_an_export_has_a_temperature_of_its_own_and_says_what_it_is(
    data: FaceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "LEAST_AGREEMENT", 0.0)
    monkeypatch.setattr(parity, "MOST_ACCURACY_LOST", 1.0)
    given: list[np.ndarray] = []

    def noted(source: Path, target: Path, faces: np.ndarray) -> None:
        given.append(faces)
        quantise_static(source, target, faces)

    monkeypatch.setattr("mien.export.pipeline.quantise_static", noted)
    monkeypatch.setattr("mien.export.pipeline.A_CLASS", 2)
    folder = RunFolder(tmp_path / "run")
    folder.write_description(Recipe("mobilenet_v2", (Stage(1, PIXELS),)), "no data", "none", "32-true")
    torch.manual_seed(0)
    folder.write_weights(build("mobilenet_v2", PIXELS).state_dict())
    export_run(folder.path, lambda split: data, tmp_path / "static.onnx", int8="static")
    training = data.part("train")
    labels = [training.labels[(training.faces == face).all((1, 2)).argmax()] for face in given[0]]
    assert np.bincount(labels, minlength=7).tolist() == [2] * 7
    model = ModelFile.open(tmp_path / "static.onnx")
    assert model.metadata["precision"] == "static int8"
    validation = data.part("validation")
    outputs = model.run(validation.faces)
    assert outputs.map is not None
    logits = outputs.map.mean((2, 3))
    assert float(model.metadata["temperature"]) == pytest.approx(fit_temperature(logits, validation.labels), rel=1e-2)


def test_one_kind_of_int8_is_asked_for(tmp_path: Path) -> None:
    assert validated(Export, {"name": "file", "run": "mean", "int8": "static"}).int8 == "static"
    with pytest.raises(
        RecipeError, match="int8 must be one of false, true, static, not \"statik\"; did you mean 'static'"
    ):
        validated(Export, {"name": "file", "run": "mean", "int8": "statik"})
    arguments = ["export", str(tmp_path), "--data", str(tmp_path), "--int8", "--static-int8"]
    done = CliRunner().invoke(app, arguments)
    assert "two ways to do the same" in str(done.exception)
