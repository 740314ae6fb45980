"""`mien ensemble`: models in, the ones that answer best together out."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from mien.cli.classifiers import open_classifier
from mien.cli.console import Terminal, bar
from mien.cli.options import DataFolder, load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import DataError
from mien.storage import check_suffix

if TYPE_CHECKING:
    import numpy as np

    from mien.results.ensembles import Choice

SPLIT = "official"  # the only one with a part to choose by and another to report on


def ensemble(
    models: Annotated[list[str], typer.Argument(help="Runs' folders, model files (.onnx), shipped models' names.")],
    data: DataFolder,
    views: Annotated[
        int, typer.Option(help="Views of each face that are averaged: 1, 2 (mirrored too) or 10 (ten-crop).")
    ] = 2,
    out: Annotated[Path, typer.Option(metavar="FILE.json", help="The results file; a plot goes beside it.")] = Path(
        "results/ensemble.json"
    ),
) -> None:
    """Choose models on PublicTest whose mean answers best, and judge that mean on PrivateTest, once.

    The best model is taken first, then whichever adds most, until none adds. The results file logs each choice. The
    members are good teachers for a recipe's `distillation`.

    Example: mien ensemble runs/resnet18_48-s0 runs/vit_small_112-s0 mobilenet_v2 --data fer2013 --views 10
    """
    import hashlib

    import numpy as np

    from mien.classifier.classifier import require_same_classes
    from mien.data.dataset import classes_of
    from mien.evaluation import ensemble as together
    from mien.evaluation import report
    from mien.evaluation.test_time_augmentation import COUNTS, augmented
    from mien.plotting import save
    from mien.provenance import file_hash
    from mien.results.ensembles import Ensemble, Member
    from mien.results.evaluation import Subject
    from mien.results.record import write

    if views not in COUNTS:
        raise typer.BadParameter("give 1, 2 or 10", param_hint="--views")
    check_suffix(out, ".json", what="JSON")
    check_outputs((), [out, out.with_suffix(".png")])
    classifiers = {one.name: one for one in (open_classifier(model, SPLIT, "test") for model in models)}
    if len(classifiers) < len(models):
        raise DataError("two of the models bear one name, by which the results are kept; leave one out")
    for classifier in classifiers.values():
        require_same_classes(classifier.name, classifier.classes, classes_of(data))
    faces = load_with_progress(data, SPLIT)
    choosing, reported = faces.part("validation"), faces.part("test")

    def answers(name: str, pictures: "np.ndarray") -> "np.ndarray":
        with bar() as show:
            ask = partial(classifiers[name].probabilities, show=partial(show, name))
            return np.mean([ask(view) for view in augmented(pictures, views)], axis=0)

    said = {name: answers(name, choosing.faces) for name in classifiers}
    alone, chosen = together.alone(said, choosing.labels), together.choose(said, choosing.labels)
    console, members = Terminal(), [choice.name for choice in chosen]
    console.print(_table("Alone", alone))
    console.print(_table("Together, as they were taken", chosen))
    hashes = {name: file_hash(classifiers[name].file) for name in members}
    hash_of_all = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    subject = Subject.today("ensemble", hash_of_all, reported.fingerprint(), SPLIT, "test")
    probabilities = np.mean([answers(name, reported.faces) for name in members], axis=0)
    copies = np.isin(reported.groups, faces.where(faces.parts != "test").groups)
    made = report.report(subject, reported.labels, probabilities, copies)
    chosen_ones = tuple(Member(**vars(choice), hash=hashes[choice.name]) for choice in chosen)
    write(out, Ensemble(**vars(made), views=views, alone=tuple(alone), chosen=chosen_ones))
    save(report.plot(made), out.with_suffix(".png"))
    for table in report.tables(made):
        console.print(table)
    console.tell(f"wrote {out} and its plot")


def _table(title: str, choices: "list[Choice]") -> Table:
    heads = (Column(head, justify="right") for head in ("accuracy", "macro F1"))
    table = Table("PublicTest", *heads, title=title, title_justify="left")
    for choice in choices:
        table.add_row(choice.name, f"{100 * choice.accuracy:.1f}", f"{100 * choice.macro_f1:.1f}")
    return table
