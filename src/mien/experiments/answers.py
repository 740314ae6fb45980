"""The report's first page: what was asked, and what the figures on file allow to answer, in words made from them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.experiments import augmentations, synthesis
from mien.experiments.augmentations import PLAIN, SYNTHETIC, Contest
from mien.experiments.differences import ACCURACY, MACRO_F1, NOT_SHOWN, Difference, Family, verdict
from mien.experiments.run_results import RunResult
from mien.experiments.tables import NOT_RUN, Table, seeds_of
from mien.results.reference import Reference

WORDS = (
    "Networks name the expression that a face shows. Accuracy: of 100 faces, how many get the name on their label. F1 "
    "of an expression falls when its faces are missed, and when others get its name; macro F1 is its mean over all "
    "expressions, rare ones counting fully. Epoch: all training pictures seen once. Seed: one training; another seed "
    "is the same with other chance in it. [a, b]: the 95% interval; a difference, in percentage points, whose interval "
    "holds zero is not shown.",
    "Augmentations: Unaug learns from the data set as it is. Fullaug adds synthetic faces of disgust, the rarest "
    "expression: other faces that a StarGAN, a network that changes expressions, made disgusted. The others add them "
    "too, and blank a part of each face (Cutout), blend two faces (Mixup) or paste a part of another in (CutMix: a "
    "rectangle; FMix: any shape).",
)
_SYNTHETIC_WAYS, _RIVALS = ("half", "once", "twice"), ("reweighted", "oversampled")


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
            setting = row.name.rpartition(" ")[2]
            if contest.runs.get(setting) is runs[row.recipe]:
                for name, one in contest.family.beside_published(setting, row, len(rows)).items():
                    found[name][row.name] = one
    return [f"{name[0].upper()}{name[1:]}, ours beside published: {_counted(of)}." for name, of in found.items() if of]


def _counted(found: dict[str, Difference]) -> str:
    groups: dict[str, list[str]] = {}
    for name, one in found.items():
        groups.setdefault(one.verdict, []).append(name)
    return "; ".join(f"{said} in {len(names)} of {len(found)} ({', '.join(names)})" for said, names in groups.items())


def _synthetic_faces(runs: dict[str, list[RunResult]], contests: list[Contest]) -> Answer:
    question = "Do synthetic faces help?"
    full = [line for one in contests for line in _fullaug(one)]
    ways = {way: runs[synthesis.PREFIX + way] for way in synthesis.WAYS if synthesis.PREFIX + way in runs}
    others = [way for way in ways if way != "original"]
    if "original" not in ways or not others:
        return Answer(question, f"The comparison of ways: {NOT_RUN}.", full, [])
    family = Family(ways)
    found = {way: family.differences(way, "original", len(others)) for way in others}
    first, rare = ways["original"][0], f"F1 of {synthesis.RARE}"
    where = f"{first.recipe.epochs} epochs on a {'CPU' if first.on_cpu else 'GPU'}, {seeds_of(ways.values())}"
    made = {way: found[way] for way in _SYNTHETIC_WAYS if way in found}
    lines = [_other_classes(made, rare), *_rivals(family, ways, rare)] if made else []
    return Answer(question, _in_short(made, rare, where), lines + full, [_table(found, where)])


_SHORT = {
    "reweighted": "re-weighting the loss",
    "oversampled": "over-sampling",
    "augmented": "disgust's own faces, warped",
    "half": "half as many",
    "once": "as many",
    "twice": "twice as many",
}


def _in_short(found: dict[str, dict[str, Difference]], rare: str, where: str) -> str:
    """One sentence for the synthetic ways together, with the least and the greatest difference of each score."""
    if not found:
        return f"Synthetic faces: {NOT_RUN}."
    said: dict[str, list[str]] = {}
    for name in (rare, ACCURACY, MACRO_F1):
        every = sorted((of[name] for of in found.values()), key=lambda one: one.value)
        verdicts = dict.fromkeys(one.verdict for one in every)
        points = " to ".join(dict.fromkeys(one.points for one in (every[0], every[-1])))
        said.setdefault(" or ".join(verdicts), []).append(f"{name} ({points})")
    text = "; ".join(f"{verdict} in {' and '.join(names)}" for verdict, names in said.items())
    return f"With them, {text}: ViT-tiny, {where}."


def _rivals(family: Family, ways: Iterable[str], rare: str) -> Iterable[str]:
    """What needs no synthetic faces, beside them."""
    pairs = [(rival, way) for rival in _RIVALS for way in _SYNTHETIC_WAYS if {rival, way} <= set(ways)]
    for rival in _RIVALS:
        found = {_SHORT[way]: family.differences(rival, way, len(pairs))[rare] for one, way in pairs if one == rival}
        if found:
            yield f"Instead of them, {_SHORT[rival]}: {rare} {verdict(found)}."


def _other_classes(found: dict[str, dict[str, Difference]], rare: str) -> str:
    rest = {
        f"{name.removeprefix('F1 of ')} with {_SHORT[way]}": one
        for way, of in found.items()
        for name, one in of.items()
        if name not in (ACCURACY, MACRO_F1, rare)
    }
    shown = {name: one for name, one in rest.items() if one.verdict != NOT_SHOWN}
    return f"F1 of the other expressions: {verdict(shown) if shown else NOT_SHOWN + ' in any'}."


def _fullaug(contest: Contest) -> Iterable[str]:
    """Fullaug beside Unaug, which differ in nothing but the synthetic faces, in full and in repeated trainings."""
    if {PLAIN, SYNTHETIC} <= set(contest.runs) and (contest.family.repeats or not contest.few):
        found = contest.family.differences(SYNTHETIC, PLAIN)
        seeds = seeds_of([contest.runs[PLAIN], contest.runs[SYNTHETIC]])
        scores = {name: found[name] for name in (ACCURACY, MACRO_F1)}
        yield f"{SYNTHETIC} beside {PLAIN}, {contest.title}, {seeds}: {verdict(scores)}."


def _table(found: dict[str, dict[str, Difference]], where: str) -> Table:
    names = list(next(iter(found.values())))
    rows = [(name, *(of[name].points for of in found.values())) for name in names]
    note = (
        f"ViT-tiny, {where}: percentage points more than with the data set as it is. As many: as bring "
        f"{synthesis.RARE} to the number of fear. The intervals, over pictures and seeds, hold together at 95% in each "
        "row; one that holds zero shows no difference."
    )
    heads = ("score", *(("synthetic, " * (way in _SYNTHETIC_WAYS)) + _SHORT[way] for way in found))
    return Table(f"What is done about {synthesis.RARE}", note, heads, rows)


def _not_run(runs: dict[str, list[RunResult]], reference: Reference, small: list[Table]) -> Answer:
    left = [row.name for row in reference.rows if row.recipe not in runs]
    once = [row.name for row in reference.rows if len(runs.get(row.recipe, [])) == 1]
    lines = [f"Rows of the reference with one seed alone: {', '.join(once)}."] if once else []
    for table in small:
        missing = sum(row[1] == NOT_RUN for row in table.rows)
        if missing:
            lines.append(f"{table.title}: {missing} of {len(table.rows)} rows {NOT_RUN}.")
    whole = len(reference.rows)
    short = (
        f"{len(left)} of the reference's {whole} rows: {', '.join(left)}." if left else f"All {whole} rows were run."
    )
    return Answer("What is not run?", short, lines, [])


def _how_sure(runs: dict[str, list[RunResult]], reference: Reference, contests: list[Contest]) -> Answer:
    repeated = [one for one in contests if one.family.repeats]
    alone = [one.title for one in contests if not one.family.repeats]
    counts = [len(runs[row.recipe]) for row in reference.rows if row.recipe in runs]
    short = f"Not very: {sum(count == 1 for count in counts)} of the {len(counts)} rows that were run have one seed."
    if counts and min(counts) > 1:
        short = f"Every row that was run has at least {min(counts)} seeds."
    lines = []
    if repeated:
        said = ", ".join(f"{one.title} ({one.family.repeats} repeats)" for one in repeated)
        lines.append(
            "Intervals of differences are over pictures and seeds. How far seeds spread is taken from all settings of "
            f"a network that were repeated: {said}."
        )
    if alone:
        lines.append(f"Over pictures alone, as nothing was repeated: {'; '.join(alone)}.")
    errors = [(row.accuracy * (1 - row.accuracy) / reference.pictures) ** 0.5 for row in reference.rows]
    lines.append(
        f"The published rows are of one training each and have {196 * np.mean(errors):.1f} points of sampling error in "
        "accuracy either way. How their epochs were chosen is not known."
    )
    return Answer("How sure is all that?", short if counts else f"{NOT_RUN[0].upper()}{NOT_RUN[1:]}.", lines, [])
