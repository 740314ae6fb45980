"""The part of `mien predict` that is about pictures."""

import os
import signal
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Column, Table
from rich.text import Text

from mien.cli.console import Terminal, bar, shown
from mien.cli.outputs import STDOUT, Failures, add_json, check_outputs, same_place
from mien.cores import cores
from mien.errors import MienError, MienWarning, PictureError
from mien.expressions import described

if TYPE_CHECKING:
    from mien.cli.predict_options import PictureOptions
    from mien.recognition.faces import Frame
    from mien.recognition.pictures import Page
    from mien.recognition.recognizer import Recognizer


def predict(pictures: list[Path], options: "PictureOptions") -> None:
    """Read every picture, show a table, fill the files asked for.

    Several pictures are read side by side, each by one core.

    Args:
        pictures: Their paths.
        options: The command line's.

    Raises:
        typer.Exit: With 2, where a picture could not be read.
        MienError: An output or the model cannot be used.
    """
    from mien.recognition import details
    from mien.recognition.sink_group import SinkGroup
    from mien.recognition.sinks import AnnotatingSink, CsvSink, picture_columns

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    json_file, csv_file, annotated = options.json_file, options.csv_file, options.annotated
    at_once = min(cores(), len(pictures))
    recognizer = options.reading.open(threads=1 if at_once > 1 else None)
    check_outputs(pictures, (json_file, csv_file), (annotated,))
    if annotated is not None and any(same_place(annotated, folder) for folder in {one.parent for one in pictures}):
        raise MienError(f"--annotate {annotated} holds the pictures themselves; choose a folder of its own")
    printing = json_file == STDOUT
    table = _table()
    names = dict(zip(pictures, names_in_table(pictures), strict=True))
    failures, problems = Failures(), list[str]()
    try:
        with SinkGroup(failures.tell) as sinks, closing(_read_all(pictures, recognizer, options, at_once)) as read:
            add_json(sinks, json_file)
            if csv_file is not None:
                columns = picture_columns(recognizer.classes) + details.columns(options.reading.details)
                sinks.add(csv_file, lambda: CsvSink(csv_file, columns))
            if annotated is not None:
                sinks.add(annotated, lambda: AnnotatingSink(annotated, options.reading.needs_map))
            for page, frame in () if sinks.all_failed else _with_bar(read, len(pictures)):
                if isinstance(frame, PictureError):
                    problems.append(str(frame))
                    continue
                sinks.write(frame)
                _add_rows(table, names[page.file] + page.name.name.removeprefix(page.file.name), frame)
                if sinks.all_failed:
                    break
    finally:  # also of what was read before an interrupt
        if not printing and table.row_count:
            Terminal().print(table)
    failures.say_written(json_file, csv_file, annotated)
    failures.exit(problems)


Read = tuple["Page", "Frame | PictureError"]


def _read_all(
    pictures: list[Path], recognizer: "Recognizer", options: "PictureOptions", at_once: int
) -> Generator[Read]:
    """Every page of the pictures in order, with its faces or why it cannot be read: no page of that file follows."""
    from mien.recognition.notes import give
    from mien.recognition.pictures import Page, find_pages, together
    from mien.recognition.side_by_side import side_by_side

    broken: set[Path] = set()
    pages = (page for picture in pictures for page in find_pages(picture) if picture not in broken)
    if at_once > 1 and not options.faces_are_cut:
        recognizer.detector.open()
    read = partial(_read_page, recognizer=recognizer, options=options)
    with closing(side_by_side(read, pages, at_once, Page.count_pixels, together(at_once))) as results:
        for page, (frame, notes) in results:
            if page.file in broken:
                continue
            give(notes)
            if isinstance(frame, PictureError):
                broken.add(page.file)
            yield page, frame


def _read_page(
    page: "Page", recognizer: "Recognizer", options: "PictureOptions"
) -> "tuple[Frame | PictureError, list[MienWarning]]":
    """A page with its faces, its pixels only where they are to be drawn on; and what is to be said of it."""
    from mien.recognition.faces import NO_PIXELS, Frame
    from mien.recognition.notes import held

    with held() as notes:
        try:
            pixels = page.read()
            faces = recognizer.recognize(pixels, options.faces_are_cut)
        except PictureError as error:
            return error, notes
    return Frame(page.name, NO_PIXELS if options.annotated is None else pixels, faces), notes


def names_in_table(pictures: list[Path]) -> Iterator[Text]:
    """The pictures' names, from the folder that they have in common.

    Args:
        pictures: Their paths.

    Returns:
        In order.
    """
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


def _with_bar(read: Iterable[Read], pictures: int) -> Iterator[Read]:
    """The pages one by one, with a bar on the terminal's error stream where there are many pictures."""
    if pictures < 5:
        yield from read
        return
    done: set[Path] = set()
    with bar() as show:
        show("reading faces", 0, pictures)
        for page, frame in read:
            yield page, frame
            done.add(page.file)
            show("reading faces", len(done), pictures)
