"""The part of `mien predict` that is about pictures."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from mien.errors import MienError, PictureError
from mien.expressions import BY_NAME

if TYPE_CHECKING:
    from mien.recognition.faces import Frame
    from mien.recognition.recognizer import Recognizer


def predict(
    paths: list[Path],
    recognizer: "Recognizer",
    json_file: Path | None,
    csv_file: Path | None,
    annotated: Path | None,
    show_map: bool,
    faces_are_cut: bool = False,
) -> None:
    """Read every picture, show a table, fill the files asked for; exits with 2 where a picture could not be read."""
    from mien.recognition.faces import Frame
    from mien.recognition.finding import find_pictures
    from mien.recognition.pictures import read_pages
    from mien.recognition.sinks import AnnotatingSink, CsvSink, JsonLinesSink, JsonSink, Sink

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    pictures = find_pictures(paths, say)
    refuse_overwriting(pictures, json_file, csv_file)
    if annotated is not None and annotated.resolve() in {picture.parent.resolve() for picture in pictures}:
        raise MienError(f"--annotate {annotated} holds the pictures themselves; choose a folder of its own")
    printing = json_file == Path("-")
    table = _table()
    names = names_in_table(pictures)
    problems: list[str] = []
    with ExitStack() as stack:
        sinks: list[Sink] = []
        if json_file is not None:
            sinks.append(stack.enter_context(JsonLinesSink() if printing else JsonSink(json_file)))
        if csv_file is not None:
            sinks.append(stack.enter_context(CsvSink(csv_file)))
        if annotated is not None:
            sinks.append(stack.enter_context(AnnotatingSink(annotated, show_map)))
        try:
            for picture, name in zip(_with_bar(pictures), names, strict=True):
                try:
                    for source, pixels in read_pages(picture):
                        frame = Frame(source, pixels, recognizer.recognize(pixels, faces_are_cut))
                        for sink in sinks:
                            sink.write(frame)
                        _add_rows(table, name + source.name.removeprefix(picture.name), frame)
                except PictureError as error:
                    problems.append(str(error))
        finally:  # also of what was read before an interrupt
            if not printing and table.row_count:
                Console().print(table)
    say_written(json_file, csv_file, annotated)
    exit_with(problems)


def say(line: str) -> None:
    """On the error stream."""
    print(f"mien: {line}", file=sys.stderr)


def refuse_overwriting(inputs: Iterable[Path], *outputs: Path | None) -> None:
    """Raise MienError where an output file is one of the inputs, or another output."""
    files = [file for file in outputs if file is not None and file != Path("-")]
    places = [file.resolve() for file in files]
    taken = {source.resolve() for source in inputs} if files else set()
    for number, (file, place) in enumerate(zip(files, places, strict=True)):
        if place in taken:
            raise MienError(f"{file} is one of the inputs; choose another name for the results")
        if place in places[:number]:
            raise MienError(f"{file} is named for two outputs; give each its own")


def names_in_table(pictures: list[Path]) -> Iterator[Text]:
    """The pictures' paths from the folder that they have in common."""
    from mien.recognition.sinks import as_text

    common = os.path.commonpath([picture.absolute().parent for picture in pictures])
    return (Text(as_text(os.path.relpath(picture.absolute(), common))) for picture in pictures)


def say_written(*paths: Path | None) -> None:
    """Name the files and folders that were written, on the error stream."""
    for written in paths:
        if written is not None and written != Path("-"):
            print(f"written: {written}", file=sys.stderr)


def exit_with(problems: list[str]) -> None:
    """Say what could not be read, a line each, and exit with 2 where there is any."""
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(PictureError.exit_code)


def _table() -> Table:
    """Made for 80 columns: only long paths are folded."""
    table = Table(Column("picture", overflow="fold"), box=box.SIMPLE_HEAD)
    for name in ("face", "expression", "sure", "next", "left, top, size"):
        table.add_column(name, no_wrap=True)
    return table


def _add_rows(table: Table, name: Text, frame: "Frame") -> None:
    for number, face in enumerate(frame.faces):
        second = int(face.probabilities.argsort()[-2])
        shown = f"[{BY_NAME[face.expression].colour}]{face.adjective}[/]"
        if face.strange:
            shown = f"[dim]{'not judged' if face.withheld else face.adjective}: {face.verdict}[/]"
        table.add_row(
            "" if number else name,
            str(number + 1),
            shown,
            "" if face.withheld else f"{face.confidence:.0%}",
            "" if face.withheld else f"{list(BY_NAME.values())[second].adjective} {face.probabilities[second]:.0%}",
            f"{face.box.left:.0f}, {face.box.top:.0f}, {face.box.width:.0f} x {face.box.height:.0f}",
        )
    if not frame.faces:
        table.add_row(name, "-", "no face found", "", "", "")


def _with_bar(pictures: list[Path]) -> Iterator[Path]:
    """The pictures one by one, with a bar on the terminal's error stream where there are many."""
    if len(pictures) < 5:
        yield from pictures
        return
    columns = (TextColumn("reading faces"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(pictures)
