"""Which augmentation does best, network by network: in words that follow from the intervals, and as tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mien.experiments.differences import ACCURACY, MACRO_F1, Difference, Family, listed
from mien.experiments.run_results import RunResult
from mien.experiments.tables import FEW_EPOCHS, Table, opened, percent, score, seeds_of
from mien.results.reference import Reference

TITLES = {
    "vit_tiny": "ViT-tiny",
    "vit_small": "ViT-small",
    "mobilenet_v2": "MobileNetV2",
    "coat_lite_tiny": "CoaT-Lite tiny",
}
PLAIN, SYNTHETIC = "Unaug", "Fullaug"
_KEYS = {ACCURACY: "accuracy", MACRO_F1: "macro_f1"}


@dataclass(frozen=True)
class Contest:
    """One network, trained alike under several settings.

    Attributes:
        network: As people write it.
        few: Whether it was trained for few epochs on a CPU.
        runs: By setting; at least one.
        settings: How many there are, run or not.
    """

    network: str
    few: bool
    runs: dict[str, list[RunResult]]
    settings: int

    @property
    def title(self) -> str:
        """The network and how long it was trained."""
        return f"{self.network}, {self.epochs} epochs on a {'CPU' if self.few else 'GPU'}"

    @property
    def epochs(self) -> int:
        """Of each training."""
        return next(iter(self.runs.values()))[0].recipe.epochs

    @property
    def seeds(self) -> str:
        """How many trainings a setting has."""
        return seeds_of(self.runs.values())

    @cached_property
    def family(self) -> Family:
        """The runs' scores, to be compared."""
        return Family(self.runs)

    def first(self, name: str) -> str:
        """The setting whose mean score is highest.

        Args:
            name: Of the score, `ACCURACY` or `MACRO_F1`.

        Returns:
            The setting.
        """
        return max(self.runs, key=lambda setting: self.family.mean(setting, name))

    def leads(self, name: str) -> dict[str, Difference]:
        """How far the first is ahead of each other setting, the next one first; all intervals hold at once.

        Args:
            name: Of the score.

        Returns:
            By setting.
        """
        first = self.first(name)
        others = sorted((one for one in self.runs if one != first), key=lambda one: -self.family.mean(one, name))
        return {one: self.family.differences(first, one, len(others))[name] for one in others}

    def winner(self, name: str) -> str | None:
        """The setting that is shown to be ahead of every other.

        Args:
            name: Of the score.

        Returns:
            None where none is shown to be, or not all settings were run.
        """
        leads = self.leads(name).values()
        whole = len(self.runs) == self.settings
        return self.first(name) if whole and all(one.verdict == "higher" for one in leads) else None

    def said(self, name: str) -> str:
        """Who is first, and of whom it is shown to be ahead.

        Args:
            name: Of the score.

        Returns:
            A sentence's part.
        """
        first, leads = self.first(name), self.leads(name)
        said = f"{name}: {first} is first with {percent(score(self.runs[first], _KEYS[name]))}"
        behind = {one: lead for one, lead in leads.items() if lead.verdict == "higher"}
        level = [one for one in leads if one not in behind]
        if behind:
            said += f", ahead of {listed(behind)}"
        if behind and level:
            said += f", not shown to be ahead of {' and '.join(level)}"
        elif level:
            said += f", {leads[level[-1]].points} over the last, {level[-1]}: {leads[level[-1]].verdict}"
        return said


def contests(runs: dict[str, list[RunResult]], reference: Reference) -> list[Contest]:
    """What was run of the reference's settings, on its networks and on others, and judged on the same pictures.

    Args:
        runs: By recipe.
        reference: Its rows name the settings.

    Returns:
        Those on a GPU first; the reference's networks first.
    """
    settings = {row.recipe.rpartition("_")[2]: row.name.rpartition(" ")[2] for row in reference.rows}
    found: dict[tuple[bool, str], dict[str, list[RunResult]]] = {}
    for name, of in runs.items():
        network, _, setting = name.removesuffix(FEW_EPOCHS).rpartition("_")
        if network in TITLES and setting in settings:
            group = found.setdefault((name.endswith(FEW_EPOCHS), network), {settings[setting]: of})
            if next(iter(group.values()))[0].metrics.data_hash == of[0].metrics.data_hash:
                group[settings[setting]] = of
    order = sorted(found, key=lambda key: (key[0], list(TITLES).index(key[1])))
    return [Contest(TITLES[network], few, found[few, network], len(settings)) for few, network in order]


def short_answer(found: list[Contest]) -> str:
    """Which setting wins in full trainings.

    Args:
        found: All contests.

    Returns:
        One sentence.
    """
    full = [one for one in found if not one.few]
    if not full:
        return "No full training is on file."
    said, left = [], {name: [one.network for one in full if one.winner(name) is None] for name in _KEYS}
    for name, without in left.items():
        said += [f"{one.winner(name)} wins on {one.network} in {name}" for one in full if one.network not in without]
    for networks in dict.fromkeys(map(tuple, left.values())):
        names = [name for name, of in left.items() if tuple(of) == networks]
        said += [f"no winner is shown on {' or '.join(networks)} in {' or '.join(names)}"] if networks else []
    return f"{opened('; '.join(said))}, in full trainings on a GPU."


def sentences(found: list[Contest]) -> list[str]:
    """A line for each full training, and for each short one that was repeated.

    Args:
        found: All contests.

    Returns:
        Text.
    """
    lines = []
    for one in found:
        if not one.few or one.family.repeats:
            said = "; ".join(one.said(name) for name in _KEYS if not one.few or name == ACCURACY)
            lines.append(f"{one.title}, {one.seeds}, {len(one.runs)} of {one.settings} settings. {opened(said)}.")
    return lines


def tables(found: list[Contest]) -> list[Table]:
    """Each contest in full, the first setting by accuracy on top.

    Args:
        found: Contests.

    Returns:
        A table each.
    """
    return [Table(one.title, _note(one), _HEADS, list(_rows(one))) for one in found]


_HEADS = ("setting", "accuracy", "behind the first", "macro F1", "behind the first", "seeds")


def _note(one: Contest) -> str:
    pooled = (
        f"both, with {one.family.repeats} degrees of freedom for the seeds" if one.family.repeats else "pictures alone"
    )
    return (
        "In percent and percentage points. Scores with 95% intervals over pictures; what the first has more, with "
        f"intervals that hold together at 95% for all others, over {pooled}."
    )


def _rows(one: Contest) -> Iterator[tuple[str, ...]]:
    leads = {name: one.leads(name) for name in _KEYS}
    for setting in (one.first(ACCURACY), *leads[ACCURACY]):
        runs, cells = one.runs[setting], []
        for name, key in _KEYS.items():
            lead = leads[name].get(setting)
            cells += [percent(score(runs, key)), "first" if lead is None else lead.points]
        yield setting, *cells, str(len(runs))
