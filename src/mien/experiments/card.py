"""The model card (Mitchell et al. 2019): what the shipped models are, written from results/ and the model files."""

from dataclasses import dataclass
from pathlib import Path

from mien.errors import DataError
from mien.experiments.templating import fill
from mien.expressions import NAMES
from mien.recognition.model import ModelFile, models_folder, shipped_models
from mien.results import shelf
from mien.results.gate import GateJudgement
from mien.results.record import read_if_there
from mien.results.robustness import MIDDLE
from mien.results.runs import RunDescription
from mien.results.shipped import label, other_file, shipped_hashes
from mien.training.recipe import from_dict

NAME = "MODEL_CARD.md"
_ON = "official-test"


@dataclass(frozen=True)
class ShippedModel:
    """A line on a model that ships; network, helps and start are empty where no training of it is on file.

    Attributes:
        name: The model's.
        version: Of the package that exported it.
        megabytes: Of the file.
        precision: Of its weights.
        data: What it learned from.
        network: Its architecture.
        helps: What it learned with beside the labels.
        start: The weights it began from.
    """

    name: str
    version: str
    megabytes: float
    precision: str
    data: str
    network: str
    helps: str
    start: str


def write_card(root: Path) -> str:
    """Write the model card's text.

    Args:
        root: A checkout.

    Returns:
        Markdown.

    Raises:
        DataError: A results file is damaged.
    """
    results, hashes = root / "results", shipped_hashes()
    names = shipped_models()
    judged, spoiled = shelf.evaluations(results), shelf.robustness(results)
    scores = {name: judged.get(f"{name}-{_ON}") for name in names}
    robust = {name: spoiled.get(f"{name}-{_ON}") for name in names}
    # Runs too, not only the files made from them: they alone have gradients.
    maps = [told for stem, told in shelf.maps(results).items() if stem.endswith(_ON)]
    gate = read_if_there(GateJudgement, results / "novelty.json")
    judged_on = [("scores", scores.values()), ("robustness", robust.values()), ("maps", maps)]
    measured = [(kind, of.model, of.model_hash) for kind, all_of in judged_on for of in all_of if of is not None]
    measured += [("the gate", gate.gated_by, gate.models[gate.gated_by])] if gate is not None else []
    return fill(
        "card.md",
        names=NAMES,
        models=[_shown(ModelFile.open(name), results) for name in names],
        stale=[f"{kind} of {label(name, of, hashes)}" for kind, name, of in measured if other_file(name, of, hashes)],
        scores=scores,
        rated={name: of.labels for name, of in scores.items() if of is not None and of.labels is not None},
        robust=robust,
        middle=MIDDLE,
        maps=maps,
        gate=gate,
    )


def _shown(model: ModelFile, results: Path) -> ShippedModel:
    told, trainings = model.metadata, shelf.trainings(results, model.name)
    megabytes, network, helps, start = model.path.stat().st_size / 1e6, "", "", ""
    if trainings:
        recipes = [from_dict(run.recipe) for run in trainings]
        epochs = " + ".join(str(recipe.epochs) for recipe in recipes)
        network = f"{recipes[-1].network}, {recipes[-1].pixels} px inside, {epochs} epochs"
        helps = ", ".join(dict.fromkeys(said for run in trainings for said in _helps(run))) or "nothing else"
        start = trainings[0].start
    return ShippedModel(
        model.name, told["version"], megabytes, told["precision"], told["training_data"], network, helps, start
    )


def _helps(run: RunDescription) -> list[str]:
    """What a training had beside the labels."""
    recipe = from_dict(run.recipe)
    helps = [f"raters for {recipe.raters:.0%} of the label"] if recipe.raters else []
    helps += [f"FER+ {recipe.fer_plus:g}"] if recipe.fer_plus else []
    helps += [recipe.mixing.name] if recipe.mixing else []
    helps += ["degrade"] if recipe.degrade else []
    helps += [f"taught by {' and '.join(recipe.distillation.teachers)}"] if recipe.distillation else []
    return helps + (
        ["averaged with the weights before"] if run.interpolation is not None and run.interpolation.start else []
    )


def root_folder() -> Path:
    """The checkout whose models ship.

    Returns:
        Its folder.

    Raises:
        DataError: Mien was installed without one.
    """
    root = models_folder().parent
    if not (root / "results").is_dir():
        raise DataError("the card is written from results/, which only a checkout of the project has")
    return root
