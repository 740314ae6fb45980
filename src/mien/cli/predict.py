"""`mien predict`: pictures, videos or a camera in; a table, files, annotated pictures or videos out."""

from pathlib import Path
from typing import Annotated

import typer

from mien.errors import MienError
from mien.recognition.gate import Gating


def predict(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Pictures and folders of pictures; or videos; or webcam, webcam:1, rtsp://..."
        ),
    ],
    model: Annotated[str, typer.Option(help="A shipped model's name, or a model file.")] = "mobilenet_v2",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the results as JSON; '-' prints a line a picture or frame.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a CSV file, one row a face (and frame of a video).")
    ] = None,
    parquet: Annotated[
        Path | None,
        typer.Option(help="Write the same rows as Parquet to this folder; of pictures, only those not done yet."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that read pictures (with --parquet); as many as cores if left out."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Read pictures on a Ray cluster (with --parquet): auto, host:6379, local."
        ),
    ] = None,
    annotated: Annotated[
        Path | None,
        typer.Option("--annotate", help="Write the pictures or videos with the faces drawn in, to this folder."),
    ] = None,
    show_map: Annotated[
        bool, typer.Option("--map", help="Draw where in the face the expression was seen (with --annotate).")
    ] = False,
    window: Annotated[
        bool | None,
        typer.Option(
            "--window/--no-window", help="Show it in a window, with keys; a camera without other outputs is shown."
        ),
    ] = None,
    gate: Annotated[
        Gating,
        typer.Option(help="What becomes of faces unlike those the models know: marked, or also left without a word."),
    ] = Gating.WARN,
    timeline: Annotated[
        Path | None, typer.Option(help="Plot each face's expressions over time to this .png, .svg or .pdf (videos).")
    ] = None,
) -> None:
    """Find the faces in pictures, videos or what a camera sees, and say which expression each shows.

    A picture without a face is a result. One that cannot be read is named,
    the others are still done, and the exit code is 2. The faces of a video
    keep their numbers; its rows have each frame's time in seconds. Ctrl-C
    keeps what was done of a video, and is the way to end a camera.

    The gate marks faces unlike those the models know: near (covered, turned
    away, an animal's) or far (nothing like a face). --gate refuse then names
    no expression.

    Examples:
    mien predict party.jpg
    mien predict holiday/ --csv faces.csv --annotate drawn/
    mien predict talk.mp4 --csv talk.csv --timeline talk.png
    mien predict webcam
    mien predict archive/ --parquet rows/ --workers 8
    """
    from mien.cli import archives, pictures, videos
    from mien.recognition.recognizer import Recognizer

    if "" in inputs:
        raise MienError("an input without a name; if it is a variable of the shell, it is not set")
    if csv_file == Path("-"):
        raise MienError("--csv needs a file's name; --json - prints to the standard output")
    moving = [videos.is_video(text) for text in inputs]
    if show_map and annotated is None and not (all(moving) and window is not False):
        raise MienError("--map draws over the pictures: say where they go with --annotate FOLDER")
    if any(moving) and not all(moving):
        raise MienError("pictures and videos have different results: give one kind at a time")
    if not all(moving) and (timeline is not None or window is not None):
        raise MienError("--timeline and --window are for videos")
    if (workers is not None or ray is not None) and (parquet is None or any(moving)):
        raise MienError("--workers and --ray are for archives of pictures: say where the rows go with --parquet FOLDER")
    if workers is not None and ray is not None:
        raise MienError("--ray uses all of the cluster's cores; leave --workers out")
    if parquet is not None and not any(moving):
        if json_file is not None or csv_file is not None or annotated is not None:
            raise MienError("--parquet is for archives; leave --json, --csv and --annotate out")
        return archives.predict([Path(text) for text in inputs], model, gate, parquet, workers, ray)

    def open_model(threads: int | None = None) -> Recognizer:
        recognizer = Recognizer(model, threads, gate)
        if show_map and not recognizer.model.has_map:
            raise MienError(f"the model {recognizer.model.name} has no map; leave --map out")
        return recognizer

    if all(moving):
        videos.predict(
            inputs, open_model, videos.Outputs(json_file, csv_file, parquet, annotated, show_map, timeline, window)
        )
    else:
        pictures.predict([Path(text) for text in inputs], open_model(), json_file, csv_file, annotated, show_map)
