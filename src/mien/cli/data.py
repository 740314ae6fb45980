"""`mien data`: bring labelled pictures into one form, and say what a data set holds before training on it."""

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from mien.cli.console import Terminal
from mien.cli.data_import import import_command
from mien.cli.options import load_with_progress
from mien.cli.outputs import check_outputs
from mien.storage import check_suffix

if TYPE_CHECKING:
    from mien.data.statistics import Statistics

NAMED_PROBLEMS = 5

app = typer.Typer(help="Import labelled pictures; see what a data set holds and what is wrong.", no_args_is_help=True)
app.command("import")(import_command)

DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Kaggle or FER2013 folders, fer2013.csv, or what mien data import wrote.",
        envvar="MIEN_DATA",
    ),
]
SplitOption = Annotated[
    str | None, typer.Option(help="kaggle or official; if left out, the official one where the data has it.")
]


@app.command()
def check(
    data: DataArgument,
    split: SplitOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, each problem by name.")] = False,
) -> None:
    """Say what a data set holds: classes, broken pictures, exact copies, votes.

    Broken pictures do no harm: they are named here and left out everywhere. A data set that cannot be used at all is an
    error.

    Example: mien data check fer2013
    """
    split, counted = _count(data, split)
    if as_json:
        print(json.dumps({"split": split, **counted.to_dict()}, indent=1))
        return
    console = Terminal()
    console.print(f"{counted.pictures:,} pictures from {counted.layout}; {split} split")
    console.print(_classes(counted))
    console.print(_copies(counted))
    console.print(
        f"Copies: {counted.repeated:,} pictures repeat the exact pixels of another; "
        f"{counted.disputed:,} have a copy with another label."
    )
    console.print(
        "FER+ votes: none."
        if counted.voted is None
        else f"FER+ votes: for {counted.voted:,} of {counted.pictures:,} pictures."
    )
    console.tell(f"Blank pictures (one grey level): {_some(list(counted.blank))}.")
    if not counted.problems:
        console.print("Problems: none.")
        return
    console.print(f"Problems: {len(counted.problems):,}, left out:")
    by_reason = sorted(counted.problems, key=lambda problem: problem.reason)
    for reason, problems in groupby(by_reason, lambda problem: problem.reason):
        console.tell(f"  {reason}: {_some([problem.place for problem in problems])}")


@app.command()
def plot(
    data: DataArgument,
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="Where to write the chart.")],
    split: SplitOption = None,
) -> None:
    """Draw how many pictures each class has in each part.

    Example: mien data plot fer2013 --out classes.png
    """
    from mien.data import statistics

    check_suffix(out, ".png", what="a plot")
    check_outputs((), [out])
    statistics.plot(_count(data, split)[1], out)
    Terminal().tell(f"wrote {out}")


def _count(root: Path, split: str | None) -> "tuple[str, Statistics]":
    from mien.data import dataset, statistics

    split = split or dataset.available_splits(root)[0]
    return split, statistics.statistics(load_with_progress(root, split))


def _classes(counted: "Statistics") -> Table:
    table = Table("class", title="Pictures by class", title_justify="left")
    for name in counted.parts:
        table.add_column(name, justify="right")
        table.add_column("%", justify="right", style="dim")
    for kind in next(iter(counted.parts.values())).classes:
        cells = [(part.classes[kind], part.pictures) for part in counted.parts.values()]
        table.add_row(kind, *(text for count, total in cells for text in (f"{count:,}", f"{100 * count / total:.1f}")))
    table.add_section()
    table.add_row("all", *(text for part in counted.parts.values() for text in (f"{part.pictures:,}", "")))
    return table


def _copies(counted: "Statistics") -> Table:
    heads = (Column(head, justify="right") for head in ("within", *(f"in {name}" for name in counted.parts)))
    table = Table("part", *heads, title="Pictures with an exact copy", title_justify="left")
    for name, part in counted.parts.items():
        shares = (
            "" if other == name else f"{part.also_in[other]:,} ({part.also_in[other] / part.pictures:.1%})"
            for other in counted.parts
        )
        table.add_row(name, f"{part.repeated:,}", *shares)
    return table


def _some(places: list[str]) -> str:
    """How many, and the first few by name."""
    if not places:
        return "none"
    more = f" and {len(places) - NAMED_PROBLEMS:,} more (--json names all)" if len(places) > NAMED_PROBLEMS else ""
    return f"{len(places):,} ({', '.join(places[:NAMED_PROBLEMS])}{more})"
