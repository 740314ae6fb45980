"""Export: the file answers as the network does, and is refused where it does not."""

from pathlib import Path

import numpy as np
import onnx as onnx_format
import pytest
import torch
from onnx import TensorProto, numpy_helper
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from mien.data.dataset import FaceData, load
from mien.errors import ExportError, ModelError
from mien.evaluation.metrics import calibration_error
from mien.export import onnx, parity
from mien.export.calibration import fit_temperature
from mien.export.pipeline import export_run
from mien.export.quantisation import quantise
from mien.export.smooth_quant import smooth
from mien.expressions import NAMES
from mien.recognition.framing import FRAMING
from mien.recognition.model import ModelFile
from mien.training.affine import enlarge
from mien.training.networks import build
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder

PIXELS = 48
FACES = np.random.default_rng(0).integers(0, 256, (9, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run's folder as training leaves it, with a network that has learned nothing."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "small")
    torch.manual_seed(0)
    network = build("vit_tiny", PIXELS)
    torch.nn.init.normal_(network.head.weight, std=0.5)  # so that the answers differ from face to face
    folder.write_description(Recipe("vit_tiny", (Stage(1, PIXELS),)), "no data", "none", "32-true")
    folder.write_weights(network.state_dict())
    return folder.path


@pytest.fixture(scope="module")
def data(tiny_data) -> FaceData:
    return load(tiny_data, "official")


@pytest.fixture(scope="module")
def exported(run, data, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("models") / "small.onnx"
    export_run(run, lambda split: data, target, int8=False)
    return target


def test_the_file_keeps_the_contract(exported, data, run):
    model = ModelFile.open(exported)
    assert model.metadata["classes"].split(",") == list(NAMES)
    assert model.metadata["crop"] == FRAMING.to_text()
    assert model.metadata["training_data"] == "no data"
    answers = model.run(data.part("test").faces).probabilities
    right = float((answers.argmax(1) == data.part("test").labels).mean())
    assert float(model.metadata["official_test_accuracy"]) == pytest.approx(right, abs=1e-4)
    chosen = model.run(data.part("validation").faces).probabilities.argmax(1) == data.part("validation").labels
    assert float(model.metadata["official_validation_accuracy"]) == pytest.approx(float(chosen.mean()), abs=1e-4)
    description = onnx_format.load(exported).graph.input[0].type.tensor_type
    assert description.elem_type == onnx_format.TensorProto.UINT8
    assert description.shape.dim[0].dim_param


def test_the_file_answers_as_the_network_for_any_number_of_faces(exported, run):
    model = ModelFile.open(exported)
    graph = onnx.ClassifierGraph(RunFolder(run).network(), PIXELS, float(model.metadata["temperature"])).eval()
    for count in (1, 2, 9):
        with torch.inference_mode():
            expected = graph(torch.from_numpy(FACES[:count]))
        found = model.run(FACES[:count])
        for ours, theirs in zip(expected, (found.probabilities, found.features, found.map), strict=True):
            assert np.abs(ours.numpy() - theirs).max() < 1e-3


def test_the_graph_enlarges_faces_as_training_does(run):
    network = RunFolder(run).network().eval()
    with torch.inference_mode():
        logits, _ = network(enlarge(torch.from_numpy(FACES), PIXELS))
        probabilities, _, _ = onnx.ClassifierGraph(network, PIXELS, 0.5)(torch.from_numpy(FACES))
    assert (probabilities - (logits / 0.5).softmax(1)).abs().max() < 1e-6


def test_the_map_averages_to_the_logits(run):
    network = RunFolder(run).network()
    with torch.inference_mode():
        logits, features = network(onnx.enlarge(torch.from_numpy(FACES), PIXELS))
        explained, pooled, scores = network.explain(onnx.enlarge(torch.from_numpy(FACES), PIXELS))
    assert (scores.mean((2, 3)) - logits).abs().max() < 1e-4
    assert (explained - logits).abs().max() < 1e-4
    assert (pooled - features).abs().max() < 1e-5


def test_a_file_of_another_network_is_refused(exported, run):
    network = RunFolder(run).network()
    temperature = float(ModelFile.open(exported).metadata["temperature"])
    parity.check_float(onnx.ClassifierGraph(network, PIXELS, temperature), exported, FACES)
    with torch.no_grad():
        network.head.bias[0] += 0.05
    with pytest.raises(ExportError, match="differ from PyTorch"):
        parity.check_float(onnx.ClassifierGraph(network, PIXELS, temperature), exported, FACES)


def test_int8_is_smaller_and_close(exported, tmp_path):
    quantise(exported, tmp_path / "int8.onnx")
    assert (tmp_path / "int8.onnx").stat().st_size < 0.4 * exported.stat().st_size
    ours = parity.run_file(exported, FACES).probabilities
    theirs = parity.run_file(tmp_path / "int8.onnx", FACES, batch=1).probabilities
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.98


def test_int8_has_a_temperature_of_its_own(run, data, tmp_path):
    export_run(run, lambda split: data, tmp_path / "int8.onnx", int8=True)
    model = ModelFile.open(tmp_path / "int8.onnx")
    validation = data.part("validation")
    outputs = model.run(validation.faces)
    logits = outputs.map.mean((2, 3))
    temperature = float(model.metadata["temperature"])
    assert temperature == pytest.approx(fit_temperature(logits, validation.labels), rel=1e-3)
    shares = torch.from_numpy(logits / temperature).softmax(1).numpy()
    assert np.abs(outputs.probabilities - shares).max() < 1e-4


def test_int8_that_changes_too_much_is_refused():
    generator = np.random.default_rng(0)
    ours = generator.dirichlet(np.ones(7), 1000)
    parity.check_int8(ours.argmax(1), ours, ours)
    theirs = ours.copy()
    theirs[:40] = np.roll(theirs[:40], 1, axis=1)  # 4% of the faces change
    with pytest.raises(ExportError, match=r"changes the expression of 4\.0%"):
        parity.check_int8(np.zeros(1000, int), ours, theirs)
    theirs = ours.copy()
    theirs[:5] = np.roll(theirs[:5], 1, axis=1)  # few change, but all were right
    with pytest.raises(ExportError, match=r"loses 0\.0050 accuracy"):
        parity.check_int8(ours.argmax(1), ours, theirs)


def test_a_refused_export_leaves_what_was_there(run, data, tmp_path, monkeypatch):
    target = tmp_path / "small.onnx"
    target.write_bytes(b"the last good one")
    monkeypatch.setattr(parity, "TOLERANCE", -1.0)
    with pytest.raises(ExportError):
        export_run(run, lambda split: data, target, int8=False)
    assert [path.name for path in tmp_path.iterdir()] == ["small.onnx"]
    assert target.read_bytes() == b"the last good one"


def test_a_folder_without_weights_is_said(tmp_path, data):
    RunFolder(tmp_path).write_description(Recipe("vit_tiny", (Stage(1, PIXELS),)), "", "none", "32-true")
    with pytest.raises(ModelError, match="no such weights"):
        export_run(tmp_path, lambda split: data, tmp_path / "a.onnx", int8=False)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature):
    generator = np.random.default_rng(1)
    calibrated = generator.normal(0, 2, (20_000, 7))
    shares = np.exp(calibrated) / np.exp(calibrated).sum(1, keepdims=True)
    labels = (generator.random((20_000, 1)) > shares.cumsum(1)).sum(1).clip(0, 6)
    found = fit_temperature((calibrated * temperature).astype(np.float32), labels)
    assert found == pytest.approx(temperature, rel=0.05)
    assert calibration_error(labels, shares) < 0.02


# By plain arithmetic, and by what stands in the file


def plain_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    def loss(logarithm: float) -> float:
        return -log_softmax(logits.astype(float) / np.exp(logarithm), 1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-8}).x))


def test_the_temperature_is_the_one_of_the_validation_part(exported: Path, data: FaceData) -> None:
    model = ModelFile.open(exported)
    by_part = {}
    for name in ("train", "validation", "test"):
        part = data.part(name)
        outputs = model.run(part.faces)
        assert outputs.map is not None
        by_part[name] = plain_temperature(outputs.map.mean((2, 3)), part.labels)
    said = float(model.metadata["temperature"])
    assert said == pytest.approx(by_part["validation"], rel=1e-3)
    assert all(abs(by_part[name] / said - 1) > 0.01 for name in ("train", "test"))
    outputs = model.run(data.faces)
    assert outputs.map is not None
    softened = np.exp(log_softmax(outputs.map.mean((2, 3)) / said, 1))
    np.testing.assert_allclose(outputs.probabilities, softened, atol=1e-4)


@pytest.mark.parametrize("heat", [0.3, 1.0, 4.0])
def test_the_temperature_is_the_likeliest(heat: float) -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 2, (3000, 7))
    labels = (log_softmax(logits, 1) + generator.gumbel(size=(3000, 7))).argmax(1)
    found = fit_temperature((heat * logits).astype(np.float32), labels)
    assert found == pytest.approx(plain_temperature(heat * logits, labels), rel=1e-4)


def test_int8_weights_have_seven_bits_and_a_scale_for_each_channel(exported: Path, tmp_path: Path) -> None:
    quantise(exported, tmp_path / "int8.onnx")
    graph = onnx_format.load(tmp_path / "int8.onnx").graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    rounded = {
        name: numpy_helper.to_array(tensor)
        for name, tensor in constants.items()
        if tensor.data_type == TensorProto.INT8
    }
    matrices = {name: values for name, values in rounded.items() if values.ndim == 2}
    assert len(matrices) >= 4 * 12 + 1, "four in each block, and the head"
    assert not any(tensor.data_type == TensorProto.UINT8 and len(tensor.dims) == 2 for tensor in constants.values()), (
        "no unsigned weights"
    )
    for name, values in matrices.items():
        assert 60 <= np.abs(values.astype(int)).max() <= 64, name
        scale = numpy_helper.to_array(constants[name.replace("_quantized", "_scale")])
        assert scale.size in values.shape, name
        assert len(np.unique(scale)) > 1
        assert (np.abs(values.astype(int)).max(0) >= 60).mean() > 0.95, "each channel takes up its whole range"
    left = [node for node in graph.node if node.op_type in ("MatMul", "Gemm") and node.input[1] in constants]
    assert not left, "every product with weights is rounded"


def test_a_file_of_another_temperature_is_refused(exported: Path, run: Path) -> None:
    """Only the probabilities differ, by about a thousandth."""
    temperature = float(ModelFile.open(exported).metadata["temperature"])
    network = RunFolder(run).network()
    parity.check_float(onnx.ClassifierGraph(network, PIXELS, temperature), exported, FACES)
    with pytest.raises(ExportError):
        parity.check_float(onnx.ClassifierGraph(network, PIXELS, 1.02 * temperature), exported, FACES)


def test_a_file_of_other_features_is_refused(exported: Path, run: Path) -> None:
    """Moved where the head does not look: neither probabilities nor map differ."""
    temperature = float(ModelFile.open(exported).metadata["temperature"])
    network = RunFolder(run).network()
    aside = torch.linalg.svd(network.head.weight)[2][-1]
    with torch.no_grad():
        network.backbone.norm.bias += 0.5 * aside
    with pytest.raises(ExportError):
        parity.check_float(onnx.ClassifierGraph(network, PIXELS, temperature), exported, FACES)


def test_one_face_in_fifty_may_change_and_three_in_a_thousand_be_lost() -> None:
    ours = np.random.default_rng(0).dirichlet(np.ones(7), 1000)
    for changed, refused in ((20, False), (29, False), (35, True)):
        theirs = ours.copy()
        theirs[:changed] = np.roll(theirs[:changed], 1, axis=1)
        labels = np.full(1000, 9)  # none is right, so that none is lost
        if refused:
            with pytest.raises(ExportError):
                parity.check_int8(labels, ours, theirs)
        else:
            parity.check_int8(labels, ours, theirs)
    theirs = ours.copy()
    theirs[:4] = np.roll(theirs[:4], 1, axis=1)
    parity.check_int8(np.where(np.arange(1000) < 2, ours.argmax(1), theirs.argmax(1)), ours, theirs)
    with pytest.raises(ExportError):
        parity.check_int8(ours.argmax(1), ours, theirs)


def with_loud_channels() -> torch.nn.Module:
    """A transformer in some of whose channels activations are much larger than in others, as trained ones have them."""
    torch.manual_seed(0)
    network = build("vit_tiny", PIXELS).eval()
    torch.nn.init.normal_(network.head.weight, std=0.5)
    for name, module in network.named_modules():
        if name.endswith((".norm1", ".norm2")):
            module.weight.data[::40] = 30
    return network


def test_smoothing_changes_no_answer():
    network = with_loud_channels()
    faces = onnx.enlarge(torch.from_numpy(FACES), PIXELS)
    with torch.inference_mode():
        before = network.explain(faces)
        smooth(network, FACES, PIXELS)
        after = network.explain(faces)
    for ours, theirs in zip(before, after, strict=True):
        assert (ours - theirs).abs().max() < 1e-3 * ours.abs().max()


def test_smoothing_lessens_what_rounding_changes(tmp_path):
    network = with_loud_channels()

    def changed() -> float:
        onnx.write(network, PIXELS, 1, tmp_path / "float.onnx")
        quantise(tmp_path / "float.onnx", tmp_path / "int8.onnx")
        ours, theirs = (parity.run_file(tmp_path / name, FACES, batch=1).map for name in ("float.onnx", "int8.onnx"))
        return float(np.abs(ours - theirs).mean())

    before = changed()
    smooth(network, FACES, PIXELS)
    assert changed() < 0.75 * before


def test_the_int8_file_is_smoothed(run, data, tmp_path):
    export_run(run, lambda split: data, tmp_path / "int8.onnx", int8=True)
    export_run(run, lambda split: data, tmp_path / "float.onnx", int8=False)

    def norm_weights(file: str) -> np.ndarray:
        graph = onnx_format.load(tmp_path / file).graph
        return next(numpy_helper.to_array(w) for w in graph.initializer if w.name.endswith("blocks.0.norm1.weight"))

    assert not np.allclose(norm_weights("int8.onnx"), norm_weights("float.onnx"))
