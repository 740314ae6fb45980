"""Figures of explanation: overlays by class, the same faces through several models, and faithfulness curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.explanation.map_methods import EXACT, GRAD_CAM, OCCLUSION, RANDOM, ROLLOUT
from mien.expressions import NAMES, described
from mien.plotting import plain
from mien.recognition.drawing import lay_heat
from mien.recognition.faces import Square
from mien.results.maps import MapScores

_COLOURS = {EXACT: "#3d7ab8", GRAD_CAM: "#d9782d", ROLLOUT: "#7d5ba6", OCCLUSION: "#7a9a3a", RANDOM: "#9aa0a6"}


@dataclass(frozen=True)
class FaceMaps:
    """A face as one model sees it.

    Attributes:
        picture: Grey uint8 [s, s].
        probabilities: float [classes].
        maps: float [classes, h, w] by method.
        classes: The classes' names, in order.
    """

    picture: np.ndarray
    probabilities: np.ndarray
    maps: dict[str, np.ndarray]
    classes: tuple[str, ...] = NAMES


def overlay(picture: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """A grey face with what lies above the mean of scores as heat.

    Args:
        picture: uint8 [s, s].
        scores: float [h, w].

    Returns:
        uint8 RGB [s, s, 3].
    """
    above = np.maximum(scores - scores.mean(), 0)
    side = picture.shape[0]
    strength = (above / max(float(above.max()), 1e-9)).astype(np.float32)
    return lay_heat(np.repeat(picture[..., None], 3, 2), Square(side / 2, side / 2, side), strength)


def by_class(seen: Mapping[str, FaceMaps]) -> Figure:
    """One face: a row for each model and each of its maps, a column for each class; what the model calls it is bold.

    Args:
        seen: By model; at least one.

    Returns:
        The figure.
    """
    rows = [(name, method, shown) for name, shown in seen.items() for method in shown.maps]
    most = max(len(shown.classes) for shown in seen.values())
    figure = Figure(figsize=(1.35 * (most + 1) + 0.4, 1.62 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), most + 1, squeeze=False)
    for line, (name, method, shown) in zip(axes, rows, strict=True):
        line[0].imshow(shown.picture, cmap="gray", vmin=0, vmax=255)
        line[0].set_ylabel(f"{name}\n{method}", fontsize=8)
        for label, (axis, kind) in enumerate(zip(line[1:], described(shown.classes), strict=False)):
            axis.imshow(overlay(shown.picture, shown.maps[method][label]))
            called = label == int(shown.probabilities.argmax())
            axis.set_title(
                f"{kind.name} {shown.probabilities[label]:.0%}", fontsize=8, weight="bold" if called else "normal"
            )
    _bare(axes)
    return figure


def by_model(faces: Sequence[Mapping[str, FaceMaps]], label: int | None) -> Figure:
    """Rows are faces, columns are models: each one's exact map.

    Args:
        faces: For each, how every model sees it; all by the same models.
        label: Whose map; None for the class that each model calls the face.

    Returns:
        The figure.
    """
    names = list(faces[0])
    figure = Figure(figsize=(1.9 * (len(names) + 1), 2.15 * len(faces)), layout="constrained")
    axes = figure.subplots(len(faces), len(names) + 1, squeeze=False)
    for line, seen in zip(axes, faces, strict=True):
        line[0].imshow(next(iter(seen.values())).picture, cmap="gray", vmin=0, vmax=255)
        for axis, name in zip(line[1:], names, strict=True):
            shown = seen[name]
            chosen = int(shown.probabilities.argmax()) if label is None else label
            axis.imshow(overlay(shown.picture, shown.maps[EXACT][chosen]))
            axis.set_xlabel(
                f"{described(shown.classes)[chosen].adjective} {shown.probabilities[chosen]:.0%}", fontsize=9
            )
    for axis, name in zip(axes[0, 1:], names, strict=True):
        axis.set_title(name, fontsize=9)
    _bare(axes)
    return figure


def faithfulness(judged: Mapping[str, MapScores]) -> Figure:
    """Deletion and insertion curves of every kind of map, model below model.

    Args:
        judged: Results by model; at least one.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(4.6, 6.4 * len(judged)), layout="constrained")  # a phone's width: readable there
    axes = figure.subplots(2 * len(judged), 1, sharey=True).reshape(len(judged), 2)
    for line, (name, result) in zip(axes, judged.items(), strict=True):
        for axis, way, better in zip(line, ("deletion", "insertion"), ("lower", "higher"), strict=True):
            for method, of in result.methods.items():
                deletes = way == "deletion"
                curve, area = (of.deletion_curve, of.deletion) if deletes else (of.insertion_curve, of.insertion)
                share = np.linspace(0, 1, len(curve))
                axis.plot(share, curve, color=_COLOURS[method], label=f"{method}: {area.value:.3f}")
            axis.set_title(f"{name}: {way}, {better} is better", fontsize=10, loc="left")
            axis.set_xlabel("share of the pixels blurred" if way == "deletion" else "share of the pixels back")
            axis.set_ylabel("probability of the class")
            axis.legend(frameon=False, fontsize=8, title="area", title_fontsize=8)
            plain(axis)
    return figure


def _bare(axes: np.ndarray) -> None:
    axis: Axes
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
