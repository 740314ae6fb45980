"""The mean of the weights before and after fine-tuning: as accurate on clean pictures, steadier on other ones.

Wortsman et al. 2022 (robust fine-tuning of zero-shot models; model soups).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mien.classifier.classifier import require_same_classes
from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.evaluation.label_noise import accuracy_majority
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.results.record import write
from mien.results.runs import Epoch, Interpolation, InterpolationScores, RunDescription
from mien.training.networks import ExpressionNetwork, build
from mien.training.norms import measure_norms
from mien.training.run import RunFolder
from mien.training.run_classifier import predict
from mien.training.splits import training_and_validation
from mien.training.weights import load_weights

FRACTIONS = (0.25, 0.5, 0.75, 1.0)
_AVERAGED = "module."  # torch's AveragedModel keeps the network under this name


def interpolate(
    run: RunFolder,
    start: Path,
    fractions: Sequence[float],
    data: FaceData,
    out: RunFolder,
    show: Callable[[InterpolationScores], None] = lambda scores: None,
) -> InterpolationScores:
    """Write the mean of a fine-tuned run's weights and those that it started from as a run.

    Of several fractions the one of the highest selection score is taken; the new run.json has the scores of all.

    Args:
        run: The fine-tuned run. The last epoch's weights are taken and not the best one's: the best is chosen on clean
            pictures, on which fine-tuning on spoiled ones does not show. A run that was brought home without its
            checkpoint has the best one's only.
        start: The weights that it started from.
        fractions: Of the fine-tuned weights in the mean, each in [0, 1].
        data: All parts of the split.
        out: The new run's folder.
        show: Takes the scores of each fraction.

    Returns:
        The scores of the mean that is written.

    Raises:
        ModelError: Weights are missing or fit another network.
        RecipeError: A fraction lies outside [0, 1], `out` holds a run already, or `run` is a mean itself.
    """
    if (out.path / "run.json").exists():
        raise RecipeError(f"{out.path} holds a run already; choose another --out")
    if not fractions or not all(0 <= fraction <= 1 for fraction in fractions):
        raise RecipeError(f"fractions must lie between 0 and 1, not {', '.join(map(str, fractions)) or 'be left out'}")
    recipe, description, curve = run.recipe(), run.description(), run.curve()
    if description.interpolation is not None:
        raise RecipeError(f"{run.path} is a mean already; average the run that it was made of")
    require_same_classes(run.path.name, run.classes(), data.classes)
    epoch, after = _tuned(run)
    network = build(recipe.network, recipe.pixels, classes=len(run.classes()))
    load_weights(network, start)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    training, choosing = training_and_validation(recipe, data)

    def load_mean(fraction: float) -> None:
        mean = {name: torch.lerp(before[name].float(), after[name].float(), fraction) for name in before}
        network.load_state_dict(mean)
        measure_norms(network, training, recipe)

    tried = []
    for fraction in fractions:
        load_mean(fraction)
        tried.append(_scores(fraction, predict(network, torch.from_numpy(choosing.faces), recipe.pixels), choosing))
        show(tried[-1])
    best = max(tried, key=lambda scores: scores.selection_score)
    load_mean(best.fraction)
    interpolation = Interpolation(1 - best.fraction, **{epoch: best.fraction}, tried=tried)
    _write_mean(out, network, replace(description, interpolation=interpolation), curve, best)
    return best


def average(runs: Sequence[RunFolder], data: FaceData, out: RunFolder) -> InterpolationScores:
    """Write the run `out`: the plain mean of several runs' weights, which must have begun at the same ones.

    Batch norms are measured anew on the training pictures as they are, every class as often as it occurs.

    Args:
        runs: Of one network; their recipes may differ, the first one's speaks for the mean.
        data: All parts of the split.
        out: The new run's folder.

    Returns:
        The mean's scores on the pictures that choose.

    Raises:
        ModelError: Weights are missing or fit another network.
    """
    recipe, description, curve = runs[0].recipe(), runs[0].description(), runs[0].curve()
    network = build(recipe.network, recipe.pixels, classes=len(runs[0].classes()))
    states = []
    for run in runs:
        load_weights(network, run.weights)
        states.append({name: values.clone() for name, values in network.state_dict().items()})
    network.load_state_dict({name: torch.stack([of[name].float() for of in states]).mean(0) for name in states[0]})
    training, choosing = training_and_validation(recipe, data)
    measure_norms(network, training, recipe)
    found = _scores(1.0, predict(network, torch.from_numpy(choosing.faces), recipe.pixels), choosing)
    _write_mean(out, network, replace(description, average_of=len(runs)), curve, found)
    return found


def _write_mean(
    out: RunFolder,
    network: ExpressionNetwork,
    description: RunDescription,
    curve: list[Epoch],
    scores: InterpolationScores,
) -> None:
    """A run's folder like any other; its curve is that of the training before."""
    last = replace(curve[-1], accuracy=scores.accuracy, macro_f1=scores.macro_f1, raters=scores.raters)
    out.path.mkdir(parents=True, exist_ok=True)
    out.write_curve(curve)
    out.write_weights(network.state_dict())
    write(out.path / "metrics.json", last)
    write(out.path / "run.json", description)


def _scores(fraction: float, probabilities: np.ndarray, choosing: FaceData) -> InterpolationScores:
    accuracy, macro_f1 = accuracy_and_macro_f1(
        confusion_matrix(choosing.labels, probabilities.argmax(1), probabilities.shape[1])
    )
    return InterpolationScores(fraction, accuracy, macro_f1, accuracy_majority(choosing, probabilities))


def _tuned(run: RunFolder) -> tuple[str, dict[str, torch.Tensor]]:
    """The moving average's weights, and of which epoch they are."""
    checkpoint = run.read_checkpoint(torch.device("cpu"))
    if checkpoint is None:
        return "best_epoch", run.network().state_dict()
    averaged = checkpoint["averaged"].items()
    return "last_epoch", {name.removeprefix(_AVERAGED): value for name, value in averaged if name.startswith(_AVERAGED)}
