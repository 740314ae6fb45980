"""Small videos for the tests, made from the example portraits; none is ever committed."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from mien.recognition.pictures import read_picture

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
CLOCK = Fraction(1, 1000)


def portrait(name: str, height: int) -> np.ndarray:
    """An example, uint8 RGB, scaled to a height in pixels."""
    picture = read_picture(next(path for path in EXAMPLES if path.stem == name))
    width = round(picture.shape[1] * height / picture.shape[0])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def paste(canvas: np.ndarray, picture: np.ndarray, left: float, top: float) -> None:
    """Lay a picture over the canvas; what reaches beyond it is cut."""
    x, y = round(left), round(top)
    part = picture[max(-y, 0) : canvas.shape[0] - y, max(-x, 0) : canvas.shape[1] - x]
    canvas[max(y, 0) : max(y, 0) + part.shape[0], max(x, 0) : max(x, 0) + part.shape[1]] = part


def make_video(
    path: Path,
    draw: Callable[[float], np.ndarray],
    times: Sequence[float],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sound: str | None = None,
    channels: str = "mono",
    rate: int = 16000,
    options: dict[str, str] | None = None,
    encoding: dict[str, str] | None = None,
    shape: Fraction | None = None,
) -> Path:
    """A video of `draw(time)`, uint8 RGB [H, W, 3], at `times` in seconds.

    sound: a codec for a tone, or None, with its channels' layout and rate; encoding: further options of the pictures'
    encoder; shape: width over height of a pixel, None to say nothing.
    """
    height, width = draw(times[0]).shape[:2]
    with av.open(str(path), "w", options=options or {}) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if not codec.startswith("mpeg"):
            stream.time_base = stream.codec_context.time_base = CLOCK
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "g": "10", **(encoding or {})}
        if shape is not None:
            stream.codec_context.sample_aspect_ratio = shape
        audio = None
        if sound is not None:
            audio = output.add_stream(sound, rate=rate)
            audio.codec_context.layout, audio.codec_context.bit_rate = channels, 128_000
        for time in times:
            frame = av.VideoFrame.from_ndarray(draw(time), format="rgb24")
            frame.pts, frame.time_base = round(time / CLOCK), CLOCK
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            _add_tone(output, audio, times)
    return path


def make_sound(path: Path) -> Path:
    """A second of a tone, without pictures."""
    with av.open(str(path), "w") as output:
        audio = output.add_stream("aac", rate=16000)
        audio.codec_context.layout = "mono"
        _add_tone(output, audio, [0.0, 1.0])
    return path


def _add_tone(output: av.container.OutputContainer, audio: av.AudioStream, times: Sequence[float]) -> None:
    rate, layout = audio.codec_context.sample_rate, audio.codec_context.layout
    kind = "s16" if "pcm" in audio.codec_context.name else "fltp"
    for start in range(round(times[0] * rate), round(times[-1] * rate), 1024):
        tone = np.repeat(np.sin(np.arange(start, start + 1024) * 0.1)[None] * 0.3, layout.nb_channels, 0)
        packed = (tone * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            packed if kind == "s16" else tone.astype(np.float32), format=kind, layout=layout.name
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        output.mux(audio.encode(frame))
    output.mux(audio.encode(None))


def every(step: float, end: float, start: float = 0.0) -> list[float]:
    """Times from `start` on, `step` seconds apart, before `end`."""
    return [start + number * step for number in range(round((end - start) / step))]
