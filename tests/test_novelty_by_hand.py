"""The gate's fit, its rivals and its judge against the same worked out by NumPy alone."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from made_data import save
from matplotlib.colors import to_hex
from scipy.special import logsumexp, softmax
from scipy.stats import binom
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.main import app
from mien.data.dataset import RATED, FaceData
from mien.errors import DataError, ExportError, ModelError
from mien.expressions import NAMES
from mien.novelty import gate, judge, occluders, ood_plots, ood_sets, open_set
from mien.novelty.feature_extractor import FeatureLayer
from mien.novelty.gate import fit
from mien.novelty.mahalanobis import ClassStatistics
from mien.novelty.scores import BASELINES
from mien.novelty.thresholds import HeldOutFaces, choose
from mien.recognition.faces import Box, Face, Square
from mien.recognition.gate import Gate
from mien.recognition.model import ModelFile, Outputs, models_folder
from mien.recognition.verdicts import Verdict
from mien.results.gate import DetectorAndGate, GateScores, Passage

SHIPPED = models_folder() / "mobilenet_v2.onnx"


@pytest.fixture(autouse=True)
def one_thread_for_matrices() -> Iterator[None]:
    """Threads that wait for each other take longer than the work where other processes want the cores too."""
    with threadpool_limits(1):
        yield


# Thresholds


@pytest.mark.parametrize(("count", "refused"), [(1000, 33), (400, 9), (3000, 122)])
def test_so_few_are_refused_that_the_true_share_is_almost_surely_below_a_twentieth(count: int, refused: int) -> None:
    scores = np.random.default_rng(count).normal(size=(count, 3))
    scores[:, 2] = -1  # none is covered
    cut = choose(HeldOutFaces(scores, np.arange(count) % 4)).cut
    assert int((scores[:, 1] > cut).sum()) <= refused
    assert choose(HeldOutFaces(scores, np.zeros(count, int))).cut == np.sort(scores[:, 1])[-refused - 1]
    # Were the true share a twentieth, as few would be refused in about one sample of a hundred.
    assert 0.003 < binom.cdf(refused, count, 0.05) < 0.012


def test_a_class_that_lies_far_out_sets_the_threshold() -> None:
    labels = np.repeat([0, 1, 2], [2000, 1000, 1000])
    unlike = np.random.default_rng(0).normal(size=4000) + labels
    scores = np.stack([np.zeros(4000), unlike, np.full(4000, -1)], 1)
    cut = choose(HeldOutFaces(scores, labels)).cut
    assert int((unlike[labels == 2] > cut).sum()) == 60


def test_what_is_refused_as_covered_counts_against_the_allowance() -> None:
    scores = np.random.default_rng(0).normal(size=(1000, 3))
    gate = choose(HeldOutFaces(scores, np.zeros(1000, int)))
    assert gate.covered == pytest.approx(np.quantile(scores[:, 2], 0.995))
    covered = scores[:, 2] > gate.covered
    assert int((covered | (scores[:, 1] > gate.cut)).sum()) == 33
    assert gate.found == gate.cut
    assert gate.far == pytest.approx(np.quantile(scores[:, 1], 0.999))


# The whole fit


def lit(count: int, first: int, seed: int = 0) -> FaceData:
    """`count` faces of each class: soft clouds over a pattern of the class, of any light."""
    generator = np.random.default_rng([seed, first])
    rows, columns = np.mgrid[:48, :48] / 48
    faces, labels = [], np.repeat(np.arange(7), count)
    for label in labels:
        fine = generator.choice([3, 6, 12, 24])
        clouds = generator.normal(size=(fine, fine)).repeat(48 // fine, 0).repeat(48 // fine, 1)
        pattern = np.sin((label + 2) * 2 * (rows * np.cos(label) + columns * np.sin(label)))
        light, strong, rough, grain = generator.uniform((40, 5, 2, 0), (210, 70, 60, 12))
        faces.append(light + strong * pattern + rough * clouds + generator.normal(0, grain, (48, 48)))
    total = len(labels)
    return FaceData(
        np.clip(np.stack(faces), 0, 255).astype(np.uint8),
        labels,
        np.full(total, "train"),
        np.arange(total).astype(str),
        first + np.arange(total),
    )


def inner_maps(path: Path, faces: np.ndarray, layers: tuple[str, ...]) -> list[np.ndarray]:
    """What goes into some layers of a model file, float32 [N, C, h, w] each."""
    model = onnx.load(path)
    tensors = []
    for layer in layers:
        node = next(node for node in model.graph.node if any(f".{layer}.weight" in name for name in node.input))
        tensors.append(node.input[0])
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(node.input[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(tensors, {"face": faces})


def unlike_score(path: Path, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Of three layers: the log of the mean squared deviation along the axes that count, standardised, and added up."""
    layers = ("blocks.2.2.conv_pw", "blocks.5.0.conv_pw", "blocks.5.2.conv_pw")
    total = np.zeros(len(asked))
    maps = zip(inner_maps(path, known, layers), inner_maps(path, asked, layers), strict=True)
    for (of_known, of_asked), (bands, unit, axes) in zip(
        maps, ((3, False, None), (3, True, 128), (1, True, None)), strict=True
    ):
        vectors = []
        for found in (of_known, of_asked):
            by_band = np.stack([part.mean((2, 3)) for part in np.array_split(found, bands, axis=2)], 2)
            vector = by_band.reshape(len(found), -1).astype(float)
            vectors.append(vector / np.linalg.norm(vector, axis=1, keepdims=True) if unit else vector)
        middle, scale = vectors[0].mean(0), vectors[0].std(0)
        standard = (vectors[0] - middle) / scale
        variances, directions = np.linalg.eigh(standard.T @ standard / len(known))
        kept = slice(-(axes or len(variances)), None)
        fitted, wanted = (
            np.log((((v - middle) / scale @ directions[:, kept] / np.sqrt(variances[kept] + 1e-3)) ** 2).mean(1))
            for v in vectors
        )
        total += (wanted - fitted.mean()) / fitted.std()
    return total


def near_score(known: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Relative Mahalanobis distance by its definition, with a thousandth of the mean variance on the diagonal."""
    known, asked = known.astype(float), asked.astype(float)
    labels = np.unique(labels, return_inverse=True)[1]
    means = np.stack([known[labels == label].mean(0) for label in range(labels.max() + 1)])
    centred, whole = known - means[labels], known - known.mean(0)
    within, total = centred.T @ centred / len(known), whole.T @ whole / len(known)
    ridge = 1e-3 * np.trace(within) / len(within) * np.eye(len(within))

    def squared(mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        return ((asked - mean) * np.linalg.solve(covariance + ridge, (asked - mean).T).T).sum(1)

    return np.min([squared(mean, within) for mean in means], 0) - squared(known.mean(0), total)


def test_the_scores_and_thresholds_in_the_file_are_those_of_the_definition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, held, others = lit(40, 0), lit(20, 1000), lit(10, 2000)
    monkeypatch.setattr(gate, "SPOILED_FACES", 60)
    fit(SHIPPED, tmp_path / "gated.onnx", training, held)
    gated = ModelFile.open(tmp_path / "gated.onnx")
    known, asked = (gated.run(faces.faces) for faces in (training, others))
    assert asked.novelty is not None
    near = near_score(known.features, training.labels, asked.features)
    unlike = unlike_score(SHIPPED, training.faces, others.faces)
    # Stored in 16 and 8 bits.
    np.testing.assert_allclose(asked.novelty[:, 0], near, atol=0.05 * near.std())
    np.testing.assert_allclose(asked.novelty[:, 1], unlike, atol=0.2 * unlike.std())
    scores = gated.run(held.faces).novelty
    assert scores is not None
    chosen = choose(HeldOutFaces(scores, held.labels))
    assert gated.gate is not None
    for name, value in asdict(chosen).items():
        assert getattr(gated.gate, name) == pytest.approx(value, rel=1e-4, abs=1e-4), name


def test_ten_pictures_of_a_class_are_the_least(tmp_path: Path) -> None:
    training = lit(10, 0)
    few = training.where(np.arange(len(training)) > 0)
    with pytest.raises(DataError):
        fit(SHIPPED, tmp_path / "gated.onnx", few, training)


def test_the_gate_is_fitted_without_copies_of_the_faces_that_judge_it(
    tmp_path: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One picture of the made-up set stands in both parts."""
    given: list[FaceData] = []

    def note(source: Path, target: Path, training: FaceData, held_out: FaceData, *_: object) -> gate.FitReport:
        given.extend((training, held_out))
        return gate.FitReport(Gate(1, 1, 0, 0, 1, 2), 0.0, None, 1000)

    monkeypatch.setattr(gate, "fit", note)
    words = ["novelty", "fit", SHIPPED, "--data", tiny_data, "--split", "kaggle", "--out", tmp_path / "a.onnx"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    training, held_out = given
    assert set(training.parts) == {"train"}
    assert set(held_out.parts) == {"validation"}
    assert not {face.tobytes() for face in training.faces} & {face.tobytes() for face in held_out.faces}
    assert (len(training), len(held_out)) == (7 * 6 - 1, 7 * 3)


# Rivals


def outputs(logits: np.ndarray, features: np.ndarray) -> Outputs:
    """What a model of these logits gives."""
    return Outputs(softmax(logits, 1), features, logits[:, :, None, None])


@pytest.fixture(scope="module")
def readings() -> tuple[Outputs, np.ndarray, Outputs, np.ndarray, np.ndarray]:
    """Known features of seven classes and other ones, with the head that makes their logits."""
    generator = np.random.default_rng(0)
    labels = np.arange(140) % 7
    head, bias = generator.normal(size=(12, 7)), generator.normal(size=7)
    known = generator.normal(size=(7, 12))[labels] + generator.normal(size=(140, 12)) @ generator.normal(size=(12, 12))
    asked = 3 * generator.normal(size=(30, 12))
    return (
        outputs(known @ head + bias, known),
        labels,
        outputs(asked @ head + bias, asked),
        head,
        bias,
    )


def test_rivals_are_their_definitions(
    readings: tuple[Outputs, np.ndarray, Outputs, np.ndarray, np.ndarray],
) -> None:
    known, labels, asked, head, bias = readings
    means = np.stack([known.features[labels == label].mean(0) for label in range(7)])
    within = (known.features - means[labels]).T @ (known.features - means[labels]) / len(labels)
    within += 1e-3 * np.trace(within) / 12 * np.eye(12)
    apart = asked.features[:, None] - means
    unit, known_unit = (one.features / np.linalg.norm(one.features, axis=1, keepdims=True) for one in (asked, known))
    origin = -np.linalg.pinv(head.T) @ bias
    centred = known.features - origin
    outside = np.linalg.svd(centred)[2][6:]  # all but the principal half
    scale = known.logits.max(1).mean() / np.linalg.norm(centred @ outside.T, axis=1).mean()
    expected = {
        "maximum softmax": -softmax(asked.logits, 1).max(1),
        "energy": -logsumexp(asked.logits, 1),
        "Mahalanobis": np.einsum("nkd,de,nke->nk", apart, np.linalg.inv(within), apart).min(1),
        "relative Mahalanobis": near_score(known.features, labels, asked.features),
        "nearest neighbours": np.sort(np.linalg.norm(unit[:, None] - known_unit, axis=2), 1)[:, 49],
        "ViM": scale * np.linalg.norm((asked.features - origin) @ outside.T, axis=1) - logsumexp(asked.logits, 1),
    }
    assert expected.keys() == BASELINES.keys()
    for name, scores in expected.items():
        np.testing.assert_allclose(BASELINES[name](known, labels)(asked), scores, rtol=1e-4, atol=1e-5, err_msg=name)


# The judge


class InItsPixels(Classifier):
    """Its answers are what stands in a face's first pixels: two scores, then features."""

    name, gate = "pixels", Gate(cut=100, found=100, doubt_scale=0, doubt_offset=0, covered=1e3, far=200)

    def run(self, faces: np.ndarray) -> Outputs:
        values = faces[:, 0].astype(np.float32)
        novelty = np.concatenate([values[:, :2], values[:, :1] - 20], 1)
        return Outputs(softmax(values[:, 2:9] / 20, 1), values[:, 2:20], None, novelty)


def speaking(count: int, seed: int, near: int, far: int) -> FaceData:
    generator = np.random.default_rng(seed)
    faces = generator.integers(0, 256, (count, 48, 48)).astype(np.uint8)
    faces[:, 1:] = faces[:, 1:, :1] // 2
    faces[:, 0, 0], faces[:, 0, 1] = (
        generator.integers(near, near + 60, count),
        generator.integers(far, far + 120, count),
    )
    labels, texts = np.arange(count) % 7, np.arange(count).astype(str)
    return FaceData(faces, labels, np.full(count, "test"), texts, np.arange(count))


def area_of_errors(strangeness: np.ndarray, right: np.ndarray) -> float:
    """The mean, over all numbers of least strange faces, of the share of them that are called wrongly."""
    order = sorted(range(len(right)), key=lambda place: strangeness[place])
    return float(np.mean([np.mean(~right[order[:count]]) for count in range(1, len(right) + 1)]))


def test_the_judge_compares_as_it_says() -> None:
    training, real, strange = speaking(120, 0, 0, 0), speaking(101, 1, 0, 0), speaking(40, 2, 5, 90)
    kind = ood_sets.OODSet("strange", strange.faces, far=True)
    made, novelty, scores = judge.judge([InItsPixels()], training, real, [kind], 0)  # type: ignore[list-item]
    model = InItsPixels()
    ours, theirs = (model.run(faces.faces) for faces in (real, strange))
    assert (novelty == ours.novelty).all()
    assert (scores["strange"] == theirs.novelty).all()
    assert ours.novelty is not None
    assert theirs.novelty is not None
    truth = np.r_[np.zeros(101), np.ones(40)]
    found = made.separation["pixels"]
    for name, column in ((judge.OURS, 1), (judge.OURS_COVERED, 2)):
        both = np.concatenate([ours.novelty[:, column], theirs.novelty[:, column]])
        assert found[name]["strange"].auroc == pytest.approx(roc_auc_score(truth, both))
    accepted = theirs.novelty[:, 1] <= np.sort(ours.novelty[:, 1])[95]  # of 101 the 96th is the 95% quantile
    assert found[judge.OURS]["strange"].fpr95 == pytest.approx(accepted.mean())
    known, real_unit, strange_unit = (
        of / np.linalg.norm(of, axis=1, keepdims=True)
        for of in (model.run(training.faces).features, ours.features, theirs.features)
    )
    near = [np.sort(np.linalg.norm(of[:, None] - known, axis=2), 1)[:, 49] for of in (real_unit, strange_unit)]
    assert found["nearest neighbours"]["strange"].auroc == pytest.approx(
        roc_auc_score(truth, np.concatenate(near)), abs=1e-3
    )
    passed = (theirs.novelty[:, 1] <= 100).mean()
    assert made.passage["strange"].known == pytest.approx(passed)
    assert made.passage["strange"].far == pytest.approx((theirs.novelty[:, 1] > 200).mean())
    assert made.far == ["strange"]
    right = ours.probabilities.argmax(1) == real.labels
    refusing = made.risk[judge.REPORTED]
    assert refusing.accuracy_accepted == pytest.approx(right[ours.novelty[:, 1] <= 100].mean())
    assert refusing.area == pytest.approx(area_of_errors(ours.novelty[:, 1], right))
    assert refusing.area_confidence == pytest.approx(area_of_errors(-ours.probabilities.max(1), right))
    for group in ("brightness", "sharpness"):
        assert [of.pictures for of in made.refused[group].values()] == pytest.approx([25] * 4, abs=1)
    assert made.refused["all"]["all"].known == pytest.approx((ours.novelty[:, 1] <= 100).mean())


def test_the_classic_convention_accepts_nineteen_of_twenty_real_faces() -> None:
    found = judge.separation(np.arange(100.0), np.array([50.5, 92.0, 96.5, 300.0]))  # the 95% quantile is 94.05
    assert found.fpr95 == pytest.approx(0.5)


def test_detector_and_gate_together_count_only_what_passes_both(tmp_path: Path) -> None:
    for number, name in enumerate(("near", "known", "none", "person")):
        save(np.full((20, 20), 40 * number, np.uint8), tmp_path / f"{name}.png")

    class Stub:
        def recognize(self, picture: np.ndarray) -> list[Face]:
            found = {0: [Verdict.COVERED], 40: [Verdict.FAR, Verdict.KNOWN], 80: [], 120: [Verdict.KNOWN]}
            box, square, said = Box(0, 0, 9, 9), Square(4, 4, 9), np.eye(7)[0]
            return [Face(box, square, 0.9, said, said, verdict=one) for one in found[int(picture[0, 0, 0])]]

    people = frozenset({"person.png"})
    told = judge.through_pipeline(Stub(), tmp_path, people, lambda *_: None)  # type: ignore[arg-type]
    assert (told.pictures, told.found, told.passed, told.covered) == (3, 2, 1, 1)


class ReadsTones:
    """A recogniser of flat pictures: the tone says which faces are in them, the largest first."""

    classes = NAMES

    def recognize(self, picture: np.ndarray) -> list[Face]:
        tone = int(picture[0, 0, 0])
        if tone == 200:
            return []
        called, verdict, unlike = {
            0: (3, Verdict.KNOWN, 1.0),
            40: (3, Verdict.FAR, 5.0),
            80: (4, Verdict.KNOWN, 2.0),
            120: (4, Verdict.COVERED, 3.0),
        }[tone]
        said, novelty = np.eye(7)[called] * 0.9, np.array([0.0, unlike, 0.0])
        face = Face(Box(0, 0, 9, 9), Square(4, 4, 9), 0.9, said, said, None, novelty, verdict)
        return [face, replace(face, verdict=Verdict.NEAR)]  # the second counts for nothing


def test_photographs_are_judged_folder_by_folder(tmp_path: Path) -> None:
    tones = {"faces/happy": (0, 40, 200), "faces/sad": (0, 80, 120), "faces/notes": (40,), "cats": (0, 200, 40)}
    for folder, of in tones.items():
        (tmp_path / folder).mkdir(parents=True)
        for number, tone in enumerate(of):
            save(np.full((20, 20), tone, np.uint8), tmp_path / folder / f"{number}.png")
    made = GateScores({}, [], {}, {}, {}, {}, {}, {})
    cats, faces = [tmp_path / "cats"], [tmp_path / "faces"]
    recognizer: Any = ReadsTones()
    judge.judge_photographs(made, recognizer, cats, faces, frozenset({"0.png"}), lambda *_: None)
    assert made.pipeline == {"cats": DetectorAndGate(pictures=2, found=1, passed=0, covered=0)}
    found = made.found["faces"]
    assert found["happy"] == Passage(2, known=0.5, covered=0, near=0, far=0.5)
    assert asdict(found["sad"]) == pytest.approx(asdict(Passage(3, known=2 / 3, covered=1 / 3, near=0, far=0)))
    assert found["all"] == Passage(5, known=0.6, covered=0.2, near=0, far=0.2)
    # In order of unlikeness: happy and sad called happy (one wrong), then three called as labelled.
    told = made.risk["faces"]
    assert (told.faces, told.refused, told.error) == (5, pytest.approx(0.4), pytest.approx(0.2))
    assert (told.accuracy_accepted, told.accuracy_refused) == (pytest.approx(2 / 3), 1)
    assert told.area == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]))


def test_what_raters_found_unclear_is_compared_with_what_they_found_clear() -> None:
    generator = np.random.default_rng(0)
    training, asked = (
        Outputs(softmax(logits, 1).astype(np.float32), generator.normal(size=(count, 9)), None, None)
        for count, logits in ((140, generator.normal(size=(140, 7))), (60, 3 * generator.normal(size=(60, 7))))
    )
    labels, own = np.arange(140) % 7, np.repeat([0, 1, 2, 3, 4, 5, 6], [9, 10, 8, 12, 8, 5, 8])
    votes = np.zeros((60, len(RATED)), int)
    votes[:, 0] = 10
    contempt = votes[:, RATED.index("contempt")]
    contempt[:20] = 5  # a third of the votes
    contempt[20:30] = 1  # neither clear nor odd
    votes[30:35, RATED.index("nf")] = 10  # too few to say something
    faces = FaceData(np.zeros((60, 48, 48), np.uint8), own, np.full(60, "test"), own.astype(str), own, raters=votes)
    novelty = generator.normal(size=(60, 3))
    told = open_set.unclear(faces, asked, novelty, training, labels)
    assert set(told) == {"raters: contempt", "without disgust", "without happy"}

    def auroc(scores: np.ndarray, odd: np.ndarray, clear: np.ndarray) -> float:
        return pytest.approx(roc_auc_score(odd[odd | clear], scores[odd | clear]))

    here = np.arange(60)
    odd, clear = here < 20, here >= 35
    doubt = -softmax(asked.logits, 1).max(1)
    assert told["raters: contempt"] == {
        "unlike": auroc(novelty[:, 1], odd, clear),
        "relative": auroc(novelty[:, 0], odd, clear),
        "unsure": auroc(doubt, odd, clear),
    }
    of_six = np.delete(asked.logits, 3, 1)
    relative = near_score(training.features[labels != 3], labels[labels != 3], asked.features)
    assert told["without happy"] == {
        "relative": auroc(relative, own == 3, own != 3),
        "unsure": auroc(-softmax(of_six, 1).max(1), own == 3, own != 3),
    }


# What is drawn


def test_the_plots_show_the_scores_and_the_threshold() -> None:
    generator = np.random.default_rng(0)
    real, strange = generator.normal(size=(500, 3)), generator.normal(3, 1, (80, 3))
    limits = Gate(cut=2, found=2, doubt_scale=0, doubt_offset=0, covered=2.5, far=9)
    kinds = {"cats": strange, "masks": strange[:40]}
    axes = np.array(ood_plots.histograms(real, kinds, limits, ["cats"]).axes).reshape(2, 2)
    for row, (kind, scores) in zip(axes, kinds.items(), strict=True):
        assert row[0].get_ylabel() == f"{kind}\n({len(scores)})"
        for axis, column, threshold in zip(row, (1, 2), (2, 2.5), strict=True):
            assert list(axis.lines[0].get_xdata()) == [threshold, threshold]
            faces, others = axis.containers
            assert to_hex(others.patches[0].get_facecolor()) == {"cats": "#6b7280", "masks": "#d97706"}[kind]
            assert len(faces.patches) == 69
            for bars, values in ((faces, real[:, column]), (others, scores[:, column])):
                beyond = sum(bar.get_height() for bar in bars.patches if bar.get_x() >= threshold)
                assert sum(bar.get_height() for bar in bars.patches) == pytest.approx(1)
                assert beyond == pytest.approx((values > threshold).mean(), abs=0.04)


def test_the_sheets_show_what_passes_and_what_is_refused() -> None:
    limits = Gate(cut=2, found=2, doubt_scale=0, doubt_offset=0, covered=2.5, far=9)
    faces = np.arange(24, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    real = FaceData(faces, np.full(24, 3), np.full(24, "test"), np.arange(24).astype(str), np.arange(24))
    unlike = np.where(np.arange(24) < 11, 3.0, 0.0)
    novelty = np.stack([unlike, unlike, np.zeros(24)], 1)
    cats = ood_sets.OODSet("cats (small)", faces[:4], far=True)
    passing = np.array([[0, 9, 0], [0, 1, 0], [0, 9, 0], [0, 9, 0]], float)
    sheets = ood_plots.mistakes(limits, real, novelty, [cats], {cats.name: passing}, seed=0, count=10)
    (passes, *rest) = sheets["passes-wrongly"].axes
    assert sheets["passes-wrongly"].get_suptitle() == "1 of 4 strange pictures pass; 1 of these, drawn by chance"
    assert passes.get_title() == "cats\n(small)"
    assert [len(axis.images) for axis in rest] == [0] * 9
    assert (np.asarray(passes.images[0].get_array()) == 1).all()
    assert passes.images[0].get_clim() == (0, 255)
    refused = sheets["refused-wrongly"]
    assert refused.get_suptitle() == "11 of 24 real faces are refused; 10 of these, drawn by chance"
    tones = [int(np.asarray(axis.images[0].get_array())[0, 0]) for axis in refused.axes]
    assert len(set(tones)) == 10
    assert max(tones) < 11
    assert {axis.get_title() for axis in refused.axes} == {"happy, near"}
    assert len(ood_plots.sheet(faces[:11], [""] * 11, "two rows").axes) == 20


# Kinds


def test_what_is_spoiled_is_spoiled_as_far_as_is_said() -> None:
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (60, 48, 48)).astype(np.uint8)
    assert (ood_sets.upside_down(noise, generator) == noise[:, ::-1]).all()
    covered = (ood_sets.half_covered(noise, generator) != noise).mean((1, 2))
    assert ((covered > 0.42) & (covered < 0.63)).all()
    moved = ood_sets.half_faces(noise, generator).astype(int)
    flat = [max((np.abs(np.diff(face, axis=axis)).max(1 - axis) <= 1).mean() for axis in (0, 1)) for face in moved]
    assert min(flat) > 0.35
    assert max(flat) < 0.63
    # A Gaussian blur leaves of white noise's variance 1 in 4 pi width ** 2: widths of 3.5 to 6 pixels.
    kept = ood_sets.blurred(noise, generator)[:, 12:36, 12:36].astype(float).var((1, 2)).mean() / noise.var()
    assert 1 / (4 * np.pi * 6.5**2) < kept < 1 / (4 * np.pi * 3**2)
    light = ood_sets.dark(np.full((60, 48, 48), 200, np.uint8), generator).mean((1, 2)) / 200
    assert 0.015 < light.min() < 0.04
    assert 0.06 < light.max() < 0.09


def test_a_mask_is_alike_on_both_sides_and_covers_from_the_nose_to_the_chin() -> None:
    black, white = np.zeros((40, 48, 48), np.uint8), np.full((40, 48, 48), 255, np.uint8)
    on_black, on_white = (occluders.masked(faces, np.random.default_rng(0)).astype(float) for faces in (black, white))
    covers = 1 - (on_white - on_black).clip(0, 255) / 255
    columns = np.arange(48) + 0.5
    for mask in covers:
        rows = mask[mask.sum(1) > 4]
        middles = (rows * columns).sum(1) / rows.sum(1)
        assert np.ptp(middles) < 0.6
        assert abs(middles.mean() - 24) < 7
        assert mask[:18].max() < 0.05
        assert mask[32:36, 20:28].min() > 0.95


def test_a_model_that_sees_faces_too_small_for_the_gate_is_refused_in_one_line() -> None:
    layer = FeatureLayer("blocks.5.0.conv_pw", bands=3)
    np.testing.assert_allclose(layer.pooling((1, 8, 7, 7)).sum(0), 1, rtol=1e-6)
    with pytest.raises(ModelError, match="has 2 rows, and the gate needs 3"):
        layer.pooling((1, 8, 2, 2))
    with pytest.raises(ModelError, match="has 2 rows, and the gate needs 3"):
        layer.pooling((1, 5, 8))


def test_within_and_between_the_classes_make_the_covariance_of_all() -> None:
    """The law of total covariance, with classes of unlike sizes."""
    generator = np.random.default_rng(4)
    labels = np.repeat(np.arange(7), (200, 12, 40, 60, 30, 20, 90))
    features = generator.normal(size=(len(labels), 5)) + generator.normal(size=(7, 5))[labels] * 3
    found = ClassStatistics.of(features, labels, ridge=0.0)
    assert found.within + found.between == pytest.approx(np.cov(features.T, bias=True))


def test_a_file_whose_scores_lie_otherwise_than_the_fitted_ones_is_refused() -> None:
    generator = np.random.default_rng(5)
    fitted = generator.normal(size=(500, 3))
    gate._check(fitted + 0.01 * generator.normal(size=(500, 3)), fitted)
    for column in range(3):
        stored = fitted.copy()
        stored[:, column] += 0.1 * generator.normal(size=500)  # correlates by .995
        with pytest.raises(ExportError, match=r"correlates by only 0\.99"):
            gate._check(stored, fitted)
        stored[0, column] = np.nan
        with pytest.raises(ExportError, match="not finite"):
            gate._check(stored, fitted)
