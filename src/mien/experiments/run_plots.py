"""The figures of the report: faces under each augmentation, class counts, curves, calibration, confusion."""

import numpy as np
import torch
from matplotlib.figure import Figure

from mien.data.class_chart import class_chart
from mien.data.dataset import FaceData
from mien.evaluation.trust_plots import reliability
from mien.experiments.run_results import RunResult
from mien.plotting import BLUE, plain
from mien.training.affine import RandomAffine, enlarge
from mien.training.mixing import MIXINGS, Mixture
from mien.training.recipe import Recipe
from mien.training.splits import is_synthetic

_FACES, _PIXELS = 6, 96


def augmentations(train: FaceData, warp: RandomAffine, seed: int = 0) -> Figure:
    """The same faces as they are, warped, and under each mixing; below each what the network is to call it.

    Args:
        train: Faces to show.
        warp: How they are moved.
        seed: Of what is drawn.

    Returns:
        The figure.
    """
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(~is_synthetic(train)))
    there = np.unique(train.labels[chosen])[:_FACES]  # a class may have no picture in the part
    first = [next(place for place in chosen if train.labels[place] == label) for label in there]
    faces, labels = torch.from_numpy(train.faces[first]), train.labels[first]
    generator = torch.Generator().manual_seed(seed)
    plain = enlarge(faces, _PIXELS)
    itself = Mixture(plain, torch.arange(len(first)), torch.ones(len(first)))
    rows = {"as it is": itself, "warp": Mixture(warp(faces, _PIXELS, generator), itself.partner, itself.lam)}
    rows |= {name: kind()(plain, generator) for name, kind in MIXINGS.items()}
    figure = Figure(figsize=(1.5 * len(first) + 0.9, 1.72 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(first), squeeze=False)
    for (name, mixture), line in zip(rows.items(), axes, strict=True):
        for number, axis in enumerate(line):
            axis.imshow(mixture.faces[number, 0].numpy(), cmap="gray", vmin=0, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
            lam, partner = float(mixture.lam[number]), int(mixture.partner[number])
            own, other = train.classes[labels[number]], train.classes[labels[partner]]
            text = own if lam == 1 or own == other else f"{lam:.0%} {own}\n{1 - lam:.0%} {other}"
            axis.set_xlabel(text, fontsize=8)
        line[0].set_ylabel(name, fontsize=11)
    return figure


def classes(train: FaceData) -> Figure:
    """How many training pictures each class has, and how many of them are synthetic.

    Args:
        train: The training part.

    Returns:
        The figure.
    """
    made = is_synthetic(train)
    counts = (np.bincount(train.labels[mask], minlength=len(train.classes)) for mask in (~made, made))
    return class_chart({"training": tuple(counts)}, train.classes)  # type: ignore[dict-item]


def learning(runs: list[RunResult]) -> Figure:
    """Loss, accuracy and macro F1 over the epochs, one line a seed; the chosen epoch is marked.

    And agreement with the raters, where they are learned from.

    Args:
        runs: Of one recipe.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, run in enumerate(runs):
        style, seed = ("-", "--", ":", "-.")[number % 4], f" (seed {run.recipe.seed})" if len(runs) > 1 else ""
        epochs = [epoch.epoch + 1 for epoch in run.curve]
        best = run.recipe.kept(run.curve)
        left.plot(epochs, [epoch.loss for epoch in run.curve], style, color="#444444", label=f"loss{seed}")
        for name, colour, label in (
            ("accuracy", "#3d7ab8", "accuracy"),
            ("macro_f1", "#d9782d", "macro F1"),
            ("raters", "#4d9a5b", "as most raters"),
        ):
            if getattr(best, name) is None:
                continue
            right.plot(epochs, [getattr(epoch, name) for epoch in run.curve], style, color=colour, label=label + seed)
            right.plot(best.epoch + 1, getattr(best, name), "o", color=colour, markersize=5)
    left.set_title("training loss, mixed targets included", fontsize=10, loc="left")
    right.set_title("on the pictures that choose the epoch (dot)", fontsize=10, loc="left")
    for axis in (left, right):
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        plain(axis)
    return figure


def calibration(run: RunResult) -> Figure:
    """Accuracy over confidence, by bins; a dot's area tells how many pictures.

    Args:
        run: On file.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(4.2, 3.8), layout="constrained")
    axis = figure.subplots()
    reliability(axis, {f"{100 * run.metrics.raw.calibration_error:.1f}": (run.metrics.reliability, BLUE)})
    return figure


def shown_warp(runs: list[RunResult]) -> RandomAffine:
    """The warp to draw: the first run's, or the usual one where nothing has run.

    Args:
        runs: Of one recipe.

    Returns:
        How faces are moved.
    """
    return runs[0].recipe.affine if runs else Recipe("vit_tiny").affine
