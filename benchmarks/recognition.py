"""Speed and memory of recognition on one thread, beside peers in the same run.

Writes results/benchmarks/recognition.json and prints a table. Every time is a median after a warm-up. PyPI's `fer` and
npm's `face-api` and `human` (a face alone, in Node.js on WebAssembly) are installed under .peers/ on the first call;
where one cannot be, its row says "not run".
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from peers import NPM_SCRIPTS, ROOT, ask_fer, ask_npm
from PIL import Image
from rich.console import Console
from rich.table import Table

from mien import Recognizer
from mien.provenance import file_hash, origin
from mien.recognition.model import ModelFile, shipped_models
from mien.recognition.pictures import read_picture
from mien.results.benchmarks import PeerSpeed, RecognitionSpeed
from mien.results.record import made, write

BATCH = 32


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    for _ in range(max(rounds // 10, 2)):
        work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times) * 1000


def group_photograph(portraits: list[np.ndarray]) -> np.ndarray:
    """A 12-megapixel picture, 4000x3000, with five faces of different sizes."""
    canvas = np.full((3000, 4000, 3), 120, np.uint8)
    canvas[:] = np.linspace(80, 170, 4000, dtype=np.uint8)[None, :, None]
    for number, side in enumerate((1300, 1000, 900, 800, 700)):
        portrait = portraits[number % len(portraits)]
        width = min(side, round(side * portrait.shape[1] / portrait.shape[0]))
        small = cv2.resize(
            portrait, (width, round(width * portrait.shape[0] / portrait.shape[1])), interpolation=cv2.INTER_AREA
        )
        x, y = 40 + 1320 * (number % 3), 60 + 1550 * (number // 3)
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small[: 3000 - y, : 4000 - x]
    return canvas


def import_seconds() -> float:
    """Time of `import mien` in a new interpreter, above that of an empty program."""

    def started(code: str) -> float:
        times = []
        for _ in range(7):
            before = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - before)
        return median(times)

    return started("import mien") - started("pass")


def loads_torch() -> bool:
    code = "import sys, mien; mien.Recognizer('mobilenet_v2'); print('torch' in sys.modules)"
    return (
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
        == "True"
    )


def memory_growth(recognizer: Recognizer, photographs: list[np.ndarray], count: int) -> tuple[float, float]:
    """Resident megabytes after a tenth of `count` photographs, and after all."""
    marks = []
    for number in range(count):
        recognizer.recognize(photographs[number % len(photographs)])
        if number + 1 in (count // 10, count):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            marks.append(pages * resource.getpagesize() / 1e6)
    return marks[0], marks[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--photographs", type=int, default=1000, help="how many for the memory figure")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    portraits = [read_picture(path) for path in sorted((ROOT / "examples").glob("*.jpg"))]
    group = group_photograph(portraits)
    faces = np.random.default_rng(0).integers(0, 256, (BATCH, 48, 48), dtype=np.uint8)
    found: dict = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "threads": 1, "models": {}}

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "group.jpg"
        Image.fromarray(group).save(file, quality=90)
        for name in shipped_models():
            model = ModelFile.open(name, threads=1)
            recognizer = Recognizer(name, threads=1)
            found["models"][name] = {
                "model_hash": file_hash(model.path),
                "precision": model.metadata["precision"],
                "megabytes": round(model.path.stat().st_size / 1e6, 1),
                "face_ms": milliseconds(lambda model=model: model.run(faces[:1]), options.rounds),
                "faces_per_second_batch_32": BATCH / milliseconds(lambda model=model: model.run(faces), 10) * 1000,
                "photograph_12mp_ms": milliseconds(lambda recognizer=recognizer: recognizer.recognize(group), 15),
                "photograph_12mp_file_ms": milliseconds(
                    lambda recognizer=recognizer, file=file: recognizer.recognize(file), 7
                ),
                "photograph_12mp_faces": len(recognizer.recognize(group)),
            }
        theirs = ask_fer("fer_speed.py", options.rounds, file)
        found["fer"] = (
            "not run"
            if theirs is None
            else {"megabytes": theirs["megabytes"], "face_ms": theirs["face_ms"], "photograph_12mp": theirs[str(file)]}
        )
        some = Path(folder) / "faces.npy"
        np.save(some, np.random.default_rng(0).integers(0, 256, (options.rounds, 48, 48), dtype=np.uint8))
        for name, script in NPM_SCRIPTS.items():
            peer = ask_npm(script, some, Path(folder) / "answers")
            found[name] = "not run" if peer is None else {key: peer[key] for key in ("megabytes", "face_ms")}
    found["import_seconds"] = import_seconds()
    found["loads_torch"] = loads_torch()
    first, last = memory_growth(Recognizer("mobilenet_v2", threads=1), portraits, options.photographs)
    found["memory"] = {
        "photographs": options.photographs,
        "megabytes_after_a_tenth": first,
        "megabytes_after_all": last,
    }
    found |= origin()
    told = made(RecognitionSpeed, found)
    write(ROOT / "results" / "benchmarks" / "recognition.json", told)
    show(told)


def show(told: RecognitionSpeed) -> None:
    console = Console()
    table = Table(
        "one thread", "MB", "ms a face", "faces/s at 32", "12 MP array, ms", "12 MP JPEG file, ms", "faces found"
    )
    for name, row in told.models.items():
        table.add_row(
            f"mien {name} ({row.precision})",
            str(row.megabytes),
            f"{row.face_ms:.2f}",
            f"{row.faces_per_second_batch_32:.0f}",
            f"{row.photograph_12mp_ms:.0f}",
            f"{row.photograph_12mp_file_ms:.0f}",
            str(row.photograph_12mp_faces),
        )
    web = "(npm, WebAssembly)"
    peers = {"fer (PyPI)": told.fer, f"face-api {web}": told.face_api, f"human {web}": told.human}
    for name, peer in peers.items():
        if not isinstance(peer, PeerSpeed):
            table.add_row(name, *[peer] * 6)
            continue
        photograph = peer.photograph_12mp
        ms, faces = ("", "") if photograph is None else (f"{photograph.ms:.0f}", str(photograph.faces))
        table.add_row(name, "", f"{peer.face_ms:.2f}", "", ms, "", faces)
    console.print(table)
    memory = told.memory
    console.print(
        f"import mien: {told.import_seconds:.3f} s, torch loaded: {told.loads_torch}; "
        f"memory after {memory.photographs // 10} photographs {memory.megabytes_after_a_tenth:.0f} MB, "
        f"after {memory.photographs} {memory.megabytes_after_all:.0f} MB"
    )


if __name__ == "__main__":
    main()
