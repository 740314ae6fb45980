"""`mien soup`: a fine-tuned run and the weights it started from in, the run of their mean out."""

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.console import Terminal
from mien.cli.options import DataFolder, finite, load_with_progress
from mien.cli.outputs import check_outputs


def soup(
    run: Annotated[Path, typer.Argument(help="A fine-tuned run's folder.")],
    start: Annotated[Path, typer.Argument(help="The weights.safetensors that it started from.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new run's folder.")],
    share: Annotated[
        float | None,
        typer.Option(
            help="The fine-tuned weights' share; the best of 0.25, 0.5, 0.75 and 1 if left out.",
            min=0,
            max=1,
            callback=finite,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Average the weights before and after fine-tuning: as accurate on clean pictures, steadier on other ones.

    The share is chosen on the pictures that chose the run's epoch, by accuracy against labels and, where the data set
    has votes, against the majority of FER+'s raters. The result is a run like any other, to be evaluated and exported.

    Example: mien soup runs/taught runs/first/weights.safetensors --data fer2013 --out runs/soup
    """
    from mien.results.runs import Taste
    from mien.training.memory import keep_freed_memory
    from mien.training.run import RunFolder
    from mien.training.soup import SHARES, cook

    check_outputs((), folders=[out])
    keep_freed_memory()
    folder = RunFolder(run)
    faces = load_with_progress(data, folder.recipe().split)
    console = Terminal()

    def show(taste: Taste) -> None:
        raters = "" if taste.raters is None else f", against FER+'s majority {taste.raters:.4f}"
        scores = f"accuracy {taste.accuracy:.4f}, macro F1 {taste.macro_f1:.4f}{raters}"
        console.print(f"share {taste.share:g}: {scores}", highlight=False)

    with console.status("Averaging and judging ..."):
        best = cook(folder, start, SHARES if share is None else [share], faces, RunFolder(out), show)
    console.tell(f"{out}: share {best.share:g}, validation accuracy {best.accuracy:.4f}")
