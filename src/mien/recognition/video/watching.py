"""`open_video`: a video in; its frames with their faces out, each face with a number and its expression over time.

Several things happen at once: one thread decodes, one finds faces and crops them, and two run the model on the faces of
several frames together. Frames leave in order, and only a few are held at any time.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from mien.addresses import redacted
from mien.cores import cores
from mien.errors import VideoError
from mien.recognition.details import with_derived
from mien.recognition.faces import Face, Frame, TrackedFace
from mien.recognition.recognizer import FaceCrop, Recognizer
from mien.recognition.side_by_side import side_by_side
from mien.recognition.video.ahead import ahead
from mien.recognition.video.animations import Animation, is_animation
from mien.recognition.video.live import open_live
from mien.recognition.video.live_names import is_live
from mien.recognition.video.placing import DETECT_EVERY, Placer, TrackedDetections
from mien.recognition.video.reading import DecodedFrame, VideoFile
from mien.recognition.video.selection import Pacer, Selection, selected
from mien.recognition.video.smoothing import Smoother
from mien.recognition.video.tracking import PATIENCE

BATCH = 32
"""Faces that the model reads in one call, of as many frames as it takes."""
READERS = 2
"""Batches that are read at the same time: so no core waits for the one that decodes or looks for faces."""
BATCH_PIXELS = 16 * 1280 * 720
"""Frames wait for a batch to fill until they hold this many pixels: 44 MB."""
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
                cropped = (
                    (decoded, list(found), self.recognizer.crop_faces(decoded.pixels, found.values()))
                    for decoded, found in self._chosen(placed)
                )
                with closing(ahead(cropped, most)) as waiting:
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

    def _read_live(self, crops: Iterable["_Cropped"]) -> Iterator[Frame]:
        """Every frame at once."""
        smoothers: dict[int, Smoother] = {}
        for item in crops:
            yield from self._frames([item], self._classify([item]), smoothers)

    def _read_file(self, crops: Iterable["_Cropped"]) -> Iterator[Frame]:
        """Several frames at once, and several such batches side by side."""
        smoothers: dict[int, Smoother] = {}
        with closing(side_by_side(self._classify, _batches(crops), READERS)) as batches:
            for batch, faces in batches:
                yield from self._frames(batch, faces, smoothers)

    def _classify(self, batch: Sequence["_Cropped"]) -> list[list[Face]]:
        return self.recognizer.classify_crops([crops for _, _, crops in batch])

    def _frames(
        self, batch: Sequence["_Cropped"], read: Sequence[Sequence[Face]], smoothers: dict[int, Smoother]
    ) -> Iterator[Frame]:
        for (decoded, numbers, _), faces in zip(batch, read, strict=True):
            tracked: list[Face] = [
                _track(face, number, smoothers.setdefault(number, Smoother()).add(face.probabilities, decoded.time))
                for number, face in zip(numbers, faces, strict=True)
            ]
            tracked.sort(key=lambda face: -face.box.area)
            yield Frame(self.source.source, decoded.pixels, tracked, decoded.number, decoded.time)
            for number in [number for number, one in smoothers.items() if decoded.time - one.time > PATIENCE]:
                del smoothers[number]


_Cropped = tuple[DecodedFrame, list[int], list[FaceCrop]]
"""A frame, its tracks' numbers, and their faces in the same order."""


def _batches(crops: Iterable[_Cropped]) -> Iterator[list[_Cropped]]:
    """So many frames as hold `BATCH` faces, fewer where these or the pixels would be too many to wait for."""
    waiting: list[_Cropped] = []
    for item in crops:
        waiting.append(item)
        faces = sum(len(numbers) for _, numbers, _ in waiting)
        pixels = sum(decoded.pixels.size // 3 for decoded, _, _ in waiting)
        if max(faces, len(waiting)) >= BATCH or pixels >= BATCH_PIXELS:
            yield waiting
            waiting = []
    yield waiting


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
        ModelError: The model is unknown or damaged.
        MissingExtraError: The extra `video` is not installed.
    """
    opened = _open(source)
    if isinstance(model, Recognizer):
        return Video(opened, model, selection)
    try:
        return Video(opened, Recognizer(model, model_threads()), selection)
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


def model_threads() -> int:
    """Threads for a `Recognizer` that reads videos: one core stays free for the detector; small networks use few.

    Returns:
        From 1 to 4.
    """
    return min(max(cores() - 1, 1), 4)


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
