"""Fills the README's tables of results from results/; `--check` only says whether they are up to date.

Usage: python benchmarks/readme.py [--check]
"""

import json
from pathlib import Path

from filling import fill

from mien.experiments import filing, tables
from mien.recognition.model import ModelFile, shipped_models

ROOT = Path(__file__).parents[1]
PEERS = {"human": "npm", "fer": "PyPI", "face-api": "npm"}
BEGIN, END = "<!-- results: written by benchmarks/readme.py -->", "<!-- end of results -->"
BEGIN_REFERENCE, END_REFERENCE = "<!-- reference: written by benchmarks/readme.py -->", "<!-- end of reference -->"
NETWORKS = ("ViT-tiny", "ViT-small")


def table(root: Path) -> str:
    """The Markdown table: every figure from a file in results/, "not run" where there is none."""
    rows = [
        "| | accuracy | without duplicates | macro F1 | without duplicates | raters' majority | elsewhere "
        "| kept when spoiled | MB | ms a face |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    speed = _read(root / "results/benchmarks/recognition.json")
    for name in shipped_models():
        scores = _read(root / f"results/{name}-official-test.json")
        measured = (speed or {}).get("models", {}).get(name)
        precision = ModelFile.open(name).metadata["precision"]
        size = _size(measured) if measured else ["not run"] * 2
        rows.append(
            _row(
                f"**Mien {name}** ({precision})",
                _scores(scores),
                [_elsewhere(root, name, scores), _kept(root, name), *size],
            )
        )
    for name, source in PEERS.items():
        peer, measured = _read(root / f"results/peers/{name}-official-test.json"), (speed or {}).get(name)
        size = _size(measured) if isinstance(measured, dict) else ["not run"] * 2
        title = f"{peer['model'] if peer else name} ({source})"
        rows.append(_row(title, _scores(peer), ["not run", _kept(root, f"peers/{name}"), *size]))
    return "\n".join(rows)


def beside_reference(root: Path) -> str:
    """A Markdown table, a line a setting of the reference: each network's accuracy / macro F1, ours and published."""
    runs = tables.by_recipe(filing.read_all(root / "results"))
    reference = tables.read_reference(root / "results/reference.toml")
    published = {row["name"]: row for row in reference["rows"]}
    heads = [head for network in NETWORKS for head in (network, "seeds", "published")]
    rows = ["| | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for setting in dict.fromkeys(name.split()[1] for name in published):
        cells: list[str] = []
        for network in NETWORKS:
            row = published[f"{network} {setting}"]
            ours = runs.get(row["recipe"])
            scores = [tables.score(ours, key).value for key in ("accuracy", "macro_f1")] if ours else []
            cells += [_pair(*scores), str(len(ours))] if ours else ["not run", ""]
            cells.append(_pair(row["accuracy"], row["macro_f1"]))
        rows.append(f"| {setting} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _pair(accuracy: float, macro_f1: float) -> str:
    return f"{accuracy:.3f} / {macro_f1:.3f}"


def _read(path: Path) -> dict | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _size(measured: dict) -> list[str]:
    return [f"{measured['megabytes']:.1f}", f"{measured['face_ms']:.1f}"]


def _scores(scores: dict | None) -> list[str]:
    if scores is None:
        return ["not run"] * 5
    kinds = ("raw", "without_duplicates")
    cells = [_interval(scores[kind][name]) for name in ("accuracy", "macro_f1") for kind in kinds]
    return [*cells, _interval(scores["labels"]["accuracy_majority"]) if "labels" in scores else "not run"]


def _interval(entry: dict) -> str:
    return f"{entry['value']:.3f} ({entry['low']:.3f}-{entry['high']:.3f})"


def _elsewhere(root: Path, name: str, scores: dict | None) -> str:
    told = _read(root / f"results/{name}-world.json")
    if told is None or scores is None or told["model_hash"] != scores["model_hash"]:
        return "not run"  # or only on an earlier file of this name
    sets = " / ".join(f"{of['accuracy']['value']:.3f}" for of in told["sets"].values())
    return f"{told['mean_accuracy']:.3f} ({sets})"


def _kept(root: Path, name: str) -> str:
    told, scored = (_read(root / f"results/{name}-official-test{kind}.json") for kind in ("-robust", ""))
    if told is None or scored is None or told["model_hash"] != scored["model_hash"]:
        return "not run"  # or only on an earlier file of this name
    kept = told["kept"]
    return f"{100 * kept['value']:.0f}% ({100 * kept['low']:.0f}-{100 * kept['high']:.0f})"


def _row(name: str, scores: list[str], rest: list[str]) -> str:
    return "| " + " | ".join([name, *scores, *rest]) + " |"


if __name__ == "__main__":
    command = "python benchmarks/readme.py"
    fill(ROOT / "README.md", BEGIN, table(ROOT), END, command)
    fill(ROOT / "README.md", BEGIN_REFERENCE, beside_reference(ROOT), END_REFERENCE, command)
