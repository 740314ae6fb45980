"""The mean of the weights before and after fine-tuning: as accurate on clean pictures, steadier on other ones.

Wortsman et al. 2022 (robust fine-tuning of zero-shot models; model soups).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.evaluation.label_noise import accuracy_majority
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.results.record import write
from mien.results.runs import Epoch, RunDescription, Soup, Taste
from mien.training.loop import predict
from mien.training.networks import ExpressionNetwork, build
from mien.training.parts import training_parts
from mien.training.recipe import Recipe
from mien.training.run import RunFolder
from mien.training.weights import load_weights

SHARES = (0.25, 0.5, 0.75, 1.0)
_SAMPLE, _BATCH = 2048, 128
_AVERAGED = "module."  # torch's AveragedModel keeps the network under this name


def cook(
    run: RunFolder,
    start: Path,
    shares: Sequence[float],
    data: FaceData,
    out: RunFolder,
    show: Callable[[Taste], None] = lambda taste: None,
) -> Taste:
    """Write the run `out`: a share of the last epoch's weights of `run`, and the rest of `start`'s; returns its scores.

    Of several shares the one of most merit is taken; its run.json has the scores of all. The last epoch's and not the
    best one's: the best is chosen on clean pictures, on which fine-tuning on spoiled ones does not show. A run that was
    brought home without its checkpoint has the best one's only. Raises ModelError where weights are missing or fit
    another network, RecipeError for a share outside [0, 1], and where `out` holds a run already or `run` is a mean
    itself.
    """
    if (out.path / "run.json").exists():
        raise RecipeError(f"{out.path} holds a run already; choose another --out")
    if not shares or not all(0 <= share <= 1 for share in shares):
        raise RecipeError(f"shares must lie between 0 and 1, not {', '.join(map(str, shares)) or 'be left out'}")
    recipe, description, curve = run.recipe(), run.description(), run.curve()
    if description.soup is not None:
        raise RecipeError(f"{run.path} is a mean already; average the run that it was made of")
    epoch, after = _tuned(run)
    network = build(recipe.network, recipe.pixels)
    load_weights(network, start)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    training, choosing = training_parts(recipe, data)

    def mix(share: float) -> None:
        mean = {name: torch.lerp(before[name].float(), after[name].float(), share) for name in before}
        network.load_state_dict(mean)
        measure_norms(network, training, recipe)

    tastes = []
    for share in shares:
        mix(share)
        tastes.append(_taste(share, predict(network, torch.from_numpy(choosing.faces), recipe.pixels), choosing))
        show(tastes[-1])
    best = max(tastes, key=lambda taste: taste.merit)
    mix(best.share)
    soup = Soup(1 - best.share, **{epoch: best.share}, tried=tastes)
    _write_mean(out, network, replace(description, soup=soup), curve, best)
    return best


def average(runs: Sequence[RunFolder], data: FaceData, out: RunFolder) -> Taste:
    """Write the run `out`: the plain mean of several runs' weights, which must have begun at the same ones.

    Args:
        runs: At least two runs of one network; their recipes may differ, the first one's speaks for the mean.
        data: All parts of the split.
        out: The new run's folder.

    Returns:
        The mean's scores on the pictures that choose.

    Raises:
        ModelError: Weights are missing or fit another network.
    """
    recipe, description, curve = runs[0].recipe(), runs[0].description(), runs[0].curve()
    network = build(recipe.network, recipe.pixels)
    states = []
    for run in runs:
        load_weights(network, run.weights)
        states.append({name: values.clone() for name, values in network.state_dict().items()})
    network.load_state_dict({name: torch.stack([of[name].float() for of in states]).mean(0) for name in states[0]})
    training, choosing = training_parts(recipe, data)
    measure_norms(network, training, recipe)
    found = _taste(1.0, predict(network, torch.from_numpy(choosing.faces), recipe.pixels), choosing)
    _write_mean(out, network, replace(description, average_of=len(runs)), curve, found)
    return found


def _write_mean(
    out: RunFolder, network: ExpressionNetwork, description: RunDescription, curve: list[Epoch], scores: Taste
) -> None:
    """A run's folder like any other; its curve is that of the training before."""
    last = replace(curve[-1], accuracy=scores.accuracy, macro_f1=scores.macro_f1, raters=scores.raters)
    out.path.mkdir(parents=True, exist_ok=True)
    out.write_curve(curve)
    out.write_weights(network.state_dict())
    write(out.path / "metrics.json", last)
    write(out.path / "run.json", description)


def _taste(share: float, probabilities: np.ndarray, choosing: FaceData) -> Taste:
    accuracy, macro_f1 = accuracy_and_macro_f1(confusion_matrix(choosing.labels, probabilities.argmax(1)))
    return Taste(share, accuracy, macro_f1, accuracy_majority(choosing, probabilities))


def _tuned(run: RunFolder) -> tuple[str, dict[str, torch.Tensor]]:
    """The moving average's weights, and of which epoch they are."""
    checkpoint = run.read_checkpoint(torch.device("cpu"))
    if checkpoint is None:
        return "best_epoch", run.network().state_dict()
    averaged = checkpoint["averaged"].items()
    return "last_epoch", {name.removeprefix(_AVERAGED): value for name, value in averaged if name.startswith(_AVERAGED)}


@torch.no_grad()
def measure_norms(network: nn.Module, training: FaceData, recipe: Recipe) -> None:
    """Measure the batch norms' statistics anew on warped training faces: those of two networks do not average.

    The network is not to be trained on afterwards: its norms then weigh all batches alike.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    generator = torch.Generator().manual_seed(recipe.seed)
    places = torch.randperm(len(training), generator=generator)[:_SAMPLE]
    faces = torch.from_numpy(training.faces)
    network.train()
    for part in places.split(_BATCH):
        network(recipe.warp(faces[part], recipe.pixels, generator))
    network.eval()
