"""The small CSV files that a researcher writes: people, groups, events and annotations, checked against the clips."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mien.errors import DataError
from mien.expressions import label_of
from mien.names import abridged
from mien.recognition.video.spans import seconds
from mien.study.clips import Clip

LONGER = 0.5
"""An annotation or event may lie this far outside the clip, in seconds: sound often goes on after the pictures."""
MOST_NAMED = 3


@dataclass(frozen=True)
class Event:
    """Something that happened in a clip; time in seconds on the clip's clock."""

    clip: Clip
    time: float
    name: str


@dataclass(frozen=True)
class Annotation:
    """What a human saw: from start to end, in seconds on the clip's clock, a class by its place in the rows' list.

    person: whose face, "" for the only one; intensity: in [0, 1], None where it was not judged.
    """

    clip: Clip
    start: float
    end: float
    label: int
    person: str
    intensity: float | None


class Lines:
    """The lines of a CSV file with a header, commas, semicolons or tabs between the fields.

    Args:
        path: The file, UTF-8.
        needed: Columns that must be there.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """

    def __init__(self, path: Path, *needed: str) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = "not UTF-8: save it as such" if isinstance(error, UnicodeDecodeError) else error.strerror
            raise DataError(f"{path}: cannot be read ({why})") from error
        head = text.partition("\n")[0]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
        try:
            rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
        except csv.Error as error:
            raise DataError(f"{path}: no CSV ({error})") from error
        self.columns = [name.lower() for name in rows[0][1]] if rows else []
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise DataError(f"{path}: no column {', '.join(missing)}; it needs {', '.join(needed)}")
        self.rows = [(number, self._record(number, row)) for number, row in rows[1:] if any(row)]

    def _record(self, number: int, row: list[str]) -> dict[str, str]:
        """A line's fields by their columns; those that it lacks are empty."""
        if any(row[len(self.columns) :]):
            raise self.error(number, "more fields than columns; put names with commas between quotes")
        return dict.fromkeys(self.columns, "") | dict(zip(self.columns, row, strict=False))

    def error(self, number: int, what: str) -> DataError:
        """An error about a line.

        Args:
            number: Of the line.
            what: What is wrong.

        Returns:
            To be raised.
        """
        return DataError(f"{self.path}, line {number}: {what}")

    def number(self, line: int, row: dict[str, str], column: str) -> float:
        """A time, in seconds, or another finite number.

        Args:
            line: Its number.
            row: Its fields.
            column: Which of them.

        Returns:
            The number; of a time, seconds.

        Raises:
            DataError: For anything else.
        """
        try:
            return seconds(row[column])
        except ValueError:
            raise self.error(line, f"{column} is no number: '{row[column]}'") from None


class ClipNames:
    """Finds clips by what people call them: the path in the rows, the file's name, or its stem, where that is one."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = clips

    def find(self, name: str) -> Clip:
        """The clip.

        Args:
            name: As people write it.

        Returns:
            The one that is called so.

        Raises:
            ValueError: Where none or several are called so; it says why.
        """
        for called in (
            lambda clip: {clip.source, clip.name},
            lambda clip: {PurePath(clip.source).name},
            lambda clip: {PurePath(clip.source).stem},
        ):
            found = [clip for clip in self._clips if name in called(clip)]
            if len(found) == 1:
                return found[0]
            if found:
                raise ValueError(f"'{name}' may be {found[0].name} or {found[1].name}; write which")
        raise ValueError(f"the rows have no clip '{name}'")


def read_people(path: Path, clips: Sequence[Clip]) -> dict[tuple[str, int], str]:
    """Which track of which clip is whom, by (clip's source, track); tracks whose person is left empty are left out.

    Args:
        path: The list.
        clips: The study's clips.

    Returns:
        Persons by clip and track.

    Raises:
        DataError: A line names a clip or track that the rows do not have, or a track two people.
    """
    lines, names = Lines(path, "clip", "track", "person"), ClipNames(clips)
    people: dict[tuple[str, int], str] = {}
    for number, row in lines.rows:
        try:
            clip = names.find(row["clip"])
        except ValueError as error:
            raise lines.error(number, str(error)) from None
        track = lines.number(number, row, "track")
        if track not in clip.tracks:
            known = _some(map(str, sorted(clip.tracks))) or "none"
            raise lines.error(number, f"{clip.name} has no face {row['track']}; it has {known}")
        person, key = row.get("person", ""), (clip.source, int(track))
        if person and people.setdefault(key, person) != person:
            raise lines.error(number, f"face {int(track)} of {clip.name} is {people[key]} already, not {person}")
    if not people:
        raise DataError(f"{path}: no track has a person; fill in the column person")
    return people


@dataclass(frozen=True)
class Groups:
    """Groups by person, by clip (its source), or by both."""

    keys: tuple[str, ...]
    by_key: dict[tuple[str, ...], str]

    def of(self, clip: str, person: str) -> str:
        """The group of a person in a clip by its source; "" where none is given.

        Args:
            clip: The clip's source.
            person: Who.

        Returns:
            The group's name.
        """
        told = {"clip": clip, "person": person}
        return self.by_key.get(tuple(told[key] for key in self.keys), "")


def has_groups(path: Path) -> bool:
    """Whether a list has a column of groups.

    Args:
        path: The list.

    Returns:
        True where there is a column `group`.

    Raises:
        DataError: Where it cannot be read.
    """
    return "group" in Lines(path).columns


def read_groups(path: Path, clips: Sequence[Clip], people: Iterable[str]) -> Groups:
    """Read groups: a column `group`, and `person`, `clip` or both.

    Args:
        path: The list.
        clips: The study's clips.
        people: Everybody's names.

    Returns:
        The groups.

    Raises:
        DataError: For names that are not there.
    """
    lines, names, people = Lines(path, "group"), ClipNames(clips), set(people)
    keys = tuple(key for key in ("clip", "person") if key in lines.columns)
    if not keys:
        raise DataError(f"{path}: no column person or clip; a group is of people, of clips, or of both")
    by_key: dict[tuple[str, ...], str] = {}
    for number, row in lines.rows:
        key = []
        for column in keys:
            name = row.get(column, "")
            if column == "person" and name not in people:
                raise lines.error(number, f"nobody is called '{name}'; there are {_some(sorted(people))}")
            try:
                key.append(name if column == "person" else names.find(name).source)
            except ValueError as error:
                raise lines.error(number, str(error)) from None
        group = row["group"]
        if group and by_key.setdefault(tuple(key), group) != group:
            raise lines.error(number, f"in group {by_key[tuple(key)]} already, not {group}")
    return Groups(keys, by_key)


def read_events(path: Path, clips: Sequence[Clip]) -> tuple[list[Event], list[DataError]]:
    """Events of columns clip, time, event, and what is wrong with those that are left out.

    Args:
        path: The list.
        clips: The study's clips.

    Returns:
        The events, and the errors.
    """
    lines, names = Lines(path, "clip", "time", "event"), ClipNames(clips)
    events, problems = [], []
    for number, row in lines.rows:
        try:
            clip, time = names.find(row["clip"]), lines.number(number, row, "time")
        except ValueError as error:
            problems.append(lines.error(number, str(error)))
        except DataError as error:
            problems.append(error)
        else:
            if clip.start - LONGER <= time <= clip.end + LONGER:
                events.append(Event(clip, time, row.get("event") or "event"))
            else:
                problems.append(lines.error(number, f"at {time:g} s, but {clip.name} is {_reach(clip)}"))
    return events, problems


def read_annotations(
    path: Path, clips: Sequence[Clip], classes: Sequence[str]
) -> tuple[list[Annotation], list[DataError]]:
    """A human's annotations, of columns clip, start, end, expression and perhaps person and intensity.

    Args:
        path: The list.
        clips: The study's clips.
        classes: The classes' names, in the rows' order.

    Returns:
        The annotations, and what is wrong: a clip with a wrong line or with overlapping spans is left out whole, so
        that nothing is compared by half; spans of expressions that the rows do not have are left out alone.
    """
    lines, names = Lines(path, "clip", "start", "end", "expression"), ClipNames(clips)
    found: list[Annotation] = []
    problems: list[DataError] = []
    spoiled: set[str] = set()
    unknown: dict[str, int] = {}
    for number, row in lines.rows:
        try:
            clip = names.find(row["clip"])
        except ValueError as error:
            problems.append(lines.error(number, str(error)))
            continue
        try:
            one = _annotation(lines, number, row, clip, classes)
        except DataError as error:
            problems.append(error)
            spoiled.add(clip.source)
            continue
        if one is None:
            unknown[row["expression"]] = unknown.get(row["expression"], 0) + 1
        else:
            found.append(one)
    for one, other in _overlapping(found):
        who = f" of {one.person}" if one.person else ""
        problems.append(
            DataError(
                f"{path}: {one.clip.name}: annotations{who} overlap: {one.start:g}-{one.end:g} s and "
                f"{other.start:g}-{other.end:g} s; the clip's agreement is left out"
            )
        )
        spoiled.add(one.clip.source)
    if unknown:
        told = _some(f"'{name}' ({count})" for name, count in unknown.items())
        problems.append(DataError(f"{path}: annotations of expressions that the rows do not have are left out: {told}"))
    return [one for one in found if one.clip.source not in spoiled], problems


def _annotation(
    lines: Lines, number: int, row: dict[str, str], clip: Clip, classes: Sequence[str]
) -> Annotation | None:
    """One line; None for an expression that the rows do not have. Raises DataError for a line that cannot be."""
    start, end = lines.number(number, row, "start"), lines.number(number, row, "end")
    if end <= start:
        raise lines.error(number, f"ends at {end:g} s, before it starts; {clip.name}'s agreement is left out")
    if end > clip.end + LONGER or start < clip.start - LONGER:
        raise lines.error(
            number,
            f"annotated {start:g}-{end:g} s, but {clip.name} is {_reach(clip)}; its agreement is left out",
        )
    intensity = lines.number(number, row, "intensity") if row.get("intensity") else None
    if intensity is not None and not 0 <= intensity <= 1:
        raise lines.error(number, f"an intensity of {intensity:g}; give it from 0 to 1, divided by the scale's maximum")
    label = label_of(row["expression"], classes)
    return None if label is None else Annotation(clip, start, end, label, row.get("person", ""), intensity)


def _overlapping(annotations: list[Annotation]) -> list[tuple[Annotation, Annotation]]:
    """For each clip and person the first two that overlap by more than rounding."""
    found: dict[tuple[str, str], tuple[Annotation, Annotation]] = {}
    latest: dict[tuple[str, str], Annotation] = {}
    for one in sorted(annotations, key=lambda one: one.start):
        key = (one.clip.source, one.person)
        before = latest.get(key)
        if before is not None and before.end > one.start + 1e-3:
            found.setdefault(key, (before, one))
        if before is None or one.end > before.end:
            latest[key] = one
    return list(found.values())


def _reach(clip: Clip) -> str:
    return f"read from {clip.start:.4g} to {clip.end:.4g} s"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return abridged(", ".join(names[:MOST_NAMED])) + more
