"""What a million pictures take on 1 to 1,000 machines: a model on paper, from constants that were measured.

Writes results/benchmarks/scale.json and prints a table. The constants are read from results/benchmarks: what a picture
takes of a core and what a worker takes to start (video.json), and what a large photograph takes (recognition.json).
Nothing is measured here unless --measure asks for it: then an archive is read over Ray by 1, 2 and 4 local workers,
which also tells what the one process that collects the rows does for each picture. What is modelled was not run.

On N machines the pictures take the longest of three: the workers' work, spread evenly; fetching the files from the
storage that all share; the collecting of the rows. The start of the machines and workers comes before it, and all cores
are paid until the end.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from mien.cores import cores
from mien.errors import DataError
from mien.provenance import origin
from mien.results.benchmarks import (
    RecognitionSpeed,
    Scale,
    ScaleAssumptions,
    ScaleKind,
    ScaleRow,
    VideoMeasurements,
    Workers,
)
from mien.results.record import made, plain, read, read_if_there, write

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "benchmarks"
MODEL = "mobilenet_v2"
PICTURES = 1_000_000
NODES = (1, 10, 100, 1000)
WORKERS = (1, 2, 4)
OVER_RAY = (
    "import resource, sys, time; import ray; start = ray.init; workers = int(sys.argv.pop(1))\n"
    "ray.init = lambda **options: start(num_cpus=workers, **options)\n"
    "from mien.cli.main import app\n"
    "started = time.perf_counter(); app(standalone_mode=False); used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "print('took', time.perf_counter() - started, used.ru_utime + used.ru_stime)"
)
"""`mien` on a Ray cluster of so many cores of this machine; prints its seconds, and those of its own work."""


def worker_costs(measured: Workers) -> tuple[float, float]:
    """What a picture takes of a core in milliseconds, and what starting takes in seconds.

    An archive by one worker takes start + work, by two start + work / 2.
    """
    work = 2 * (measured.seconds_1_workers - measured.seconds_2_workers)
    return 1000 * work / measured.pictures, max(measured.seconds_1_workers - work, 0.0)


def modelled(
    kind: ScaleKind, assumed: ScaleAssumptions, start_seconds: float, collecting_ms: float | None, nodes: int
) -> ScaleRow:
    """The time and the price of all pictures on so many machines, and what bounds the time."""
    all_cores = nodes * assumed.cores_a_node
    bounds = {
        "cores": PICTURES * kind.core_ms / 1000 / all_cores,
        "storage": PICTURES * kind.kilobytes / 1000 / assumed.storage_megabytes_a_second,
        "collecting": PICTURES * (collecting_ms or 0.0) / 1000,
        "starting": assumed.boot_seconds + start_seconds,
    }
    working = max(bounds["cores"], bounds["storage"], bounds["collecting"])
    seconds = bounds["starting"] + working
    price = all_cores * seconds / 3600 * assumed.price_per_core_hour
    return ScaleRow(
        nodes=nodes, seconds=round(seconds, 1), bound_by=max(bounds, key=bounds.__getitem__), price=round(price, 2)
    )


def kinds(options: argparse.Namespace) -> tuple[dict[str, ScaleKind], float]:
    """The kinds of pictures that were measured, and the seconds that a worker takes to start."""
    workers = read(VideoMeasurements, RESULTS / "video.json").workers
    speed = read(RecognitionSpeed, RESULTS / "recognition.json").models.get(MODEL)
    if workers is None or speed is None:
        raise DataError("measure first: python benchmarks/video.py workers; python benchmarks/recognition.py")
    portrait_ms, start = worker_costs(workers)
    portrait = ScaleKind(core_ms=round(portrait_ms, 2), kilobytes=options.portrait_kilobytes)
    photograph = ScaleKind(core_ms=round(speed.photograph_12mp_file_ms, 2), kilobytes=options.photograph_kilobytes)
    return {"portraits of 320 pixels": portrait, "photographs of 12 megapixels": photograph}, start


def collecting_ms(runs: list[dict]) -> float:
    """What the collecting process does for each picture: by one worker, the difference of two archives' sizes.

    What it does however few the pictures are, such as starting, falls out so.
    """
    small, large = sorted((run for run in runs if run["workers"] == 1), key=lambda run: run["pictures"])
    more = large["pictures"] - small["pictures"]
    return 1000 * max(large["collecting_seconds"] - small["collecting_seconds"], 0.0) / more


def over_ray(pictures: int) -> list[dict]:
    """An archive of portraits over Ray by 1, 2 and 4 local workers, and a quarter of it by one."""
    sys.path.insert(0, str(ROOT / "tests"))
    from made_videos import EXAMPLES, portrait

    runs = []
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "whole", Path(folder) / "part"
        whole.mkdir()
        part.mkdir()
        for number in range(pictures):
            picture = Image.fromarray(portrait(EXAMPLES[number % len(EXAMPLES)].stem, 320))
            for archive in (whole, part) if number < pictures // 4 else (whole,):
                picture.save(archive / f"{number:06d}.jpg", quality=85)
        for archive, count in ((part, 1), *((whole, count) for count in WORKERS)):
            rows = Path(folder) / f"rows-{archive.name}-{count}"
            command = [sys.executable, "-c", OVER_RAY, count, "predict", archive, "--parquet", rows, "--ray", "local"]
            done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
            seconds, own = map(float, done.stdout.rsplit("took", 1)[1].split())
            done_of = pictures if archive == whole else pictures // 4
            runs.append({"workers": count, "pictures": done_of, "seconds": seconds, "collecting_seconds": own})
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--price", type=float, required=True, help="assumed: of a core for an hour, in dollars")
    parser.add_argument("--price-date", required=True, help="when that was the price, as 2026-11")
    parser.add_argument("--cores", type=int, default=16, help="assumed: of a machine")
    parser.add_argument("--storage", type=float, default=1000.0, help="assumed: megabytes a second, of all machines")
    parser.add_argument("--boot", type=float, default=120.0, help="assumed: seconds until a machine can work")
    parser.add_argument("--portrait-kilobytes", type=float, default=20.0, help="assumed")
    parser.add_argument("--photograph-kilobytes", type=float, default=4000.0, help="assumed")
    parser.add_argument("--measure", action="store_true", help="read an archive over Ray first")
    parser.add_argument("--pictures", type=int, default=4000, help="in that archive")
    options = parser.parse_args()
    before = read_if_there(Scale, RESULTS / "scale.json")
    runs = over_ray(options.pictures) if options.measure else plain(before).get("ray") if before else None
    assumed = ScaleAssumptions(
        price_per_core_hour=options.price,
        price_date=options.price_date,
        cores_a_node=options.cores,
        storage_megabytes_a_second=options.storage,
        boot_seconds=options.boot,
    )
    found = scale(assumed, *kinds(options), runs)
    write(RESULTS / "scale.json", found)
    show(found)


def scale(
    assumed: ScaleAssumptions, measured: dict[str, ScaleKind], start_seconds: float, runs: list[dict] | None
) -> Scale:
    """All that scale.json holds."""
    collecting = collecting_ms(runs) if runs else None
    rows = {
        name: [plain(modelled(kind, assumed, start_seconds, collecting, nodes)) for nodes in NODES]
        for name, kind in measured.items()
    }
    values = {
        "machine": f"{platform.machine()}, {cores()} cores",
        "pictures": PICTURES,
        "model": MODEL,
        "assumed": plain(assumed),
        "start_seconds": round(start_seconds, 2),
        "kinds": {name: plain(kind) for name, kind in measured.items()},
        "modelled": rows,
        **origin(),
    }
    if collecting is not None:
        values |= {"collecting_ms": round(collecting, 3), "ray": runs}
    return made(Scale, values)


def show(found: Scale) -> None:
    console = Console()
    for run in found.ray or ():
        console.print(f"measured over Ray: {run.workers} workers, {run.pictures} pictures in {run.seconds:.1f} s")
    for name, rows in found.modelled.items():
        table = Table("machines", "hours", "bound by", "dollars", title=f"{found.pictures:,} {name}: modelled, not run")
        for row in rows:
            table.add_row(str(row.nodes), f"{row.seconds / 3600:.2f}", row.bound_by, f"{row.price:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
