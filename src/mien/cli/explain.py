"""`mien explain`: pictures in; where in each face every model saw each expression out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from mien.cli.console import Terminal, say
from mien.cli.options import class_label
from mien.cli.outputs import Failures, check_outputs, same_place
from mien.cli.pictures import names_in_table
from mien.errors import MienError, PictureError
from mien.expressions import NAMES

if TYPE_CHECKING:
    import numpy as np

    from mien.explanation.map_plots import FaceMaps
    from mien.explanation.subject import Subject
    from mien.recognition.faces import Detection

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
    from mien.evaluation.report import save
    from mien.explanation import map_plots
    from mien.explanation.subject import open_subject
    from mien.names import free_name
    from mien.recognition.detection import FaceDetector
    from mien.recognition.media_files import find_pictures
    from mien.recognition.model import shipped_models
    from mien.recognition.pictures import read_picture

    label = None if kind is None else class_label(kind)
    subjects = [open_subject(model) for model in models or shipped_models()]
    names = [subject.name for subject in subjects]
    if len(set(names)) < len(names):
        raise MienError(f"two of the models have the same name ({', '.join(names)}); name each once")
    detector = FaceDetector(threads=1)
    paths = find_pictures(pictures, say)
    check_outputs((), folders=[out])
    if any(same_place(out, folder) for folder in {path.parent for path in paths}):
        raise MienError(f"--out {out} holds the pictures themselves; choose a folder of its own")
    faces, table = [], Table("picture", "face", *names)
    problems: list[str] = []
    taken: set[str] = set()
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
            seen = {subject.name: _seen(subject, picture, detection) for subject in subjects}
            save(map_plots.by_class(seen), out / f"{stem}-{number}.png")
            faces.append(seen)
            said = [shown.probabilities for shown in seen.values()]
            table.add_row(name, str(number), *(f"{NAMES[int(of.argmax())]} {of.max():.0%}" for of in said))
    console = Terminal()
    if table.row_count:
        console.print(table)
    if faces:
        save(map_plots.by_model(faces, label), out / "models.png")
        console.tell(f"wrote {len(faces)} figures of faces and models.png to {out}")
    Failures().exit(problems)


def _seen(subject: "Subject", picture: "np.ndarray", detection: "Detection") -> "FaceMaps":
    """A face by one model: every map but the random one, for every class."""
    import numpy as np

    from mien.explanation.map_plots import FaceMaps
    from mien.explanation.subject import RANDOM
    from mien.recognition.cropping import SIZE, crop_picture

    square = subject.framing.square(detection)
    face = crop_picture(picture, square, SIZE)
    copies, classes = np.repeat(face[None], len(NAMES), 0), np.arange(len(NAMES))
    maps = {name: method(copies, classes) for name, method in subject.methods.items() if name != RANDOM}
    return FaceMaps(crop_picture(picture, square, _SIDE), subject.predict(face[None])[0], maps)
