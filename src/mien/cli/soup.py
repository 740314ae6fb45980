"""`mien soup`: a fine-tuned run and the weights it started from in, the run of their mean out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mien.cli.options import DataFolder, load_with_progress


def soup(
    run: Annotated[Path, typer.Argument(help="A fine-tuned run's folder.")],
    start: Annotated[Path, typer.Argument(help="The weights.safetensors that it started from.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new run's folder.")],
    share: Annotated[float, typer.Option(help="The fine-tuned weights' share.", min=0, max=1)] = 0.5,
) -> None:
    """Average the weights before and after fine-tuning: as accurate on clean pictures, steadier on spoiled ones.

    The result is a run like any other, to be evaluated and exported.

    Example: mien soup runs/taught runs/first/weights.safetensors --data fer2013 --out runs/soup
    """
    from mien.training.memory import keep_freed_memory
    from mien.training.run import RunFolder
    from mien.training.soup import cook

    keep_freed_memory()
    folder = RunFolder(run)
    faces = load_with_progress(data, folder.recipe().split)
    scores = cook(folder, start, share, faces, RunFolder(out))
    Console().print(f"{out}: validation accuracy {scores.accuracy:.4f}, macro F1 {scores.macro_f1:.4f}")
