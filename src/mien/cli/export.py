"""`mien export`: a run's folder in, one model file out."""

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.console import Terminal
from mien.cli.options import DataFolder, load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import MienError


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, as `mien train` leaves it.")],
    data: DataFolder,
    out: Annotated[
        Path | None, typer.Option(help="The model file (.onnx); <run>.onnx in the run's folder if left out.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="int8 weights: a quarter of the size; for the transformers.")
    ] = False,
    static: Annotated[
        bool,
        typer.Option(
            "--static-int8", help="The same for convolutional networks, by scales measured on training faces."
        ),
    ] = False,
) -> None:
    """Write a trained network as one ONNX file that Python, browser and phone run.

    The file is refused where it answers otherwise than PyTorch on real faces, or where int8 loses accuracy. The
    temperature is fitted on the validation part; validation and test accuracy are measured on the finished file and
    stand in its metadata.

    Example: mien export runs/vit_tiny --data fer2013 --int8 --out vit_tiny.onnx
    """
    from mien.export.pipeline import export_run

    if int8 and static:
        raise MienError("--int8 and --static-int8 are two ways to do the same; give one of them")
    console = Terminal(stderr=True)
    target = out or run / f"{run.name}.onnx"
    check_outputs((), [target])
    report = export_run(
        run,
        lambda split: load_with_progress(data, split),
        target,
        "static" if static else int8,
        lambda line: console.tell(f"  {line}"),
    )
    console.tell(f"{target}: {report}")
