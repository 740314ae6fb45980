"""`open_video`: a video in; its frames with their faces out, each face with a number and its expression over time.

Several things happen at once: one thread decodes, one finds faces and crops them, and as many as keep all cores busy
run the model on the faces of several frames together. Frames leave in order, and few are held at any time.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from mien.addresses import redacted
from mien.cores import cores
from mien.errors import MienError, VideoError
from mien.recognition.details import with_derived
from mien.recognition.devices import CPU
from mien.recognition.faces import Face, Frame, TrackedFace
from mien.recognition.recognizer import Recognizer
from mien.recognition.side_by_side import side_by_side
from mien.recognition.video.ahead import ahead
from mien.recognition.video.animations import Animation, is_animation
from mien.recognition.video.live import open_live
from mien.recognition.video.live_names import is_live
from mien.recognition.video.placing import DETECT_EVERY, Placer, TrackedDetections
from mien.recognition.video.reading import DecodedFrame, VideoFile
from mien.recognition.video.readings import CroppedFrame, Reading, Schedule, filled
from mien.recognition.video.selection import Pacer, Selection, selected
from mien.recognition.video.smoothing import Smoother
from mien.recognition.video.tracking import PATIENCE

BATCH, DEVICE_BATCH = 16, 32
"""Faces that are read together, of as many frames as it takes, on the CPU and on another device."""
LEAST_READERS = 2
"""Batches that are read at the same time: so no core waits for the one that decodes or looks for faces."""
BATCH_PIXELS = 16 * 1280 * 720
"""Frames wait for a batch to fill until they hold this many pixels: 44 MB."""
MOST_PIXELS = 3 * BATCH_PIXELS
"""No more are held by all batches together, however many cores there are."""
WHOLE = Selection()
"""All of a video."""
AHEAD = 4
"""Frames that are decoded, and frames that are cropped, while the model works."""


class Source(Protocol):
    """Where frames come from: a file, a camera, a stream.

    Attributes:
        source: What was opened.
        live: Whether frames come as they are made, and wait for nobody.
        problem: What was wrong, after the last frame; None where nothing was.
    """

    source: str | Path
    live: bool
    problem: VideoError | None

    def __iter__(self) -> Iterator[DecodedFrame]: ...

    def close(self) -> None:
        """Let the file, the camera or the connection go."""


class Video:
    """A video's frames with their faces; made by `open_video`, gone through once.

    Attributes:
        recognizer: May be exchanged for another while the frames come.
        selection: What is read of it.

    >>> with mien.open("party.mp4") as video:  # doctest: +SKIP
    ...     for frame in video:
    ...         print(frame.time, [(face.track, face.expression) for face in frame.faces])
    """

    def __init__(self, source: Source, recognizer: Recognizer, selection: Selection = WHOLE) -> None:
        self.source = source
        self.recognizer = recognizer
        self.selection = selection
        self._outside: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file or camera; the end of the frames does it too."""
        self.source.close()

    @property
    def duration(self) -> float | None:
        """Seconds, as the file states them; None for cameras, streams and files that do not say."""
        return None if self.source.live else getattr(self.source, "duration", None)

    @property
    def notes(self) -> list[str]:
        """After the last frame: a line for each thing that was put right, such as a clock that jumps."""
        notes = list(getattr(self.source, "notes", []))
        if self._outside:
            count = len(self._outside)
            told = f"{count} faces are" if count > 1 else "1 face is"
            notes.append(f"{self.source.source}: {told} seen outside the region and left out there")
        return notes

    @property
    def start(self) -> float:
        """The first frame's time in seconds, as the file states it."""
        return getattr(self.source, "start", 0.0)

    def __iter__(self) -> Iterator[Frame]:
        """The frames in the order in which they are shown.

        Raises VideoError after the last one where the video was damaged or cut off, or the camera went away.
        """
        live = self.source.live
        most = 1 if live else AHEAD
        try:
            with closing(ahead(self._within(self.source), most, drop=live)) as frames:
                placed = Placer(self.recognizer.detector, 0.0 if live else DETECT_EVERY).place(frames)
                with closing(ahead(self._cropped(self._chosen(placed)), most)) as waiting:
                    yield from self._read_live(waiting) if live else self._read_file(waiting)
        finally:
            self.close()
        if self.source.problem is not None:
            raise self.source.problem

    def _within(self, frames: Iterable[DecodedFrame]) -> Iterator[DecodedFrame]:
        """The frames in the spans of time that are read."""
        if not self.selection.cuts:
            return iter(frames)
        return _with_name(selected(frames, self.selection), self.source.source)

    def _chosen(
        self, placed: Iterable[tuple[DecodedFrame, TrackedDetections]]
    ) -> Iterator[tuple[DecodedFrame, TrackedDetections]]:
        """The frames that are due, with the faces in the region. Faces are followed between them all the same."""
        pacer, region = Pacer(self.selection.every), self.selection.region
        for decoded, found in placed:
            if not pacer.is_due(decoded.time):
                continue
            if region is None:
                yield decoded, found
                continue
            height, width = decoded.pixels.shape[:2]
            try:
                left, top, right, bottom = region.sides(width, height)
            except VideoError as error:
                raise VideoError(f"{self.source.source}: {error}") from None
            centres = {number: detection.box.centre for number, detection in found.items()}
            inside = {number for number, (x, y) in centres.items() if left <= x < right and top <= y < bottom}
            self._outside |= set(found) - inside
            yield decoded, {number: detection for number, detection in found.items() if number in inside}

    def _cropped(self, placed: Iterable[tuple[DecodedFrame, TrackedDetections]]) -> Iterator[CroppedFrame]:
        schedule = Schedule(self.selection.rate)
        for decoded, found in placed:
            crops, numbers = self.recognizer.crop_faces(decoded.pixels, found.values()), list(found)
            yield CroppedFrame(decoded, numbers, crops, schedule.due(decoded.time, numbers))

    def _read_live(self, cropped: Iterable[CroppedFrame]) -> Iterator[Frame]:
        """Every frame at once."""
        return self._frames((frame, self._classify([frame])[0]) for frame in cropped)

    def _read_file(self, cropped: Iterable[CroppedFrame]) -> Iterator[Frame]:
        """Several frames at once, and several such batches side by side."""
        recognizer = self.recognizer
        batches = _batches(cropped, BATCH if recognizer.device == CPU else DEVICE_BATCH)
        with closing(side_by_side(self._classify, batches, readers(recognizer), _pixels, MOST_PIXELS)) as done:
            yield from self._frames(pair for batch, read in done for pair in zip(batch, read, strict=True))

    def _classify(self, batch: Sequence[CroppedFrame]) -> list[list[Reading | None]]:
        """For each frame a reading for each face, None for those that are not due."""
        recognizer = self.recognizer  # the same for all of it
        due = [crop for frame in batch for crop, due in zip(frame.crops, frame.due, strict=True) if due]
        outputs = recognizer.read_crops(due)
        indices = iter(range(len(due)))
        return [
            [Reading(recognizer, outputs, next(indices)) if due and outputs is not None else None for due in frame.due]
            for frame in batch
        ]

    def _frames(self, read: Iterable[tuple[CroppedFrame, Sequence[Reading | None]]]) -> Iterator[Frame]:
        smoothers: dict[int, Smoother] = {}
        for frame, readings in filled(read):
            time, faces = frame.decoded.time, list[Face]()
            for number, crop, reading in zip(frame.numbers, frame.crops, readings, strict=True):
                face = reading.face(crop)
                faces.append(
                    _track(face, number, smoothers.setdefault(number, Smoother()).add(face.probabilities, time))
                )
            faces.sort(key=lambda face: -face.box.area)
            yield Frame(self.source.source, frame.decoded.pixels, faces, frame.decoded.number, time)
            for number in [number for number, one in smoothers.items() if time - one.time > PATIENCE]:
                del smoothers[number]


def _batches(cropped: Iterable[CroppedFrame], most: int) -> Iterator[list[CroppedFrame]]:
    """So many frames as `most` faces are read in, fewer where these or the pixels would be too many to wait for."""
    waiting: list[CroppedFrame] = []
    for item in cropped:
        waiting.append(item)
        faces = sum(sum(frame.due) for frame in waiting)
        if max(faces, len(waiting)) >= most or _pixels(waiting) >= BATCH_PIXELS:
            yield waiting
            waiting = []
    yield waiting


def _pixels(batch: Sequence[CroppedFrame]) -> int:
    return sum(frame.decoded.pixels.size // 3 for frame in batch)


def open_video(
    source: str | Path, model: str | Path | Recognizer = "mobilenet_v2", selection: Selection = WHOLE
) -> Video:
    """Open a video, an animated picture, a camera or a stream.

    Args:
        source: A file, "webcam" or "webcam:1", or an address such as "rtsp://...".
        model: A shipped model's name, a model file, or a `Recognizer` that is there already.
        selection: What is read of it, all if left out.

    Returns:
        Frames with their faces, to be gone through once.

    Raises:
        VideoError: The source cannot be read.
        MienError: A rate of readings was chosen for a camera or stream.
        ModelError: The model is unknown or damaged.
        MissingExtraError: The extra `video` is not installed.
    """
    opened = _open(source)
    try:
        if opened.live and selection.rate is not None:
            raise MienError("--reading-rate is for files: of a camera or stream every frame is read as it comes")
        if isinstance(model, Recognizer):
            return Video(opened, model, selection)
        return Video(opened, Recognizer(model, model_threads(opened.live)), selection)
    except BaseException:
        opened.close()
        raise


def _open(source: str | Path) -> Source:
    """The source, which bears its address without passwords from here on."""
    told = redacted(source)
    try:
        opened = _open_kind(source)
    except VideoError as error:
        if told == str(source):
            raise
        # FFmpeg's own error holds the address as it was given, and a traceback would show it
        raise VideoError(str(error)) from None
    if told != str(source):
        opened.source = told
    return opened


def _open_kind(source: str | Path) -> Source:
    """A camera or stream, an animation, or a file."""
    if is_live(source):
        return open_live(source)
    return Animation(source) if is_animation(source) else VideoFile(source)


def model_threads(live: bool = False) -> int:
    """Threads for a `Recognizer` that reads videos.

    Args:
        live: Whether it reads a camera or a stream, of which every frame is read at once.

    Returns:
        1 for files, of which several batches are read side by side; else from 1 to 4: one core stays free for the
        detector, and small networks use few.
    """
    return min(max(cores() - 1, 1), 4) if live else 1


def readers(recognizer: Recognizer) -> int:
    """How many batches are read side by side.

    Args:
        recognizer: Reads them.

    Returns:
        One less than there are cores for a model that takes one, as decoding and looking for faces keep another busy;
        `LEAST_READERS` at least, and for models that take several themselves or run on another device.
    """
    alone = recognizer.threads == 1 and recognizer.device == CPU
    return max(cores() - 1, LEAST_READERS) if alone else LEAST_READERS


def _track(face: Face, number: int, smoothed: np.ndarray) -> TrackedFace:
    details = with_derived(tuple(face.details), face.details, smoothed, face.classes)
    own = {"probabilities": smoothed, "raw": face.probabilities, "track": number, "details": details}
    return TrackedFace(**vars(face) | own)


def _with_name(frames: Iterator[DecodedFrame], name: str | Path) -> Iterator[DecodedFrame]:
    """The frames; what is wrong with the selection is said with the video's name."""
    try:
        yield from frames
    except VideoError as error:
        raise VideoError(f"{name}: {error}") from None
