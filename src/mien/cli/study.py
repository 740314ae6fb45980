"""`mien study`: the rows of many clips in; statistics, a page, and files for researchers' tools out."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.table import Column, Table

from mien.cli import study_options as given_as
from mien.cli.console import Terminal, say, shown
from mien.cli.outputs import check_outputs
from mien.errors import DataError, MienError, StorageError
from mien.storage import check_suffix, write_text

if TYPE_CHECKING:
    from mien.study.rows import Rows
    from mien.study.study import Settings, Study


def study(
    rows: given_as.Rows,
    out: given_as.Out = None,
    people: given_as.People = None,
    people_template: given_as.PeopleTemplate = None,
    groups: given_as.Groups = None,
    events: given_as.Events = None,
    annotations: given_as.Annotations = None,
    exports: given_as.Exports = None,
    window: given_as.Window = "-2,5",
    step: given_as.Step = 0.25,
    shortest: given_as.Shortest = 0.25,
    gap: given_as.Gap = None,
    count_strange: given_as.CountStrange = False,
    circumplex: given_as.Circumplex = False,
    title: given_as.Title = "Video study",
) -> None:
    """Study what people showed in many clips: time shares, mean probabilities, onsets, durations, what follows what.

    Figures are weighed by time, not by rows, and have 95% intervals over people
    (over clips where there is one person). OUT/index.html shows them; the tables
    beside it, CSV and Parquet, hold all. Times are seconds on each clip's clock.

    A list that names clips or people who are not there is refused. Annotations
    and events that cannot be used are named and left out; the exit code is 2.

    Examples:
    mien predict clips/ --csv rows/clips.csv
    mien study rows/ --people-template people.csv
    mien study rows/ --people people.csv --out study/
    mien study rows/ --people people.csv --groups groups.csv --out study/ --export eaf,wide
    mien study rows/ --annotations seen.csv --events bell.csv --window -1,4 --out study/
    """
    from mien.study import rows as reading
    from mien.study import study as making
    from mien.study import writing
    from mien.study.export.registry import chosen

    if out is None and people_template is None:
        raise MienError(
            "say where the study goes with --out FOLDER, or write a list of tracks with --people-template FILE"
        )
    settings = making.Settings(
        people, groups, events, annotations, _window(window), step, shortest, count_strange, circumplex
    )
    formats = chosen(exports or [])
    check_suffix(people_template, ".csv", what="CSV")
    given = [path for path in (*rows, people, groups, events, annotations) if path is not None]
    check_outputs(given, [people_template], [out])
    if out is not None:
        _keep_apart(out, given)
        writing.check(out)
    read = reading.read_rows(rows, gap, say)
    if people_template is not None:
        _write_template(people_template, read)
    if out is not None:
        _study(read, settings, out, title, formats)


def _study(read: "Rows", settings: "Settings", out: Path, title: str, formats: list[str]) -> None:
    from mien.recognition.circumplex import coordinates
    from mien.study import study as making
    from mien.study import writing

    if settings.circumplex:
        coordinates(read.classes)
    made = making.study(read, settings)
    for note in made.notes:
        say(note)
    failures: list[StorageError] = []
    names = writing.write(out, made, title, formats, failures.append)
    Terminal().print(_table(made))
    for problem in (*made.problems, *failures):
        say(problem)
    say(f"written: {out}, {len(names)} files; open {out / writing.PAGE}")
    if failures or made.problems:
        raise typer.Exit(StorageError.exit_code if failures else DataError.exit_code)


def _write_template(path: Path, read: "Rows") -> None:
    from mien.study.people import template

    if path.exists():
        raise MienError(f"{path} is there already; what you filled in would be lost: choose another name")
    write_text(path, template(read.clips))
    say(f"written: {path}; fill in its column person, and give it as --people")


def _window(text: str) -> tuple[float, float]:
    try:
        start, end = map(float, text.split(","))
    except ValueError:
        raise MienError(f"--window takes two numbers of seconds such as -2,5; not '{text}'") from None
    if not (start < end and abs(start) + abs(end) < 86_400):
        raise MienError(f"--window must go from less to more, as -2,5 does; not '{text}'")
    return start, end


def _keep_apart(out: Path, given: list[Path]) -> None:
    """Refuse a folder in which something that is read lies: it would give way to the study."""
    place = out.resolve()
    for path in given:
        if path.resolve() == place or place in path.resolve().parents:
            raise MienError(f"{out} holds {path}, which is read; choose another folder")


def _table(made: "Study") -> Table:
    """Everybody's figures, in 80 columns."""
    from mien.study.records import summary

    table = Table(
        Column("expression"),
        Column("share of time", justify="right"),
        Column("95% interval", justify="right"),
        Column("onsets/min", justify="right"),
        Column("bouts", justify="right"),
        box=box.SIMPLE_HEAD,
        title=f"{len(made.people)} people in {len(made.rows.clips)} clips",
        title_justify="left",
    )
    for record in summary(made):
        if record["of"] == "all":
            low, high = record["share_low"], record["share_high"]
            spread = f"{low:.1%} to {high:.1%}" if low == low else ""
            share = f"{record['share']:.1%}" if record["share"] == record["share"] else "-"
            onsets = f"{record['onsets_per_minute']:.1f}" if record["share"] == record["share"] else "-"
            table.add_row(shown(record["expression"]), share, spread, onsets, str(record["bouts"]))
    return table
