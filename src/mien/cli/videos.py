"""The part of `mien predict` that is about videos, cameras and streams."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from mien.addresses import redacted
from mien.cli.console import LiteralColumn, Terminal, progress, say, shown
from mien.cli.outputs import STDOUT, Failures, add_json, check_outputs, same_place
from mien.errors import MienError, VideoError
from mien.expressions import described
from mien.names import free_name
from mien.storage import check_suffix

if TYPE_CHECKING:
    from mien.cli.predict_options import VideoOptions
    from mien.recognition.faces import Frame
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.sink_group import SinkGroup
    from mien.recognition.video.summary import Summary
    from mien.recognition.video.watching import Video

MOST_FACES = 20
"""Faces longest in sight that the table names."""


def predict(sources: list[str], options: "VideoOptions") -> None:
    """Go through the videos one after another, show a summary of each, fill the files asked for.

    Args:
        sources: Files, cameras and streams.
        options: The command line's.

    Raises:
        typer.Exit: With 2, where one could not be read, or not to its end.
        MienError: An output or the model cannot be used.
    """
    from mien.recognition import details
    from mien.recognition.sink_group import SinkGroup
    from mien.recognition.sinks import CsvSink, video_columns
    from mien.recognition.tables import ParquetSink
    from mien.recognition.video.live_names import is_live
    from mien.recognition.video.watching import model_threads

    _check(sources, options)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    recognizer = options.reading.open(model_threads(any(is_live(source) for source in sources)))
    json_file, csv_file, parquet = options.json_file, options.csv_file, options.parquet
    printing = json_file == STDOUT
    columns = video_columns(recognizer.classes) + details.columns(options.reading.details)
    failures, problems = Failures(), list[str]()
    drawn = drawn_names(sources)
    with SinkGroup(failures.tell) as shared:
        add_json(shared, json_file)
        if csv_file is not None:
            shared.add(csv_file, lambda: CsvSink(csv_file, columns))
        if parquet is not None:
            shared.add(parquet, lambda: ParquetSink(parquet, columns))
        for source, name in zip(sources, drawn, strict=True):
            if shared.all_failed and options.annotated is None and options.timeline is None:
                break
            try:
                summary = _watch(source, name, recognizer, shared, options, failures, problems)
            except VideoError as error:
                problems.append(str(error))
                continue
            if not printing:
                Terminal().print(_table(source, summary))
    failures.say_written(json_file, csv_file, parquet, options.annotated, options.timeline)
    failures.exit(problems)


def _watch(
    source: str,
    drawn: str,
    recognizer: "Recognizer",
    shared: "SinkGroup",
    options: "VideoOptions",
    failures: Failures,
    problems: list[str],
) -> "Summary":
    from mien.recognition.sink_group import SinkGroup
    from mien.recognition.video.annotating import AnnotatedVideo
    from mien.recognition.video.summary import Summary
    from mien.recognition.video.timeline import Timeline
    from mien.recognition.video.watching import open_video

    summary = Summary(classes=recognizer.classes)
    copies: list[AnnotatedVideo] = []
    with open_video(source, recognizer, options.selection) as video, SinkGroup(failures.tell) as own:
        window = None
        if options.annotated is not None:
            path, sound = options.annotated / drawn, _sound(video, source)

            def copy() -> AnnotatedVideo:
                copies.append(AnnotatedVideo(path, sound, options.reading.needs_map))
                return copies[-1]

            own.add(path, copy)
        if options.timeline is not None:
            timeline = options.timeline
            own.add(timeline, lambda: Timeline(timeline, options.selection.every, recognizer.classes))
        if options.shows_window(video.source.live):
            from mien.cli.window import Window

            shown_in = window = Window(video, options.reading.needs_map)
            own.add("the window", lambda: shown_in)
        try:
            for frame in video if window is not None else _with_bar(video):
                summary.write(frame)
                shared.write(frame)
                own.write(frame)
                if (window is not None and window.closed) or _nothing_left(shared, own):
                    break
        except VideoError as error:
            problems.append(str(error))
        except KeyboardInterrupt:
            if not video.source.live:  # for a camera it is the way to end
                raise
    for note in (*video.notes, *(note for made in copies for note in made.notes)):
        say(note)
    return summary


def _nothing_left(*groups: "SinkGroup") -> bool:
    """Whether outputs were asked for, and all of them failed."""
    asked = [group for group in groups if group.asked]
    return bool(asked) and all(group.all_failed for group in asked)


def _check(sources: list[str], options: "VideoOptions") -> None:
    """Raise MienError for outputs that cannot be, before the first frame is read."""
    from mien.recognition.extra import load

    if options.timeline is not None and len(sources) > 1:
        raise MienError("--timeline plots one video; give one at a time")
    check_suffix(options.timeline, ".png", ".svg", ".pdf", what="a plot")
    annotated, files = options.annotated, (options.json_file, options.csv_file, options.timeline)
    check_outputs([Path(source) for source in sources], files, (options.parquet, annotated))
    if annotated is not None:
        for name in drawn_names(sources):
            if any(same_place(annotated / name, Path(source)) for source in sources):
                raise MienError(f"--annotate {annotated} holds the video itself; choose a folder of its own")
            check_outputs((), (annotated / name, *files))
    needed = {"av": True, "pyarrow.parquet": options.parquet, "matplotlib.figure": options.timeline}
    for module in [module for module, wanted in needed.items() if wanted]:
        load(module)


def drawn_names(sources: list[str]) -> list[str]:
    """The annotated videos' names.

    Args:
        sources: Files, cameras and streams.

    Returns:
        The sources' own, numbered where two are alike.
    """
    taken: set[str] = set()
    return [free_name(_stem(source), ".mp4", taken) for source in sources]


def _stem(source: str) -> str:
    if "://" not in source and Path(source).exists():  # to ask for an address of 300 letters is an error
        return Path(source).stem
    return "".join(c if c.isalnum() else "-" for c in redacted(source))


class _Speed(ProgressColumn):
    """Seconds of video a second of work."""

    def render(self, task: Task) -> Text:
        done, passed = task.completed, task.elapsed or 0.0
        return Text(f"{done / passed:.1f}x real time" if passed > 1 and done else "", style="dim")


def _with_bar(video: "Video") -> "Iterator[Frame]":
    """The frames one by one, with a bar in seconds of video on the terminal's error stream."""
    if video.source.live:
        columns: tuple[ProgressColumn, ...] = (
            LiteralColumn("watching, Ctrl-C ends it"),
            TextColumn("{task.completed:.0f} s"),
        )
    else:
        columns = (
            LiteralColumn(Path(video.source.source).name),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f} s" if video.duration else "{task.completed:.0f} s"),
            _Speed(),
            TimeRemainingColumn(),
        )
    with progress(*columns) as bar:
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
        title=f"{shown(redacted(source))}: {length:.1f} s, {summary.frames} frames, {without:.0%} without a face",
        title_justify="left",
    )
    kinds = described(summary.classes)
    chosen = sorted(summary.tracks.values(), key=lambda track: -track.frames)
    for track in sorted(chosen[:MOST_FACES], key=lambda track: track.number):
        best = track.shares.argsort()[::-1][:3]
        parts = [
            Text.assemble((kinds[place].adjective, kinds[place].colour), f" {track.shares[place]:.0%}")
            for place in best
        ]
        said = Text(", ").join(parts) if track.bins else Text("not judged")
        table.add_row(str(track.number), f"{_clock(track.first)}-{_clock(track.last)}", str(track.frames), said)
    if len(chosen) > MOST_FACES:
        table.add_row("", "", "", f"and {len(chosen) - MOST_FACES} more, shorter in sight")
    return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}:{rest:04.1f}"


def _sound(video: "Video", source: str) -> str | None:
    """The file whose sound goes along; cameras and animated pictures have none."""
    from mien.recognition.video.animations import Animation

    return None if video.source.live or isinstance(video.source, Animation) else source
