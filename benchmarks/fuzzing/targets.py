"""What is fuzzed: whole files of each kind to start from, and how a user would have each read."""

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fuzzing.mutating import mutate, mutate_text
from PIL import Image

ROOT = Path(__file__).parents[2]
PICTURE_KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF", "ICO")
VIDEO_KINDS = (("mp4", "libx264"), ("mkv", "libx264"), ("webm", "libvpx"), ("ts", "mpeg2video"), ("avi", "mpeg4"),
               ("flv", "flv1"), ("mov", "mjpeg"), ("gif", "gif"))  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        seeds: Makes the whole files to start from, as (suffix, content).
        open: Makes the reader once a process: a function from a path to nothing, which raises what the library raises.
        mutate: Damages a content by a seed.
    """

    seeds: Callable[[], list[tuple[str, bytes]]]
    open: Callable[[], Callable[[Path], object]]
    mutate: Callable[[bytes, int], bytes] = mutate


def _pictures() -> list[tuple[str, bytes]]:
    made = []
    with Image.open(ROOT / "examples" / "astronaut.jpg") as whole:
        small = whole.convert("RGB").resize((160, 160))
    other = Image.fromarray(np.asarray(small)[::-1].copy())
    for kind in PICTURE_KINDS:
        for picture in (small, small.convert("L")):
            content = io.BytesIO()
            several = kind in ("GIF", "TIFF", "WEBP")
            picture.save(content, kind, **({"save_all": True, "append_images": [other]} if several else {}))
            made.append((f".{kind.lower()}", content.getvalue()))
    deep = io.BytesIO()
    Image.fromarray(np.asarray(small.convert("L")).astype(np.uint16) * 16).save(deep, "PNG")
    return [*made, (".png", deep.getvalue())]


def _open_pictures() -> Callable[[Path], object]:
    from mien.recognition.recognizer import Recognizer

    return Recognizer(threads=1).recognize


def _videos() -> list[tuple[str, bytes]]:
    import av

    made = []
    with Image.open(ROOT / "examples" / "obama.jpg") as whole:
        picture = np.asarray(whole.convert("RGB").resize((96, 128)))
    with tempfile.TemporaryDirectory() as folder:
        for suffix, codec in VIDEO_KINDS:
            path = Path(folder, f"video.{suffix}")
            with av.open(str(path), "w") as output:
                stream = output.add_stream(codec, rate=25)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
                for number in range(12):
                    shifted = np.roll(picture, 3 * number, axis=1)
                    output.mux(stream.encode(av.VideoFrame.from_ndarray(shifted, format="rgb24")))
                output.mux(stream.encode(None))
            made.append((f".{suffix}", path.read_bytes()))
    return made


def _open_videos() -> Callable[[Path], object]:
    from mien.recognition.recognizer import Recognizer
    from mien.recognition.video.watching import open_video

    recognizer = Recognizer(threads=1)

    def watch(path: Path) -> None:
        with open_video(path, recognizer) as video:
            for _ in video:
                pass

    return watch


def _models() -> list[tuple[str, bytes]]:
    return [(".onnx", (ROOT / "models" / f"{name}.onnx").read_bytes()) for name in ("mobilenet_v2", "vit_tiny")]


def _open_models() -> Callable[[Path], object]:
    from mien.recognition.recognizer import Recognizer

    picture = np.asarray(Image.open(ROOT / "examples" / "obama.jpg").convert("RGB"))
    return lambda path: Recognizer(path, 1).recognize(picture)


def _recipes() -> list[tuple[str, bytes]]:
    folder = ROOT / "recipes"
    plain = [path for path in sorted(folder.rglob("*.toml")) if "stargan" not in path.name]
    # alone in a folder, a recipe that extends another would be refused for that alone
    lines = [b"".join(line for line in path.read_bytes().splitlines(True) if b"extends" not in line) for path in plain]
    return [(".toml", text) for text in lines if b"network" in text]


def _open_recipes() -> Callable[[Path], object]:
    from mien.training import recipe

    return recipe.read


TARGETS = {
    "pictures": Target(_pictures, _open_pictures),
    "videos": Target(_videos, _open_videos),
    "models": Target(_models, _open_models),
    "recipes": Target(_recipes, _open_recipes, mutate_text),
}
