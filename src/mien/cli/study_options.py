"""The options of `mien study`, as they are given."""

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import finite

Rows = Annotated[
    list[Path],
    typer.Argument(metavar="ROWS...", help="What mien predict wrote: CSV or Parquet files, and folders of them."),
]
Out = Annotated[
    Path | None, typer.Option(help="The folder for page, tables and exports; an earlier study there gives way.")
]
People = Annotated[
    Path | None, typer.Option(help="Who is who: a CSV of clip, track, person. Else each track is a person.")
]
PeopleTemplate = Annotated[
    Path | None, typer.Option(help="Write that CSV with all tracks, its person column to fill in, to this file.")
]
Groups = Annotated[
    Path | None,
    typer.Option(help="A CSV of group with person, clip or both; people.csv may have a column group instead."),
]
Events = Annotated[Path | None, typer.Option(help="A CSV of clip, time, event: time courses around them.")]
Annotations = Annotated[
    Path | None,
    typer.Option(help="What a human saw: a CSV of clip, start, end, expression, perhaps person and intensity."),
]
Exports = Annotated[
    list[str] | None,
    typer.Option("--export", metavar="FORMAT", help="Also write eaf, textgrid, boris, srt, vtt, wide, or all."),
]
Window = Annotated[str, typer.Option(metavar="FROM,TO", help="Seconds around events.")]
Step = Annotated[float, typer.Option(min=0.001, callback=finite, help="A time course's bins, in seconds.")]
Shortest = Annotated[
    float, typer.Option(min=0, callback=finite, help="Shorter bouts, in seconds, go to their longer neighbour.")
]
Gap = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        callback=finite,
        help="Rows further apart, in seconds, leave a gap; if left out, 1 s or 4 times the usual distance, "
        "and wherever a span was excluded.",
    ),
]
CountStrange = Annotated[
    bool, typer.Option("--count-strange", help="Count the faces that the gate calls covered, near or far, too.")
]
Circumplex = Annotated[
    bool, typer.Option("--circumplex", help="Also derive valence and arousal: derived, not measured.")
]
Title = Annotated[str, typer.Option(help="The page's title.")]
