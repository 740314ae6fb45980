"""Judges peers on FER2013's PrivateTest with the same code as our models; writes results/peers/.

    python benchmarks/peer_accuracy.py DATA [PEER...] [--robust]

They are PyPI's `fer`, and npm's `face-api` and `human` (@vladmandic's; they need Node.js); all if none is named. Each
sees the faces as its own code prepares them. --robust judges them on spoiled and wrongly cut faces, too, as `mien
evaluate --robust` does: up to half an hour a peer.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from peers import NPM_SCRIPTS, ROOT, ask_fer, ask_npm
from rich.console import Console

from mien.data.dataset import FaceData, load
from mien.evaluation import label_noise, report, robustness
from mien.expressions import NAMES
from mien.results.evaluation import Subject
from mien.results.record import write
from mien.results.robustness import Robustness, RobustnessScores

PEERS = {"fer": (ask_fer, "fer_accuracy.py")} | {name: (ask_npm, script) for name, script in NPM_SCRIPTS.items()}


def judge(name: str, test: FaceData, seen: FaceData, robust: bool) -> None:
    """Ask one peer about every face of the part, print its scores and put them on file."""
    probabilities, version = answers(name, test.faces)
    subject = Subject.today(f"{name} {version}", "", test.fingerprint(), "official", "test")
    made = replace(
        report.report(subject, test.labels, probabilities, np.isin(test.groups, seen.groups)),
        labels=label_noise.where_rated(test, probabilities),
    )
    path = ROOT / "results" / "peers" / f"{name}-official-test.json"
    report.write(made, path)
    for table in report.tables(made):
        Console().print(table)
    if robust:
        kept = judge_spoiled(name, robustness.sample(test))
        write(path.with_name(f"{path.stem}-robust.json"), Robustness(**vars(subject), **vars(kept)))
        Console().print(f"{name} keeps {kept.kept.value:.1%} of its accuracy on spoiled faces")


def judge_spoiled(name: str, some: FaceData) -> RobustnessScores:
    """Judge one peer on spoiled and wrongly cut faces. They are gathered first: starting a peer takes seconds."""
    spoiled: list[np.ndarray] = []

    def gather(faces: np.ndarray) -> np.ndarray:
        spoiled.append(faces)
        return np.zeros((len(faces), len(NAMES)))

    robustness.judge(gather, some.faces, some.labels)
    told = iter(np.split(answers(name, np.concatenate(spoiled))[0], len(spoiled)))
    return robustness.judge(lambda faces: next(told), some.faces, some.labels)


def answers(name: str, faces: np.ndarray) -> tuple[np.ndarray, str]:
    """A peer's probabilities float32 [N, 7] for faces uint8 [N, 48, 48], and its version."""
    ask, script = PEERS[name]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "faces.npy", Path(folder) / "answers"
        np.save(asked, faces)
        peer = ask(script, asked, answered)
        if peer is None:
            sys.exit(f"{name} could not be installed or did not run")
        return np.fromfile(answered, np.float32).reshape(-1, len(NAMES)), peer["version"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="FER2013")
    parser.add_argument("peers", nargs="*", metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("--robust", action="store_true", help="judge them on spoiled faces, too")
    options = parser.parse_args()
    unknown = set(options.peers) - set(PEERS)
    if unknown:
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    data = load(options.data, "official")
    test, seen = data.part("test"), data.where(data.parts != "test")
    for name in options.peers or PEERS:
        judge(name, test, seen, options.robust)


if __name__ == "__main__":
    main()
