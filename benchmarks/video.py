"""Video and archives: speed beside real time, memory over length, kept numbers, times beside ffprobe's, workers.

Writes results/benchmarks/video.json and prints a table. The parts named are measured (all if none is named); the
figures of the others stay as they are. Everything is made here from the example portraits; two cores are used where
there are more.
"""

import argparse
import math
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from made_videos import EXAMPLES, every, make_video, paste, portrait  # noqa: E402

import mien  # noqa: E402
from mien.provenance import file_hash, origin  # noqa: E402
from mien.recognition.model import shipped_models  # noqa: E402
from mien.recognition.pictures import read_picture  # noqa: E402
from mien.recognition.video.reading import VideoFile  # noqa: E402
from mien.results.benchmarks import VideoMeasurements  # noqa: E402
from mien.results.record import made, plain, read_if_there, write  # noqa: E402

RESULTS = ROOT / "results" / "benchmarks" / "video.json"
SIZE = (720, 1280)
RATE = 30
THREE = ("astronaut", "obama", "obama2")
HEAD = 240
"""Height of the heads that cross, in pixels."""


def background() -> np.ndarray:
    grey = np.linspace(70, 180, SIZE[1]).astype(np.uint8)
    return np.broadcast_to(grey[None, :, None], (*SIZE, 3)).copy()


def drawn_party() -> Callable[[float], np.ndarray]:
    """Three portraits that sway, each in its part of the picture."""
    portraits = [portrait(name, 300) for name in THREE]

    def draw(now: float) -> np.ndarray:
        canvas = background()
        for place, picture in enumerate(portraits):
            x = 60 + 400 * place + 60 * math.sin(1.1 * now + place)
            paste(canvas, picture, x, 200 + 80 * math.sin(0.9 * now + 2 * place))
        return canvas

    return draw


class Crossing:
    """Three heads on paths that cross again and again, each hiding those behind it; `places` knows who is where."""

    def __init__(self, names: tuple[str, ...], period: float) -> None:
        recognizer = mien.Recognizer(threads=1)
        self.names, self.period = names, period
        self.heads = {}
        for path in EXAMPLES:
            if path.stem in names:
                picture = read_picture(path)
                face = recognizer.recognize(picture)[0]
                (x, y), reach = face.box.centre, face.box.width * 1.1
                part = picture[max(int(y - reach), 0) : int(y + reach), max(int(x - reach), 0) : int(x + reach)]
                wide = round(HEAD * part.shape[1] / part.shape[0])
                self.heads[path.stem] = cv2.resize(part, (wide, HEAD), interpolation=cv2.INTER_AREA)

    def places(self, now: float) -> dict[str, tuple[float, float]]:
        turn = 2 * math.pi
        return {
            name: (
                640 + 450 * math.sin(turn * now / self.period + 0.9 * turn * number / len(self.names)),
                300 + 60 * math.sin(turn * now / (1.7 * self.period) + number),
            )
            for number, name in enumerate(self.names)
        }

    def draw(self, now: float) -> np.ndarray:
        canvas = background()
        for name, (x, y) in self.places(now).items():
            head = self.heads[name]
            height, width = head.shape[:2]
            rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
            inside = rows**2 + columns**2 < 1
            left, top = round(x - width / 2), round(y - height / 2)
            canvas[top : top + height, left : left + width][inside] = head[inside]
        return canvas

    def switches(self, video: Path) -> dict[str, int]:
        """How often a head's number changed, and in how many frames one was seen.

        While two heads lie over each other, nobody can say whose face is seen; a number that was lost there is noticed
        when they are apart again.
        """
        numbers: dict[str, int] = {}
        changes = seen = 0
        for frame in mien.open(video):
            places = self.places(frame.time)
            for face in frame.faces:
                away = {name: math.dist(place, face.box.centre) for name, place in places.items()}
                name, other = sorted(away, key=away.__getitem__)[:2]
                if away[name] > 70 or away[other] < HEAD / 2:
                    continue
                seen += 1
                changes += numbers.setdefault(name, face.track) != face.track
                numbers[name] = face.track
        return {"switches": changes, "faces_seen": seen}


def longer(path: Path, times: int) -> Path:
    """The same video so many times in a row, without decoding it."""
    target = path.with_name(f"{path.stem}-{times}.mp4")
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        stream = source.streams.video[0]
        copy = output.add_stream_from_template(stream)
        for round_ in range(times):
            source.seek(0)
            for packet in source.demux(stream):
                if packet.size:
                    packet.pts += round_ * stream.duration
                    packet.dts += round_ * stream.duration
                    packet.stream = copy
                    output.mux(packet)
    return target


def mien_command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from mien.cli.main import main; main()", "predict", *map(str, arguments)]


def two_cores() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def speed(folder: Path, options: argparse.Namespace) -> dict:
    """Seconds of video a second, going through `mien.open` once the model is loaded; the best round.

    cpu_seconds: of the best round, of both cores together; other work on the machine hardly changes it.
    """
    video = make_video(folder / "party.mp4", drawn_party(), every(1 / RATE, 60))
    found = {}
    for name in shipped_models():
        rounds = []
        for _ in range(options.rounds):
            recognizer = mien.Recognizer(name, threads=1)
            recognizer.recognize(np.zeros((300, 300, 3), np.uint8))  # starts the sessions
            started, worked, faces = time.perf_counter(), time.process_time(), 0
            for frame in mien.open(video, recognizer):
                faces += len(frame.faces)
            rounds.append((60 / (time.perf_counter() - started), time.process_time() - worked))
        rate, worked = max(rounds)
        found[name] = {"x_real_time": round(rate, 2), "cpu_seconds": round(worked, 1), "faces": faces}
        found[name]["model_hash"] = file_hash(recognizer.model.path)
    return found


def memory(folder: Path, options: argparse.Namespace) -> dict:
    """Peak resident megabytes of `mien predict` with all row sinks, over a minute of 15 frames/s and over many."""
    minute = make_video(folder / "minute.mp4", drawn_party(), every(1 / 15, 60))
    found = {}
    for video, minutes in ((minute, 1), (longer(minute, options.minutes), options.minutes)):
        out = folder / f"rows-{minutes}"
        code = (
            "import resource, sys; from mien.cli.main import app; app(standalone_mode=False); "
            "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        arguments = ["predict", video, "--csv", out / "a.csv", "--json", out / "a.json", "--timeline", out / "a.png"]
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments), "--parquet", str(out / "parts")],
            capture_output=True,
            text=True,
            check=True,
        )
        found[f"peak_megabytes_{minutes}_minutes"] = round(int(done.stderr.split("peak ")[1].split()[0]) / 1024)
    few, many = found.values()
    return {**found, "ratio": round(many / few, 3)}


def numbers(folder: Path, options: argparse.Namespace) -> dict:
    """Kept numbers on a minute in which three heads cross, for three sets of heads; one of them is one man thrice."""
    found = {}
    for names, period in (
        (("astronaut", "obama2", "biden"), 8.0),
        (("astronaut", "obama", "obama2"), 5.0),
        (("obama", "obama2", "obama3"), 6.0),
    ):
        crossing = Crossing(names, period)
        video = make_video(folder / "crossing.mp4", crossing.draw, every(1 / RATE, 60))
        found[", ".join(names)] = crossing.switches(video)
    return found


def times(folder: Path, options: argparse.Namespace) -> dict | str:
    """The largest difference to ffprobe's times, in milliseconds."""
    if shutil.which("ffprobe") is None:
        return "not run"
    uneven = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.12, 200)).tolist()
    found = {}
    for name, clock in {
        "constant.mp4": every(1 / RATE, 5),
        "variable.mp4": uneven,
        "variable.mkv": uneven,
        "offset.mp4": every(1 / RATE, 6.4, 1.4),
        "offset.mkv": every(1 / RATE, 6.4, 1.4),
        "offset.ts": every(1 / RATE, 6.4, 1.4),
    }.items():
        path = make_video(folder / name, lambda now: np.full((48, 64, 3), int(now * 20) % 255, np.uint8), clock)
        ours = [shot.time for shot in VideoFile(path)]
        entries = ["-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
        said = subprocess.run(["ffprobe", "-v", "error", *entries, path], capture_output=True, text=True, check=True)
        theirs = [float(line.strip(",")) for line in said.stdout.splitlines() if line.strip(",")]
        assert len(ours) == len(theirs)
        found[name] = round(float(np.abs(np.array(ours) - theirs).max()) * 1000, 4)
    return found


def workers(folder: Path, options: argparse.Namespace) -> dict:
    """An archive with one and with two workers, and with two that are killed in the middle and go on."""
    archive = folder / "archive"
    archive.mkdir()
    portraits = [portrait(path.stem, 320) for path in EXAMPLES]
    for number in range(options.pictures):
        picture = portraits[number % len(portraits)]
        left = number // len(portraits) % 20
        Image.fromarray(picture[:, left : picture.shape[1] - left]).save(archive / f"{number:06d}.jpg", quality=85)
    found: dict = {"pictures": options.pictures}
    for count in (1, 2):
        started = time.perf_counter()
        command = mien_command(archive, "--parquet", folder / f"rows-{count}", "--workers", count)
        subprocess.run(command, check=True, capture_output=True)
        found[f"seconds_{count}_workers"] = round(time.perf_counter() - started, 1)
    found["scaling"] = round(found["seconds_1_workers"] / found["seconds_2_workers"], 2)

    killed = folder / "rows-killed"
    command = mien_command(archive, "--parquet", killed, "--workers", 2)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parts = len(list((folder / "rows-2").glob("part-*")))
    while process.poll() is None and len(list(killed.glob("part-*"))) < parts / 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    found["parts_when_killed"], found["parts"] = len(list(killed.glob("part-*"))), parts
    subprocess.run(command, check=True, capture_output=True)
    whole = rows(folder / "rows-1")
    found["rows"] = len(whole)
    found["two_workers_same_rows"] = rows(folder / "rows-2") == whole
    found["killed_and_resumed_same_rows"] = rows(killed) == whole
    return found


def rows(folder: Path) -> list[dict]:
    import pyarrow.parquet

    return sorted(pyarrow.parquet.read_table(folder).to_pylist(), key=lambda row: (row["picture"], row["face"] or 0))


PARTS = {"speed": speed, "memory": memory, "numbers": numbers, "times": times, "workers": workers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if left out")
    parser.add_argument("--rounds", type=int, default=3, help="for the speed")
    parser.add_argument("--minutes", type=int, default=30, help="of the long video for the memory")
    parser.add_argument("--pictures", type=int, default=10_000, help="in the archive for the workers")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    two_cores()
    before = read_if_there(VideoMeasurements, RESULTS)
    found = {} if before is None else plain(before)
    found["machine"] = f"{platform.machine()}, 2 of {os.cpu_count()} cores"
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = PARTS[name](Path(folder), options)
        told = made(VideoMeasurements, found | origin())
        write(RESULTS, told)
    show(told)


def show(told: VideoMeasurements) -> None:
    table = Table("what", "measured", "wanted")
    for name, speed in (told.speed or {}).items():
        wanted = "at least 4x" if name == "mobilenet_v2" else "at least 2x"
        table.add_row(f"720p, three faces, {name}", f"{speed.x_real_time}x real time", wanted)
    if told.memory is not None:
        table.add_row("peak memory, long beside a minute", f"{told.memory['ratio']} times", "at most 1.2")
    for names, crossing in (told.numbers or {}).items():
        table.add_row(f"a minute of crossing: {names}", f"{crossing.switches} switches", "at most 1")
    if isinstance(told.times, dict):
        table.add_row("times beside ffprobe's", f"{max(told.times.values())} ms at most", "less than 1 ms")
    if told.workers is not None:
        row = told.workers
        table.add_row(f"two workers, {row.pictures} pictures", f"{row.scaling} times as fast", "at least 1.7")
        table.add_row("killed and resumed", "same rows" if row.killed_and_resumed_same_rows else "other rows", "same")
    Console().print(table)


if __name__ == "__main__":
    main()
