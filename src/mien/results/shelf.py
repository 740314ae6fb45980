"""Which results files lie in a results folder."""

from pathlib import Path

from mien.results import benchmarks
from mien.results.ensembles import Ensemble
from mien.results.evaluation import Evaluation
from mien.results.framing import FramingMeasurements
from mien.results.gate import GateJudgement
from mien.results.maps import Maps
from mien.results.record import read, read_if_there
from mien.results.reference import Reference
from mien.results.robustness import Robustness
from mien.results.runs import RunDescription, RunMetrics
from mien.results.synthesis import SynthesisDescription, SynthesisJudgement
from mien.results.world import World

PARTS = ("train", "validation", "test", "photographs")
KINDS: dict[str, object] = {
    "runs/*/metrics.json": RunMetrics,
    "runs/*/run.json": RunDescription,
    "shipped/stargan/run.json": SynthesisDescription,
    "shipped/**/run.json": RunDescription,
    "shipped/**/robust.json": Robustness,
    "peers/*-robust.json": Robustness,
    "peers/*.json": Evaluation,
    "own/*.json": Evaluation,
    "*-robust.json": Robustness,
    "*-faithful.json": Maps,
    "*-world.json": World,
    "ensemble*.json": Ensemble,
    "novelty.json": GateJudgement,
    "synthesis.json": SynthesisJudgement,
    "framing.json": FramingMeasurements,
    "reference.toml": Reference,
    **{f"*-{part}.json": Evaluation for part in PARTS},
    "benchmarks/recognition.json": benchmarks.RecognitionSpeed,
    "benchmarks/app.json": benchmarks.AppSpeed,
    "benchmarks/app-first.json": benchmarks.AppFirst,
    "benchmarks/app-faces.json": benchmarks.AppFaces,
    "benchmarks/app-picture.json": benchmarks.AppPicture,
    "benchmarks/app-memory.json": benchmarks.AppMemory,
    "benchmarks/app-steadiness.json": benchmarks.AppSteadiness,
    "benchmarks/app-clarity.json": benchmarks.AppClarity,
    "benchmarks/android.json": benchmarks.AndroidSpeed,
    "benchmarks/android-detectors.json": benchmarks.AndroidDetectors,
    "benchmarks/android-int8.json": benchmarks.AndroidInt8,
    "benchmarks/int8_rounding-*.json": benchmarks.Int8Rounding,
    "benchmarks/gate-time.json": benchmarks.GateTimes,
    "benchmarks/ingredients.json": benchmarks.Ingredients,
    "benchmarks/zoom.json": benchmarks.Zooms,
    "benchmarks/inputs.json": benchmarks.InputKinds,
    "benchmarks/fuzz.json": benchmarks.FUZZ,
    "benchmarks/kills.json": benchmarks.KILLS,
    "benchmarks/mutants-*.json": benchmarks.Mutants,
    "benchmarks/scale.json": benchmarks.Scale,
    "benchmarks/serve-load.json": benchmarks.ServeLoad,
    "benchmarks/side_by_side.json": benchmarks.SideBySide,
    "benchmarks/training-*.json": benchmarks.TrainingSpeeds,
    "benchmarks/video.json": benchmarks.VideoMeasurements,
    "benchmarks/video-sound.json": benchmarks.SOUND,
}
"""What each file under results/ is, by the first pattern that its place matches."""


def evaluations(results: Path) -> dict[str, Evaluation]:
    """Scores with calibration.

    Args:
        results: The folder.

    Returns:
        By the file's name: model, split and part.

    Raises:
        DataError: A file is damaged.
    """
    paths = sorted(path for part in PARTS for path in results.glob(f"*-{part}.json"))
    found = {path.stem: read(Evaluation, path) for path in paths if not path.match("ensemble*")}
    return {stem: told for stem, told in found.items() if told.calibration and stem == _stem(told)}


def robustness(results: Path) -> dict[str, Robustness]:
    """Scores on spoiled pictures.

    Args:
        results: The folder.

    Returns:
        By model, split and part.

    Raises:
        DataError: A file is damaged.
    """
    return {_stem(told): told for told in (read(Robustness, path) for path in sorted(results.glob("*-robust.json")))}


def maps(results: Path) -> dict[str, Maps]:
    """How faithful maps are.

    Args:
        results: The folder.

    Returns:
        By model, split and part.

    Raises:
        DataError: A file is damaged.
    """
    return {_stem(told): told for told in (read(Maps, path) for path in sorted(results.glob("*-faithful.json")))}


def ensembles(results: Path) -> dict[str, Ensemble]:
    """Ensembles on file.

    Args:
        results: The folder.

    Returns:
        By the file's name.

    Raises:
        DataError: A file is damaged.
    """
    return {path.stem: read(Ensemble, path) for path in sorted(results.glob("ensemble*.json"))}


def _stem(told: Evaluation | Robustness | Maps) -> str:
    return f"{told.model}-{told.split}-{told.part}"


def lineage(results: Path, name: str) -> list[Path]:
    """The folders of the trainings that a shipped model comes from, the first one first.

    `start` in a training's folder is the training that it began from.

    Args:
        results: The folder.
        name: The model's.

    Returns:
        They need not exist.
    """
    folders = [results / "shipped" / name]
    while (folders[0] / "start").is_dir():
        folders.insert(0, folders[0] / "start")
    return folders


def trainings(results: Path, name: str) -> list[RunDescription]:
    """The trainings of a shipped model that are on file.

    Args:
        results: The folder.
        name: The model's.

    Returns:
        The first one first.

    Raises:
        DataError: One is damaged.
    """
    told = (read_if_there(RunDescription, folder / "run.json") for folder in lineage(results, name))
    return [one for one in told if one is not None]


def before(results: Path, name: str) -> Robustness | None:
    """How a shipped model's first training did on spoiled pictures, where that is on file.

    Args:
        results: The folder.
        name: The model's.

    Returns:
        None where that is not on file.

    Raises:
        DataError: It is damaged.
    """
    return read_if_there(Robustness, lineage(results, name)[0] / "robust.json")
