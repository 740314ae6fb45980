"""The part of `mien predict` that is about pictures."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Column, Table
from rich.text import Text

from mien.cli.console import Terminal, bar, shown
from mien.cli.outputs import STDOUT, Failures, add_json, check_outputs, same_place
from mien.errors import MienError, PictureError
from mien.expressions import described

if TYPE_CHECKING:
    from mien.cli.predict_options import PictureOptions
    from mien.recognition.faces import Frame


def predict(pictures: list[Path], options: "PictureOptions") -> None:
    """Read every picture, show a table, fill the files asked for; exits with 2 where a picture could not be read."""
    from mien.recognition.faces import Frame
    from mien.recognition.pictures import read_pages
    from mien.recognition.sink_group import SinkGroup
    from mien.recognition.sinks import AnnotatingSink, CsvSink, picture_columns

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    json_file, csv_file, annotated = options.json_file, options.csv_file, options.annotated
    recognizer = options.reading.open()
    check_outputs(pictures, (json_file, csv_file), (annotated,))
    if annotated is not None and any(same_place(annotated, folder) for folder in {one.parent for one in pictures}):
        raise MienError(f"--annotate {annotated} holds the pictures themselves; choose a folder of its own")
    printing = json_file == STDOUT
    table = _table()
    names = names_in_table(pictures)
    failures, problems = Failures(), list[str]()
    try:
        with SinkGroup(failures.tell) as sinks:
            add_json(sinks, json_file)
            if csv_file is not None:
                sinks.add(csv_file, lambda: CsvSink(csv_file, picture_columns(recognizer.classes)))
            if annotated is not None:
                sinks.add(annotated, lambda: AnnotatingSink(annotated, options.reading.needs_map))
            for picture, name in zip(_with_bar(pictures), names, strict=True):
                if sinks.all_failed:
                    break
                try:
                    for source, pixels in read_pages(picture):
                        frame = Frame(source, pixels, recognizer.recognize(pixels, options.faces_are_cut))
                        sinks.write(frame)
                        _add_rows(table, name + source.name.removeprefix(picture.name), frame)
                except PictureError as error:
                    problems.append(str(error))
    finally:  # also of what was read before an interrupt
        if not printing and table.row_count:
            Terminal().print(table)
    failures.say_written(json_file, csv_file, annotated)
    failures.exit(problems)


def names_in_table(pictures: list[Path]) -> Iterator[Text]:
    """The pictures' paths from the folder that they have in common."""
    try:
        common = os.path.commonpath([picture.absolute().parent for picture in pictures])
    except ValueError:  # on several of Windows' drives
        return (Text(shown(picture)) for picture in pictures)
    return (Text(shown(os.path.relpath(picture.absolute(), common))) for picture in pictures)


def _table() -> Table:
    """Made for 80 columns: only long paths are folded."""
    table = Table(Column("picture", overflow="fold"), box=box.SIMPLE_HEAD)
    for name in ("face", "expression", "sure", "next", "left, top, size"):
        table.add_column(name, no_wrap=True)
    return table


def _add_rows(table: Table, name: Text, frame: "Frame") -> None:
    for number, face in enumerate(frame.faces):
        second = int(face.probabilities.argsort()[-2])
        said = Text(face.adjective, face.kind.colour)
        if face.strange:
            said = Text(f"{'not judged' if face.withheld else face.adjective}: {face.verdict}", "dim")
        table.add_row(
            "" if number else name,
            str(number + 1),
            said,
            "" if face.withheld else f"{face.confidence:.0%}",
            "" if face.withheld else f"{described(face.classes)[second].adjective} {face.probabilities[second]:.0%}",
            f"{face.box.left:.0f}, {face.box.top:.0f}, {face.box.width:.0f} x {face.box.height:.0f}",
        )
    if not frame.faces:
        table.add_row(name, "-", "no face found", "", "", "")


def _with_bar(pictures: list[Path]) -> Iterator[Path]:
    """The pictures one by one, with a bar on the terminal's error stream where there are many."""
    if len(pictures) < 5:
        yield from pictures
        return
    with bar() as show:
        for number, picture in enumerate(pictures):
            show("reading faces", number, len(pictures))
            yield picture
