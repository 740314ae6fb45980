"""The report on what is on file: Markdown, and one HTML page that needs nothing beside it."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from mien.data.dataset import FaceData
from mien.evaluation.report import plot
from mien.experiments import (
    answers,
    augmentations,
    novelty,
    reference_plot,
    run_plots,
    small_models,
    synthesis,
    tables,
    trust,
)
from mien.experiments.answers import Answer
from mien.experiments.augmentations import Contest
from mien.experiments.run_results import RunResult, read_all
from mien.experiments.tables import FEW_EPOCHS, Table
from mien.experiments.templating import fill
from mien.plotting import as_written
from mien.results.record import read
from mien.results.reference import Reference
from mien.storage import write_text

REFERENCE = "reference.toml"
_TITLE = "Expression recognition: the experiments"
_HOW = (
    "A run's epoch is the best one on pictures held out of the training part, by the mean of accuracy and macro F1 of "
    "the averaged weights, and by agreement with FER+'s raters where they are learned from; the part that is reported "
    "on chooses nothing and is looked at once. Training pictures whose exact pixels occur in the reported part are "
    "left out of training. The intervals of single scores are over pictures alone; those of differences on the first "
    "page and in 'Augmentations compared' are over pictures and seeds (Student's t, Satterthwaite's degrees of "
    "freedom, Bonferroni for all that is compared in a row). No answers picture by picture are kept, so two runs count "
    "as judged on different pictures, which makes these intervals rather too wide than too narrow."
)


@dataclass(frozen=True)
class Pictures:
    """What the report shows faces and class counts from.

    Attributes:
        train: The training part.
        balanced: The training part with synthetic pictures; None without them.
    """

    train: FaceData
    balanced: FaceData | None


@dataclass(frozen=True)
class EmbeddedImage:
    """A picture inside the page.

    Attributes:
        said: In words.
        source: The address that holds it.
    """

    said: str
    source: str


@dataclass(frozen=True)
class Section:
    """A part of the report: tables, and pictures that the page has below them.

    Attributes:
        title: Of the part.
        tables: May be none: the part then says that it was not run.
        files: Pictures, in words and by path.
    """

    title: str
    tables: list[Table]
    files: list[tuple[str, Path]] = field(default_factory=list)

    @property
    def pictures(self) -> list[EmbeddedImage]:
        """Those of `files` that are there, where there are tables."""
        found = [(said, path) for said, path in self.files if self.tables and path.is_file()]
        return [EmbeddedImage(said, _address(path.read_bytes(), "png")) for said, path in found]


@dataclass(frozen=True)
class OnFile:
    """What is on file in a results folder.

    Attributes:
        runs: By recipe.
        reference: The published results.
        answers: The first page.
        beside: How ours compare with the published results, in sentences.
        sections: The report's other parts; few epochs on a CPU never stand in one table with full trainings.
    """

    runs: dict[str, list[RunResult]]
    reference: Reference
    answers: list[Answer]
    beside: list[str]
    sections: list[Section]


def gather(results: Path, with_faces: bool = False) -> OnFile:
    """Read all that the report shows.

    Args:
        results: The folder.
        with_faces: Whether the pictures that show faces of the data set are among it.

    Returns:
        All of it, as words and tables.

    Raises:
        DataError: A file is damaged.
    """
    runs = tables.by_recipe(read_all(results))
    reference = read(Reference, results / REFERENCE)
    contests = augmentations.contests(runs, reference)
    small = small_models.tables(results, runs)
    pairs = [("Pairs chosen by chance: source left, translation right", results / synthesis.PAIRS)]
    sections = [
        *_by_machine(runs, reference, contests),
        Section("The best small model", small),
        Section("Synthetic faces", synthesis.tables(results, runs), pairs if with_faces else []),
        Section("How far to trust the models", trust.tables(results), trust.plots(results)),
        Section("The gate", novelty.tables(results), [(said, results / name) for name, said in novelty.PLOTS.items()]),
    ]
    found = answers.answers(runs, reference, contests, small)
    return OnFile(runs, reference, found, answers.beside_published(runs, reference, contests), sections)


def _by_machine(runs: dict[str, list[RunResult]], reference: Reference, contests: list[Contest]) -> Iterator[Section]:
    """Each part for full trainings, run or not, and for few epochs on a CPU where there are any."""
    for few in (False, True):
        judged = {name: of for name, of in runs.items() if of[0].on_cpu == few}
        parts = {
            "Augmentations compared": augmentations.tables([one for one in contests if one.few == few]),
            "Beside the published results": tables.beside_reference(runs, reference, FEW_EPOCHS if few else ""),
            "All runs": [tables.all_runs(judged), *tables.by_class(judged)] if judged else [],
        }
        for title, of in parts.items():
            if of or not few:
                yield Section(f"{title}, few epochs on a CPU" if few else title, of)


def markdown(found: OnFile) -> str:
    """The report without figures.

    Args:
        found: As `gather` gave it.

    Returns:
        Markdown.
    """
    return fill("report.md", title=_TITLE, how=_HOW, words=answers.WORDS, found=found)


def write(results: Path, pictures: Pictures | None) -> tuple[Path, Path]:
    """Write report.md and report.html, from what is on file.

    Args:
        results: The folder; they go there.
        pictures: With them the page holds faces of the data set.

    Returns:
        Both paths.

    Raises:
        DataError: A file is damaged.
        StorageError: The disk refuses.
    """
    found = gather(results, pictures is not None)
    page = fill(
        "report.html",
        title=_TITLE,
        how=_HOW,
        words=answers.WORDS,
        found=found,
        dots=[
            _svg(
                reference_plot.dots(found.runs, found.reference, name),
                reference_plot.said(found.runs, found.reference, name),
            )
            for name in reference_plot.KEYS
        ],
        recipes=[_recipe(name, of) for name, of in found.runs.items()],
        data_set=[] if pictures is None else _data_set(pictures, found.runs),
    )
    write_text(results / "report.md", markdown(found))
    write_text(results / "report.html", page)
    return results / "report.md", results / "report.html"


@dataclass(frozen=True)
class _Run:
    """One run's table and figures."""

    table: Table
    confusion: EmbeddedImage
    calibration: EmbeddedImage


@dataclass(frozen=True)
class _Recipe:
    """One recipe's figures, folded up."""

    name: str
    accuracy: float
    note: str
    learning: EmbeddedImage
    runs: list[_Run]


def _recipe(name: str, runs: list[RunResult]) -> _Recipe:
    first = runs[0]
    chosen = first.recipe.kept(first.curve).epoch + 1
    note = (
        f"Epoch {chosen} of {first.recipe.epochs} was chosen; started from {first.description.start}; "
        f"{first.description.hardware}; code {first.metrics.code}; judged {first.metrics.date}."
    )
    shown = [
        _Run(
            tables.of_one_run(run),
            _svg(plot(run.metrics), f"Confusion matrix of {name}, seed {run.recipe.seed}"),
            _svg(run_plots.calibration(run), f"Calibration of {name}, seed {run.recipe.seed}"),
        )
        for run in runs
    ]
    learning = _svg(run_plots.learning(runs), f"Learning curves of {name}")
    return _Recipe(name, tables.score(runs, "accuracy").value, note, learning, shown)


def _data_set(pictures: Pictures, runs: dict[str, list[RunResult]]) -> list[EmbeddedImage]:
    """Faces under each augmentation, and class counts."""
    warp = run_plots.shown_warp([run for of in runs.values() for run in of])
    faces = run_plots.augmentations(pictures.train, warp)
    parts = [("before", pictures.train), ("after", pictures.balanced)]
    return [
        EmbeddedImage("The same faces under each augmentation", _address(_saved(faces, "png"), "png")),
        *(_svg(run_plots.classes(part), f"Classes {when} synthesis") for when, part in parts if part is not None),
    ]


def _svg(figure: Figure, said: str) -> EmbeddedImage:
    # As a picture of its own, not as elements of the page, where the figures' names would meet each other's.
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif"}):
        return EmbeddedImage(said, _address(_saved(figure, "svg"), "svg+xml"))


def _saved(figure: Figure, kind: str) -> bytes:
    content = io.BytesIO()
    as_written(figure).savefig(content, format=kind, dpi=110)
    return content.getvalue()


def _address(content: bytes, media: str) -> str:
    return f"data:image/{media};base64,{base64.b64encode(content).decode()}"
