"""The report's part on the best small model: teachers, which of them answer best together, and what students learn."""

from pathlib import Path

from mien.experiments.run_results import RunResult
from mien.experiments.tables import FEW_EPOCHS, NOT_RUN, Table, clean_accuracy, mean, percent, score
from mien.results.ensembles import Ensemble
from mien.results.shelf import ensembles
from mien.results.shipped import label, shipped_hashes

TEACHERS = {
    "resnet18_48": "ResNet18, 48 pixels, from nothing",
    "vgg19_48": "VGG19, 48 pixels, from nothing",
    "vit_small_112": "ViT-small (DINOv2), 112 pixels",
    "vit_small_224": "ViT-small (DINOv2), 224 pixels",
    "efficientnet_lite0_112": "EfficientNet-Lite0, 112 pixels",
    "mobilenet_v2_224": "MobileNetV2, 224 pixels",
}
"""The recipes in recipes/teachers/."""
STUDENTS = {"vit_tiny": "ViT-tiny", "mobilenet_v2": "MobileNetV2"}
INGREDIENTS = {
    "plain": "the labels alone",
    "averaged": "+ averaged weights",
    "votes": "+ FER+'s votes",
    "mixed": "+ FMix on half of the faces",
    "taught": "+ teachers' soft targets",
    "rated": "averaged weights, votes, and FER+'s raters for half of the label",
    "unmixed": "soft targets, nothing mixed",
    "softened": "soft targets at temperature 2",
    "long": "soft targets at temperature 1, three times as long",
}
"""Endings of the recipes in recipes/students/; each with a plus adds to the one before it."""
_CHOSEN = (
    "In percent with 95% intervals over pictures; FER2013's official split. PublicTest chooses epochs and members, "
    "PrivateTest chooses nothing. More than one seed: the mean."
)
_RATED = f"{_CHOSEN} Raters' majority: accuracy on PrivateTest against what most of FER+'s raters said."
_HEADS = ("PublicTest", "PrivateTest", "without copies", "macro F1", "raters' majority", "minutes", "seeds")


def tables(results: Path, runs: dict[str, list[RunResult]]) -> list[Table]:
    """What is on file; rows that were not run say so.

    Args:
        results: The folder.
        runs: By recipe.

    Returns:
        Tables.

    Raises:
        DataError: A results file is damaged.
    """
    found = [Table("Teachers", _RATED, ("teacher", *_HEADS), _rows(runs, TEACHERS))]
    found += [_together(stem, told) for stem, told in ensembles(results).items()]
    for network, title in STUDENTS.items():
        recipes = {f"{network}_student_{ending}": said for ending, said in INGREDIENTS.items()}
        heads = ("what it learns from", *_HEADS)
        found.append(Table(f"What teaches {title}", _RATED, heads, _rows(runs, recipes)))
        few = {name + FEW_EPOCHS: said for name, said in recipes.items() if name + FEW_EPOCHS in runs}
        if few:
            found.append(Table(f"What teaches {title}, few epochs on a CPU", _RATED, heads, _rows(runs, few)))
    return found


def _rows(runs: dict[str, list[RunResult]], recipes: dict[str, str]) -> list[tuple[str, ...]]:
    rows = []
    for recipe, said in recipes.items():
        ours = runs.get(recipe)
        if ours is None:
            rows.append((said, NOT_RUN, *[""] * (len(_HEADS) - 1)))
            continue
        public = sum(run.recipe.kept(run.curve).accuracy for run in ours) / len(ours)
        scores = (score(ours, "accuracy"), clean_accuracy(ours), score(ours, "macro_f1"))
        minutes = sum(epoch.seconds for run in ours for epoch in run.curve) / len(ours) / 60
        labels = [run.metrics.labels for run in ours]
        rated = [of.accuracy_majority for of in labels if of is not None]
        raters = percent(mean(rated)) if len(rated) == len(ours) else NOT_RUN
        cells = (f"{100 * public:.1f}", *map(percent, scores), raters, f"{minutes:.0f}", str(len(ours)))
        rows.append((said, *cells))
    return rows


def _together(stem: str, told: Ensemble) -> Table:
    hashes, alone = shipped_hashes(), {choice.name: choice.accuracy for choice in told.alone}
    rows: list[tuple[str, ...]] = [
        (
            label(member.name, member.hash, hashes),
            f"{100 * alone[member.name]:.1f}",
            f"{100 * member.accuracy:.1f}",
            *[""] * 3,
        )
        for member in told.chosen
    ]
    scores = (told.raw.accuracy, told.without_duplicates.accuracy, told.raw.macro_f1)
    rows.append(("all of these", "", rows[-1][2], *map(percent, scores)))
    left = [name for name in alone if name not in {member.name for member in told.chosen}]
    note = f"{_CHOSEN} Members in the order in which they were taken; the mean of {told.views} views of each face."
    if left:
        note += f" Added nothing: {', '.join(left)}."
    heads = ("member", "alone, PublicTest", "together, PublicTest", "PrivateTest", "without copies", "macro F1")
    which = stem.removeprefix("ensemble").strip("-_")
    return Table(f"Together: {which}" if which else "Together", note, heads, rows)
