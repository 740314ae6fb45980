"""`mien evaluate`: a model and a part of a data set in; a results file, a table and a plot out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mien.cli.options import DataFolder, load_with_progress
from mien.errors import DataError

if TYPE_CHECKING:
    import numpy as np

BATCH = 256


@dataclass(frozen=True)
class Judged:
    """A model to judge: `file` holds its weights; `predict` gives probabilities [N, 7] for faces uint8 [N, 48, 48].

    split: the one it was trained with, or None where that is not known.
    """

    name: str
    file: Path
    predict: "Callable[[np.ndarray], np.ndarray]"
    split: str | None


def evaluate(
    model: Annotated[str, typer.Argument(help="A run's folder, a model file (.onnx), or a shipped model's name.")],
    data: DataFolder,
    split: Annotated[str, typer.Option(help="official or kaggle.")] = "official",
    part: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="results/<model>-<split>-<part>.json if left out; the plot goes beside it."
        ),
    ] = None,
) -> None:
    """Judge a model on labelled pictures: accuracy, macro and per-class scores, calibration, confusion.

    Every score comes twice: on all pictures, and without those whose exact pixels training may have seen.

    Example: mien evaluate runs/mobilenet_v2_cpu --data fer2013 --part validation
    """
    import numpy as np

    from mien.evaluation import report
    from mien.recognition.model import file_hash
    from mien.training.run import code_version

    if out is not None and out.suffix.lower() != ".json":
        raise typer.BadParameter("the results are JSON; give a name that ends in .json", param_hint="--out")
    judged = _from_run(Path(model)) if Path(model).is_dir() else _from_file(model)
    if judged.split not in (None, split):
        raise DataError(
            f"{model} was trained with the {judged.split} split, so the {split} one's {part} part holds pictures it "
            f"learned from; use --split {judged.split}"
        )
    faces = load_with_progress(data, split)
    chosen = faces.part(part)
    seen = faces.where(np.isin(faces.parts, ["train", "validation"]) & (faces.parts != part))
    with Progress(
        TextColumn(judged.name),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        batches = np.array_split(chosen.faces, -(-len(chosen) // BATCH))
        probabilities = np.concatenate([judged.predict(batch) for batch in bar.track(batches)])
    made = report.report(
        report.Subject(
            model=judged.name,
            model_hash=file_hash(judged.file),
            data_hash=chosen.fingerprint(),
            split=split,
            part=part,
            code=code_version(),
            date=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
        chosen.labels,
        probabilities,
        np.isin(chosen.groups, seen.groups),
    )
    path = out or Path("results") / f"{judged.name}-{split}-{part}.json"
    report.write(made, path)
    console = Console()
    for table in report.tables(made):
        console.print(table)
    console.print(f"wrote {path} and {path.with_suffix('.png').name}")


def _from_run(path: Path) -> Judged:
    import torch

    from mien.training.loop import predict
    from mien.training.run import RunFolder

    folder = RunFolder(path)
    recipe = folder.recipe()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = folder.network().to(device)

    def probabilities(faces: "np.ndarray") -> "np.ndarray":
        return predict(network, torch.from_numpy(faces).to(device), recipe.pixels)

    return Judged(path.resolve().name, folder.weights, probabilities, recipe.split)


def _from_file(model: str) -> Judged:
    from mien.recognition.model import ModelFile

    opened = ModelFile.open(model)
    return Judged(opened.name, opened.path, lambda faces: opened.run(faces).probabilities, None)
