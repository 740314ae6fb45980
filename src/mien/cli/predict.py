"""`mien predict`: pictures, videos or a camera in; a table, files, annotated pictures or videos out."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mien.errors import MienError
from mien.recognition.gate import Gating


def predict(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Pictures, videos, and folders of them; or webcam, webcam:1, rtsp://..."
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
    device: Annotated[
        str, typer.Option(help="Where the model runs: cpu, cuda, directml, coreml, ..., or auto for the best there is.")
    ] = "cpu",
    small_faces: Annotated[
        bool, typer.Option("--small-faces", help="Find faces down to 30 pixels in large pictures; many times as long.")
    ] = False,
    faces_are_cut: Annotated[
        bool, typer.Option("--faces-are-cut", help="Each picture is one face, of any size; none is looked for.")
    ] = False,
    timeline: Annotated[
        Path | None, typer.Option(help="Plot each face's expressions over time to this .png, .svg or .pdf (videos).")
    ] = None,
) -> None:
    """Find the faces in pictures, videos or what a camera sees, and say which expression each shows.

    A picture without a face is a result. One that cannot be read is named,
    the others are still done, and the exit code is 2. The faces of a video
    keep their numbers; its rows have each frame's time in seconds. Ctrl-C
    keeps what was done of a video, and is the way to end a camera.

    What a file holds decides, not its name: videos without a suffix, animated
    pictures (as videos, with their times) and all pages of TIFF files are read.
    Of a folder with both, the videos' results go to NAME-videos beside NAME.

    The gate marks faces unlike those the models know: near (covered, turned
    away, an animal's) or far (nothing like a face). --gate refuse then names
    no expression.

    Examples:
    mien predict party.jpg
    mien predict holiday/ --csv faces.csv --annotate drawn/
    mien predict talk.mp4 --csv talk.csv --timeline talk.png
    mien predict webcam
    mien predict archive/ --parquet rows/ --workers 8
    mien predict crowd.jpg --small-faces
    """
    from mien.cli import archives, pictures, videos
    from mien.cli.inputs import beside, say_device, sort_inputs, warnings_as_lines
    from mien.recognition.recognizer import Recognizer

    if csv_file == Path("-"):
        raise MienError("--csv needs a file's name; --json - prints to the standard output")
    if workers is not None and ray is not None:
        raise MienError("--ray uses all of the cluster's cores; leave --workers out")
    given = sort_inputs(inputs)
    if show_map and annotated is None and not (not given.pictures and window is not False):
        raise MienError("--map draws over the pictures: say where they go with --annotate FOLDER")
    if given.pictures and (timeline is not None or window is not None):
        raise MienError("--timeline and --window are for videos")
    if (workers is not None or ray is not None) and (parquet is None or not given.pictures):
        raise MienError("--workers and --ray are for archives of pictures: say where the rows go with --parquet FOLDER")
    if given.videos and faces_are_cut:
        raise MienError("--faces-are-cut is for pictures; faces in videos are always looked for")
    if parquet is not None and given.pictures:
        if json_file is not None or csv_file is not None or annotated is not None:
            raise MienError("--parquet is for archives; leave --json, --csv and --annotate out")
        if device != "cpu" or small_faces or faces_are_cut:
            raise MienError("--parquet reads archives on the CPU; leave --device, --small-faces, --faces-are-cut out")

    def open_model(threads: int | None = None) -> Recognizer:
        recognizer = Recognizer(model, threads, gate, device, small_faces)
        if show_map and not recognizer.model.has_map:
            raise MienError(f"the model {recognizer.model.name} has no map; leave --map out")
        say_device(recognizer)
        return recognizer

    def read_pictures() -> None:
        if parquet is not None:
            archives.predict(given.pictures, model, gate, parquet, workers, ray)
        else:
            recognizer = open_model()
            pictures.predict(given.pictures, recognizer, json_file, csv_file, annotated, show_map, faces_are_cut)

    def read_videos() -> None:
        files = json_file, csv_file, parquet
        if given.pictures:
            files = beside(json_file), beside(csv_file), beside(parquet)
        pictures.refuse_overwriting([*given.pictures, *map(Path, given.videos)], *files[:2], timeline)
        videos.predict(given.videos, open_model, videos.Outputs(*files, annotated, show_map, timeline, window))

    with warnings_as_lines():
        _each(([read_pictures] if given.pictures else []) + ([read_videos] if given.videos else []))


def _each(parts: list[Callable[[], None]]) -> None:
    """Do one after another, also where one exits with what could not be read, which then is the exit of all."""
    code = 0
    for part in parts:
        try:
            part()
        except typer.Exit as ended:
            code = ended.exit_code
    if code:
        raise typer.Exit(code)
