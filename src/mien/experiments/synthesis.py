"""The report's part on synthetic faces: what a judge says of them, and whether they help the rare class."""

from pathlib import Path

import numpy as np

from mien.experiments.run_results import RunResult
from mien.experiments.tables import NOT_RUN, Table, percent, score
from mien.expressions import in_order
from mien.results.record import read_if_there
from mien.results.shipped import label, shipped_hashes
from mien.results.synthesis import ClassJudgement, SynthesisJudgement
from mien.synthesis.scores import wilson

JUDGED, PAIRS = "synthesis.json", "synthesis.png"
RARE = "disgust"
WAYS = {
    "original": "as it is",
    "reweighted": "loss re-weighted",
    "oversampled": "rare classes shown more often",
    "augmented": "disgust's own faces, warped, as many as fear",
    "half": "synthetic faces, half as many",
    "once": "synthetic faces, as many as fear",
    "twice": "synthetic faces, twice as many",
}
"""Endings of the recipes in recipes/balance_cpu/, and what they stand for."""
_PREFIX = "vit_tiny_balance_"


def tables(results: Path, runs: dict[str, list[RunResult]]) -> list[Table]:
    """What is on file; the comparison is there once one of its recipes was run.

    Args:
        results: The folder.
        runs: By recipe.

    Returns:
        Tables.

    Raises:
        DataError: The judgement is damaged.
    """
    found = []
    judged = read_if_there(SynthesisJudgement, results / JUDGED)
    if judged is not None:
        judge = label(judged.model, judged.model_hash, shipped_hashes())
        found += [_judgement(name, of, judge) for name, of in judged.classes.items()]
    ways = compared(runs)
    if ways:
        found.append(_comparison(ways))
    return found


def compared(runs: dict[str, list[RunResult]]) -> dict[str, list[RunResult]]:
    """What was run of the ways to do something about the rare class.

    Args:
        runs: By recipe.

    Returns:
        By way, in the order of `WAYS`; none that were judged on classes without the rare one.
    """
    found = {way: runs[_PREFIX + way] for way in WAYS if _PREFIX + way in runs}
    return {way: of for way, of in found.items() if RARE in of[0].metrics.raw.classes}


def _judgement(name: str, of: ClassJudgement, model: str) -> Table:
    rows: list[tuple[str, ...]] = [
        (f"called {name}", *map(percent, (of.called_synthetic, of.called_sources, of.called_real))),
        ("KID", *(f"{kid.mean:.4f}" for kid in (of.kid_synthetic, of.kid_sources, of.kid_real_halves))),
        *(
            (f"KID by {kind}", *(f"{kid.mean:.4f}" for kid in (by.synthetic, by.sources, by.real_halves)))
            for kind, by in (("spectra of patches", of.patches), ("a network that knows people apart", of.persons))
            if by is not None
        ),
        ("diversity", f"{of.diversity_synthetic:.3f}", "", f"{of.diversity_real:.3f}"),
    ]
    for kind, identity in (("features", of.identity_features), ("pixels", of.identity_pixels)):
        nearer = percent(identity.source_is_nearer)
        rows.append((f"own source nearer than another, by {kind}", nearer, "", ""))
    rows.append((f"near-copies of a real face of {name}", percent(of.copies_of_training_faces), "", ""))
    rows.append(("unchanged", percent(of.unchanged), "", ""))
    note = (
        f"{of.synthetic:,} synthetic faces, none filtered out, and {of.real:,} real ones, judged by {model}, "
        "which had no part in making them. In percent with 95% intervals; KID to the real faces of the class, between "
        "two halves of them in the last column; lower is nearer."
    )
    return Table(f"Synthetic faces of {name}", note, ("", "synthetic", "their sources", f"real {name}"), rows)


def _comparison(ways: dict[str, list[RunResult]]) -> Table:
    rows: list[tuple[str, ...]] = []
    for way, said in WAYS.items():
        ours = ways.get(way)
        if ours is None:
            rows.append((said, NOT_RUN, "", "", "", "", ""))
            continue
        cells = [percent(score(ours, key)) for key in ("accuracy", "macro_f1")]
        # The mean and not the sum: every seed is judged on the same pictures, which so count once in the intervals.
        confusion = np.mean([run.metrics.raw.confusion for run in ours], axis=0)
        label = in_order(ours[0].metrics.raw.classes).index(RARE)
        recall, precision = (wilson(confusion[label, label], confusion.sum(axis)[label]) for axis in (1, 0))
        f1 = sum(run.metrics.raw.classes[RARE].f1 for run in ours) / len(ours)
        rows.append((said, *cells, percent(recall), percent(precision), f"{100 * f1:.1f}", str(len(ours))))
    first = next(iter(ways.values()))[0]
    note = (
        f"ViT-tiny, one recipe of {first.recipe.epochs} epochs and the same seeds (recipes/balance_cpu/); only what is "
        f"done about {RARE} differs. In percent with 95% intervals over pictures, on the Kaggle split's validation "
        "part; more than one seed: the mean."
    )
    heads = ("the training set", "accuracy", "macro F1", f"{RARE} recall", f"{RARE} precision", f"{RARE} F1", "seeds")
    where = ", few epochs on a CPU" if first.on_cpu else ""
    return Table(f"What is done about {RARE}{where}", note, heads, rows)
