"""How far to trust the models: that part of the report, from what `mien evaluate` wrote."""

import json
from pathlib import Path
from typing import Any

from mien.errors import DataError
from mien.evaluation.robustness import MIDDLE
from mien.experiments.tables import Table, percent
from mien.expressions import NAMES

PLOTS = {
    "calibration": "Confidence and accuracy",
    "labels": "The labels, and FER+'s raters",
    "robust": "Accuracy kept when pictures are spoiled",
    "crops": "Accuracy when the crop is off",
    "faithful": "Deletion and insertion curves of the maps",
}


def read(results: Path, kind: str = "") -> dict[str, dict[str, Any]]:
    """What is on file of one kind ("robust", "faithful", or "" for scores and calibration), by the name of the file.

    The name is the model's, with split and part. Raises DataError where a file is damaged.
    """
    ending = f"-{kind}" if kind else ""
    found = {}
    for path in sorted(results.glob(f"*{ending}.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            stem = f"{told['model']}-{told['split']}-{told['part']}"
        except (ValueError, KeyError, TypeError):
            if kind:
                raise DataError(f"{path} is damaged; write it anew with: mien evaluate --{kind}") from None
            continue  # other results lie beside these
        if path.stem == stem + ending and (kind or "calibration" in told):
            found[stem] = told
    return found


def tables(results: Path) -> list[Table]:
    """Calibration, labels, robustness and faithfulness; empty where nothing was judged."""
    scores, robust, faithful = (_by_model(read(results, kind)) for kind in ("", "robust", "faithful"))
    made = []
    try:
        if scores:
            made.append(_confidence(scores))
        rated = {name: told for name, told in scores.items() if "labels" in told}
        if rated:
            made += [_labels(rated), _label_classes(rated)]
        if robust:
            made += [_kept(robust)]
            if before := _before(results, robust):
                made.append(_bought(before, robust))
        if faithful:
            made.append(_faithful(faithful))
    except KeyError as error:
        raise DataError(f"{results}: a results file lacks {error}; write it anew with: mien evaluate") from error
    return made


def plots(results: Path) -> list[tuple[str, Path]]:
    """Titles and files of the plots that lie beside the results, kind by kind."""
    names = sorted({*read(results), *read(results, "robust"), *read(results, "faithful")})
    found = [
        (f"{title}: {name.split('-')[0]}", results / f"{name}-{kind}.png")
        for kind, title in PLOTS.items()
        for name in names
    ]
    return [(title, path) for title, path in found if path.is_file()]


def _by_model(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By the models' names alone, where these tell the results apart."""
    models = {told["model"]: told for told in found.values()}
    return models if len(models) == len(found) else found


def _confidence(scores: dict[str, Any]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, told in scores.items():
        found = told["calibration"]
        before = percent(found["error_before"]) if found["error_before"] else ""
        heat = f"{found['temperature']:.3f}" if found["temperature"] else "none"
        chosen = dict(zip(found["selective"]["coverage"], found["selective"]["accuracy"], strict=True))
        least = [f"{100 * chosen[share]:.1f}" for share in (0.5, 0.8, 1.0)]
        area = f"{100 * found['selective']['risk_area']:.1f}"
        rows.append((name, percent(found["error"]), before, heat, *least, area))
    note = (
        "In percent. Calibration error: how far confidence and accuracy lie apart, 15 bins; before: without the "
        "temperature, which was fitted on the validation part. Accuracy where only the most certain half, the most "
        "certain 80%, or all are answered. Risk area: the mean share of errors over all such shares."
    )
    heads = ("model", "calibration error", "before", "temperature", "surest 50%", "surest 80%", "all", "risk area")
    return Table("Can its confidence be believed?", note, heads, rows)


def _labels(scores: dict[str, Any]) -> Table:
    first = next(iter(scores.values()))["labels"]
    rows: list[tuple[str, ...]] = [
        (name, percent(told["labels"]["accuracy"]), percent(told["labels"]["accuracy_majority"]))
        for name, told in scores.items()
    ]
    rows.append(("FER2013's labels themselves", "100", percent(first["label_is_majority"])))
    out = ", ".join(f"{count:,} {reason}" for reason, count in first["left_out"].items() if count)
    note = (
        f"Accuracy in percent on the {first['judged']:,} of {first['pictures']:,} pictures for which more than half of "
        f"FER+'s raters name the same one of the seven classes. Left out: {out}."
    )
    return Table("Against the labels, and against FER+'s raters", note, ("", "labels", "raters' majority"), rows)


def _label_classes(scores: dict[str, Any]) -> Table:
    first = next(iter(scores.values()))["labels"]["classes"]
    rows: list[tuple[str, ...]] = []
    for name in NAMES:
        of = first[name]
        shares = (
            of["agreement"],
            of["majority"],
            *(t["labels"]["classes"][name]["accuracy_majority"] for t in scores.values()),
        )
        rows.append((name, f"{of['pictures']:,}", *(f"{100 * share:.1f}" for share in shares)))
    note = (
        "In percent. Two raters agree: the chance that two of a picture's raters said the same. Confirmed: how often "
        "their majority confirms FER2013's label. Then how many of the majority's pictures each model finds."
    )
    return Table("How sure the labels are", note, ("label", "pictures", "two agree", "confirmed", *scores), rows)


def _kept(robust: dict[str, Any]) -> Table:
    kinds = list(next(iter(robust.values()))["corruptions"])
    rows: list[tuple[str, ...]] = [("mean", *(percent(told["kept"]) for told in robust.values()))]
    for kind in kinds:
        rows.append((kind, *(percent(told["corruptions"][kind][MIDDLE - 1]["kept"]) for told in robust.values())))
    first = next(iter(robust.values()))
    note = (
        f"Percent of the accuracy on unspoiled pictures that is kept at strength {MIDDLE} of 5, on "
        f"{first['pictures']:,} pictures of the part, drawn by seed."
    )
    return Table("Spoiled pictures", note, ("corruption", *robust), rows)


def lineage(results: Path, name: str) -> list[Path]:
    """The folders of the trainings that a shipped model comes from, the first one first.

    `start` in a training's folder is the training that it began from.
    """
    folders = [results / "shipped" / name]
    while (folders[0] / "start").is_dir():
        folders.insert(0, folders[0] / "start")
    return folders


def _before(results: Path, robust: dict[str, Any]) -> dict[str, Any]:
    """How models that were fine-tuned did before it, where that is on file and was judged on the same pictures."""
    found = {}
    for name, told in robust.items():
        path = lineage(results, name)[0] / "robust.json"
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            if all(before[key] == told[key] for key in ("data_hash", "pictures", "seed")):
                found[name] = before
    return found


def _bought(before: dict[str, Any], robust: dict[str, Any]) -> Table:
    rows: list[tuple[str, ...]] = [
        ("mean", *(percent(of[name]["kept"]) for name in before for of in (before, robust))),
        ("unspoiled", *(percent(of[name]["clean"]) for name in before for of in (before, robust))),
    ]
    for kind in next(iter(before.values()))["corruptions"]:
        at = [of[name]["corruptions"][kind][MIDDLE - 1]["kept"] for name in before for of in (before, robust)]
        rows.append((kind, *map(percent, at)))
    note = (
        f"Percent of the accuracy on unspoiled pictures that is kept at strength {MIDDLE}, by the first training and "
        "by the file that ships, which was trained further on spoiled pictures; and that accuracy itself. The model "
        "card says what else was done."
    )
    heads = ("corruption", *(f"{name}, {when}" for name in before for when in ("before", "after")))
    return Table("What training on spoiled pictures buys", note, heads, rows)


def _faithful(faithful: dict[str, Any]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, told in faithful.items():
        for method, of in told["methods"].items():
            less = of["less_insertion"]
            ahead = "" if less["value"] == 0 else f"{less['value']:+.3f} [{less['low']:+.3f}, {less['high']:+.3f}]"
            areas = (f"{of['deletion']['value']:.3f}", f"{of['insertion']['value']:.3f}", ahead)
            rows.append((f"{name}: {method}", *areas, f"{of['ms']:.2f}", f"{of['ms_beyond']:.3f}"))
    count = next(iter(faithful.values()))["faces"]
    note = (
        f"On {count:,} faces. Deletion: area under the class's probability while pixels are blurred, the most "
        "important first, lower is better; insertion: while they come back, higher is better. Exact ahead: by how much "
        "the exact map's insertion is above, with its 95% interval. Milliseconds for a face: prediction and map, and "
        "what the map adds."
    )
    heads = ("map", "deletion", "insertion", "exact ahead", "ms", "ms added")
    return Table("Do the maps show what the models go by?", note, heads, rows)
