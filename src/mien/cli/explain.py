"""`mien explain`: pictures in; where in each face every model saw each expression out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from mien.cli.classifiers import open_classifier
from mien.cli.console import Terminal, say
from mien.cli.options import class_label
from mien.cli.outputs import Failures, check_outputs, same_place
from mien.cli.pictures import names_in_table
from mien.errors import MienError, PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from mien.classifier.classifier import Classifier
    from mien.explanation.map_methods import MapMethod
    from mien.explanation.map_plots import FaceMaps
    from mien.recognition.faces import Detection

    Methods = list[tuple[Classifier, dict[str, MapMethod]]]

_SIDE = 192


def explain(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="Pictures, and folders of pictures.")],
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="A shipped model, a model file or a run's folder; several times; all that ship if left out."
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--class", help="The expression to compare models by; what each calls the face if left out."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for the figures.")] = Path("out/explained"),
) -> None:
    """Show where in each face the models saw each expression.

    One figure a face: its map of each class by each model. The exact map (scores of places whose mean is the class's
    logit) is in every model file; a run's folder also gives Grad-CAM and attention rollout to compare. And one figure
    of all faces, a row each, with a column for each model.

    A picture without a face is a result. One that cannot be read is named, the others are still done, and the exit code
    is 2.

    Examples:
    mien explain party.jpg
    mien explain faces/ --model runs/vit_tiny_mixup --model runs/vit_tiny_fmix --class happy
    """
    from mien.classifier.classifier import require_same_classes
    from mien.explanation import map_plots
    from mien.explanation.map_methods import map_methods
    from mien.plotting import save
    from mien.recognition.media_files import find_pictures
    from mien.recognition.model import shipped_models

    classifiers = [open_classifier(model) for model in models or shipped_models()]
    for classifier in classifiers[1:]:
        require_same_classes(classifier.name, classifier.classes, classifiers[0].classes)
    label = None if kind is None else class_label(kind, classifiers[0].classes)
    names = [classifier.name for classifier in classifiers]
    if len(set(names)) < len(names):
        raise MienError(f"two of the models have the same name ({', '.join(names)}); name each once")
    methods = [(classifier, map_methods(classifier)) for classifier in classifiers]
    paths = find_pictures(pictures, say)
    check_outputs((), folders=[out])
    if any(same_place(out, folder) for folder in {path.parent for path in paths}):
        raise MienError(f"--out {out} holds the pictures themselves; choose a folder of its own")
    table, problems = Table("picture", "face", *names), list[str]()
    faces = list(_explained(paths, methods, out, table, problems))
    console = Terminal()
    if table.row_count:
        console.print(table)
    if faces:
        save(map_plots.by_model(faces, label), out / "models.png")
        console.tell(f"wrote {len(faces)} figures of faces and models.png to {out}")
    Failures().exit(problems)


def _explained(
    paths: list[Path], methods: "Methods", out: Path, table: Table, problems: list[str]
) -> "Iterator[dict[str, FaceMaps]]":
    """Every face by every model, by the models' names; fills table, problems and the folder for the figures."""
    from mien.explanation import map_plots
    from mien.names import free_name
    from mien.plotting import save
    from mien.recognition.detection import FaceDetector
    from mien.recognition.pictures import read_picture

    detector, taken = FaceDetector(threads=1), set[str]()
    for path, name in zip(paths, names_in_table(paths), strict=True):
        try:
            picture = read_picture(path)
        except PictureError as error:
            problems.append(str(error))
            continue
        found = detector.detect(picture, any_rotation=True)
        if not found:
            table.add_row(name, "-", "no face found")
            continue
        stem = free_name(path.stem, "-100.png", taken).removesuffix("-100.png")
        for number, detection in enumerate(found, 1):
            seen = {classifier.name: _seen(classifier, of, picture, detection) for classifier, of in methods}
            save(map_plots.by_class(seen), out / f"{stem}-{number}.png")
            said = [
                (shown.classes[int(shown.probabilities.argmax())], shown.probabilities.max()) for shown in seen.values()
            ]
            table.add_row(name, str(number), *(f"{name} {share:.0%}" for name, share in said))
            yield seen


def _seen(
    classifier: "Classifier", methods: "dict[str, MapMethod]", picture: "np.ndarray", detection: "Detection"
) -> "FaceMaps":
    """A face by one model: every map but the random one, for every class."""
    import numpy as np

    from mien.explanation.map_methods import RANDOM
    from mien.explanation.map_plots import FaceMaps
    from mien.recognition.cropping import SIZE, crop_picture

    square = classifier.framing.square(detection)
    face = crop_picture(picture, square, SIZE)
    names = classifier.classes
    copies, classes = np.repeat(face[None], len(names), 0), np.arange(len(names))
    maps = {name: method(copies, classes) for name, method in methods.items() if name != RANDOM}
    return FaceMaps(crop_picture(picture, square, _SIDE), classifier.probabilities(face[None])[0], maps, names)
