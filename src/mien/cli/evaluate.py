"""`mien evaluate`: models and a part of a data set in; a results file, a table and plots out."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mien.cli.classifiers import open_classifier, require_split
from mien.cli.console import Terminal, bar
from mien.cli.options import load_photographs_with_progress, load_with_progress, load_world_with_progress
from mien.cli.outputs import check_outputs
from mien.storage import check_suffix

if TYPE_CHECKING:
    import numpy as np

    from mien.classifier.classifier import Classifier
    from mien.data.dataset import FaceData
    from mien.recognition.framing import Framing
    from mien.results.evaluation import Subject

T = TypeVar("T")


def evaluate(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...", help="Runs' folders, model files (.onnx), shipped models' names; all that ship."
        ),
    ] = None,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="MIEN_DATA", help="FER2013 as for training, or photographs of any size in a folder for each class."
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="FER2013's: official or kaggle; official if left out.")] = None,
    part: Annotated[str | None, typer.Option(help="FER2013's: train, validation or test; test if left out.")] = None,
    robust: Annotated[
        bool,
        typer.Option("--robust", help="Spoil pictures and move crops too: minutes, and a results file of its own."),
    ] = False,
    faithful: Annotated[
        bool,
        typer.Option(
            "--faithful", help="Judge the models' maps too, by deletion and insertion: minutes, a file of its own."
        ),
    ] = False,
    world: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Labelled photographs from elsewhere, a folder for each set: a results file of its own."
        ),
    ] = None,
    disagreements: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="A page of the pictures that contradict their label most confidently (one model)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help="results/<model>-<split>-<part>.json if left out; plots go beside it (one model)."
        ),
    ] = None,
) -> None:
    """Judge models on labelled pictures: accuracy, macro and per-class scores, calibration, confusion.

    Every score comes twice: on all pictures, and without those whose exact pixels training may have seen. Where the
    data set has FER+'s votes, accuracy is also told against its raters' majority. --robust judges a sample of the
    pictures spoiled in fifteen ways and five strengths, and cut wrongly. --faithful judges the maps of where an
    expression was seen; Grad-CAM and attention rollout are compared where a run's folder is given.

    Of photographs the largest face is judged, found and cut as by mien predict. Classes may be left out, and others are
    passed over; pictures without a face are named and not judged. --world judges on several such sets at once, where
    a picture without a face that is found counts as wrong; --data may then be left out.

    Examples:
    mien evaluate runs/mobilenet_v2_cpu --data fer2013 --part validation
    mien evaluate --robust --faithful --data fer2013
    mien evaluate mobilenet_v2 --data jaffe
    mien evaluate --world elsewhere
    """
    from mien.data import photographs
    from mien.evaluation import disagreement_page, label_noise
    from mien.provenance import file_hash
    from mien.recognition.model import shipped_models
    from mien.results.evaluation import Subject
    from mien.storage import write_text

    chosen = models or shipped_models()
    check_suffix(out, ".json", what="JSON")
    check_suffix(disagreements, ".html", ".htm", what="an HTML page")
    check_outputs((), [out, disagreements], [out.parent if out is not None else Path("results")])
    of_one_model, of_data = (out, disagreements), (robust, faithful, out, disagreements, split, part)
    if len(chosen) > 1 and any(one is not None for one in of_one_model):
        raise typer.BadParameter("these files are about one model; name one", param_hint="--out or --disagreements")
    if data is None and any(one not in (None, False) for one in of_data):
        raise typer.BadParameter("these are about a data set; name it", param_hint="--data")
    if world is not None:
        _world([open_classifier(model) for model in chosen], world)
    if data is None:
        if world is None:
            raise typer.BadParameter("say on which pictures: --data DIR, or --world DIR", param_hint="--data")
        return
    classifiers, cut, part = _open(chosen, data, split, part)
    split = split or (data.resolve().name if part == photographs.PART else "official")
    console = Terminal()
    for classifier, faces in zip(classifiers, cut, strict=True):
        pictures = faces.part(part)
        path = out or Path("results") / f"{classifier.name}-{split}-{part}.json"
        subject = Subject.today(classifier.name, file_hash(classifier.file), pictures.fingerprint(), split, part)
        probabilities = _judge(classifier, subject, faces, path, console)
        if disagreements is not None:
            found = label_noise.disagreements(pictures, probabilities)
            write_text(disagreements, disagreement_page.page(classifier.name, pictures.faces, found, pictures.classes))
            console.tell(f"wrote {disagreements}; it holds pictures of the data set")
        if robust:
            _robust(classifier, subject, pictures, path, console)
        if faithful:
            _faithful(classifier, subject, pictures, path, console)


def _open(
    models: list[str], data: Path, split: str | None, part: str | None
) -> "tuple[list[Classifier], list[FaceData], str]":
    """What is judged, the data set that each is judged on, and which part of it; models are refused sooner."""
    from mien.classifier.classifier import require_same_classes
    from mien.data import dataset, photographs

    classifiers = [open_classifier(model) for model in models]
    if photographs.are_in(data, classifiers[0].classes):
        if split is not None or part is not None:
            raise typer.BadParameter("photographs have none; leave it out", param_hint="--split or --part")
        return classifiers, _cut_for_each(classifiers, partial(load_photographs_with_progress, data)), photographs.PART
    split, part = split or "official", part or "test"
    for classifier in classifiers:
        require_split(classifier, split, part)
    for classifier in classifiers:  # before the pictures are read
        require_same_classes(classifier.name, classifier.classes, dataset.classes_of(data))
    return classifiers, [load_with_progress(data, split)] * len(classifiers), part


def _cut_for_each(classifiers: "list[Classifier]", load: "Callable[[tuple[str, ...], Framing], T]") -> "list[T]":
    """Photographs in the crop that each model asks for, found once a crop; models of different classes are refused."""
    from mien.classifier.classifier import require_same_classes

    classes = classifiers[0].classes
    for classifier in classifiers[1:]:
        require_same_classes(classifier.name, classifier.classes, classes)
    cut = {framing: load(classes, framing) for framing in dict.fromkeys(one.framing for one in classifiers)}
    return [cut[one.framing] for one in classifiers]


def _world(classifiers: "list[Classifier]", folder: Path) -> None:
    """Judge models on photographs from elsewhere: a results file each, and one table."""
    from rich.table import Table

    from mien.evaluation import world
    from mien.provenance import file_hash
    from mien.results.record import write

    cut = _cut_for_each(classifiers, partial(load_world_with_progress, folder))
    table = Table("accuracy (calibration error)", *(one.name for one in cut[0]), "mean")
    for classifier, sets in zip(classifiers, cut, strict=True):
        with bar() as show:
            predict = partial(classifier.probabilities, show=partial(show, classifier.name))
            scores = {one.name: world.judge(predict, one, classifier.to_equal_prior) for one in sets}
        result = world.result(classifier.name, file_hash(classifier.file), scores)
        write(Path("results") / f"{classifier.name}-world.json", result)
        cells = [f"{of.accuracy.value:.3f} ({of.calibration_error:.3f})" for of in scores.values()]
        table.add_row(classifier.name, *cells, f"{result.mean_accuracy:.3f}")
    console = Terminal()
    console.print(table)
    console.tell(f"wrote results/MODEL-world.json of {len(classifiers)} models")


def _judge(
    classifier: "Classifier", subject: "Subject", faces: "FaceData", path: Path, console: Terminal
) -> "np.ndarray":
    """Scores, calibration and the raters' word on the subject's part of the faces; returns the probabilities."""
    import numpy as np

    from mien.evaluation import calibration, label_noise, report

    pictures = faces.part(subject.part)
    seen = faces.where(np.isin(faces.parts, ["train", "validation"]) & (faces.parts != subject.part))
    with bar() as show:
        probabilities = classifier.probabilities(pictures.faces, partial(show, classifier.name))
    made = replace(
        report.report(subject, pictures.labels, probabilities, np.isin(pictures.groups, seen.groups), pictures.classes),
        calibration=calibration.calibration(pictures.labels, probabilities, classifier.temperature),
        labels=label_noise.where_rated(pictures, probabilities),
        left_out=len(pictures.problems),
    )
    report.write(made, path)
    for table in report.tables(made):
        console.print(table)
    console.tell(f"wrote {path} and its plots")
    return probabilities


def _robust(classifier: "Classifier", subject: "Subject", part: "FaceData", path: Path, console: Terminal) -> None:
    """Judge a sample of the part spoiled and cropped wrongly; the results and plots go beside `path`."""
    from mien.evaluation import robustness, trust_plots
    from mien.plotting import save
    from mien.results.record import write
    from mien.results.robustness import Robustness

    some, name, steps = robustness.sample(part), classifier.name, count()
    with bar() as show:

        def tell(what: str) -> None:
            show(f"{name}: {what}", next(steps), robustness.steps())

        made = robustness.judge(classifier.probabilities, some.faces, some.labels, show=tell)
    target = path.with_name(f"{path.stem}-robust.json")
    write(target, Robustness(**vars(subject), **vars(made)))
    save(trust_plots.robustness({name: made}), target.with_suffix(".png"))
    save(trust_plots.crops({name: made}), path.with_name(f"{path.stem}-crops.png"))
    kept = made.kept
    console.tell(
        f"spoiled with strength {robustness.MIDDLE} it keeps {kept.value:.1%} of its accuracy "
        f"[{kept.low:.1%}, {kept.high:.1%}], on average over {len(made.corruptions)} corruptions; wrote {target} "
        "and its plots"
    )


def _faithful(classifier: "Classifier", subject: "Subject", part: "FaceData", path: Path, console: Terminal) -> None:
    """Judge the model's maps on a sample of the part; results and plot go beside `path`."""
    from mien.evaluation.robustness import sample
    from mien.explanation import faithfulness, map_plots
    from mien.explanation.map_methods import EXACT, map_methods
    from mien.plotting import save
    from mien.results.maps import Maps
    from mien.results.record import write

    some, methods, steps = sample(part, faithfulness.FACES), map_methods(classifier), count()
    with bar() as show:

        def tell(what: str) -> None:
            show(f"{classifier.name}: {what}", next(steps), faithfulness.steps(methods, len(some)))

        made = faithfulness.judge(classifier, methods, some.faces, show=tell)
    target = path.with_name(f"{path.stem}-faithful.json")
    write(target, Maps(**vars(subject), **vars(made)))
    save(map_plots.faithfulness({classifier.name: made}), target.with_suffix(".png"))
    exact = made.methods[EXACT]
    console.tell(
        f"the exact map's insertion area is {exact.insertion.value:.3f}, its deletion area {exact.deletion.value:.3f}; "
        f"wrote {target} and its plot"
    )
