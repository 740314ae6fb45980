"""`mien predict`: pictures in; a table, files or annotated pictures out."""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from mien.errors import MienError, PictureError
from mien.expressions import BY_NAME


def predict(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures.")],
    model: Annotated[str, typer.Option(help="A shipped model's name, or a model file.")] = "mobilenet_v2",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results as JSON; '-' prints them.")
    ] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write a CSV file, one row a face.")] = None,
    annotated: Annotated[
        Path | None, typer.Option("--annotate", help="Write the pictures with the faces drawn in, to this folder.")
    ] = None,
    show_map: Annotated[
        bool, typer.Option("--map", help="Draw where in the face the expression was seen (with --annotate).")
    ] = False,
) -> None:
    """Find the faces in pictures and say which expression each shows.

    A picture without a face is a result; one that cannot be read is named, the others are still done, and the exit code
    is 2.

    Examples: mien predict party.jpg | mien predict holiday/ --csv faces.csv --annotate drawn/
    """
    from mien.recognition.pictures import find_pictures, read_picture
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.sinks import AnnotatingSink, CsvSink, JsonSink, Sink, face_record

    if show_map and annotated is None:
        raise MienError("--map draws over the pictures: say where they go with --annotate FOLDER")
    recognizer = Recognizer(model)
    if show_map and not recognizer.model.has_map:
        raise MienError(f"the model {recognizer.model.name} has no map; leave --map out")
    pictures = find_pictures(paths)
    if annotated is not None and annotated.resolve() in {picture.parent.resolve() for picture in pictures}:
        raise MienError(f"--annotate {annotated} holds the pictures themselves; choose a folder of its own")
    printing = json_file == Path("-")
    table = _table()
    common = os.path.commonpath([picture.absolute().parent for picture in pictures])
    problems: list[str] = []
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if json_file is not None and not printing:
            sinks.append(stack.enter_context(JsonSink(json_file)))
        if csv_file is not None:
            sinks.append(stack.enter_context(CsvSink(csv_file)))
        if annotated is not None:
            sinks.append(AnnotatingSink(annotated, show_map))
        for picture in _with_bar(pictures):
            try:
                pixels = read_picture(picture)
            except PictureError as error:
                problems.append(str(error))
                continue
            faces = recognizer.recognize(pixels)
            for sink in sinks:
                sink.write(picture, pixels, faces)
            if printing:
                print(json.dumps({"picture": str(picture), "faces": [face_record(face) for face in faces]}), flush=True)
            name = os.path.relpath(picture.absolute(), common)
            for number, face in enumerate(faces):
                colour = BY_NAME[face.expression].colour
                second = int(face.probabilities.argsort()[-2])
                table.add_row(
                    "" if number else name,
                    str(number + 1),
                    f"[{colour}]{face.adjective}[/]",
                    f"{face.confidence:.0%}",
                    f"{list(BY_NAME.values())[second].adjective} {face.probabilities[second]:.0%}",
                    f"{face.box.left:.0f}, {face.box.top:.0f}, {face.box.width:.0f} x {face.box.height:.0f}",
                )
            if not faces:
                table.add_row(name, "-", "no face found", "", "", "")
    if not printing and table.row_count:
        Console().print(table)
    for written in (json_file, csv_file, annotated):
        if written is not None and written != Path("-"):
            print(f"written: {written}", file=sys.stderr)
    if problems:
        for problem in problems:
            print(f"mien: {problem}", file=sys.stderr)
        raise typer.Exit(PictureError.exit_code)


def _table() -> Table:
    """Made for 80 columns: only long paths are folded."""
    table = Table(Column("picture", overflow="fold"), box=box.SIMPLE_HEAD)
    for name in ("face", "expression", "sure", "next", "left, top, size"):
        table.add_column(name, no_wrap=True)
    return table


def _with_bar(pictures: list[Path]):  # type: ignore[no-untyped-def]
    """The pictures one by one, with a bar on the terminal's error stream where there are many."""
    if len(pictures) < 5:
        yield from pictures
        return
    columns = (TextColumn("reading faces"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(pictures)
