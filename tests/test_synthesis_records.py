"""What synthesis writes down: networks' parameters, progress, a balanced folder's summary, and a judge's figures."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from lightning_fabric import Fabric
from made_data import StandIn
from scipy.stats import binomtest

from mien.classifier.classifier import Classifier
from mien.data import dataset
from mien.data.dataset import FaceData
from mien.errors import DataError, ExportError
from mien.expressions import NAMES
from mien.provenance import file_hash
from mien.recognition.model import Outputs
from mien.results.synthesis import ShareOfCount
from mien.synthesis import balance as balancing
from mien.synthesis import export, judge, loop, sampling, scores
from mien.synthesis.balance import Request, Synthetic
from mien.synthesis.filters import QualityFilter
from mien.synthesis.loop import SynthesisProgress, train
from mien.synthesis.networks import Critic, Generator
from mien.synthesis.recipe import SynthesisRecipe
from mien.synthesis.run import SynthesisRun
from mien.synthesis.translator import Translator

pytestmark = pytest.mark.usefixtures("one_thread")
PLAN = SynthesisRecipe(
    steps=5, split="kaggle", batch_size=3, critic_steps=1, width=4, blocks=1, critic_width=4, report_steps=2
)
DISGUST = NAMES.index("disgust")


def test_no_convolution_before_a_norm_has_a_bias() -> None:
    norms = {f"{part}.{name}.weight": (7, size) for part, name, size in _conditional_norms(4)}
    assert {name: tuple(value.shape) for name, value in Generator(4, 1).named_parameters()} == norms | {
        "narrowing.0.weight": (4, 1, 7, 7),
        "narrowing.1.weight": (4,),
        "narrowing.1.bias": (4,),
        "narrowing.3.weight": (8, 4, 4, 4),
        "narrowing.4.weight": (8,),
        "narrowing.4.bias": (8,),
        "narrowing.6.weight": (16, 8, 4, 4),
        "narrowing.7.weight": (16,),
        "narrowing.7.bias": (16,),
        "changing.0.first.weight": (16, 16, 3, 3),
        "changing.0.second.weight": (16, 16, 3, 3),
        "widening.0.convolution.weight": (16, 8, 4, 4),
        "widening.1.convolution.weight": (8, 4, 4, 4),
        "last.weight": (1, 4, 7, 7),
        "last.bias": (1,),
    }
    trunk = {f"trunk.{2 * n}": (4 * 2**n, 1 if n == 0 else 4 * 2 ** (n - 1)) for n in range(4)}
    assert {name: tuple(value.shape) for name, value in Critic(4).named_parameters()} == {
        **{f"{name}.weight": (*channels, 4, 4) for name, channels in trunk.items()},
        **{f"{name}.bias": channels[:1] for name, channels in trunk.items()},
        "realism.weight": (7, 32, 3, 3),
        "expression.weight": (7, 32, 3, 3),
    }


def _conditional_norms(width: int) -> list[tuple[str, str, int]]:
    places = [
        ("changing.0.first_norm", 4),
        ("changing.0.second_norm", 4),
        ("widening.0.norm", 2),
        ("widening.1.norm", 1),
    ]
    return [(place, name, times * width) for place, times in places for name in ("scale", "shift")]


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({"split": "official"}, False),
        ({"seed": 1}, False),
        ({"width": 8}, False),
        ({"blocks": 2}, False),
        ({"critic_width": 8}, False),
        ({"steps": 9, "critic_rate": 1e-3, "batch_size": 4, "report_steps": 1}, True),
    ],
)
def test_a_run_goes_on_with_the_same_networks_pictures_and_chance(change: dict[str, object], may: bool) -> None:
    assert replace(PLAN, **change).may_follow(PLAN) is may  # type: ignore[arg-type]


def test_progress_tells_steps_and_speed(tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000, 10_000, 2))  # two seconds between two questions
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))  # of no other thread
    seen: list[SynthesisProgress] = []
    faces = sampling.training_faces(dataset.load(tiny_data, "kaggle"))
    curve = train(PLAN, faces, SynthesisRun(tmp_path), Fabric(accelerator="cpu", devices=1), show=seen.append)
    assert [(told.step, told.steps) for told in seen] == [(number, 5) for number in range(1, 6)]
    assert [told.last and told.last.step for told in seen] == [None, 2, 2, 4, 5]
    assert [point.step for point in curve] == [2, 4, 5]
    # From the beginning, or from the end of the line before: a question a step, and one of the report's.
    assert [point.steps_per_second for point in curve] == pytest.approx([2 / 6, 2 / 6, 1 / 4])


def test_the_generators_file_tells_its_precision_and_origin(tiny_data: Path, tmp_path: Path) -> None:
    faces = sampling.training_faces(dataset.load(tiny_data, "kaggle"))
    run = SynthesisRun(tmp_path)
    run.write_description(PLAN, faces.fingerprint(), PLAN.precision)
    train(PLAN, faces, run, Fabric(accelerator="cpu", devices=1))
    told = Translator.open(export.export_run(run, tmp_path / "generator.onnx")).metadata
    assert (told["name"], told["precision"], told["split"]) == ("stargan", "float16 weights", "kaggle")
    assert told["training_data"] == faces.fingerprint()
    assert told["classes"].split(",") == list(NAMES)


def test_a_file_that_translates_otherwise_is_not_written(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two grey levels, of which half a one is allowed."""
    faces = sampling.training_faces(dataset.load(tiny_data, "kaggle"))
    run = SynthesisRun(tmp_path)
    run.write_description(PLAN, faces.fingerprint(), PLAN.precision)
    train(PLAN, faces, run, Fabric(accelerator="cpu", devices=1))
    true = Translator.translate
    monkeypatch.setattr(Translator, "translate", lambda self, faces, labels: true(self, faces, labels) // 2 * 2 + 2)
    with pytest.raises(ExportError, match="not written"):
        export.export_run(run, tmp_path / "generator.onnx")
    assert not (tmp_path / "generator.onnx").exists()


# A balanced folder's summary


class Marked(StandIn):
    """Says of a face what its first pixels hold: the probability of "disgust", and three features."""

    name = "marked"

    def run(self, faces: np.ndarray) -> Outputs:
        values = faces[:, 0].astype(np.float32) / 255
        said = np.full((len(faces), 7), 0.4, np.float32)
        said[:, DISGUST] = values[:, 0]
        return Outputs(said, values[:, 1:4] + 0.01)


class Marking:
    """Makes every second face certain and keeps the rest as they are."""

    sha256, split, from_other_classes, strength = "a hash", "kaggle", True, 0.9

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        made = faces.copy()
        made[::2, 0, 0], made[1::2, 0, 0] = 255, 0
        return made


def balanced(root: Path, out: Path, request: Request, judged_by: Classifier | None) -> dict[str, object]:
    faces = dataset.load(root, "kaggle")
    summary = balancing.balance(root, faces, request, Marking(), out, judged_by)
    assert json.loads((out / balancing.SUMMARY).read_text(encoding="utf-8")) == summary
    return summary


def test_the_summary_tells_how_a_folder_was_made(tiny_data: Path, tmp_path: Path) -> None:
    before = dict.fromkeys(NAMES, 6)
    request = Request((DISGUST,), 10, "kaggle", seed=5)
    assert balanced(tiny_data, tmp_path / "plain", request, None) == {
        "split": "kaggle",
        "seed": 5,
        "generator": "a hash",
        "strength": 0.9,
        "judge": None,
        "least_probability": None,
        "most_novelty": None,
        "training_pictures_before": before,
        "synthetic": {name: 4 * (name == "disgust") for name in NAMES},
        "classes": {"disgust": {"translated": 35, "kept": 4}},
    }
    model = Marked(tmp_path)
    found = balanced(tiny_data, tmp_path / "filtered", replace(request, least=0.7, novelty=True), model)
    sources = sampling.training_faces(dataset.load(tiny_data, "kaggle"))
    quality = QualityFilter(model, sources, 5)
    assert (found["judge"], found["least_probability"]) == (file_hash(model.file), 0.7)
    assert found["most_novelty"] == quality.most_novelty
    told = found["classes"]["disgust"]  # type: ignore[index]
    assert (told["translated"], told["kept"], told["called_target"]) == (35, 4, 18 / 35)
    assert told["refused_by_probability"] == 17
    assert balanced(tiny_data, tmp_path / "near", replace(request, least=0.7), model)["most_novelty"] is None


# A judge's figures


def noise(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48)).astype(np.uint8)


def a_folder(made: int, of_class: int) -> judge.Balanced:
    """So many real faces of disgust, and so many made of 20 of fear: the first a copy of one, the second unchanged."""
    labels = np.repeat([DISGUST, 2], [of_class, 20])
    texts = np.array([f"train/{number}.png" for number in range(len(labels))])
    real = FaceData(noise(len(labels), 1), labels, np.full(len(labels), "train"), texts, np.arange(len(labels)))
    sources = of_class + np.arange(made)
    synthetic = (0.5 * noise(made, 2) + 0.5 * real.faces[sources]).astype(np.uint8)
    synthetic[0], synthetic[1] = real.faces[0], real.faces[sources[1]]
    lines = [
        Synthetic(f"{n}.png", "disgust", str(texts[row]), "fear", 0, "g", None, None) for n, row in enumerate(sources)
    ]
    return judge.Balanced(real, lines, synthetic, sources)


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def test_a_verdicts_figures_are_their_definitions(tmp_path: Path) -> None:
    folder, model = a_folder(9, 11), Marked(tmp_path)
    found = judge.judge(folder, model, seed=3)["disgust"]
    own, sources = folder.real.faces[:11], folder.real.faces[folder.sources]
    faces = {"synthetic": folder.synthetic, "sources": sources, "real": own}
    for name, some in faces.items():
        called = int((some[:, 0, 0] / 255 > 0.4).sum())
        assert getattr(found, f"called_{name}") == scores.wilson(called, len(some))
    made, before, real = (model.run(some).features for some in faces.values())
    assert made is not None
    assert before is not None
    assert real is not None
    assert found.kid_synthetic == scores.kernel_distance(made, real, 3)
    assert found.kid_sources == scores.kernel_distance(before, real, 3)
    order = np.random.default_rng([3, DISGUST]).permutation(11)
    assert found.kid_real_halves == scores.kernel_distance(real[order[:6]], real[order[6:]], 3)
    assert (found.synthetic, found.real) == (9, 11)
    assert found.persons is None
    means = judge.judge(folder, model, 3, lambda faces: faces.mean((1, 2))[:, None])["disgust"].persons
    assert means is not None
    one, other = (some.mean((1, 2))[:, None] for some in (sources, own))
    assert means.sources == scores.kernel_distance(one, other, 3)
    for told, rows in ((found.diversity_synthetic, made), (found.diversity_real, real)):
        pairs = [1 - cosine(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j]
        assert told == pytest.approx(np.mean(pairs), abs=1e-6)
    to_source = [1 - cosine(x, y) for x, y in zip(made, before, strict=True)]
    assert found.identity_features.to_source == pytest.approx(np.mean(to_source), abs=1e-6)
    pixels = [1 - np.corrcoef(x.ravel(), y.ravel())[0, 1] for x, y in zip(folder.synthetic, sources, strict=True)]
    assert found.identity_pixels.to_source == pytest.approx(np.mean(pixels), abs=1e-5)
    assert found.identity_pixels.to_another == pytest.approx(1, abs=0.1)  # noise is like no other noise
    assert found.identity_pixels.source_is_nearer == scores.wilson(9 - (pixels[0] > 0.9), 9)
    assert found.copies_of_training_faces == found.unchanged == scores.wilson(1, 9)


def test_four_real_faces_and_two_made_ones_are_enough_to_judge(tmp_path: Path) -> None:
    found = judge.judge(a_folder(2, 4), Marked(tmp_path))["disgust"]
    assert (found.synthetic, found.real) == (2, 4)
    for made, real in ((1, 4), (2, 3)):
        few = a_folder(2, real)
        with pytest.raises(DataError, match=f"{made} synthetic and {real} real faces are too few"):
            judge.judge(
                judge.Balanced(few.real, few.lines[:made], few.synthetic[:made], few.sources[:made]), Marked(tmp_path)
            )


@pytest.mark.parametrize(("hits", "count"), [(1, 3), (0, 2), (5, 5), (40, 100)])
def test_a_share_has_wilsons_interval(hits: int, count: int) -> None:
    found, expected = scores.wilson(hits, count), binomtest(hits, count).proportion_ci(method="wilson")
    assert (found.value, found.count) == (hits / count, count)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_of_none_nothing_is_known() -> None:
    assert scores.wilson(0, 0) == ShareOfCount(0.0, 0.0, 1.0, 0)


def test_a_sheet_of_pairs_has_sources_left_and_translations_right() -> None:
    folder = a_folder(6, 4)
    sheet = judge.pairs(folder, 0, 6)
    for place in range(6):  # two rows of three pairs, each face enlarged twice, four pixels between, a title above
        top, left = 18 + place // 3 * 118, place % 3 * 200
        source, made = (sheet[top : top + 96 : 2, start : start + 96 : 2] for start in (left, left + 100))
        assert (source == folder.real.faces[folder.sources[place]]).all()
        assert (made == folder.synthetic[place]).all()
