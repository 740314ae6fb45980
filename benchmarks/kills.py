"""Kill long work at random moments: nothing finished may be lost, nothing half-written may be taken for whole.

    python benchmarks/kills.py                 # archives, training and the queue, 100 kills each
    python benchmarks/kills.py train --kills 20

Each work is started, killed with SIGKILL together with its processes at a random moment, looked at, and started again,
until it ends by itself; then its results must equal those of the same work that nobody killed, and a new round begins.
Prints a table and writes results/benchmarks/kills.json. Exits with 1 where anything was lost or spoiled.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from made_data import make_data  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from mien.results.benchmarks import KILLS, Killed  # noqa: E402
from mien.results.record import made, read_if_there, write  # noqa: E402

RESULTS = ROOT / "results" / "benchmarks" / "kills.json"
RUN = "from mien.cli.main import main; main()"
SMALL_SHARDS = f"from mien.recognition import archive; archive.SHARD = 4; {RUN}"
TINY = """network = "mobilenet_v2"
stages = [{ epochs = 8, pixels = 32 }]
batch_size = 16
split = "kaggle"
hold_out = 0.2
"""
PASSING = ("pictures_per_second", "seconds", "date", "code")
"""What may differ between two runs of the same work."""


@dataclass(frozen=True)
class Work:
    """One kind of long work.

    Attributes:
        prepare: Makes the inputs in a folder, once.
        command: The arguments of Python that start it, or go on with it, given the inputs and the folder of results.
        half: Looks at results right after a kill; returns what is wrong with them, or an empty text.
        whole: What the results hold in the end, comparable with ==.
    """

    prepare: Callable[[Path], None]
    command: Callable[[Path, Path], list[str]]
    half: Callable[[Path], str]
    whole: Callable[[Path], Any]


@dataclass
class Tally:
    """Kills, rounds that came to their end, the exit codes of those, and what went wrong."""

    kills: int = 0
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)


def _pictures(inputs: Path) -> None:
    examples = sorted((ROOT / "examples").glob("*.jpg"))
    for number in range(32):
        shutil.copy(examples[number % len(examples)], inputs / f"{number:02d}.jpg")
    (inputs / "33.jpg").write_bytes(b"no picture")


def _archive(inputs: Path, results: Path) -> list[str]:
    return ["-c", SMALL_SHARDS, "predict", str(inputs), "--parquet", str(results / "rows"), "--workers", "2"]


def _rows(results: Path) -> list[str]:
    parts = sorted((results / "rows").glob("part-*.parquet"))
    records = [row for part in parts for row in pyarrow.parquet.read_table(part).to_pylist()]
    return sorted(json.dumps(record, sort_keys=True, default=str) for record in records)


def _half_archive(results: Path) -> str:
    rows = _rows(results)
    return "" if len(set(rows)) == len(rows) else "rows stand twice"


def _data_and_recipes(inputs: Path) -> None:
    make_data(inputs / "data")
    (inputs / "recipes").mkdir()
    (inputs / "recipes" / "first.toml").write_text(TINY)
    (inputs / "recipes" / "second.toml").write_text(TINY + "seed = 1\n")


def _train(inputs: Path, results: Path) -> list[str]:
    data, run = str(inputs / "data"), results / "run"
    going_on = ["--resume"] if (run / "checkpoint.pt").exists() else []
    recipe = str(inputs / "recipes" / "first.toml")
    return ["-c", RUN, "train", recipe, "--data", data, "--out", str(run), *_TRAINING, "--threads", "1", *going_on]


_TRAINING = ("--weights", "none")


def _run(folder: Path) -> dict[str, Any]:
    """A run's weights, and its curve without what takes time."""
    weights = {name: tensor.tobytes() for name, tensor in load_file(folder / "weights.safetensors").items()}
    return {"weights": weights, "curve": _curve(folder)}


def _curve(folder: Path) -> list[dict[str, str]]:
    lines = (folder / "curve.csv").read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    return [{name: value for name, value in row.items() if name not in PASSING} for row in rows]


def _half_run(folder: Path) -> str:
    if not folder.is_dir():
        return ""
    if (folder / "weights.safetensors").exists():
        load_file(folder / "weights.safetensors")
    if (folder / "curve.csv").exists():
        _curve(folder)
    for file in ("run.json", "metrics.json"):
        if (folder / file).exists():
            json.loads((folder / file).read_text(encoding="utf-8"))
    return ""


def _queue(inputs: Path, results: Path) -> list[str]:
    folders = ["--out", str(results / "runs"), "--results", str(results / "filed")]
    data = str(inputs / "data")
    return ["-c", RUN, "experiments", "run", str(inputs / "recipes"), "--data", data, *folders, *_TRAINING]


def _half_queue(results: Path) -> str:
    found = [_half_run(folder) for folder in (results / "runs").glob("*-s*")]
    for file in (results / "filed").rglob("*.json"):
        json.loads(file.read_text(encoding="utf-8"))
    return "".join(found)


def _whole_queue(results: Path) -> dict[str, Any]:
    filed = sorted((results / "filed" / "runs").iterdir())
    found = {folder.name: json.loads((folder / "metrics.json").read_text(encoding="utf-8")) for folder in filed}
    for metrics in found.values():
        for name in PASSING:
            metrics.pop(name, None)
    return found


WORKS = {
    "archive": Work(_pictures, _archive, _half_archive, _rows),
    "train": Work(
        _data_and_recipes,
        _train,
        lambda results: _half_run(results / "run"),
        lambda results: _run(results / "run"),
    ),
    "queue": Work(_data_and_recipes, _queue, _half_queue, _whole_queue),
}


def attack(name: str, kills: int, seed: int) -> Tally:
    """Kill one kind of work so many times."""
    work, chance, tally = WORKS[name], random.Random(seed), Tally()
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder, "inputs")
        inputs.mkdir()
        work.prepare(inputs)
        expected, seconds = _unharmed(work, inputs, Path(folder, "whole"))
        results = Path(folder, "killed-0")
        while tally.kills < kills:
            ended = _start(work.command(inputs, results), chance.uniform(0, seconds * 1.1))
            if not ended:
                tally.kills += 1
                tally.wrong += _problem(lambda: work.half(results), tally.kills)  # noqa: B023 - called at once
                continue
            tally.rounds += 1
            tally.wrong += _problem(lambda: _difference(work.whole(results), expected), tally.kills)  # noqa: B023
            shutil.rmtree(results, ignore_errors=True)
            results = Path(folder, f"killed-{tally.rounds}")
        # what was killed last must come to its end too
        subprocess.run([sys.executable, *work.command(inputs, results)], capture_output=True, check=False)
        tally.wrong += _problem(lambda: _difference(work.whole(results), expected), tally.kills)
    return tally


def _unharmed(work: Work, inputs: Path, results: Path) -> tuple[Any, float]:
    """What the work comes to when nobody kills it, and how many seconds it takes."""
    started = time.monotonic()
    subprocess.run([sys.executable, *work.command(inputs, results)], capture_output=True, check=False)
    return work.whole(results), time.monotonic() - started


def _start(command: list[str], seconds: float) -> bool:
    """Whether the work ended by itself within so many seconds; otherwise it and its processes were killed."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def _difference(found: Any, expected: Any) -> str:
    return "" if found == expected else "the results differ from those of work that nobody killed"


def _problem(look: Callable[[], str], kills: int) -> list[str]:
    try:
        said = look()
    except Exception as error:  # a file that cannot be read is what is looked for
        said = f"{type(error).__name__}: {error}"
    return [f"after kill {kills}: {said}"] if said else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", choices=[[], *WORKS], help="all if none is named")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    on_file = read_if_there(KILLS, RESULTS) or {}
    table = Table("work", "kills", "came to their end", "wrong")
    for name in arguments.works or WORKS:
        tally = attack(name, arguments.kills, arguments.seed)
        on_file[name] = made(Killed, asdict(tally))
        write(RESULTS, on_file, KILLS)
        table.add_row(name, str(tally.kills), str(tally.rounds), str(len(tally.wrong)))
        for line in tally.wrong:
            print(f"{name}: {line}", file=sys.stderr)
    Console().print(table)
    sys.exit(any(on_file[name].wrong for name in arguments.works or WORKS))


if __name__ == "__main__":
    main()
