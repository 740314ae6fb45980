"""The mean of the weights before and after fine-tuning: as accurate on clean pictures, steadier on other ones.

Wortsman et al. 2022 (robust fine-tuning of zero-shot models; model soups).
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.storage import write_json
from mien.training.loop import predict
from mien.training.networks import build
from mien.training.parts import training_parts
from mien.training.recipe import Recipe
from mien.training.run import Epoch, RunFolder, load_weights

_SAMPLE, _BATCH = 2048, 128
_AVERAGED = "module."  # torch's AveragedModel keeps the network under this name


def cook(run: RunFolder, start: Path, share: float, data: FaceData, out: RunFolder) -> Epoch:
    """Write the run `out`: `share` of the last epoch's weights of `run`, and the rest of `start`'s; returns its scores.

    The last epoch's and not the best one's: the best is chosen on clean pictures, on which fine-tuning on spoiled ones
    does not show. A run that was brought home without its checkpoint has the best one's only. Raises ModelError where
    weights are missing or fit another network, RecipeError where `out` holds a run already or `run` is a mean itself.
    """
    if (out.path / "run.json").exists():
        raise RecipeError(f"{out.path} holds a run already; choose another --out")
    recipe, description, curve = run.recipe(), run.description(), run.curve()
    if "soup" in description:
        raise RecipeError(f"{run.path} is a mean already; average the run that it was made of")
    epoch, after = _tuned(run)
    network = build(recipe.network, recipe.pixels)
    load_weights(network, start)
    before = network.state_dict()
    network.load_state_dict({name: torch.lerp(before[name].float(), after[name].float(), share) for name in before})
    training, choosing = training_parts(recipe, data)
    measure_norms(network, training, recipe)
    probabilities = predict(network, torch.from_numpy(choosing.faces), recipe.pixels)
    accuracy, macro_f1 = accuracy_and_macro_f1(confusion_matrix(choosing.labels, probabilities.argmax(1)))
    scores = replace(curve[-1], accuracy=accuracy, macro_f1=macro_f1)
    out.path.mkdir(parents=True, exist_ok=True)
    out.write_curve(curve)
    out.write_weights(network.state_dict())
    write_json(out.path / "metrics.json", vars(scores))
    write_json(out.path / "run.json", {**description, "soup": {"start": 1 - share, epoch: share}})
    return scores


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
