"""Animated GIF, WebP, PNG and AVIF as videos: every picture with the time at which a browser shows it."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from mien.errors import VideoError
from mien.recognition.file_types import FileType, file_type_of
from mien.recognition.pictures import MOST_PIXELS, over_white
from mien.recognition.video.reading import DecodedFrame

BRIEFEST = 0.01
"""Pictures that last no longer than this, in seconds, mean "as fast as it goes": browsers then take `USUAL`."""
USUAL = 0.1


class Animation:
    """An animation's pictures, once from the first to the last, over white where they are transparent.

    Args:
        path: The file.

    Raises:
        VideoError: It cannot be opened as an animation.
    """

    live = False
    start = 0.0

    def __init__(self, path: str | Path) -> None:
        self.source: str | Path = path
        self.problem: VideoError | None = None
        self.notes: list[str] = []
        try:
            self._image = Image.open(path)
        except Exception as error:  # of a damaged file, decoders raise whatever they stumble over
            raise VideoError(f"{path}: an animation that cannot be read ({_reason(error)})") from error
        if self._image.width * self._image.height > MOST_PIXELS:
            self.close()
            raise VideoError(f"{path}: frames of more than {MOST_PIXELS // 10**6} megapixels; make it smaller")

    def close(self) -> None:
        """Let go of the file."""
        self._image.close()

    @property
    def duration(self) -> None:
        """Not known before the last picture was read."""
        return None

    def __iter__(self) -> Iterator[DecodedFrame]:
        time, place, number = 0.0, 0, 0
        try:
            while True:
                self._image.seek(place)
                self._image.load()
                # an APNG may begin with a picture for those who cannot show animations
                if not (place == 0 and self._image.info.get("default_image")):
                    yield DecodedFrame(number, time, over_white(self._image))
                    number, time = number + 1, time + self._lasts()
                place += 1
        except EOFError:
            pass
        except Exception as error:
            self.problem = VideoError(f"{self.source}: damaged or cut off at {time:.1f} s ({_reason(error)})")
        if not number:
            self.problem = VideoError(f"{self.source}: no frame of it can be decoded")

    def _lasts(self) -> float:
        seconds = float(self._image.info.get("duration") or 0) / 1000
        return seconds if seconds > BRIEFEST else USUAL


def is_animation(path: str | Path) -> bool:
    """Whether a file is an animated picture.

    Args:
        path: It need not exist.

    Returns:
        False for a still picture, a video and what cannot be read.
    """
    try:
        return Path(path).is_file() and file_type_of(Path(path)) is FileType.ANIMATION
    except OSError:
        return False


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
