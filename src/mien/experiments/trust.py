"""How far to trust the models: that part of the report, from what `mien evaluate` wrote."""

from pathlib import Path
from typing import TypeVar

from mien.experiments.tables import Table, percent
from mien.expressions import in_order
from mien.results.evaluation import Subject
from mien.results.maps import Maps
from mien.results.robustness import MIDDLE, Robustness
from mien.results.scores import Calibration, LabelNoise
from mien.results.shelf import before, evaluations, maps, robustness
from mien.results.shipped import label, shipped_hashes

PLOTS = {
    "calibration": "Confidence and accuracy",
    "labels": "The labels, and FER+'s raters",
    "robust": "Accuracy kept when pictures are spoiled",
    "crops": "Accuracy when the crop is off",
    "faithful": "Deletion and insertion curves of the maps",
}


def tables(results: Path) -> list[Table]:
    """Calibration, labels, robustness and faithfulness.

    Args:
        results: The folder.

    Returns:
        Tables; none where nothing was judged.

    Raises:
        DataError: A file is damaged.
    """
    scores, robust, faithful = (
        _by_model(found) for found in (evaluations(results), robustness(results), maps(results))
    )
    rated = {name: told.labels for name, told in scores.items() if told.labels is not None}
    calibrated = {name: told.calibration for name, told in scores.items() if told.calibration is not None}
    made = [_confidence(calibrated)] if calibrated else []
    made += [_labels(rated), _label_classes(rated)] if rated else []
    made += [_kept(robust)] if robust else []
    both = {name: (first, told) for name, told in robust.items() if (first := _before(results, told)) is not None}
    made += [_bought(both)] if both else []
    return made + ([_faithful(faithful)] if faithful else [])


def plots(results: Path) -> list[tuple[str, Path]]:
    """The plots that lie beside the results, kind by kind.

    Args:
        results: The folder.

    Returns:
        Titles and paths of those that are there.

    Raises:
        DataError: A file is damaged.
    """
    names = sorted({*evaluations(results), *robustness(results), *maps(results)})
    found = [
        (f"{title}: {name.split('-')[0]}", results / f"{name}-{kind}.png")
        for kind, title in PLOTS.items()
        for name in names
    ]
    return [(title, path) for title, path in found if path.is_file()]


S = TypeVar("S", bound=Subject)


def _by_model(found: dict[str, S]) -> dict[str, S]:
    """By the models' names alone, where these tell the results apart; a file that no longer ships is named."""
    hashes = shipped_hashes()
    models = {label(told.model, told.model_hash, hashes): told for told in found.values()}
    return models if len(models) == len(found) else found


def _confidence(scores: dict[str, Calibration]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, found in scores.items():
        before = percent(found.error_before) if found.error_before else ""
        heat = f"{found.temperature:.3f}" if found.temperature else "none"
        least = [f"{100 * found.selective.at(share):.1f}" for share in (0.5, 0.8, 1.0)]
        rows.append((name, percent(found.error), before, heat, *least, f"{100 * found.selective.risk_area:.1f}"))
    note = (
        "In percent. Calibration error: how far confidence and accuracy lie apart, 15 bins; before: without the "
        "temperature, which was fitted on the validation part. Accuracy where only the most certain half, the most "
        "certain 80%, or all are answered. Risk area: the mean share of errors over all such shares."
    )
    heads = ("model", "calibration error", "before", "temperature", "surest 50%", "surest 80%", "all", "risk area")
    return Table("Can its confidence be believed?", note, heads, rows)


def _labels(rated: dict[str, LabelNoise]) -> Table:
    first = next(iter(rated.values()))
    rows: list[tuple[str, ...]] = [
        (name, percent(of.accuracy), percent(of.accuracy_majority)) for name, of in rated.items()
    ]
    rows.append(("FER2013's labels themselves", "100", percent(first.label_is_majority)))
    out = ", ".join(f"{count:,} {reason}" for reason, count in first.left_out.items() if count)
    note = (
        f"Accuracy in percent on the {first.judged:,} of {first.pictures:,} pictures for which more than half of "
        f"FER+'s raters name the same one of the seven classes. Left out: {out}."
    )
    return Table("Against the labels, and against FER+'s raters", note, ("", "labels", "raters' majority"), rows)


def _label_classes(rated: dict[str, LabelNoise]) -> Table:
    first = next(iter(rated.values())).classes
    rows: list[tuple[str, ...]] = []
    for name in in_order(first):
        found = (of.classes[name].accuracy_majority for of in rated.values())
        shares = (first[name].agreement, first[name].majority, *found)
        rows.append((name, f"{first[name].pictures:,}", *(f"{100 * share:.1f}" for share in shares)))
    note = (
        "In percent. Two raters agree: the chance that two of a picture's raters said the same. Confirmed: how often "
        "their majority confirms FER2013's label. Then how many of the majority's pictures each model finds."
    )
    return Table("How sure the labels are", note, ("label", "pictures", "two agree", "confirmed", *rated), rows)


def _kept(robust: dict[str, Robustness]) -> Table:
    first = next(iter(robust.values()))
    rows: list[tuple[str, ...]] = [("mean", *(percent(told.kept) for told in robust.values()))]
    rows += [(kind, *(percent(told.kept_of(kind)) for told in robust.values())) for kind in first.corruptions]
    note = (
        f"Percent of the accuracy on unspoiled pictures that is kept at strength {MIDDLE} of 5, on "
        f"{first.pictures:,} pictures of the part, drawn by seed."
    )
    return Table("Spoiled pictures", note, ("corruption", *robust), rows)


def _before(results: Path, told: Robustness) -> Robustness | None:
    """How a model that was fine-tuned did before it, where that is on file and was judged on the same pictures."""
    first = before(results, told.model)
    if first is None or (first.data_hash, first.pictures, first.seed) != (told.data_hash, told.pictures, told.seed):
        return None
    return first


def _bought(both: dict[str, tuple[Robustness, Robustness]]) -> Table:
    columns = [of for pair in both.values() for of in pair]
    rows: list[tuple[str, ...]] = [
        ("mean", *(percent(of.kept) for of in columns)),
        ("unspoiled", *(percent(of.clean) for of in columns)),
    ]
    rows += [(kind, *(percent(of.kept_of(kind)) for of in columns)) for kind in columns[0].corruptions]
    note = (
        f"Percent of the accuracy on unspoiled pictures that is kept at strength {MIDDLE}, by the first training and "
        "by the file that ships, which was trained further on spoiled pictures; and that accuracy itself. The model "
        "card says what else was done."
    )
    heads = ("corruption", *(f"{name}, {when}" for name in both for when in ("before", "after")))
    return Table("What training on spoiled pictures buys", note, heads, rows)


def _faithful(faithful: dict[str, Maps]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, told in faithful.items():
        for method, of in told.methods.items():
            less = of.less_insertion
            ahead = "" if less.value == 0 else f"{less.value:+.3f} [{less.low:+.3f}, {less.high:+.3f}]"
            areas = (f"{of.deletion.value:.3f}", f"{of.insertion.value:.3f}", ahead)
            rows.append((f"{name}: {method}", *areas, f"{of.ms:.2f}", f"{of.ms_beyond:.3f}"))
    count = next(iter(faithful.values())).faces
    note = (
        f"On {count:,} faces. Deletion: area under the class's probability while pixels are blurred, the most "
        "important first, lower is better; insertion: while they come back, higher is better. Exact ahead: by how much "
        "the exact map's insertion is above, with its 95% interval. Milliseconds for a face: prediction and map, and "
        "what the map adds."
    )
    heads = ("map", "deletion", "insertion", "exact ahead", "ms", "ms added")
    return Table("Do the maps show what the models go by?", note, heads, rows)
