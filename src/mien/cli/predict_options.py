"""The options of `mien predict`: as they are given, and what each kind of input takes of them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.console import say
from mien.errors import MienError
from mien.recognition.verdicts import Gating

if TYPE_CHECKING:
    from mien.recognition.prior import Prior
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.video.selection import Selection

InputTexts = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Pictures, videos, and folders of them; or webcam, webcam:1, rtsp://..."),
]
Model = Annotated[str, typer.Option(help="A shipped model's name, or a model file.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the results as JSON; '-' prints a line a picture or frame.")
]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write a CSV file, one row a face (and frame of a video).")]
Parquet = Annotated[
    Path | None,
    typer.Option(help="Write the same rows as Parquet to this folder; of pictures, only those not done yet."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that read pictures (with --parquet); as many as cores if left out.")
]
Ray = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Read pictures on a Ray cluster (with --parquet): auto, host:6379, local."),
]
Annotate = Annotated[
    Path | None,
    typer.Option("--annotate", help="Write the pictures or videos with the faces drawn in, to this folder."),
]
ShowMap = Annotated[
    bool, typer.Option("--map", help="Draw where in the face the expression was seen (with --annotate).")
]
ShowWindow = Annotated[
    bool | None,
    typer.Option(
        "--window/--no-window", help="Show it in a window, with keys; a camera without other outputs is shown."
    ),
]
Gate = Annotated[
    Gating,
    typer.Option(help="What becomes of faces unlike those the models know: marked, or also left without a word."),
]
Device = Annotated[
    str, typer.Option(help="Where the model runs: cpu, cuda, directml, coreml, ..., or auto for the best there is.")
]
SmallFaces = Annotated[
    bool, typer.Option("--small-faces", help="Find faces down to 30 pixels in large pictures; many times as long.")
]
PriorText = Annotated[
    str,
    typer.Option(
        "--prior",
        metavar="PRIOR",
        help="How frequent expressions are: training, equal (posed pictures, as many of each), or happy=30,sad=5,...",
    ),
]
FacesAreCut = Annotated[
    bool, typer.Option("--faces-are-cut", help="Each picture is one face, of any size; none is looked for.")
]
TimelineFile = Annotated[
    Path | None, typer.Option(help="Plot each face's expressions over time to this .png, .svg or .pdf (videos).")
]


Every = Annotated[
    str | None, typer.Option(metavar="TIME", help="Read faces this far apart in a video: 0.5s, 500ms, 2.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="Read a video from here: 90, 1:30 or 00:01:30.5.")
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Read a video up to here.")]
Exclude = Annotated[str | None, typer.Option(metavar="SPANS", help="Leave spans of a video out: 10-20,1:05-1:10.")]
RegionText = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="X,Y,W,H",
        help="Read only faces of a video whose centre lies here, in pixels or percent: 50%,0,50%,100%.",
    ),
]
ReadingRate = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Read each face of a video at most N times a second and take what lies between for the frames between; "
        "quicker: 15 reads half the frames of most videos.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="GROUPS",
        help="Further columns: pose (yaw, pitch, roll), quality (size, sharpness, light), "
        "circumplex (valence, arousal: derived, not measured).",
    ),
]


@dataclass(frozen=True)
class ModelOptions:
    """Which model reads the faces, and how.

    Attributes:
        model: A shipped model's name or a model file.
        gate: What becomes of strange faces.
        device: Where it runs.
        small_faces: Whether to look for small faces.
        needs_map: Whether its map is to be drawn.
        prior: As `read_prior` takes it.
    """

    model: str
    gate: Gating
    device: str
    small_faces: bool
    needs_map: bool
    prior: str = "training"
    details: tuple[str, ...] = ()

    def open(self, threads: int | None = None) -> "Recognizer":
        """Open the recogniser; what it runs on is said where that is not the CPU.

        Args:
            threads: How many cores a call may use; all of them if None.

        Returns:
            The recogniser.

        Raises:
            MienError: The model, the device or the prior cannot be used.
        """
        from mien.recognition.recognizer import Recognizer

        prior = read_prior(self.prior)
        recognizer = Recognizer(self.model, threads, self.gate, self.device, self.small_faces, prior, self.details)
        if self.needs_map and not recognizer.model.has_map:
            raise MienError(f"the model {recognizer.model.name} has no map; leave --map out")
        if recognizer.model.device != "cpu":
            say(f"{recognizer.model.name} runs on {recognizer.model.device}")
        return recognizer


@dataclass(frozen=True)
class PictureOptions:
    """What pictures are read into; None for what was not asked for."""

    reading: ModelOptions
    json_file: Path | None
    csv_file: Path | None
    annotated: Path | None
    faces_are_cut: bool


@dataclass(frozen=True)
class ArchiveOptions:
    """Which folder of Parquet parts is filled, and by whom.

    Attributes:
        reading: Which model.
        folder: Of the parts.
        workers: How many processes; None for as many as cores.
        ray: The address of a Ray cluster, or None.
    """

    reading: ModelOptions
    folder: Path | None
    workers: int | None
    ray: str | None


@dataclass(frozen=True)
class VideoOptions:
    """What videos are read into; None for what was not asked for."""

    reading: ModelOptions
    json_file: Path | None
    csv_file: Path | None
    parquet: Path | None
    annotated: Path | None
    timeline: Path | None
    window: bool | None
    selection: "Selection"

    def beside_pictures(self) -> "VideoOptions":
        """Where the named files and folders hold the pictures' results: they have other columns.

        Returns:
            Other names for the files and folders.
        """
        return replace(
            self, json_file=_beside(self.json_file), csv_file=_beside(self.csv_file), parquet=_beside(self.parquet)
        )

    def shows_window(self, live: bool) -> bool:
        """Whether a window is shown.

        Args:
            live: Whether frames come from a camera or a stream.

        Returns:
            Where nothing is asked for, what a camera sees is shown.
        """
        files = (self.json_file, self.csv_file, self.parquet, self.annotated, self.timeline)
        return self.window if self.window is not None else live and not any(files)


def read_prior(text: str) -> "Prior":
    """A class prior as the command line has it.

    Args:
        text: A word, or numbers by class, "happy=30,sad=5,...".

    Returns:
        As `Recognizer` takes it.

    Raises:
        MienError: It is neither.
    """
    if "=" not in text:
        return text
    try:
        return {name.strip(): float(number) for name, number in (part.split("=") for part in text.split(","))}
    except ValueError:
        raise MienError(f"--prior takes training, equal or numbers such as happy=30,sad=5,...; not '{text}'") from None


def read_columns(text: str | None) -> tuple[str, ...]:
    """The groups of columns that `--columns` names.

    Args:
        text: Names between commas, None for none.

    Returns:
        As `Recognizer` takes them.

    Raises:
        MienError: For a group that is not there.
    """
    from mien.recognition.details import chosen

    return () if text is None else chosen([part.strip() for part in text.split(",")])


def _beside(path: Path | None) -> Path | None:
    """The file or folder for the videos' results where `path` holds the pictures'; '-' takes both."""
    return path if path is None or path == Path("-") else path.with_name(f"{path.stem}-videos{path.suffix}")
