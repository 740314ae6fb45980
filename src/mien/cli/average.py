"""`mien average`: a fine-tuned run and the weights it started from in, the run of their mean out."""

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.console import Terminal
from mien.cli.options import DataFolder, finite, load_with_progress
from mien.cli.outputs import check_outputs


def average(
    run: Annotated[Path, typer.Argument(help="A fine-tuned run's folder.")],
    start: Annotated[Path, typer.Argument(help="The weights.safetensors that it started from, or their run's folder.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new run's folder.")],
    fraction: Annotated[
        float | None,
        typer.Option(
            help="How much of the mean the fine-tuned weights are; the best of 0.25, 0.5, 0.75 and 1 if left out.",
            min=0,
            max=1,
            callback=finite,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Average the weights before and after fine-tuning: as accurate on clean pictures, steadier on other ones.

    The fraction is chosen on the pictures that chose the run's epoch, by accuracy against labels and, where the data
    set has votes, against the majority of FER+'s raters. The result is a run like any other, to be evaluated and
    exported.

    Example: mien average runs/taught runs/first --data fer2013 --out runs/averaged
    """
    from mien.training.interpolation import FRACTIONS, InterpolationScores, interpolate
    from mien.training.memory import keep_freed_memory
    from mien.training.run import RunFolder

    check_outputs((), folders=[out])
    keep_freed_memory()
    folder = RunFolder(run)
    faces = load_with_progress(data, folder.recipe().split)
    console = Terminal()

    def show(scores: InterpolationScores) -> None:
        raters = "" if scores.raters is None else f", against FER+'s majority {scores.raters:.4f}"
        line = f"accuracy {scores.accuracy:.4f}, macro F1 {scores.macro_f1:.4f}{raters}"
        console.print(f"fraction {scores.fraction:g}: {line}", highlight=False)

    with console.status("Averaging and judging ..."):
        start = RunFolder(start).weights if start.is_dir() else start
        best = interpolate(folder, start, FRACTIONS if fraction is None else [fraction], faces, RunFolder(out), show)
    console.tell(f"{out}: fraction {best.fraction:g}, validation accuracy {best.accuracy:.4f}")
