"""`mien predict`: pictures, videos or a camera in; a table, files, annotated pictures or videos out."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer

from mien.cli import predict_options as given_as
from mien.cli.inputs import Inputs, sort_inputs, warnings_as_lines
from mien.cli.outputs import STDOUT, check_outputs
from mien.cli.predict_options import ArchiveOptions, ModelOptions, PictureOptions, VideoOptions
from mien.errors import MienError
from mien.recognition.verdicts import Gating


def predict(
    inputs: given_as.InputTexts,
    model: given_as.Model = "mobilenet_v2",
    json_file: given_as.JsonFile = None,
    csv_file: given_as.CsvFile = None,
    parquet: given_as.Parquet = None,
    workers: given_as.Workers = None,
    ray: given_as.Ray = None,
    annotated: given_as.Annotate = None,
    show_map: given_as.ShowMap = False,
    window: given_as.ShowWindow = None,
    gate: given_as.Gate = Gating.WARN,
    device: given_as.Device = "cpu",
    small_faces: given_as.SmallFaces = False,
    faces_are_cut: given_as.FacesAreCut = False,
    prior: given_as.PriorText = "training",
    timeline: given_as.TimelineFile = None,
    every: given_as.Every = None,
    start: given_as.From = None,
    end: given_as.To = None,
    exclude: given_as.Exclude = None,
    region: given_as.RegionText = None,
    reading_rate: given_as.ReadingRate = None,
    columns: given_as.Columns = None,
) -> None:
    """Find the faces in pictures, videos or what a camera sees, and say which expression each shows.

    A picture without a face is a result. One that cannot be read is named,
    the others are still done, and the exit code is 2. The faces of a video
    keep their numbers; its rows have each frame's time in seconds. Ctrl-C
    keeps what was done of a video, and is the way to end a camera. --every,
    --from, --to, --exclude and --region say what of each video is read;
    mien study makes statistics of the rows.

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
    mien predict clips/ --csv rows/clips.csv --every 0.5s --from 1:30 --columns pose,quality
    mien predict archive/ --parquet rows/ --workers 8
    mien predict crowd.jpg --small-faces
    """
    from mien.recognition.video.selection import Selection

    selection = Selection.from_texts(every, start, end, exclude, region, reading_rate)
    reading = ModelOptions(model, gate, device, small_faces, show_map, prior, given_as.read_columns(columns))
    of_pictures = PictureOptions(reading, json_file, csv_file, annotated, faces_are_cut)
    of_videos = VideoOptions(reading, json_file, csv_file, parquet, annotated, timeline, window, selection)
    of_archives = ArchiveOptions(reading, parquet, workers, ray)
    if csv_file == STDOUT:
        raise MienError("--csv needs a file's name; --json - prints to the standard output")
    if workers is not None and ray is not None:
        raise MienError("--ray uses all of the cluster's cores; leave --workers out")
    with warnings_as_lines():
        given = sort_inputs(inputs)
        _refuse(given, of_pictures, of_videos, of_archives)
        _work_all(_work(given, of_pictures, of_videos, of_archives))


def _refuse(given: Inputs, pictures: PictureOptions, videos: VideoOptions, archives: ArchiveOptions) -> None:
    """Raise MienError where options do not go with what was given, or with each other."""
    reading, archive = pictures.reading, bool(given.pictures and archives.folder)
    refusals = {
        "--map draws over the pictures: say where they go with --annotate FOLDER": reading.needs_map
        and pictures.annotated is None
        and bool(given.pictures or videos.window is False),
        "--timeline and --window are for videos": given.pictures and (videos.timeline or videos.window is not None),
        "--faces-are-cut is for pictures; faces in videos are always looked for": given.videos
        and pictures.faces_are_cut,
        "--every, --from, --to, --exclude and --region are for videos": given.pictures
        and (videos.selection.in_time or videos.selection.region is not None),
        "--reading-rate is for videos": given.pictures and videos.selection.rate is not None,
        "--annotate draws whole videos; leave --every, --from, --to and --exclude out": videos.annotated is not None
        and videos.selection.in_time,
        "--workers and --ray are for archives of pictures: say where the rows go with --parquet FOLDER": not archive
        and (archives.workers or archives.ray is not None),
        "--parquet is for archives; leave --json, --csv and --annotate out": archive
        and (pictures.json_file or pictures.csv_file or pictures.annotated),
        "--columns is for --csv, --json and videos; archives have the usual columns": archive and reading.details,
        "--parquet reads archives on the CPU; leave --device, --small-faces, --faces-are-cut, --prior out": archive
        and (reading.device != "cpu" or reading.small_faces or pictures.faces_are_cut or reading.prior != "training"),
    }
    for message, applies in refusals.items():
        if applies:
            raise MienError(message)


def _work(
    given: Inputs, of_pictures: PictureOptions, of_videos: VideoOptions, of_archives: ArchiveOptions
) -> list[Callable[[], None]]:
    """What is to be done for each kind of input."""
    from mien.cli import archives, pictures, videos

    work: list[Callable[[], None]] = []
    if given.pictures and of_archives.folder is not None:
        work.append(partial(archives.predict, given.pictures, of_archives))
    elif given.pictures:
        work.append(partial(pictures.predict, given.pictures, of_pictures))
    if given.videos:
        options = of_videos.beside_pictures() if given.pictures else of_videos
        sources = [*given.pictures, *map(Path, given.videos)]
        check_outputs(sources, (options.json_file, options.csv_file, options.timeline))
        work.append(partial(videos.predict, given.videos, options))
    return work


def _work_all(work: list[Callable[[], None]]) -> None:
    """One after another; what could not be read of the one does not end the other."""
    exits = []
    for part in work:
        try:
            part()
        except typer.Exit as ended:
            exits.append(ended.exit_code)
    if any(exits):
        raise typer.Exit(max(exits))
