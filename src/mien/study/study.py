"""A whole study: rows and a researcher's lists in, every figure out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import DataError
from mien.names import natural
from mien.study import listings
from mien.study.bouts import SHORTEST
from mien.study.comparing import Compared, compare
from mien.study.courses import Course, course
from mien.study.people import Stay, stays
from mien.study.rows import Rows
from mien.study.statistics import Over, Part, Told, drawn_over, parts, tell


@dataclass(frozen=True)
class Settings:
    """What a researcher decides.

    people, groups, events, annotations: CSV files, None for none; window: seconds around events, from before (negative)
    to after; step: a time course's bins, in seconds; shortest: of a bout, in seconds; count_strange: count the faces
    that the gate calls strange; circumplex: derive valence and arousal.
    """

    people: Path | None = None
    groups: Path | None = None
    events: Path | None = None
    annotations: Path | None = None
    window: tuple[float, float] = (-2.0, 5.0)
    step: float = 0.25
    shortest: float = SHORTEST
    count_strange: bool = False
    circumplex: bool = False


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that was found out.

    stays: people in clips; parts: whose figures there are, with what their intervals are drawn over; nobodys: seconds
    in sight of tracks that people.csv gives to nobody; compared: None without annotations; notes: lines on what limits
    the figures; problems: what was left out because something given is wrong.
    """

    rows: Rows
    settings: Settings
    stays: list[Stay]
    told: list[Told]
    parts: list[tuple[Part, Over]]
    nobodys: float
    courses: list[Course]
    compared: list[Compared] | None
    notes: list[str]
    problems: list[DataError] = field(default_factory=list)

    @property
    def classes(self) -> tuple[str, ...]:
        """The rows' classes."""
        return self.rows.classes

    @property
    def people(self) -> list[str]:
        """Everybody, by name."""
        return sorted({stay.person for stay in self.stays}, key=natural)


def study(rows: Rows, settings: Settings) -> Study:
    """Make a study.

    Args:
        rows: The clips.
        settings: What the researcher decides.

    Returns:
        All figures.

    Raises:
        DataError: The lists of people or groups name what is not there; there is nobody to study.
    """
    clips = rows.clips
    people = None if settings.people is None else listings.read_people(settings.people, clips)
    found, nobodys = stays(clips, people)
    if not found:
        raise DataError("no face in any of the clips; there is nothing to study")
    everybody = {stay.person for stay in found}
    grouping = _grouping(settings)
    groups = None if grouping is None else listings.read_groups(grouping, clips, everybody)
    told = [
        tell(
            stay,
            "" if groups is None else groups.of(stay.clip.source, stay.person),
            len(rows.classes),
            settings.shortest,
            settings.count_strange,
        )
        for stay in found
    ]
    whole = [(part, drawn_over(part, len(everybody))) for part in parts(told)]
    courses, event_problems = _courses(settings, rows, told)
    compared, annotation_problems = _compared(settings, rows, found)
    notes = _notes(settings, rows, told, whole, nobodys)
    problems = [*event_problems, *annotation_problems]
    return Study(rows, settings, found, told, whole, nobodys, courses, compared, notes, problems)


def _grouping(settings: Settings) -> Path | None:
    """The list that says who is in which group: the one of people where it has that column."""
    if settings.groups is None and settings.people is not None and listings.has_groups(settings.people):
        return settings.people
    return settings.groups


def _courses(settings: Settings, rows: Rows, told: Sequence[Told]) -> tuple[list[Course], list[DataError]]:
    if settings.events is None:
        return [], []
    events, problems = listings.read_events(settings.events, rows.clips)
    groups = ["", *sorted({one.group for one in told if one.group})]
    courses = []
    for name in sorted({event.name for event in events}):
        of_name = [event for event in events if event.name == name]
        for group in groups:
            whose = [one.stay for one in told if group in ("", one.group)]
            made = course(name, group, of_name, whose, settings.window, settings.step, settings.count_strange)
            if made.events:
                courses.append(made)
    return courses, problems


def _compared(settings: Settings, rows: Rows, found: Sequence[Stay]) -> tuple[list[Compared] | None, list[DataError]]:
    if settings.annotations is None:
        return None, []
    annotations, problems = listings.read_annotations(settings.annotations, rows.clips, rows.classes)
    compared, further = compare(annotations, found, len(rows.classes), settings.count_strange)
    return compared, [*problems, *further]


def _notes(
    settings: Settings, rows: Rows, told: Sequence[Told], whole: Sequence[tuple[Part, Over]], nobodys: float
) -> list[str]:
    """What a reader must know of the figures, a line each."""
    notes = [f"{clip.name}: no face is seen in it" for clip in rows.clips if not clip.tracks]
    if settings.people is None:
        notes.append("Every face of every clip counts as a person of its own: no people.csv was given")
    elif nobodys:
        notes.append(f"{nobodys:.1f} s of faces that people.csv gives to nobody are left out")
    in_sight, judged = sum(one.in_sight for one in told), sum(one.judged for one in told)
    if in_sight - judged > 1e-6:
        share = (in_sight - judged) / in_sight
        notes.append(f"{share:.1%} of the time in sight is not judged (covered or unknown faces) and left out")
    gaps = sum(clip.left_out for clip in rows.clips)
    if gaps > 1e-6:
        notes.append(f"{gaps:.1f} s between rows too far apart (excluded spans, pauses) are left out")
    if any(one.group for one in told):
        without = sorted({f"{one.stay.person} in {one.stay.clip.name}" for one in told if not one.group})
        if without:
            notes.append(f"Without a group, and in no group's figures: {', '.join(without[:3])}{_more(without)}")
    for part, over in whole:
        if part.of == "group" and over is Over.NONE:
            notes.append(f"Group {part.group} has one person, {part.people[0]}: its figures have no interval")
        elif part.of == "all":
            notes.append(_intervals(part, over))
    return notes


def _intervals(part: Part, over: Over) -> str:
    if over is Over.NONE:
        return "There is one person in one clip: no figure has an interval"
    drawn = f"{len(part.people)} people" if over is Over.PEOPLE else f"the {len(part.told)} clips of {part.people[0]}"
    return f"95% intervals are a bootstrap over {drawn}"


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 3} more" if len(names) > 3 else ""
