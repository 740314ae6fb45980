"""Makes docs/figures/demo.webp: a camera's way past the portraits of examples/, read as any video is, and drawn on.

Usage: python benchmarks/readme_picture.py
"""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

import mien
from mien.recognition.drawing import annotate
from mien.recognition.pictures import read_picture

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "figures" / "demo.webp"
PORTRAITS = ("astronaut.jpg", "obama3.jpg", "biden.jpg", "obama2.jpg")
SIDE, WIDTH = 320, 560
RATE = 10
SECONDS_EACH = 1.6


def wall() -> np.ndarray:
    """The portraits side by side, and the first of them again at the end, so that the way has no end."""
    panels = [Image.fromarray(read_picture(ROOT / "examples" / name)) for name in PORTRAITS]
    squares = [np.asarray(ImageOps.fit(panel, (SIDE, SIDE), centering=(0.5, 0.15))) for panel in panels]
    return np.hstack([*squares, *squares[:2]])


def views() -> Iterator[np.ndarray]:
    """What a camera sees that passes the wall."""
    whole, count = wall(), round(len(PORTRAITS) * SECONDS_EACH * RATE)
    for number in range(count):
        left = round(number / count * SIDE * len(PORTRAITS))
        yield np.ascontiguousarray(whole[:, left : left + WIDTH])


def write_clip(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, SIDE, "yuv420p"
        for number, view in enumerate(views()):
            frame = av.VideoFrame.from_ndarray(view)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "portraits.mp4"
        write_clip(clip)
        with mien.open(clip) as video:
            drawn = [Image.fromarray(annotate(frame.pixels, frame.faces, show_map=True)) for frame in video]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    drawn[0].save(TARGET, save_all=True, append_images=drawn[1:], duration=1000 // RATE, loop=0, quality=50, method=6)


if __name__ == "__main__":
    main()
