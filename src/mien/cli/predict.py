"""`mien predict`: pictures, videos or a camera in; a table, files, annotated pictures or videos out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.errors import MienError
from mien.recognition.gate import Gating

if TYPE_CHECKING:
    from mien.cli.inputs import Inputs
    from mien.recognition.recognizer import Recognizer


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

    The gate marks faces unlike those the models know: covered (by a mask or a
    hand, or cut off), near (drawn, turned away, an animal's) or far (nothing
    like a face). --gate refuse then names no expression.

    Examples:
    mien predict party.jpg
    mien predict holiday/ --csv faces.csv --annotate drawn/
    mien predict talk.mp4 --csv talk.csv --timeline talk.png
    mien predict webcam
    mien predict archive/ --parquet rows/ --workers 8
    mien predict crowd.jpg --small-faces
    """
    from mien.cli.inputs import sort_inputs, warnings_as_lines

    options = _Options(
        *(model, json_file, csv_file, parquet, workers, ray, annotated, show_map, window, gate),
        *(device, small_faces, faces_are_cut, timeline),
    )
    if csv_file == Path("-"):
        raise MienError("--csv needs a file's name; --json - prints to the standard output")
    if workers is not None and ray is not None:
        raise MienError("--ray uses all of the cluster's cores; leave --workers out")
    with warnings_as_lines():
        given = sort_inputs(inputs)
        options.refuse(given)
        exits = []
        for part in ([options.read_pictures] if given.pictures else []) + (
            [options.read_videos] if given.videos else []
        ):
            try:
                part(given)
            except typer.Exit as ended:  # what could not be read of the one does not end the other
                exits.append(ended.exit_code)
    if any(exits):
        raise typer.Exit(max(exits))


@dataclass(frozen=True)
class _Options:
    """What was asked for, by the names of the options."""

    model: str
    json_file: Path | None
    csv_file: Path | None
    parquet: Path | None
    workers: int | None
    ray: str | None
    annotated: Path | None
    show_map: bool
    window: bool | None
    gate: Gating
    device: str
    small_faces: bool
    faces_are_cut: bool
    timeline: Path | None

    def refuse(self, given: "Inputs") -> None:
        """Raise MienError where the options do not go with what was given, or with each other."""
        if self.show_map and self.annotated is None and (given.pictures or self.window is False):
            raise MienError("--map draws over the pictures: say where they go with --annotate FOLDER")
        if given.pictures and (self.timeline is not None or self.window is not None):
            raise MienError("--timeline and --window are for videos")
        if given.videos and self.faces_are_cut:
            raise MienError("--faces-are-cut is for pictures; faces in videos are always looked for")
        archive = self.parquet is not None and bool(given.pictures)
        if (self.workers is not None or self.ray is not None) and not archive:
            raise MienError(
                "--workers and --ray are for archives of pictures: say where the rows go with --parquet FOLDER"
            )
        if archive and (self.json_file is not None or self.csv_file is not None or self.annotated is not None):
            raise MienError("--parquet is for archives; leave --json, --csv and --annotate out")
        if archive and (self.device != "cpu" or self.small_faces or self.faces_are_cut):
            raise MienError("--parquet reads archives on the CPU; leave --device, --small-faces, --faces-are-cut out")

    def open_model(self, threads: int | None = None) -> "Recognizer":
        """The recognizer; what it runs on is said where that is not the CPU."""
        from mien.cli.inputs import say_device
        from mien.recognition.recognizer import Recognizer

        recognizer = Recognizer(self.model, threads, self.gate, self.device, self.small_faces)
        if self.show_map and not recognizer.model.has_map:
            raise MienError(f"the model {recognizer.model.name} has no map; leave --map out")
        say_device(recognizer)
        return recognizer

    def read_pictures(self, given: "Inputs") -> None:
        """All pictures, as an archive where its folder is named."""
        from mien.cli import archives, pictures

        if self.parquet is not None:
            archives.predict(given.pictures, self.model, self.gate, self.parquet, self.workers, self.ray)
            return
        files = self.json_file, self.csv_file, self.annotated
        pictures.predict(given.pictures, self.open_model(), *files, self.show_map, self.faces_are_cut)

    def read_videos(self, given: "Inputs") -> None:
        """All videos; their results stand beside those of pictures, since they have other columns."""
        from mien.cli import videos
        from mien.cli.inputs import beside
        from mien.cli.outputs import check_outputs

        files = self.json_file, self.csv_file, self.parquet
        if given.pictures:
            files = beside(self.json_file), beside(self.csv_file), beside(self.parquet)
        check_outputs([*given.pictures, *map(Path, given.videos)], (*files[:2], self.timeline))
        outputs = videos.Outputs(*files, self.annotated, self.show_map, self.timeline, self.window)
        videos.predict(given.videos, self.open_model, outputs)
