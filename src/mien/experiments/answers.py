"""The report's first page: what was asked, and what the figures on file allow to answer, in words made from them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from mien.experiments import augmentations, synthesis
from mien.experiments.augmentations import PLAIN, SYNTHETIC, Contest
from mien.experiments.differences import ACCURACY, MACRO_F1, NOT_SHOWN, Difference, Family, verdict
from mien.experiments.run_results import RunResult
from mien.experiments.tables import FEW_EPOCHS, NOT_RUN, Table, opened, seeds_of
from mien.results.reference import Reference

WORDS = (
    "Networks name the expression a face shows. Accuracy: how many of 100 faces get the name on their label. F1 of an "
    "expression: lower the more of its faces are missed and the more others get its name; macro F1: its mean over all "
    "expressions. Epoch: every training picture seen once. Seed: one training; another seed differs by chance alone. "
    "[a, b]: 95% interval; a difference (in points of a hundred) whose interval holds zero is not shown.",
    "Unaug: the data set as it is. Fullaug: with synthetic faces of disgust, the rarest expression, which a StarGAN, a "
    "network that changes expressions, made from other faces. With these, and each face partly blanked: Cutout; "
    "blended with another: Mixup; with a part of another pasted in: CutMix (a rectangle) and FMix (any shape).",
)
_SYNTHETIC_WAYS = ("half", "once", "twice")
_RIVALS = {
    "reweighted": "re-weighting (rare expressions count more)",
    "oversampled": "over-sampling (rare expressions are shown more often)",
}
_RARE = f"F1 of {synthesis.RARE}"


@dataclass(frozen=True)
class Answer:
    """A question, and what can be said.

    Attributes:
        question: As a reader asks it.
        short: In one sentence.
        lines: What that rests on.
        tables: Its figures.
    """

    question: str
    short: str
    lines: list[str]
    tables: list[Table]


def answers(
    runs: dict[str, list[RunResult]], reference: Reference, contests: list[Contest], small: list[Table]
) -> list[Answer]:
    """The four answers.

    Args:
        runs: By recipe.
        reference: The published rows.
        contests: What `augmentations.contests` made of both.
        small: The tables on small models, which say what of them was not run.

    Returns:
        In the order in which they are shown.
    """
    return [
        Answer(
            "Which augmentation wins?",
            augmentations.short_answer(contests),
            augmentations.sentences(contests),
            [],
        ),
        _synthetic_faces(runs, contests),
        _not_run(runs, reference, small),
        _how_sure(runs, reference, contests),
    ]


def beside_published(runs: dict[str, list[RunResult]], reference: Reference, contests: list[Contest]) -> list[str]:
    """Of how many rows it is shown that ours are above or below the published ones.

    Args:
        runs: By recipe.
        reference: The published rows.
        contests: As for `answers`.

    Returns:
        A sentence a score; none where no row was run.
    """
    rows = [row for row in reference.rows if row.recipe in runs]
    found: dict[str, dict[str, Difference]] = {ACCURACY: {}, MACRO_F1: {}}
    for contest in contests:
        for row in rows:
            setting, ours = row.name.rpartition(" ")[2], runs[row.recipe]
            if contest.runs.get(setting) is ours and ours[0].judged_on == (reference.split, reference.part):
                for name, one in contest.family.beside_published(setting, row, len(rows)).items():
                    found[name][row.name] = one
    return [f"{opened(name)}, ours beside published: {_counted(of)}." for name, of in found.items() if of]


def _counted(found: dict[str, Difference]) -> str:
    groups: dict[str, list[str]] = {}
    for name, one in found.items():
        groups.setdefault(one.verdict, []).append(name)
    if len(groups) == 1:
        return f"{next(iter(groups))} in all of {len(found)}"
    return "; ".join(f"{said} in {len(names)} of {len(found)} ({', '.join(names)})" for said, names in groups.items())


def _synthetic_faces(runs: dict[str, list[RunResult]], contests: list[Contest]) -> Answer:
    pairs = [(one, _beside_plain(one)) for one in contests if one.family.repeats or not one.few]
    short = [_in_short([of], _seeds(one)) for one, of in pairs if of and not one.few]
    lines = [f"{SYNTHETIC} beside {PLAIN}, {_seeds(one)}: {verdict(_main(of))}." for one, of in pairs if of]
    ways = synthesis.compared(runs)
    others = [way for way in _SHORT if way in ways]
    if "original" not in ways or not set(others) & set(_SYNTHETIC_WAYS):
        return Answer(_HELP, " ".join([*short, f"The comparison of ways: {NOT_RUN}."]), lines, [])
    first, family = ways["original"][0], Family(ways)
    found = {way: family.differences(way, "original", len(others)) for way in others}
    made = {way: found[way] for way in _SYNTHETIC_WAYS if way in found}
    where = f"{first.recipe.epochs} epochs on a {'CPU' if first.on_cpu else 'GPU'}, {seeds_of(ways.values())}"
    short.insert(0, _in_short(made.values(), f"ViT-tiny, {where}"))
    told = [_in_figures(made), _other_classes(made), *_rivals(family, found)]
    return Answer(_HELP, " ".join(short), told + lines, [_table(found, where)])


_HELP = "Do synthetic faces help?"
_SHORT = {
    "half": "half as many",
    "once": "as many",
    "twice": "twice as many",
    "reweighted": "re-weighting",
    "oversampled": "over-sampling",
    "augmented": "own faces, warped",
}


def _main(found: dict[str, Difference]) -> dict[str, Difference]:
    """Those of a few main scores, of which a data set of other classes has no rare one."""
    return {name: found[name] for name in (_RARE, ACCURACY, MACRO_F1) if name in found}


def _in_short(found: Collection[dict[str, Difference]], where: str) -> str:
    """What some comparisons of the main scores have in common, in one sentence."""
    said: dict[str, list[str]] = {}
    for name in _main(next(iter(found))):
        verdicts = {of[name].verdict for of in found}
        common = verdicts.pop() if len(verdicts) == 1 else "it depends on how many"
        said.setdefault(common, []).append(name)
    return f"{opened('; '.join(f'{_joined(names)}: {common}' for common, names in said.items()))} ({where})."


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _in_figures(found: dict[str, dict[str, Difference]]) -> str:
    main = _main(next(iter(found.values())))
    said = [f"{name} {_span([of[name] for of in found.values()])}" for name in main]
    return f"Synthetic faces over the set as it is: {', '.join(said)}."


def _span(found: Iterable[Difference]) -> str:
    """The least and the greatest difference."""
    every = sorted(found, key=lambda one: one.value)
    return " to ".join(dict.fromkeys(one.points for one in (every[0], every[-1])))


def _rivals(family: Family, found: dict[str, dict[str, Difference]]) -> Iterator[str]:
    """What needs no synthetic faces, beside the set as it is and beside them."""
    pairs = [(rival, way) for rival in _RIVALS for way in _SYNTHETIC_WAYS if {rival, way} <= set(found)]
    for rival in dict.fromkeys(rival for rival, _ in pairs):
        beside = [family.differences(rival, way, len(pairs))[_RARE] for one, way in pairs if one == rival]
        verdicts = " or ".join(dict.fromkeys(one.verdict for one in beside))
        yield (
            f"Instead, {_RIVALS[rival]}: {_RARE} {found[rival][_RARE].points} ({found[rival][_RARE].verdict}); over "
            f"synthetic faces {_span(beside)} ({verdicts})."
        )


def _other_classes(found: dict[str, dict[str, Difference]]) -> str:
    rest = {
        f"{name.removeprefix('F1 of ')} with {_SHORT[way]}": one
        for way, of in found.items()
        for name, one in of.items()
        if name not in _main(of)
    }
    shown = {name: one for name, one in rest.items() if one.verdict != NOT_SHOWN}
    return f"F1 of the other expressions: {verdict(shown) if shown else NOT_SHOWN + ' in any'}."


def _beside_plain(contest: Contest) -> dict[str, Difference]:
    """Fullaug less Unaug, which differ in nothing but the synthetic faces; nothing where one of them was not run."""
    both = {PLAIN, SYNTHETIC} <= set(contest.runs)
    return contest.family.differences(SYNTHETIC, PLAIN) if both else {}


def _seeds(contest: Contest) -> str:
    return f"{contest.title}, {seeds_of([contest.runs[PLAIN], contest.runs[SYNTHETIC]])}"


def _table(found: dict[str, dict[str, Difference]], where: str) -> Table:
    names = list(next(iter(found.values())))
    rows = [(name, *(of[name].points for of in found.values())) for name in names]
    note = (
        f"ViT-tiny, {where}: percentage points more than with the data set as it is. As many: as bring "
        f"{synthesis.RARE} to the number of fear. The intervals, over pictures and seeds, hold together at 95% in each "
        "row; one that holds zero shows no difference."
    )
    heads = ("score", *(("synthetic: " * (way in _SYNTHETIC_WAYS)) + _SHORT[way] for way in found))
    return Table(f"What is done about {synthesis.RARE}", note, heads, rows)


def _not_run(runs: dict[str, list[RunResult]], reference: Reference, small: list[Table]) -> Answer:
    left = [row.name for row in reference.rows if row.recipe not in runs]
    counts = [(table, sum(row[1] == NOT_RUN for row in table.rows)) for table in small]
    others = ", ".join(f"{table.title}: {missing} of {len(table.rows)}" for table, missing in counts if missing)
    few = [row.name for row in reference.rows if row.recipe not in runs and row.recipe + FEW_EPOCHS in runs]
    lines = [f"Run instead for few epochs on a CPU: {', '.join(few)}."] if few else []
    lines += [f"Other rows {NOT_RUN}. {others}."] if others else []
    whole = len(reference.rows)
    short = (
        f"{len(left)} of the reference's {whole} rows: {', '.join(left)}." if left else f"All {whole} rows were run."
    )
    return Answer("What is not run?", short, lines, [])


def _how_sure(runs: dict[str, list[RunResult]], reference: Reference, contests: list[Contest]) -> Answer:
    repeated = [one for one in contests if one.family.repeats]
    alone = [one.title for one in contests if not one.family.repeats]
    counts = [len(runs[row.recipe]) for row in reference.rows if row.recipe in runs]
    once = sum(count == 1 for count in counts)
    short = f"{once} of the {len(counts)} rows that were run rest on one seed each."
    if counts and min(counts) > 1:
        short = f"Every row that was run has at least {min(counts)} seeds."
    lines = []
    if repeated:
        said = ", ".join(f"{one.title} ({one.family.repeats} repeats)" for one in repeated)
        lines.append(f"Differences have intervals over pictures and seeds where something was repeated: {said}.")
    if alone:
        lines.append(f"Over pictures alone, which says nothing of other seeds: {', '.join(alone)}.")
    errors = [(row.accuracy * (1 - row.accuracy) / reference.pictures) ** 0.5 for row in reference.rows]
    lines.append(
        f"The published rows are one training each, with {196 * np.mean(errors):.1f} points of sampling error either "
        "way in accuracy. How their epochs were chosen is not known."
    )
    return Answer("How sure is all that?", short if counts else f"{opened(NOT_RUN)}.", lines, [])
