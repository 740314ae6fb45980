"""The gate's part of the report, from results/novelty.json, which `mien novelty judge` writes."""

import json
from pathlib import Path
from typing import Any

from mien.errors import DataError
from mien.experiments.tables import Table

JUDGED = "novelty.json"
PLOTS = {
    "novelty-auroc.png": "How well each score tells each kind from real faces",
    "novelty-scores.png": "The gate's two scores: real faces beside each kind",
}


def tables(results: Path) -> list[Table]:
    """What the gate refuses, of strangers and of real faces; empty where nothing was judged.

    Raises DataError where the file is damaged.
    """
    path = results / JUDGED
    if not path.is_file():
        return []
    try:
        judged = json.loads(path.read_text(encoding="utf-8"))
        pipeline = [_pipeline(judged["pipeline"])] if judged["pipeline"] else []
        return [*(_separation(judged, model) for model in judged["separation"]), *pipeline, _refused(judged)]
    except (ValueError, KeyError) as error:
        raise DataError(f"{path} is damaged ({error}); write it anew with: mien novelty judge") from error


def _separation(judged: dict[str, Any], model: str) -> Table:
    scores = judged["separation"][model]
    gated = model == judged["gated_by"]
    ours = max(scores, key=list(scores).index) if gated else None  # the last one is both scores together
    note = "The chance that a picture of the kind scores above a real face (AUROC)."
    if gated:
        note += " FPR95: the share of strange pictures that both scores accept where 95% of real faces are accepted."
    rows: list[tuple[str, ...]] = []
    for kind in next(iter(scores.values())):
        cells = [f"{scores[name][kind]['auroc']:.3f}" for name in scores]
        rows.append((kind, *cells, *([f"{scores[ours][kind]['fpr95']:.3f}"] if ours else [])))
    return Table(f"Scores of {model}", note, ("kind", *scores, *(["FPR95"] if ours else [])), rows)


def _pipeline(folders: dict[str, Any]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            folder,
            f"{seen['pictures']:,}",
            f"{seen['found'] / seen['pictures']:.1%}",
            f"{seen['passed'] / seen['pictures']:.1%}",
        )
        for folder, seen in folders.items()
    ]
    note = "Pictures without people in which the detector finds a face, and in which the gate lets one pass."
    return Table("Detector and gate together", note, ("folder", "pictures", "detector", "detector and gate"), rows)


def _refused(judged: dict[str, Any]) -> Table:
    note = (
        f"Of the {judged['real_faces']:,} faces of the part that is reported on, by label and by quarters of "
        "brightness and sharpness."
    )
    rows: list[tuple[str, ...]] = [
        (name if group == "all" else f"{group}: {name}", f"{said['near'] + said['far']:.1%}", f"{said['pictures']:,}")
        for group, members in judged["refused"].items()
        for name, said in members.items()
    ]
    return Table("Real faces that the gate refuses", note, ("faces", "refused", "pictures"), rows)
