"""The gate's part of the report, from results/novelty.json, which `mien novelty judge` writes."""

from pathlib import Path

from mien.experiments.tables import Table
from mien.results.gate import GateJudgement, Pipeline
from mien.results.record import read_if_there
from mien.results.shipped import other_file, shipped_hashes

JUDGED = "novelty.json"
PLOTS = {
    "novelty-auroc.png": "How well each score tells each kind from real faces",
    "novelty-scores.png": "The gate's two scores: real faces beside each kind",
}


def tables(results: Path) -> list[Table]:
    """What the gate refuses, of strangers and of real faces; empty where nothing was judged.

    Raises DataError where the file is damaged.
    """
    judged = read_if_there(GateJudgement, results / JUDGED)
    if judged is None:
        return []
    pipeline = [_pipeline(judged.pipeline)] if judged.pipeline else []
    return [*(_separation(judged, model) for model in judged.separation), *pipeline, _refused(judged)]


def of_another_file(judged: GateJudgement, model: str) -> str:
    """A sentence that says so where a model's figures are of another file than the one that ships."""
    other = other_file(model, judged.models[model], shipped_hashes())
    return f" These figures are of {other}." if other else ""


def _separation(judged: GateJudgement, model: str) -> Table:
    scores = judged.separation[model]
    gated = model == judged.gated_by
    ours = max(scores, key=list(scores).index) if gated else None  # the last one is both scores together
    note = "The chance that a picture of the kind scores above a real face (AUROC)."
    if gated:
        note += " FPR95: the share of strange pictures that both scores accept where 95% of real faces are accepted."
    rows: list[tuple[str, ...]] = []
    for kind in next(iter(scores.values())):
        cells = [f"{scores[name][kind].auroc:.3f}" for name in scores]
        rows.append((kind, *cells, *([f"{scores[ours][kind].fpr95:.3f}"] if ours else [])))
    heads = ("kind", *scores, *(["FPR95"] if ours else []))
    return Table(f"Scores of {model}", note + of_another_file(judged, model), heads, rows)


def _pipeline(folders: dict[str, Pipeline]) -> Table:
    rows: list[tuple[str, ...]] = [
        (folder, f"{seen.pictures:,}", f"{seen.found / seen.pictures:.1%}", f"{seen.passed / seen.pictures:.1%}")
        for folder, seen in folders.items()
    ]
    note = "Pictures without people in which the detector finds a face, and in which the gate lets one pass."
    return Table("Detector and gate together", note, ("folder", "pictures", "detector", "detector and gate"), rows)


def _refused(judged: GateJudgement) -> Table:
    note = (
        f"Of the {judged.real_faces:,} faces of the part that is reported on, by label and by quarters of "
        f"brightness and sharpness.{of_another_file(judged, judged.gated_by)}"
    )
    rows: list[tuple[str, ...]] = [
        (name if group == "all" else f"{group}: {name}", f"{said.refused:.1%}", f"{said.pictures:,}")
        for group, members in judged.refused.items()
        for name, said in members.items()
    ]
    return Table("Real faces that the gate refuses", note, ("faces", "refused", "pictures"), rows)
