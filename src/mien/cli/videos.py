"""The part of `mien predict` that is about videos, cameras and streams."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from mien.cli.pictures import exit_with, say_written
from mien.errors import MienError, VideoError
from mien.expressions import EXPRESSIONS

if TYPE_CHECKING:
    from mien.recognition.faces import Frame
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.sinks import Sink
    from mien.recognition.video.summary import Summary
    from mien.recognition.video.watching import Video

MOST_FACES = 20
"""Faces longest in sight that the table names."""


@dataclass(frozen=True)
class Outputs:
    """What was asked for; None for what was not."""

    json_file: Path | None = None
    csv_file: Path | None = None
    parquet: Path | None = None
    annotated: Path | None = None
    show_map: bool = False
    timeline: Path | None = None
    window: bool | None = None

    def shows_window(self, live: bool) -> bool:
        """Where nothing is asked for, what a camera sees is shown."""
        files = (self.json_file, self.csv_file, self.parquet, self.annotated, self.timeline)
        return self.window if self.window is not None else live and not any(files)


def predict(sources: list[str], open_model: "Callable[[int], Recognizer]", outputs: Outputs) -> None:
    """Go through the videos one after another, show a summary of each, fill the files asked for.

    Exits with 2 where one could not be read, or not to its end.
    """
    from mien.recognition.sinks import VIDEO_COLUMNS, CsvSink, JsonLinesSink, JsonSink
    from mien.recognition.tables import ParquetSink
    from mien.recognition.video.watching import model_threads

    if outputs.timeline is not None and len(sources) > 1:
        raise MienError("--timeline plots one video; give one at a time")
    _refuse_overwriting(sources, outputs.annotated)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    recognizer = open_model(model_threads())
    printing = outputs.json_file == Path("-")
    problems: list[str] = []
    with ExitStack() as stack:
        shared: list[Sink] = []
        if outputs.json_file is not None:
            shared.append(stack.enter_context(JsonLinesSink() if printing else JsonSink(outputs.json_file)))
        if outputs.csv_file is not None:
            shared.append(stack.enter_context(CsvSink(outputs.csv_file, VIDEO_COLUMNS)))
        if outputs.parquet is not None:
            shared.append(stack.enter_context(ParquetSink(outputs.parquet)))
        for source, drawn_name in zip(sources, _drawn_names(sources), strict=True):
            try:
                summary = _watch(source, drawn_name, recognizer, shared, outputs, problems)
            except VideoError as error:
                problems.append(str(error))
                continue
            if not printing:
                Console().print(_table(source, summary))
    say_written(outputs.json_file, outputs.csv_file, outputs.parquet, outputs.annotated, outputs.timeline)
    exit_with(problems)


def _watch(
    source: str,
    drawn_name: str,
    recognizer: "Recognizer",
    shared: "list[Sink]",
    outputs: Outputs,
    problems: list[str],
) -> "Summary":
    from mien.recognition.video.annotating import AnnotatedVideo
    from mien.recognition.video.summary import Summary
    from mien.recognition.video.timeline import Timeline
    from mien.recognition.video.watching import open_video

    summary = Summary()
    with open_video(source, recognizer) as video, ExitStack() as stack:
        sinks: list[Sink] = [*shared, summary]
        if outputs.annotated is not None:
            drawn, sound = outputs.annotated / drawn_name, _sound(video)
            sinks.append(stack.enter_context(AnnotatedVideo(drawn, sound, outputs.show_map)))
        if outputs.timeline is not None:
            sinks.append(stack.enter_context(Timeline(outputs.timeline)))
        window = None
        if outputs.shows_window(video.source.live):
            from mien.cli.window import Window

            window = stack.enter_context(Window(video, outputs.show_map))
            sinks.append(window)
        try:
            for frame in video if window is not None else _with_bar(video):
                for sink in sinks:
                    sink.write(frame)
                if window is not None and window.closed:
                    break
        except VideoError as error:
            problems.append(str(error))
        except KeyboardInterrupt:
            if not video.source.live:  # for a camera it is the way to end
                raise
    return summary


def _refuse_overwriting(sources: list[str], annotated: Path | None) -> None:
    if annotated is None:
        return
    names = _drawn_names(sources)
    if any((annotated / name).resolve() == Path(source).resolve() for name, source in zip(names, sources, strict=True)):
        raise MienError(f"--annotate {annotated} holds the video itself; choose a folder of its own")


def _drawn_names(sources: list[str]) -> list[str]:
    """The names of the annotated videos, numbered where two videos have the same."""
    from mien.recognition.sinks import free_name

    taken: set[str] = set()
    return [free_name(_stem(source), ".mp4", taken) for source in sources]


def _stem(source: str) -> str:
    """A file's name without its suffix; of an address as much as a file's name holds."""
    if "://" not in source and Path(source).exists():
        return Path(source).stem
    return "".join(c if c.isalnum() else "-" for c in source)[:100]


def _sound(video: "Video") -> str | Path | None:
    """The file whose sound goes along; cameras and animated pictures have none."""
    from mien.recognition.video.animation import Animation

    return None if video.source.live or isinstance(video.source, Animation) else video.source.source


class _Speed(ProgressColumn):
    """Seconds of video a second of work."""

    def render(self, task: Task) -> Text:
        done, passed = task.completed, task.elapsed or 0.0
        return Text(f"{done / passed:.1f}x real time" if passed > 1 and done else "", style="dim")


def _with_bar(video: "Video") -> "Iterator[Frame]":
    """The frames one by one, with a bar in seconds of video on the terminal's error stream."""
    if video.source.live:
        columns: tuple[ProgressColumn, ...] = (
            TextColumn("[dim]watching[/], Ctrl-C ends it"),
            TextColumn("{task.completed:.0f} s"),
        )
    else:
        columns = (
            TextColumn(Path(video.source.source).name),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f} s" if video.duration else "{task.completed:.0f} s"),
            _Speed(),
            TimeRemainingColumn(),
        )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("watching", total=video.duration)
        for frame in video:
            yield frame
            bar.update(task, completed=max((frame.time or 0.0) - video.start, 0.0))


def _table(source: str, summary: "Summary") -> Table:
    """What each face showed, in 80 columns."""
    length = summary.end - (summary.start or 0.0)
    without = summary.frames_without_face / max(summary.frames, 1)
    table = Table(
        Column("face", justify="right"),
        Column("in sight", no_wrap=True),
        Column("frames", justify="right"),
        Column("expressions shown, mean probability"),
        box=box.SIMPLE_HEAD,
        title=f"{source}: {length:.1f} s, {summary.frames} frames, {without:.0%} without a face",
        title_justify="left",
    )
    chosen = sorted(summary.tracks.values(), key=lambda track: -track.frames)
    for track in sorted(chosen[:MOST_FACES], key=lambda track: track.number):
        best = track.shares.argsort()[::-1][:3]
        shown = ", ".join(
            f"[{EXPRESSIONS[place].colour}]{EXPRESSIONS[place].adjective}[/] {track.shares[place]:.0%}"
            for place in best
        )
        if not track.bins:
            shown = "not judged"
        table.add_row(str(track.number), f"{_clock(track.first)}-{_clock(track.last)}", str(track.frames), shown)
    if len(chosen) > MOST_FACES:
        table.add_row("", "", "", f"and {len(chosen) - MOST_FACES} more, shorter in sight")
    return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}:{rest:04.1f}"
