"""The model card (Mitchell et al. 2019): what the shipped models are, written from results/ and the model files."""

import json
from pathlib import Path
from typing import Any

from mien.errors import DataError
from mien.evaluation.robustness import MIDDLE
from mien.experiments import trust
from mien.experiments.tables import NOT_RUN, percent
from mien.expressions import NAMES
from mien.novelty import results as filed_gate
from mien.recognition.model import ModelFile, file_hash, models_folder, shipped_models

NAME = "MODEL_CARD.md"
_ON = "official-test"

_HEAD = """# Model card

Written by `mien card` from [results/](results/) and the model files; every figure is read from there. "{not_run}" means
that nobody has measured it.

Mien's models say which of seven expressions a face shows: {names}.
An expression shown is not an emotion felt: people feel without showing and show without feeling.
"""

_USES = """## Intended uses
- Trying out and teaching how such models work; research on models, data and labels.
- Sorting one's own pictures; effects and games that people start themselves, on their own device.
- Showing people their own face's expression while they look.

## Excluded uses
- Judging, ranking, hiring, grading, policing or diagnosing anybody by what a model says of their face.
- Inferring emotions at work or in education. The European Union's AI Act (Regulation (EU) 2024/1689) prohibits this in
  Article 5(1)(f), medical and safety reasons aside; elsewhere it treats emotion recognition as high-risk and asks that
  the people exposed to it be told. Read the law itself before you use the models on others: this card is no legal
  advice.
- Use on people who do not know of it or cannot refuse.
- Any decision that needs the models to be equally good for everybody: nobody knows whether they are (see the limits).

The European Data Protection Supervisor's TechDispatch 1/2021 names the concerns in general: whether such processing is
necessary and proportionate, that a facial expression is no reliable evidence of an emotion, and bias by ethnicity and
skin tone.
"""

_DATA = """## Training pictures
FER2013 (Goodfellow et al. 2013): 35,887 grey pictures of 48 x 48 pixels, found by a web image search for words of
emotion and cropped to the face. The models learn from its Training part without the pictures whose exact pixels occur
in the other parts; the epoch, the temperature and the shares of weights that are averaged are chosen on PublicTest;
PrivateTest is only reported, except that the gate was loosened once after it had refused too many of that part's
frightened faces (docs/gate.md). Where a recipe's FER+ weight is above 0, the votes of FER+'s raters
(Barsoum et al. 2016) guide the features. Nothing is recorded on who the people are, nor whether they agreed. The
pictures are not part of this repository.
"""

_LIMITS = """## Limits
- FER2013 says nothing on age, sex, skin colour or origin, so no figure here tells for whom the models are worse. The
  tone curves above darken and lighten whole pictures; they are no substitute for pictures of different people.
- Its labels are disputed: the table beside FER+'s raters says how often these confirm them, class by class.
- Single pictures only: what a face does over time is not seen, nor what happens around it.
"""

_LICENCES = """## Licences
- Code: Apache-2.0 ([LICENSE](LICENSE)).
- Weights: Apache-2.0. They started from weights of others, as named above, under the licences of these.
- Training data: FER2013 was released for research; its pictures have their own, mostly unknown, owners.
- Face detector: see [models/LICENSES.md](models/LICENSES.md).
"""


def write_card(root: Path) -> str:
    """The card's Markdown for a checkout at `root`; raises DataError where a results file is damaged."""
    models = {name: ModelFile.open(name) for name in shipped_models()}
    results = root / "results"
    scores, robust = (
        {name: found[f"{name}-{_ON}"] for name in models if f"{name}-{_ON}" in found}
        for found in (trust.read(results), trust.read(results, "robust"))
    )
    # Runs too, not only the files made from them: they alone have gradients.
    faithful = {told["model"]: told for stem, told in trust.read(results, "faithful").items() if stem.endswith(_ON)}
    try:
        parts = [
            _HEAD.format(not_run=NOT_RUN, names=", ".join(NAMES)),
            _models(models, results),
            _earlier(models, {"scores": scores, "robustness": robust, "maps": faithful}),
            _USES,
            _DATA,
            "## Figures\nOn PrivateTest, with 95% bootstrap intervals over its pictures, in percent.",
            _scores(list(models), scores),
            _classes(list(models), scores),
            _calibration(list(models), scores),
            _labels(list(models), scores),
            _robustness(list(models), robust),
            _maps(faithful),
            _gate(results / "novelty.json"),
            _LIMITS,
            _LICENCES,
        ]
    except KeyError as error:
        raise DataError(f"{results}: a results file lacks {error}; write it anew with: mien evaluate") from error
    return "\n".join(part for part in parts if part)


def _models(models: dict[str, ModelFile], results: Path) -> str:
    rows = []
    for name, model in models.items():
        told, size = model.metadata, f"{model.path.stat().st_size / 1e6:.1f} MB, {model.metadata['precision']}"
        runs = [run for folder in trust.lineage(results, name) if (run := _run(folder)) is not None]
        if not runs:
            made = [NOT_RUN] * 3
        else:
            recipe = runs[-1]["recipe"]
            epochs = " + ".join(str(sum(stage["epochs"] for stage in run["recipe"]["stages"])) for run in runs)
            helps = dict.fromkeys(said for run in runs for said in _helps(run))
            made = [
                f"{recipe['network']}, {recipe['stages'][-1]['pixels']} px inside, {epochs} epochs",
                ", ".join(helps) or "nothing else",
                runs[0]["start"],
            ]
        rows.append([name, told["version"], size, *made, f"`{told['training_data'][:12]}`"])
    heads = ["model", "version", "file", "network", "learned from labels and", "started from", "training data"]
    where = "In full: `results/shipped/<model>/run.json`, and in its `start/` the training before it."
    return f"## Models\n{_table(heads, rows)}\n{where}\n"


def _helps(run: dict[str, Any]) -> list[str]:
    """What a training had beside the labels."""
    recipe = run["recipe"]
    helps = [f"raters for {recipe['raters']:.0%} of the label"] if recipe.get("raters") else []
    helps += [f"FER+ {recipe['fer_plus']:g}"] if recipe.get("fer_plus") else []
    helps += [recipe["mixing"]["name"]] if recipe.get("mixing") else []
    helps += ["degrade"] if recipe.get("degrade") else []
    helps += [f"taught by {' and '.join(recipe['distillation']['teachers'])}"] if recipe.get("distillation") else []
    return helps + (["averaged with the weights before"] if run.get("soup", {}).get("start") else [])


def _run(folder: Path) -> dict[str, Any] | None:
    path = folder / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _earlier(models: dict[str, ModelFile], results: dict[str, dict[str, Any]]) -> str:
    """A warning where a results file was measured on another file than the one that ships."""
    hashes = {name: file_hash(model.path) for name, model in models.items()}
    stale = [
        f"{kind} of {name}"
        for kind, found in results.items()
        for name, told in found.items()
        if name in hashes and told["model_hash"] != hashes[name]
    ]
    return f"**Measured on an earlier file of the same name: {', '.join(stale)}.**\n" if stale else ""


def _scores(models: list[str], scores: dict[str, Any]) -> str:
    rows = []
    for name in models:
        told = scores.get(name)
        cells = [
            NOT_RUN if told is None else percent(told[kind][score])
            for score in ("accuracy", "macro_f1")
            for kind in ("raw", "without_duplicates")
        ]
        rows.append([name, *cells])
    return _table(["model", "accuracy", "without copies", "macro F1", "without copies"], rows)


def _classes(models: list[str], scores: dict[str, Any]) -> str:
    heads = ["class", *(f"{name}: {score}" for name in models for score in ("precision", "recall", "F1"))]
    rows = []
    for kind in NAMES:
        cells = []
        for name in models:
            of = scores[name]["raw"]["classes"][kind] if name in scores else None
            cells += [NOT_RUN if of is None else f"{100 * of[score]:.1f}" for score in ("precision", "recall", "f1")]
        rows.append([kind, *cells])
    return "### By class\n" + _table(heads, rows)


def _calibration(models: list[str], scores: dict[str, Any]) -> str:
    rows = []
    for name in models:
        found = scores.get(name, {}).get("calibration")
        if found is None:
            rows.append([name, *[NOT_RUN] * 4])
            continue
        chosen = dict(zip(found["selective"]["coverage"], found["selective"]["accuracy"], strict=True))
        before = percent(found["error_before"]) if found["error_before"] else ""
        rows.append([name, percent(found["error"]), before, *(f"{100 * chosen[share]:.1f}" for share in (0.8, 0.5))])
    heads = ["model", "calibration error", "before the temperature", "accuracy on the surest 80%", "on the surest 50%"]
    return (
        "### Calibration\nExpected calibration error, 15 bins. Its interval leans upwards: chance can only widen the "
        "gap in a bin.\n" + _table(heads, rows)
    )


def _labels(models: list[str], scores: dict[str, Any]) -> str:
    rated = {name: scores[name]["labels"] for name in models if "labels" in scores.get(name, {})}
    if not rated:
        return f"### Beside FER+'s raters\n{NOT_RUN}\n"
    first = next(iter(rated.values()))
    rows = [[name, percent(of["accuracy"]), percent(of["accuracy_majority"])] for name, of in rated.items()]
    rows.append(["FER2013's own labels", "100", percent(first["label_is_majority"])])
    by_class = [
        [kind, *(f"{100 * first['classes'][kind][key]:.1f}" for key in ("agreement", "majority"))] for kind in NAMES
    ]
    return (
        f"### Beside FER+'s raters\nOn the {first['judged']:,} of {first['pictures']:,} pictures for which more than "
        "half of the raters name the same one of the seven classes.\n"
        + _table(["", "against FER2013's labels", "against the raters' majority"], rows)
        + _table(["label", "two raters agree", "the majority confirms it"], by_class)
    )


def _robustness(models: list[str], robust: dict[str, Any]) -> str:
    if not robust:
        return f"### Spoiled pictures\n{NOT_RUN}\n"
    first = next(iter(robust.values()))
    rows = [
        ["mean", *(percent(robust[name]["kept"]) if name in robust else NOT_RUN for name in models)],
        *(
            [
                kind,
                *(
                    percent(robust[name]["corruptions"][kind][MIDDLE - 1]["kept"]) if name in robust else NOT_RUN
                    for name in models
                ),
            ]
            for kind in first["corruptions"]
        ),
    ]
    return (
        f"### Spoiled pictures\nThe share of accuracy that is kept at strength {MIDDLE} of 5, on {first['pictures']:,} "
        "of the pictures, drawn by seed; [what they look like](docs/figures/corruptions.png).\n"
        + _table(["corruption", *models], rows)
    )


def _maps(faithful: dict[str, Any]) -> str:
    if not faithful:
        return f"### Maps\n{NOT_RUN}\n"
    rows = [
        [
            f"{name}: {method}",
            f"{of['deletion']['value']:.3f}",
            f"{of['insertion']['value']:.3f}",
            f"{of['ms_beyond']:.2f}",
        ]
        for name, told in faithful.items()
        for method, of in told["methods"].items()
    ]
    return (
        "### Maps\nWhether a map shows what a model goes by: area under the class's probability while pixels are "
        "blurred (deletion, lower is better) and while they come back (insertion, higher is better); and the "
        "milliseconds that a map adds to a prediction. Only runs, which the files were exported from, have gradients.\n"
        + _table(["map", "deletion", "insertion", "ms added"], rows)
    )


def _gate(path: Path) -> str:
    judged = filed_gate.read(path)
    if judged is None:
        return f"### The gate\n{NOT_RUN}\n"
    real = judged["refused"]["all"]["all"]
    text = (
        "### The gate\nIt says whether a picture is a face of the kind the models learned from. It refuses "
        f"{100 * (1 - real['known']):.1f}% of PrivateTest's {real['pictures']:,} faces."
    )
    for folder, seen in judged["pipeline"].items():
        text += (
            f" Of {seen['pictures']:,} pictures ({folder}) the detector finds a face in {seen['found']}; the gate "
            f"lets {seen['passed']} pass and calls {seen['covered']} covered."
        )
    rows = [
        [f"{group}: {name}", f"{100 * (1 - of['known']):.1f}"]
        for group, members in (judged["refused"] | judged["found"]).items()
        if group != "all"
        for name, of in members.items()
    ]
    return text + "\n" + _table(["real faces", "refused"], rows)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    # Markdown wants an empty line between a text and a table.
    lines = ["", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def root_folder() -> Path:
    """The checkout whose models ship; raises DataError where mien was installed without one."""
    root = models_folder().parent
    if not (root / "results").is_dir():
        raise DataError("the card is written from results/, which only a checkout of the project has")
    return root
