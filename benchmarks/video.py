"""Video and archives: speed beside real time, memory over length, kept numbers, times beside ffprobe's, workers.

Writes results/benchmarks/video.json and prints a table. The parts named are measured (all if none is named); the
figures of the others stay as they are. Everything is made here from the example portraits; two cores are used where
there are more.

`python benchmarks/video.py beside --before COMMIT` measures `mien predict CLIP` of this build beside that of an earlier
commit, by turns in one run.
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
from statistics import median

import av
import cv2
import numpy as np
from builds import COMMAND, ROOT, Build, builds, commit_of
from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(ROOT / "tests"))

from made_videos import EXAMPLES, every, make_video, paste, portrait

import mien
from mien.provenance import file_hash, origin
from mien.recognition.faces import Frame
from mien.recognition.model import models_folder, shipped_models
from mien.recognition.pictures import read_picture
from mien.recognition.video.reading import VideoFile
from mien.recognition.video.selection import Selection
from mien.recognition.video.summary import Summary
from mien.results.benchmarks import VideoBeside, VideoMeasurements
from mien.results.record import made, plain, read_if_there, write

RESULTS = ROOT / "results" / "benchmarks" / "video.json"
SIZE = (720, 1280)
RATE = 30
THREE = ("astronaut", "obama", "obama2")
HEAD = 240
"""Height of the heads that cross, in pixels."""
RATES = (15.0, 10.0)
"""Readings a second that are compared with reading every frame."""
CHANGES = 1.5
"""Seconds from one change of a face to the next, where readings are compared."""
PEAK = (
    "import resource; from mien.cli.main import app; app(standalone_mode=False); "
    "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)
"""`mien`, and then its peak memory in kilobytes."""


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


def drawn_changes() -> Callable[[float], np.ndarray]:
    """Three portraits that sway, each fading into another one every `CHANGES` seconds."""
    portraits = [cv2.resize(portrait(path.stem, 300), (240, 300)) for path in EXAMPLES]

    def draw(now: float) -> np.ndarray:
        canvas = background()
        for place in range(3):
            turn, passed = divmod(now + 0.5 * place, CHANGES)
            one, other = (portraits[(int(turn) + place + step) % len(portraits)] for step in (0, 1))
            share = min(max((passed - CHANGES + 0.3) / 0.3, 0), 1)
            x = 60 + 400 * place + 60 * math.sin(1.1 * now + place)
            paste(canvas, cv2.addWeighted(one, 1 - share, other, share, 0), x, 200 + 80 * math.sin(0.9 * now + place))
        return canvas

    return draw


def mien_command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", COMMAND, "predict", *map(str, arguments)]


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
        arguments = ["predict", video, "--csv", out / "a.csv", "--json", out / "a.json", "--timeline", out / "a.png"]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *map(str, arguments), "--parquet", str(out / "parts")],
            capture_output=True,
            text=True,
            check=True,
        )
        found[f"peak_megabytes_{minutes}_minutes"] = round(peak(done.stdout))
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


def peak(printed: str) -> float:
    """Megabytes, of what `PEAK` prints."""
    return int(printed.rsplit("peak ", 1)[1]) / 1024


def beside(folder: Path, options: argparse.Namespace) -> dict:
    """`mien predict` of this build beside an earlier one, with `--annotate` and without, by turns; medians of rounds.

    Both builds read with this one's models.
    """
    video = make_video(folder / "party.mp4", drawn_party(), every(1 / RATE, options.seconds))
    measured: dict[str, dict[str, list[dict]]] = {}
    same: dict[str, bool] = {}
    short = make_video(folder / "short.mp4", drawn_party(), every(1 / RATE, 1))
    with builds(options.before) as both:
        for build in both.values():  # compiles the modules
            predicted(build, short, shipped_models()[0], folder / build.name, True)
        for _ in range(options.rounds):
            for model in shipped_models():
                for what, annotated in ((model, False), (f"{model}, annotated", True)):
                    for name, build in both.items():
                        place = folder / name
                        taken = predicted(build, video, model, place, annotated)
                        measured.setdefault(what, {}).setdefault(name, []).append(taken)
                    same[what] = same.get(what, True) and outputs(folder / "before") == outputs(folder / "now")
                slower = predicted(both["now"], video, model, folder / "now", False, "--reading-rate", 15)
                measured.setdefault(f"{model}, 15 readings a second", {}).setdefault("now", []).append(slower)
    return {
        "before": commit_of(options.before),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "model_hashes": {name: file_hash(models_folder() / f"{name}.onnx") for name in shipped_models()},
        "same_outputs": same,
        "runs": {
            what: {
                name: {part: median(one[part] for one in rounds) for part in rounds[0]}
                for name, rounds in found.items()
            }
            for what, found in measured.items()
        },
    }


def predicted(build: Build, video: Path, model: str, place: Path, annotated: bool, *more: object) -> dict:
    """One run of `mien predict` on a video into an empty folder."""
    shutil.rmtree(place, ignore_errors=True)
    drawn = ("--annotate", place / "drawn") if annotated else ()
    path = models_folder() / f"{model}.onnx"
    arguments = ("predict", video, "--model", path, "--csv", place / "rows.csv", *drawn, *more)
    seconds, work, printed = build.run(PEAK, *arguments)
    return {"seconds": seconds, "work_seconds": work, "megabytes": peak(printed)}


def outputs(place: Path) -> dict[str, str]:
    return {str(path.relative_to(place)): file_hash(path) for path in place.rglob("*") if path.is_file()}


def readings(folder: Path, options: argparse.Namespace) -> dict:
    """What is told of changing faces where they are read less often, beside every frame read, and the work it takes."""
    video = make_video(folder / "changes.mp4", drawn_changes(), every(1 / RATE, options.seconds))
    found: dict[str, dict] = {}
    for name in shipped_models():
        recognizer = mien.Recognizer(name, threads=1)
        list(mien.open(make_video(folder / "short.mp4", drawn_changes(), every(1 / RATE, 1)), recognizer))
        whole, work = told(video, recognizer, None)
        found[name] = {}
        for rate in RATES:
            fewer, less = told(video, recognizer, rate)
            found[name][f"{rate:g}"] = compared(whole, fewer) | {
                "work": round(less / work, 3),
                "model_hash": file_hash(recognizer.model.path),
            }
    return found


def told(video: Path, recognizer: mien.Recognizer, rate: float | None) -> tuple[list[Frame], float]:
    """The frames, without their pixels, and the seconds of all cores' work that they took."""
    started = time.process_time()
    frames = [
        Frame(frame.source, np.empty((0, 0, 3), np.uint8), frame.faces, frame.number, frame.time)
        for frame in mien.open(video, recognizer, Selection(rate=rate))
    ]
    return frames, time.process_time() - started


def compared(whole: list[Frame], fewer: list[Frame]) -> dict:
    """How far what is told lies apart."""
    pairs = [
        (one, other)
        for frame, also in zip(whole, fewer, strict=True)
        for one, other in zip(frame.faces, also.faces, strict=True)
    ]
    apart = np.array([np.abs(one.probabilities - other.probabilities).max() for one, other in pairs])
    summaries = [Summary(), Summary()]
    for summary, frames in zip(summaries, (whole, fewer), strict=True):
        for frame in frames:
            summary.write(frame)
    first, second = (summary.tracks for summary in summaries)
    shares = [np.abs(track.shares - second[number].shares).max() for number, track in first.items()]
    return {
        "faces": len(pairs),
        "other_expression": round(float(np.mean([one.expression != other.expression for one, other in pairs])), 4),
        "mean_difference": round(float(apart.mean()), 4),
        "largest_difference": round(float(apart.max()), 4),
        "largest_share_difference": round(float(max(shares)), 4),
    }


PARTS = {
    "speed": speed,
    "memory": memory,
    "numbers": numbers,
    "times": times,
    "workers": workers,
    "readings": readings,
    "beside": beside,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if left out")
    parser.add_argument("--rounds", type=int, default=3, help="for the speed, and beside an earlier build")
    parser.add_argument("--before", metavar="COMMIT", help="for the part `beside`, which is left out without it")
    parser.add_argument("--seconds", type=int, default=60, help="of the video for `beside` and `readings`")
    parser.add_argument("--minutes", type=int, default=30, help="of the long video for the memory")
    parser.add_argument("--pictures", type=int, default=10_000, help="in the archive for the workers")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if "beside" in options.parts and options.before is None:
        parser.error("beside which build? give its --before COMMIT")
    parts = options.parts or [name for name in PARTS if name != "beside" or options.before is not None]
    two_cores()
    before = read_if_there(VideoMeasurements, RESULTS)
    found = {} if before is None else plain(before)
    found["machine"] = f"{platform.machine()}, 2 of {os.cpu_count()} cores"
    for name in parts:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = PARTS[name](Path(folder), options)
        measured = made(VideoMeasurements, found | origin())
        write(RESULTS, measured)
    show(measured)


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
    for name, rates in (told.readings or {}).items():
        for rate, one in rates.items():
            said = f"{one.other_expression:.1%} other expressions, {one.work:.2f} of the work"
            table.add_row(f"{name}, {rate} readings a second", said, "")
    Console().print(table)
    if told.beside is not None:
        show_beside(told.beside)


def show_beside(told: VideoBeside) -> None:
    table = Table("median", f"before ({told.before})", "now", "times as fast", "cores' work", "memory", "same outputs")
    for what, one in told.runs.items():
        speed = f"{told.seconds / one.now.seconds:.2f}x real time"
        if one.before is None:
            model = told.runs[what.partition(",")[0]].before
            assert model is not None
            times = f"{model.seconds / one.now.seconds:.2f} (every frame before)"
            table.add_row(what, "", speed, times, f"{one.now.work_seconds / model.work_seconds:.2f}", "", "")
            continue
        table.add_row(
            what,
            f"{told.seconds / one.before.seconds:.2f}x real time",
            speed,
            f"{one.before.seconds / one.now.seconds:.2f}",
            f"{one.now.work_seconds / one.before.work_seconds:.2f}",
            f"{one.now.megabytes / one.before.megabytes:.2f}",
            str(told.same_outputs[what]),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
