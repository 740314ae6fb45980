"""Judges PyPI `fer` on FER2013's PrivateTest with the same code as our models; writes results/peers/.

Usage: python benchmarks/peer_accuracy.py DATA
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from peers import ROOT, ask_fer
from rich.console import Console

from mien.data.dataset import load
from mien.evaluation import report


def main() -> None:
    data = load(Path(sys.argv[1]), "official")
    test, seen = data.part("test"), data.where(data.parts != "test")
    with tempfile.TemporaryDirectory() as folder:
        faces, answers = Path(folder) / "faces.npy", Path(folder) / "answers.npy"
        np.save(faces, test.faces)
        peer = ask_fer("fer_accuracy.py", faces, answers)
        if peer is None:
            sys.exit("fer could not be installed or did not run")
        probabilities = np.load(answers)
    subject = report.Subject(
        model=f"fer {peer['version']}",
        model_hash="",
        data_hash=test.fingerprint(),
        split="official",
        part="test",
        code="benchmarks/peer_accuracy.py",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    made = report.report(subject, test.labels, probabilities, np.isin(test.groups, seen.groups))
    report.write(made, ROOT / "results" / "peers" / "fer-official-test.json")
    for table in report.tables(made):
        Console().print(table)


if __name__ == "__main__":
    main()
