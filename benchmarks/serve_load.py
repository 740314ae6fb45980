"""Load `mien serve` on loopback with good and bad requests: none may be lost, and none may go beyond its limits.

    python benchmarks/serve_load.py [--requests 1000]

A thousand requests in a random order (the same in every run) come from eight clients at a time: portraits, batches,
pictures without a face, and what is broken, too large, empty or at no address. Then eighty come at once, more than may
wait. Every request must get the answer that its kind should have, or be told to come again, within the time limit.
Prints a table and writes results/benchmarks/serve-load.json. Exits with 1 where anything was lost or wrong.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from serving import FORM, PORTRAIT, ask, form, picture  # noqa: E402

from mien.provenance import file_hash, origin  # noqa: E402
from mien.recognition.model import models_folder  # noqa: E402
from mien.results.benchmarks import ServedKind, ServeLoad  # noqa: E402
from mien.results.record import write  # noqa: E402

RESULTS = ROOT / "results" / "benchmarks" / "serve-load.json"
CLIENTS, BURST, SECONDS, WAITING = 8, 80, 10, 32
SERVE = [sys.executable, "-c", "from mien.cli.main import main; main()", "serve", "--port", "0"]
OPTIONS = ["--seconds", str(SECONDS), "--waiting", str(WAITING), "--megabytes", "5", "--megapixels", "8"]
AGAIN = (429, 503)


@dataclass(frozen=True)
class Kind:
    """One kind of request: how often of a hundred, where, what, and the status that its answer should have."""

    share: int
    status: int
    body: bytes
    path: str = "/v1/faces"
    form: bool = False


@dataclass(frozen=True)
class Answered:
    """One request's kind, what came of it (0: nothing), and after how long."""

    kind: str
    status: int
    seconds: float


def kinds() -> dict[str, Kind]:
    """What is sent."""
    portrait = PORTRAIT.read_bytes()
    three = form(("one.jpg", portrait), ("two.png", picture(640, 480)), ("three.txt", b"no picture"))
    return {
        "a portrait": Kind(40, 200, portrait),
        "a batch of three": Kind(10, 200, three, "/v1/faces/batch", form=True),
        "no face": Kind(10, 200, picture(640, 480)),
        "text": Kind(10, 422, b"no picture at all"),
        "half a picture": Kind(10, 422, portrait[: len(portrait) // 2]),
        "too many pixels": Kind(5, 413, picture(20_000, 5_000)),
        "too many bytes": Kind(5, 413, bytes(20_000_000)),
        "nothing": Kind(5, 422, b""),
        "no such address": Kind(5, 404, b"x", "/v2"),
    }


def send(port: int, name: str, kind: Kind) -> Answered:
    """Send one request; an answer that is not whole counts as none."""
    start = time.perf_counter()
    try:
        headers = {"Content_Type": FORM} if kind.form else {}
        status, _, content = ask(port, "POST", kind.path, kind.body, **headers)
        whole = content.startswith(b'{"error":"' if status >= 400 else b'{"') and content.endswith(b"}")
        status = status if whole else 0
    except (OSError, HTTPException):
        status = 0
    return Answered(name, status, time.perf_counter() - start)


def sent(port: int, order: list[str], clients: int, seen: Callable[[int], None]) -> list[Answered]:
    """Send requests, so many at a time, in an order; `seen` hears after each how many were answered."""
    of = kinds()
    with ThreadPoolExecutor(clients) as pool:
        answers = []
        for answered in pool.map(lambda name: send(port, name, of[name]), order):
            answers.append(answered)
            seen(len(answers))
        return answers


def megabytes(port: int) -> float:
    """The service's memory at this moment."""
    counted = ask(port, "GET", "/metrics")[2].decode()
    return float(re.search(r"^process_resident_memory_bytes (\S+)$", counted, re.M)[1]) / 1e6


def measure(port: int, requests: int) -> ServeLoad:
    """Load the service at a port."""
    generator = random.Random(0)
    of = kinds()
    order = generator.choices(list(of), [kind.share for kind in of.values()], k=requests)
    memory: list[float] = []
    tenth = max(requests // 10, 1)

    def look(count: int) -> None:
        if count % tenth == 0:
            memory.append(megabytes(port))

    start = time.perf_counter()
    answers = sent(port, order, CLIENTS, look)
    seconds = time.perf_counter() - start
    burst = sent(port, ["a portrait"] * BURST, BURST, lambda _: None)
    told = {name: _summary(of[name], [one for one in answers if one.kind == name]) for name in of}
    every = [*answers, *burst]
    return ServeLoad(
        model="mobilenet_v2",
        model_hash=file_hash(models_folder() / "mobilenet_v2.onnx"),
        requests=requests,
        clients=CLIENTS,
        requests_per_second=requests / seconds,
        kinds=told,
        lost=sum(one.status == 0 for one in every),
        wrong=sum(one.status not in (0, of[one.kind].status, *AGAIN) for one in every),
        longest_seconds=max(one.seconds for one in every),
        limit_seconds=SECONDS,
        burst=BURST,
        burst_statuses={str(status): count for status, count in sorted(Counter(one.status for one in burst).items())},
        megabytes_after_a_tenth=memory[0],
        megabytes_after_all=memory[-1],
        deepface="not run",
        **origin(),
    )


def _summary(kind: Kind, answers: list[Answered]) -> ServedKind:
    """What came of the requests of one kind."""
    times = [one.seconds * 1000 for one in answers] or [0.0]
    right = sum(one.status == kind.status for one in answers)
    p50, p95 = np.percentile(times, (50, 95))
    return ServedKind(status=kind.status, requests=len(answers), right=right, p50_ms=float(p50), p95_ms=float(p95))


def show(load: ServeLoad) -> None:
    """Print what was measured."""
    table = Table("request", "status", "answered so", "p50 ms", "p95 ms")
    for name, of in load.kinds.items():
        table.add_row(name, str(of.status), f"{of.right} of {of.requests}", f"{of.p50_ms:.0f}", f"{of.p95_ms:.0f}")
    print = Console().print
    print(table)
    print(f"{load.requests_per_second:.0f} requests a second from {load.clients} clients at a time")
    print(f"{load.burst} portraits at once: {load.burst_statuses}")
    print(f"lost {load.lost}, wrong {load.wrong}, longest {load.longest_seconds:.1f} of {load.limit_seconds} s")
    print(f"memory {load.megabytes_after_a_tenth:.0f} MB after a tenth, {load.megabytes_after_all:.0f} MB after all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "MIEN_SERVE_TOKEN"}
    with subprocess.Popen([*SERVE, *OPTIONS], stdout=subprocess.PIPE, text=True, env=environment) as service:
        try:
            port = int(re.search(r":(\d+)/", service.stdout.readline())[1])
            load = measure(port, arguments.requests)
        finally:
            service.terminate()
    write(arguments.out, load)
    show(load)
    if load.lost or load.wrong or load.longest_seconds > load.limit_seconds + 1:
        sys.exit("requests were lost, or went beyond their limits")


if __name__ == "__main__":
    main()
