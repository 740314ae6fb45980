"""Animated pictures as videos: GIF, PNG, WebP and AVIF, whose frames say how long each is shown."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageSequence

from mien.errors import PictureError, VideoError, shortened
from mien.recognition.pictures import MOST_PIXELS, as_picture, name_of
from mien.recognition.video.reading import Shot

SHORTEST, USUAL = 0.011, 0.1
"""Frames that are to be shown for a shorter time, in seconds, are shown for the usual one, as browsers do."""


class Animation:
    """An animated picture's frames, read once from first to last; times count from the first.

    Raises VideoError for a file that cannot be opened. Where it is cut off the frames that are there come all the same,
    and after the last one `problem` says so.
    """

    live = False
    start = 0.0
    duration: float | None = None

    def __init__(self, path: str | Path) -> None:
        self.source: str | Path = path
        self.problem: VideoError | None = None
        try:
            self._picture = Image.open(path)
        except Exception as error:
            raise VideoError(f"{name_of(path)}: not a picture that can be read") from error
        if self._picture.width * self._picture.height > MOST_PIXELS:
            self.close()
            raise VideoError(f"{name_of(path)}: frames of more than {MOST_PIXELS // 10**6} megapixels; make it smaller")

    def close(self) -> None:
        """Let go of the file."""
        self._picture.close()

    def __iter__(self) -> Iterator[Shot]:
        number, time = 0, 0.0
        still_first = bool(getattr(self._picture, "default_image", False))  # for programs that know no animations
        try:
            for place, frame in enumerate(ImageSequence.Iterator(self._picture)):
                if place == 0 and still_first:
                    continue
                yield Shot(number, time, as_picture(frame))
                shown = float(frame.info.get("duration") or 0) / 1000
                number, time = number + 1, time + (shown if shown >= SHORTEST else USUAL)
        except (PictureError, OSError, SyntaxError, ValueError, EOFError) as error:
            reason = shortened(" ".join(str(error).split()))
            self.problem = VideoError(f"{name_of(self.source)}: damaged or cut off after {number} frames ({reason})")
