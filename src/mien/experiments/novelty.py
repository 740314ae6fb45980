"""The gate's part of the report, from results/novelty.json, which `mien novelty judge` writes."""

from collections.abc import Mapping
from pathlib import Path

from mien.experiments.tables import Table
from mien.results.gate import DetectorAndGate, GateJudgement, Risk
from mien.results.record import read_if_there
from mien.results.shipped import other_file, shipped_hashes

JUDGED = "novelty.json"
PLOTS = {
    "novelty-auroc.png": "How well each score tells each kind from real faces",
    "novelty-scores.png": "The gate's scores: real faces beside each kind",
}


def tables(results: Path) -> list[Table]:
    """What the gate refuses, of strangers and of real faces.

    Args:
        results: The folder.

    Returns:
        Tables; none where nothing was judged.

    Raises:
        DataError: The file is damaged.
    """
    judged = read_if_there(GateJudgement, results / JUDGED)
    if judged is None:
        return []
    pipeline = [_pipeline(judged.pipeline)] if judged.pipeline else []
    separation = [_separation(judged, model) for model in judged.separation]
    return [*separation, *pipeline, _refused(judged), _risk(judged.risk), *_unclear(judged.unclear)]


def of_another_file(judged: GateJudgement, model: str) -> str:
    """A sentence that says so where a model's figures are of another file than the one that ships.

    Args:
        judged: The results file.
        model: One of its models.

    Returns:
        The sentence, or nothing.
    """
    other = other_file(model, judged.models[model], shipped_hashes())
    return f" These figures are of {other}." if other else ""


def _separation(judged: GateJudgement, model: str) -> Table:
    scores = judged.separation[model]
    gated = model == judged.gated_by
    ours = "gate: unlike" if gated else None
    note = "The chance that a picture of the kind scores above a real face (AUROC)."
    if gated:
        note += (
            " FPR95: the share of strange pictures that the gate's score accepts where it accepts 95% of real faces."
        )
    rows: list[tuple[str, ...]] = []
    for kind in next(iter(scores.values())):
        cells = [f"{scores[name][kind].auroc:.3f}" for name in scores]
        rows.append((kind, *cells, *([f"{scores[ours][kind].fpr95:.3f}"] if ours else [])))
    heads = ("kind", *scores, *(["FPR95"] if ours else []))
    return Table(f"Scores of {model}", note + of_another_file(judged, model), heads, rows)


def pipeline_rows(folders: Mapping[str, DetectorAndGate]) -> list[tuple[str, ...]]:
    """A row a folder: pictures, and the shares with a face found, with one known, with one covered.

    Args:
        folders: By folder.

    Returns:
        Cells.
    """
    return [
        (folder, f"{seen.pictures:,}", *(f"{of / seen.pictures:.1%}" for of in (seen.found, seen.passed, seen.covered)))
        for folder, seen in folders.items()
    ]


def _pipeline(folders: dict[str, DetectorAndGate]) -> Table:
    note = "Pictures in which the detector finds a face, and in which the gate knows one, or calls one covered."
    heads = ("folder", "pictures", "found", "known", "covered")
    return Table("Detector and gate together", note, heads, pipeline_rows(folders))


def _refused(judged: GateJudgement) -> Table:
    note = (
        f"Of the {judged.real_faces:,} faces of the part that is reported on, by label and by quarters of "
        "brightness and sharpness; and of labelled photographs from elsewhere, as the detector finds them."
        + of_another_file(judged, judged.gated_by)
    )
    rows: list[tuple[str, ...]] = [
        (name if group == "all" else f"{group}: {name}", f"{said.refused:.1%}", f"{said.pictures:,}")
        for group, members in (judged.refused | judged.found).items()
        for name, said in members.items()
    ]
    return Table("Real faces that the gate refuses", note, ("faces", "refused", "pictures"), rows)


def risk_rows(sets: Mapping[str, Risk]) -> list[tuple[str, ...]]:
    """A row a set of real faces: the share refused, accuracy of accepted and refused ones, both areas, the error.

    Args:
        sets: By set.

    Returns:
        Cells.
    """
    return [
        (
            name,
            f"{of.refused:.1%}",
            f"{of.accuracy_accepted:.3f}",
            "-" if of.accuracy_refused is None else f"{of.accuracy_refused:.3f}",
            *(f"{value:.3f}" for value in (of.area, of.area_confidence, of.error)),
        )
        for name, of in sets.items()
    ]


def _risk(sets: dict[str, Risk]) -> Table:
    note = (
        "Accuracy of the faces that the gate accepts and of those that it refuses; and the mean error over all shares "
        "of faces kept (area under the risk-coverage curve) where the most unlike go first, where those go first of "
        "which the model is least sure, and where none goes."
    )
    heads = ("faces", "refused", "accepted: right", "refused: right", "area, unlike", "area, unsure", "error")
    return Table("What refusing brings", note, heads, risk_rows(sets))


UNCLEAR = ("unlike", "relative", "unsure")
"""The scores that may notice faces of none of the seven expressions."""


def unclear_rows(groups: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    """A row a group of faces: AUROC of each of `UNCLEAR`.

    Args:
        groups: AUROC by group and by score.

    Returns:
        Cells.
    """
    return [
        (group, *(f"{scores[name]:.3f}" if name in scores else "-" for name in UNCLEAR))
        for group, scores in groups.items()
    ]


def _unclear(groups: dict[str, dict[str, float]]) -> list[Table]:
    note = (
        "The chance (AUROC) that a face on which FER+'s raters saw contempt, nothing known or no face (nf) scores above"
        " a clear one; and that one of an expression does which the scores were fitted without."
    )
    return [Table("Strange expressions", note, ("faces", *UNCLEAR), unclear_rows(groups))] if groups else []
