"""`mien data import`: labelled pictures in any layout in; the folder that training reads out."""

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from mien.cli.console import Terminal, bar
from mien.cli.outputs import check_outputs
from mien.errors import DataError

if TYPE_CHECKING:
    from mien.data.importing.importing import Imported, Options

_NAMED = 3


def import_command(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A folder of labelled pictures, or a CSV file of pixels.")
    ],
    out: Annotated[Path, typer.Option("--as", metavar="OUT", help="The new folder, for --data of the other commands.")],
    preset: Annotated[
        str | None,
        typer.Option(help="fer2013, fer+, raf-db, affectnet, ck+, jaffe, kdef or folders; found out if left out."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Your own names for the labels, and the table that has them, if one does."
        ),
    ] = None,
    subjects: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Finds who is shown in a picture's place: the first group; a person stays in one part.",
        ),
    ] = None,
    faces: Annotated[
        str,
        typer.Option(
            metavar="auto|cut|find",
            help="cut: each picture is one face already; find: look for it as mien predict does; auto: the preset, or "
            "the size, tells.",
        ),
    ] = "auto",
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Draw the parts anew where the source has its own.")
    ] = False,
    validation: Annotated[float, typer.Option(help="Share of a validation part that is drawn.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of a test part that is drawn.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the draw.", min=0)] = 0,
) -> None:
    """Bring labelled pictures of any size and layout into the folder that training reads.

    Folders' names become the classes, from two to some dozens, unless a preset
    or --mapping knows better. Whole photographs are searched for the face,
    which is framed as mien predict frames it. What cannot be used is counted,
    and named in OUT/import.json.

    A mapping is a TOML file: [classes] with "1" = "calm", and "" for what is
    left out; [table] with file, picture, label and, if you like, subject and
    part, which name a CSV file and its columns.

    Examples:
    mien data import RAF-DB --as raf
    mien data import studio --as study --subjects "P[0-9]+"
    mien data import pictures --as mine --mapping labels.toml
    """
    from mien.data.importing.importing import REPORT, import_data

    options = _options(preset, mapping, subjects, faces, resplit, (validation, test), seed)
    check_outputs((), folders=[out.parent])
    with bar() as show:
        made = import_data(source, out, options, show)
    console = Terminal()
    _tell(console, made)
    console.tell(f"wrote {out}; every picture that was left out is named in {out / REPORT}")
    console.tell(f"next: mien data check {out}; mien train RECIPE --data {out} --weights models/vit_tiny.onnx")


def _options(
    preset: str | None,
    mapping: Path | None,
    subjects: str | None,
    faces: str,
    resplit: bool,
    shares: tuple[float, float],
    seed: int,
) -> "Options":
    from mien.data.importing.dividing import Shares
    from mien.data.importing.framing import Faces
    from mien.data.importing.importing import Options
    from mien.data.importing.mapping import read_mapping

    if faces not in tuple(Faces):
        raise DataError(f"unknown --faces '{faces}'; there are {', '.join(Faces)}")
    try:
        pattern = None if subjects is None else re.compile(subjects)
    except re.error as error:
        raise DataError(f"--subjects '{subjects}' is no regular expression: {error}") from error
    return Options(
        preset=preset,
        mapping=None if mapping is None else read_mapping(mapping),
        subjects=pattern,
        faces=Faces(faces),
        resplit=resplit,
        shares=Shares(*shares),
        seed=seed,
    )


def _tell(console: Terminal, made: "Imported") -> None:
    data = made.data
    console.print(f"{len(data):,} faces of {len(data.classes)} classes, read as {made.preset}")
    table = Table("class", *(Column(part, justify="right") for part in ("train", "validation", "test")))
    for label, name in enumerate(data.classes):
        here = data.parts[data.labels == label]
        table.add_row(name, *(f"{int((here == part).sum()):,}" for part in ("train", "validation", "test")))
    table.add_section()
    table.add_row("all", *(f"{int((data.parts == part).sum()):,}" for part in ("train", "validation", "test")))
    console.print(table)
    for note in made.notes:
        console.tell(note)
    if made.found:
        console.tell(f"{made.found:,} faces were found in photographs, and framed as mien predict frames them")
    reasons = Counter(problem.reason for problem in data.problems)
    console.tell(f"left out: {len(data.problems):,}" + (", namely:" if reasons else ""))
    for reason, count in reasons.most_common():
        places = [problem.place for problem in data.problems if problem.reason == reason][:_NAMED]
        console.tell(f"  {count:,}: {reason} ({', '.join(places)}{', ...' if count > _NAMED else ''})")
