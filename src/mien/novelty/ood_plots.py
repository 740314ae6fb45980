"""Pictures of the gate: where the scores of faces and strangers lie, how well each score separates, and what slips."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.data.dataset import FaceData
from mien.novelty.judge import OURS, OURS_COVERED
from mien.novelty.ood_sets import OODSet
from mien.recognition.gate import Gate
from mien.recognition.verdicts import Verdict
from mien.results.gate import GateScores, Separation

_FACES, _NEAR, _FAR = "#2563eb", "#d97706", "#6b7280"


def histograms(real: np.ndarray, ood_scores: dict[str, np.ndarray], gate: Gate, far: list[str]) -> Figure:
    """One row a kind, one column a score: the kind's scores over the real faces', and the threshold.

    Args:
        real: The gate's scores float [N, 3].
        ood_scores: float [M, 3] by kind.
        gate: Its thresholds.
        far: The kinds with nothing of a face in them.

    Returns:
        The figure.
    """
    shown = ((1, "how unlike training faces", gate.cut), (2, "how surely covered", gate.covered))
    figure = Figure(figsize=(10, 0.75 * len(ood_scores) + 1.2), layout="constrained")
    axes = figure.subplots(len(ood_scores), 2, sharex="col", squeeze=False)
    everything = np.concatenate([real, *ood_scores.values()])
    for row, (kind, scores) in zip(axes, ood_scores.items(), strict=True):
        for axis, (column, title, threshold) in zip(row, shown, strict=True):
            low, high = np.quantile(everything[:, column], [0.02, 0.995])
            high = max(high, 1.1 * threshold)
            edges = np.linspace(low, high, 70)
            colour = _FAR if kind in far else _NEAR
            for values, shade in ((real, _FACES), (scores, colour)):
                clipped = values[:, column].clip(low, high)
                axis.hist(clipped, edges, weights=np.full(len(values), 1 / len(values)), color=shade, alpha=0.55)
            axis.axvline(threshold, color="#b91c1c", linewidth=1)
            axis.set_yticks([])
            axis.spines[["top", "right", "left"]].set_visible(False)
            if axis is row[0]:
                axis.set_ylabel(f"{kind}\n({len(scores):,})", rotation=0, ha="right", va="center", fontsize=9)
            if row is axes[0]:
                axis.set_title(title, fontsize=11)
    figure.suptitle("Real faces (blue) and strangers (orange: near, grey: far); red: the gate's threshold", fontsize=11)
    return figure


def separations(made: GateScores) -> Figure:
    """A grid for each model: AUROC of every score on every kind, the far kinds first.

    Args:
        made: As `judge.judge` measured them.

    Returns:
        The figure.
    """
    height = sum(len(table) + 2 for table in made.separation.values())
    kinds = list(made.passage)
    figure = Figure(figsize=(1.6 + 0.85 * len(kinds), 0.42 * height + 1.2), layout="constrained")
    heights = [len(table) for table in made.separation.values()]
    axes = figure.subplots(len(made.separation), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (model, table) in zip(axes, made.separation.items(), strict=True):
        _grid(axis, table, kinds)
        axis.set_title(f"{model}: AUROC (below: FPR at 95% of real faces)", fontsize=10, loc="left")
    return figure


def _grid(axis: Axes, table: dict[str, dict[str, Separation]], kinds: list[str]) -> None:
    ordered = [name for name in (OURS, OURS_COVERED) if name in table]
    ordered += [name for name in table if name not in ordered]
    values = np.array([[table[name][kind].auroc for kind in kinds] for name in ordered])
    axis.imshow(values, cmap="RdYlGn", vmin=0.4, vmax=1, aspect="auto")
    for row, column in np.ndindex(*values.shape):
        found = table[ordered[row]][kinds[column]]
        axis.text(column, row, f"{found.auroc:.3f}\n{found.fpr95:.2f}", ha="center", va="center", fontsize=7.5)
    axis.set_xticks(range(len(kinds)), [kind.replace(" ", "\n", 1) for kind in kinds], fontsize=8)
    axis.set_yticks(range(len(ordered)), ordered, fontsize=9)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def mistakes(
    gate: Gate,
    real: FaceData,
    novelty: np.ndarray,
    ood: list[OODSet],
    ood_scores: dict[str, np.ndarray],
    seed: int,
    count: int = 50,
) -> dict[str, Figure]:
    """Sheets of what passes wrongly and what is refused wrongly, drawn by chance and not by hand.

    Args:
        gate: Its thresholds.
        real: The real faces.
        novelty: The gate's scores of them, float [N, 3].
        ood: The strange pictures.
        ood_scores: The gate's scores of them, float [M, 3] by kind.
        seed: Draws what is shown.
        count: Pictures a sheet, at most.

    Returns:
        Figures by file name.
    """
    generator = np.random.default_rng(seed)
    passing = [
        (face, kind.name)
        for kind in ood
        for face, scores in zip(kind.faces, ood_scores[kind.name], strict=True)
        if gate.verdict(scores) is Verdict.KNOWN
    ]
    refused = [
        (face, f"{real.classes[label]}, {gate.verdict(scores)}")
        for face, label, scores in zip(real.faces, real.labels, novelty, strict=True)
        if gate.verdict(scores) is not Verdict.KNOWN
    ]
    total = sum(len(kind.faces) for kind in ood)
    sheets = {}
    for name, found, of in (
        ("passes-wrongly", passing, f"{total:,} strange pictures pass"),
        ("refused-wrongly", refused, f"{len(real):,} real faces are refused"),
    ):
        if found:
            drawn = generator.permutation(len(found))[:count]
            faces, notes = zip(*(found[place] for place in drawn), strict=True)
            title = f"{len(found):,} of {of}; {len(drawn)} of these, drawn by chance"
            sheets[name] = sheet(np.stack(faces), list(notes), title)
    return sheets


def sheet(faces: np.ndarray, notes: list[str], title: str, columns: int = 10) -> Figure:
    """Grey pictures side by side, a note under each.

    Args:
        faces: uint8 [N, 48, 48], at least one.
        notes: One for each.
        title: Above all.
        columns: Pictures a row.

    Returns:
        The figure.
    """
    rows = -(-len(faces) // columns)
    figure = Figure(figsize=(columns * 1.05, rows * 1.4 + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, face, note in zip(axes.flat, faces, notes, strict=False):
        axis.imshow(face, cmap="gray", vmin=0, vmax=255)
        axis.set_title(note.replace(" (", "\n("), fontsize=7, y=0, va="top", pad=-4)
    figure.suptitle(title, fontsize=11)
    return figure
