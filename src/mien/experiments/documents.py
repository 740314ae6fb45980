"""Every table of the documents: README.md, docs/, MODEL_CARD.md and the report, from what is on file in results/.

A document has a template's text between two marks, <!-- NAME: written by benchmarks/tables.py --> and
<!-- end of NAME -->. A figure of a shipped model that was measured on another file of it is shown with a word on that.
"""

from dataclasses import dataclass
from pathlib import Path

from mien.errors import DataError
from mien.experiments import card, report, tables
from mien.experiments.run_results import RunResult, read_all
from mien.experiments.templating import fill
from mien.recognition.model import ModelFile, shipped_models
from mien.results import benchmarks
from mien.results.evaluation import Evaluation
from mien.results.record import read, read_if_there
from mien.results.reference import Reference, ReferenceRow
from mien.results.robustness import Robustness
from mien.results.scores import Interval
from mien.results.shipped import other_file, shipped_hashes
from mien.results.world import World

COMMAND = "python benchmarks/tables.py"
_DEFAULT = "mobilenet_v2"
PEERS = {"human": "npm", "fer": "PyPI", "face-api": "npm"}
NETWORKS = ("ViT-tiny", "ViT-small")
_ROUNDING = ("native / web", "native / native, graph not optimised", "native / unrounded", "unrounded / unrounded, web")


def texts(root: Path) -> dict[Path, str]:
    """The whole text of every document that has figures, as results/ has them.

    Args:
        root: A checkout.

    Returns:
        Texts by path.

    Raises:
        DataError: A results file is damaged.
    """
    results = root / "results"
    readme, figures = root / "README.md", root / "docs" / "results.md"
    app, serve, video, own, shipping = (
        root / "docs" / f"{name}.md" for name in ("app", "serve", "video", "own_data", "shipped_models")
    )
    return {
        readme: _marked(readme, {"results": readme_results(results)}),
        figures: _marked(figures, {"results": all_results(results), "reference": reference_results(results)}),
        app: _marked(app, {"figures": app_figures(results), "steadiness": app_steadiness(results)}),
        serve: _marked(serve, {"serve": serve_load(results)}),
        video: _marked(video, {"readings": fewer_readings(results), "scale": scale(results)}),
        own: _marked(own, {"own": own_results(results)}),
        shipping: _marked(shipping, {"ingredients": ingredients(results), "zooms": zooms(results)}),
        root / card.NAME: card.write_card(root),
        results / "report.md": report.markdown(report.gather(results)),
    }


def _marked(path: Path, blocks: dict[str, str]) -> str:
    """A document with these blocks between their marks."""
    text = path.read_text(encoding="utf-8")
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: written by benchmarks/tables.py -->", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise DataError(f"{path}: the marks of '{name}' are not there once; restore them")
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{block.strip()}\n{end}{rest.split(end)[1]}"
    return text


@dataclass(frozen=True)
class Row:
    """A line of the table of results: a model or a peer, and what of it was measured.

    Attributes:
        title: Of the line.
        scores: On FER2013; None where not measured, as all below.
        world: On photographs from elsewhere.
        robust: On spoiled pictures.
        megabytes: Of the file.
        face_ms: Milliseconds a face.
    """

    title: str
    scores: Evaluation | None
    world: World | None
    robust: Robustness | None
    megabytes: float | None
    face_ms: float | None


def readme_results(results: Path) -> str:
    """Our models beside peers, in three columns.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    rows, measured = _rows(results)
    shown = [one for one in measured if one[0] in ("scores", "elsewhere")]
    return fill("readme_results.md", rows=rows, notes=_notes(shown))


def all_results(results: Path) -> str:
    """Our models beside peers, in all that was measured.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    rows, measured = _rows(results)
    return fill("all_results.md", rows=rows, notes=_notes(measured))


def _rows(results: Path) -> tuple[list[Row], list[tuple[str, str, str | None]]]:
    """A row for each model and peer, and what was measured of which file: what, model and hash."""
    speed = read_if_there(benchmarks.RecognitionSpeed, results / "benchmarks" / "recognition.json")
    rows, measured = [], []
    for name in shipped_models():
        model, fast = ModelFile.open(name), None if speed is None else speed.models.get(name)
        scores = read_if_there(Evaluation, results / f"{name}-official-test.json")
        world = read_if_there(World, results / f"{name}-world.json")
        robust = read_if_there(Robustness, results / f"{name}-official-test-robust.json")
        of_file = (model.path.stat().st_size / 1e6, None if fast is None else fast.face_ms)
        rows.append(Row(f"**Mien {name}** ({model.metadata['precision']})", scores, world, robust, *of_file))
        columns = {"scores": scores, "elsewhere": world, "kept when spoiled": robust, "ms a face": fast}
        measured += [(what, name, of.model_hash) for what, of in columns.items() if of is not None]
    rows += [_peer(name, source, results, speed) for name, source in PEERS.items()]
    return rows, measured


def _peer(name: str, source: str, results: Path, speed: benchmarks.RecognitionSpeed | None) -> Row:
    scores = read_if_there(Evaluation, results / "peers" / f"{name}-official-test.json")
    robust = read_if_there(Robustness, results / "peers" / f"{name}-official-test-robust.json")
    fast = None if speed is None else speed.of_peer(name)
    size = (None, None) if fast is None else (fast.megabytes, fast.face_ms)
    return Row(f"{name if scores is None else scores.model} ({source})", scores, None, robust, *size)


def _notes(measured: list[tuple[str, str, str | None]]) -> list[str]:
    """A sentence on every group of figures of other files than those that ship; measured: what, model and hash."""
    hashes = shipped_hashes()
    groups: dict[tuple[str, str], list[str]] = {}
    for what, name, model_hash in measured:
        other = other_file(name, model_hash, hashes) if name in hashes else "a file that ships no more"
        if other:
            groups.setdefault((what, other), []).append(name)
    said = [f"{what} of {', '.join(of)}: measured with {other}." for (what, other), of in groups.items()]
    return [one[0].upper() + one[1:] for one in said]


@dataclass(frozen=True)
class Beside:
    """One network under one setting.

    Attributes:
        accuracy: Ours; None where it was not run.
        macro_f1: Ours; None where it was not run.
        seeds: How many runs.
        published: The row of the reference.
    """

    accuracy: Interval | None
    macro_f1: Interval | None
    seeds: int
    published: ReferenceRow


def reference_results(results: Path) -> str:
    """A line a setting of the reference: each network's accuracy and macro F1, ours and published.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    runs = tables.by_recipe(read_all(results))
    published = {row.name: row for row in read(Reference, results / report.REFERENCE).rows}
    settings: dict[str, list[Beside]] = {}
    for setting in dict.fromkeys(name.split()[1] for name in published):
        rows = [published[f"{network} {setting}"] for network in NETWORKS]
        settings[setting] = [_beside(row, runs.get(row.recipe, [])) for row in rows]
    return fill("reference_results.md", networks=NETWORKS, settings=settings)


def _beside(row: ReferenceRow, ours: list[RunResult]) -> Beside:
    accuracy, macro_f1 = (tables.score(ours, key) if ours else None for key in ("accuracy", "macro_f1"))
    return Beside(accuracy, macro_f1, len(ours), row)


def app_figures(results: Path) -> str:
    """How fast and how large the app is, and how close to Python.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    folder = results / "benchmarks"
    speed = read_if_there(benchmarks.AppSpeed, folder / "app.json")
    first = read_if_there(benchmarks.AppFirst, folder / "app-first.json")
    faces = read_if_there(benchmarks.AppFaces, folder / "app-faces.json")
    rounding = {
        path.stem.removeprefix("int8_rounding-"): read(benchmarks.Int8Rounding, path)
        for path in sorted(folder.glob("int8_rounding-*.json"))
    }
    models = {} if speed is None else speed.models
    return fill(
        "app_figures.md",
        speed=speed,
        speed_notes=_notes([("figures", name, of.model_hash) for name, of in models.items()]),
        faces=faces,
        faces_notes=_notes([] if faces is None else [("figures", _DEFAULT, faces.model_hash)]),
        picture=read_if_there(benchmarks.AppPicture, folder / "app-picture.json"),
        first=first,
        first_notes=_notes([] if first is None else [("first result", _DEFAULT, first.model_hash)]),
        memory=read_if_there(benchmarks.AppMemory, folder / "app-memory.json"),
        rounding=rounding,
        rounding_notes=_notes([("rounding", name, of.model_hash) for name, of in rounding.items()]),
        pairs=_ROUNDING,
    )


def app_steadiness(results: Path) -> str:
    """Changes a second of the word and of the gate's line, a row a camera.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    return fill(
        "app_steadiness.md",
        told=read_if_there(benchmarks.AppSteadiness, results / "benchmarks" / "app-steadiness.json"),
    )


def serve_load(results: Path) -> str:
    """What the service did under load.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    load = read_if_there(benchmarks.ServeLoad, results / "benchmarks" / "serve-load.json")
    notes = _notes([] if load is None else [("figures", load.model, load.model_hash)])
    return fill("serve_load.md", load=load, notes=notes)


def fewer_readings(results: Path) -> str:
    """What `--reading-rate` changes and saves.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    video = read_if_there(benchmarks.VideoMeasurements, results / "benchmarks" / "video.json")
    models = {} if video is None or video.readings is None else video.readings
    of_files = [("figures", name, of.model_hash) for name, rates in models.items() for of in rates.values()]
    return fill("fewer_readings.md", models=models, notes=_notes(list(dict.fromkeys(of_files))))


def scale(results: Path) -> str:
    """A million pictures on many machines.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    return fill("scale.md", told=read_if_there(benchmarks.Scale, results / "benchmarks" / "scale.json"))


def ingredients(results: Path) -> str:
    """What leaving out or adding one thing to the recipe that ships comes to.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    told = read_if_there(benchmarks.Ingredients, results / "benchmarks" / "ingredients.json")
    sets = [] if told is None else list(next(iter(told.recipes.values()))[0].elsewhere)
    return fill("ingredients.md", told=told, sets=sets)


def zooms(results: Path) -> str:
    """How close faces are best cropped for each model.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    told = read_if_there(benchmarks.Zooms, results / "benchmarks" / "zoom.json")
    models = {} if told is None else told.models
    sets = list(next(iter(models.values())).zooms[0].elsewhere) if models else []
    notes = _notes([("accuracy", name, of.model_hash) for name, of in models.items()])
    return fill("zooms.md", models=models, sets=sets, notes=notes)


def own_results(results: Path) -> str:
    """Trainings on other data than FER2013's seven classes, judged on their own test parts.

    Args:
        results: The folder.

    Returns:
        Markdown.
    """
    return fill(
        "own_results.md", trainings=[read(Evaluation, path) for path in sorted((results / "own").glob("*.json"))]
    )
