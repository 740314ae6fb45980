"""`mien distill`: teachers look at the training pictures' views once; students then learn from what they said."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.classifiers import open_classifier
from mien.cli.console import Terminal, bar
from mien.cli.options import DataFolder, load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import StorageError


def distill(
    recipe: Annotated[
        Path, typer.Argument(help="The student's recipe: its training pictures and augmentation are used.")
    ],
    teachers: Annotated[list[Path], typer.Argument(help="Teachers: runs' folders or model files (.onnx).")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="A folder; each teacher's file bears its name.")] = Path("soft_targets"),
    views: Annotated[int, typer.Option(help="How many augmented views of each picture are looked at.", min=1)] = 8,
) -> None:
    """Store what teachers say of many augmented views of the training pictures, for students to learn from.

    The student's recipe names its teachers: distillation = { teachers = ["vit_small"] }; train it with --soft-targets.

    Example: mien distill student.toml runs/vit_small models/mobilenet_v2.onnx --data fer2013
    """
    from mien.training import recipe as recipes
    from mien.training.distillation.soft_targets import SUFFIX
    from mien.training.distillation.teacher import Teacher
    from mien.training.distillation.views import Views
    from mien.training.memory import keep_freed_memory
    from mien.training.splits import training_and_validation

    keep_freed_memory()
    check_outputs((), folders=[out])
    plan = recipes.read(recipe)
    asked = [Teacher.of(open_classifier(str(place))) for place in teachers]
    targets = {teacher.name: out / (teacher.name + SUFFIX) for teacher in asked}
    for path in targets.values():
        if path.exists():
            raise StorageError(f"{path} is there already; remove it to ask this teacher anew, or choose another --out")
    check_outputs((), targets.values())
    training, _ = training_and_validation(plan, load_with_progress(data, plan.split))
    console = Terminal(stderr=True)
    with bar() as show:
        for teacher in asked:
            said = teacher.look(training, Views(plan.affine, views), partial(show, teacher.name))
            said.write(targets[teacher.name])
            right = (said.probabilities.argmax(2) == training.labels).mean()
            console.tell(f"{targets[teacher.name]}: {views} views of {len(training)} pictures, {right:.1%} as labelled")
