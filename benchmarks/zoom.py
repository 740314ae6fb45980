"""How close faces are best cropped for each model: its accuracy by zoom, on photographs from elsewhere and found again.

    python benchmarks/zoom.py DATA WORLD [--model vit_tiny]

WORLD holds sets of labelled photographs, as for `mien evaluate --world`. Of DATA, FER2013's pictures, 1,000 of
PublicTest are enlarged and found again by the detector, and judged by the majority of FER+'s raters. Zoom 1 crops as
FER2013's pictures are cropped. The pipelines' `zoom` is chosen by this table. Some ten minutes; writes
results/benchmarks/zoom.json.
"""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mien.classifier.model_file import ModelFileClassifier
from mien.cli.console import bar
from mien.data.dataset import FaceData, load
from mien.evaluation import world
from mien.evaluation.label_noise import accuracy_majority
from mien.novelty.redetection import redetect
from mien.provenance import file_hash, origin
from mien.recognition.framing import FRAMING
from mien.recognition.model import shipped_models
from mien.results.benchmarks import ModelByZoom, Zoomed, Zooms
from mien.results.record import write

RESULTS = Path(__file__).parents[1] / "results" / "benchmarks" / "zoom.json"
ZOOMS = (0.93, 1.0, 1.08, 1.15, 1.22)
FACES = 1000


def some(pictures: FaceData) -> FaceData:
    """Enough of the pictures, always the same ones."""
    return pictures.where(
        np.isin(np.arange(len(pictures)), np.random.default_rng(0).permutation(len(pictures))[:FACES])
    )


def measure(models: list[ModelFileClassifier], pictures: FaceData, elsewhere: Path, zoom: float) -> list[Zoomed]:
    """Each model's accuracy where faces are cropped so close."""
    framing = FRAMING.closer(zoom)
    with bar() as show:
        sets = world.load(elsewhere, show, framing=framing)
        found = redetect(pictures.faces, framing, lambda done, total: show("PublicTest", done, total))
    again = pictures.where(np.isin(np.arange(len(pictures)), found.indices))
    return [
        Zoomed(
            zoom,
            {one.name: world.judge(model.probabilities, one).accuracy.value for one in sets},
            accuracy_majority(again, model.probabilities(found.faces)),
        )
        for model in models
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("world", type=Path)
    parser.add_argument("--model", action="append", help="all that ship if left out")
    chosen = parser.parse_args()
    models = [ModelFileClassifier(name) for name in chosen.model or shipped_models()]
    pictures = some(load(chosen.data, "official").part("validation"))
    by_zoom = [measure(models, pictures, chosen.world, zoom) for zoom in ZOOMS]
    rows = {
        model.name: ModelByZoom(file_hash(model.file), FRAMING.side / model.framing.side, list(of))
        for model, of in zip(models, zip(*by_zoom, strict=True), strict=True)
    }
    write(RESULTS, Zooms(len(pictures), rows, **origin()))
    table = Table("model", "zoom", *rows[models[0].name].zooms[0].elsewhere, "PublicTest, raters")
    for name, row in rows.items():
        for of in row.zooms:
            table.add_row(
                name, f"{of.zoom:.2f}", *(f"{value:.3f}" for value in of.elsewhere.values()), f"{of.raters:.3f}"
            )
    Console().print(table)


if __name__ == "__main__":
    main()
