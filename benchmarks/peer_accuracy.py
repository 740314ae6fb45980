"""Judges peers on FER2013's PrivateTest with the same code as our models; writes results/peers/.

    python benchmarks/peer_accuracy.py DATA [PEER...]

They are PyPI's `fer`, and npm's `face-api` and `human` (@vladmandic's; they need Node.js); all if none is named. Each
sees the faces as its own code prepares them.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from peers import ROOT, ask_fer, ask_npm
from rich.console import Console

from mien.data.dataset import FaceData, load
from mien.evaluation import report
from mien.expressions import NAMES

PEERS = {"fer": (ask_fer, "fer_accuracy.py"), "face-api": (ask_npm, "face_api.mjs"), "human": (ask_npm, "human.mjs")}


def judge(name: str, test: FaceData, seen: FaceData) -> None:
    """Ask one peer about every face of the part, print its scores and put them on file."""
    ask, script = PEERS[name]
    with tempfile.TemporaryDirectory() as folder:
        faces, answers = Path(folder) / "faces.npy", Path(folder) / "answers"
        np.save(faces, test.faces)
        peer = ask(script, faces, answers)
        if peer is None:
            sys.exit(f"{name} could not be installed or did not run")
        probabilities = np.fromfile(answers, np.float32).reshape(-1, len(NAMES))
    subject = report.Subject(
        model=f"{name} {peer['version']}",
        model_hash="",
        data_hash=test.fingerprint(),
        split="official",
        part="test",
        code="benchmarks/peer_accuracy.py",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    made = report.report(subject, test.labels, probabilities, np.isin(test.groups, seen.groups))
    report.write(made, ROOT / "results" / "peers" / f"{name}-official-test.json")
    for table in report.tables(made):
        Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA", help="FER2013")
    parser.add_argument("peers", nargs="*", metavar="PEER", help=", ".join(PEERS))
    options = parser.parse_args()
    unknown = set(options.peers) - set(PEERS)
    if unknown:
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    data = load(options.data, "official")
    test, seen = data.part("test"), data.where(data.parts != "test")
    for name in options.peers or PEERS:
        judge(name, test, seen)


if __name__ == "__main__":
    main()
