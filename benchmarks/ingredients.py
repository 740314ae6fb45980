"""What each ingredient of the recipe that ships is worth, on labels, on raters, and on photographs from elsewhere.

    mien make benchmarks/ingredients.toml --data DATA --weights weights --out out/ingredients
    python benchmarks/ingredients.py DATA WORLD out/ingredients

The first command makes some short trainings on one CPU core, the second judges them: on FER2013's PublicTest, and
on the sets of labelled photographs in WORLD, from finding the face on. It writes results/benchmarks/ingredients.json,
with every seed apart.
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mien.cli.console import bar
from mien.data.dataset import FaceData, load
from mien.evaluation import world
from mien.evaluation.label_noise import accuracy_majority
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.pipelines import plan
from mien.provenance import origin
from mien.results.benchmarks import Ingredient, Ingredients
from mien.results.record import write
from mien.training.run_classifier import RunClassifier

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "benchmarks" / "ingredients.json"


def judged(run: Path, pictures: FaceData, sets: list[world.WorldSet]) -> Ingredient:
    """One training's scores."""
    model = RunClassifier(run, "cpu")
    probabilities = model.probabilities(pictures.faces)
    accuracy, macro_f1 = accuracy_and_macro_f1(confusion_matrix(pictures.labels, probabilities.argmax(1)))
    elsewhere = {one.name: world.judge(model.probabilities, one).accuracy.value for one in sets}
    return Ingredient(accuracy, macro_f1, accuracy_majority(pictures, probabilities), elsewhere)


def main() -> None:
    """Judge, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("world", type=Path)
    parser.add_argument("made", type=Path)
    chosen = parser.parse_args()
    pictures = load(chosen.data, "official").part("validation")
    with bar() as show:
        sets = world.load(chosen.world, show)
    rows: dict[str, list[Ingredient]] = {}
    for step in plan.read(ROOT / "benchmarks" / "ingredients.toml").steps:
        rows.setdefault(step.name.partition("-s")[0], []).append(
            judged(chosen.made / step.name / "run", pictures, sets)
        )
    write(RESULTS, Ingredients(rows, **origin()))
    table = Table("recipe", "labels", "macro F1", "raters", *(one.name for one in sets))
    for name, seeds in rows.items():
        cells = [[of.accuracy, of.macro_f1, of.raters, *of.elsewhere.values()] for of in seeds]
        table.add_row(name, *(" / ".join(f"{value:.3f}" for value in column) for column in zip(*cells, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
