"""Bring a data set of any known layout into the folders that training reads, and tell what became of each picture."""

import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from mien.data.dataset import PARTS, FaceData, Problem
from mien.data.imported import DESCRIPTION, INDEX
from mien.data.importing.dividing import Shares, divide
from mien.data.importing.framing import FaceCutter, Faces
from mien.data.importing.mapping import LabelTable, read_table
from mien.data.importing.naming import class_names, classes_in_order, without_left_out
from mien.data.importing.presets import PRESETS, preset_for
from mien.data.importing.source import LabelledPicture, Source
from mien.data.votes import RATED
from mien.errors import DataError, MienWarning
from mien.provenance import origin
from mien.storage import csv_text, write_folder, write_json, write_text

REPORT = "import.json"
Progress = Callable[[str, int, int], object]
"""Takes what is done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Options:
    """How a source is read.

    Attributes:
        preset: The layout's name; None to look at the source.
        mapping: A user's own names for labels, and where the labels stand.
        subjects: Finds in a picture's place who is shown: the first group, or all that is matched.
        faces: What the pictures show.
        resplit: Whether parts are drawn anew where the source has its own.
        shares: Of the parts that are drawn.
        seed: Decides the draw.
    """

    preset: str | None = None
    mapping: LabelTable | None = None
    subjects: re.Pattern[str] | None = None
    faces: Faces = Faces.AUTO
    resplit: bool = False
    shares: Shares = field(default_factory=Shares)
    seed: int = 0


@dataclass(frozen=True)
class Imported:
    """What became of a source.

    data: what was written; pictures: where each row is from; preset: the layout; notes: in words, what was decided;
    found: how many faces were looked for and found in photographs.
    """

    data: FaceData
    pictures: list[LabelledPicture]
    preset: str
    notes: tuple[str, ...]
    found: int


def import_data(source: Path, out: Path, options: Options, show: Progress = lambda what, done, total: None) -> Imported:
    """Read a labelled data set and write it as folders of faces, with an index and a report.

    Nothing is written before everything is read, and the folder appears whole or not at all.

    Args:
        source: A folder or a CSV file.
        out: The new folder, which may exist only if it is empty.
        options: How it is read.
        show: Is called now and then.

    Returns:
        What was written.

    Raises:
        DataError: No layout is recognised, labels or parts cannot be used, or too few pictures are left.
        StorageError: The disk refuses.
    """
    _check_places(source, out)
    preset = preset_for(source, options.preset or (options.mapping and "folders") or None)
    table = options.mapping.table if options.mapping else None
    found = preset.read(source) if table is None else read_table(source, table)
    if not found.pictures:
        first = f", e.g. {found.problems[0].place}: {found.problems[0].reason}" if found.problems else ""
        raise DataError(f"{source}: no labelled picture in it{first}")
    meant = options.mapping.classes if options.mapping else _there(preset.classes, found)
    names = class_names(found, meant, source)
    imported = _read(_with_subjects(without_left_out(found, names), options), names, options, preset.name, show)
    write_folder(out, lambda draft: _write(imported, draft, source, show))
    return imported


def _check_places(source: Path, out: Path) -> None:
    """Raise DataError where one cannot be read or the other would be written over."""
    if not source.exists():
        raise DataError(f"{source}: no such folder or file")
    if source.is_file() and source.suffix.lower() != ".csv":
        raise DataError(f"{source}: neither a folder nor a .csv file; unpack it first")
    inside, outside = out.resolve(), source.resolve()
    if inside == outside or inside in outside.parents or (source.is_dir() and outside in inside.parents):
        raise DataError(f"{out} and {source} lie within each other; choose a folder elsewhere for what is written")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: there is something already; choose a new folder, or remove it first")


def _there(meant: "dict[str, str] | object", found: Source) -> dict[str, str] | None:
    """A preset's classes of which the source has a picture or a folder; None where the labels are names themselves."""
    if not isinstance(meant, dict):
        return None
    labels = {one.label for one in found.pictures} | set(found.named)
    return {label: name for label, name in meant.items() if label in labels}


def _with_subjects(found: Source, options: Options) -> Source:
    """The pictures with who is shown, by the user's pattern, and without parts where they are drawn anew."""
    pictures = found.pictures
    if options.resplit:
        pictures = [replace(one, part=None) for one in pictures]
    if (pattern := options.subjects) is not None:
        pictures = [replace(one, subject=_subject(pattern, one.place)) for one in pictures]
        if not any(one.subject for one in pictures):
            raise DataError(
                f"the pattern {pattern.pattern!r} for people is in no picture's place, e.g. {pictures[0].place}"
            )
    return Source(pictures, found.problems, found.named)


def _subject(pattern: re.Pattern[str], place: str) -> str:
    found = pattern.search(place)
    return "" if found is None else (found[1] or "") if pattern.groups else found[0]


def _read(found: Source, names: dict[str, str], options: Options, preset: str, show: Progress) -> Imported:
    classes = classes_in_order(names)
    cutter = FaceCutter(options.faces, PRESETS[preset].faces_are_cut)
    faces, pictures, problems = [], [], list(found.problems)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MienWarning)  # of pictures with several frames the first is meant
        for number, one in enumerate(found.pictures, start=1):
            face = cutter(one)
            if isinstance(face, str):
                problems.append(Problem(one.place, face))
            else:
                faces.append(face)
                pictures.append(one)
            if number % 50 == 0 or number == len(found.pictures):
                show("reading pictures", number, len(found.pictures))
    if not faces:
        raise DataError(
            f"none of the {len(found.pictures)} pictures can be used, e.g. {problems[-1].place}: {problems[-1].reason}"
        )
    labels = [classes.index(names[one.label]) for one in pictures]
    _require_enough(classes, labels, problems)
    places = [one.place for one in pictures]
    data = FaceData.of(np.stack(faces), labels, [""] * len(faces), places, problems, preset, classes)
    subjects = np.array([one.subject for one in pictures])
    division = divide([one.part for one in pictures], data.labels, subjects, data.groups, options.shares, options.seed)
    data = replace(data, parts=division.parts, subjects=subjects)
    notes = (*division.notes, *_notes(data, subjects))
    if not (data.labels[data.parts == "train"][:, None] == np.arange(len(classes))).any(0).all():
        missing = [name for label, name in enumerate(classes) if label not in data.labels[data.parts == "train"]]
        raise DataError(f"the training part has no picture of {', '.join(missing)}; split anew with --resplit")
    return Imported(data, pictures, preset, notes, cutter.found)


def _require_enough(classes: tuple[str, ...], labels: list[int], problems: list[Problem]) -> None:
    """Raise DataError where a class has no picture left, or one that cannot be both learned from and judged."""
    counts = Counter(labels)
    few = {name: counts[label] for label, name in enumerate(classes) if counts[label] < 2}
    if few:
        told = ", ".join(f"{name} ({count})" for name, count in few.items())
        lost = (
            f"; {len(problems)} pictures were left out, e.g. {problems[-1].place}: {problems[-1].reason}"
            if problems
            else ""
        )
        raise DataError(f"too few pictures of {told}: a class needs 2, to learn from and to judge{lost}")


def _notes(data: FaceData, subjects: np.ndarray) -> list[str]:
    notes = []
    if (people := len(set(subjects.tolist()) - {""})) > 0:
        unknown = int((subjects == "").sum())
        notes.append(
            f"{people:,} people, each in one part" + (f"; of {unknown:,} pictures nobody is known" if unknown else "")
        )
    for part in PARTS:
        own = data.where(data.parts == part)
        lacking = [name for label, name in enumerate(data.classes) if label not in own.labels]
        if lacking:
            notes.append(f"the {part} part has no picture of {', '.join(lacking)}")
    train, rest = data.where(data.parts == "train"), data.where(data.parts != "train")
    if copies := len(train) - len(train.without_copies_of(rest)):
        notes.append(f"{copies:,} training pictures have an exact copy in another part; training leaves them out")
    return notes


def _write(imported: Imported, folder: Path, source: Path, show: Progress) -> None:
    data, rows = imported.data, []
    width = len(str(len(data)))
    for part in PARTS:
        for name in data.classes:
            (folder / part / name).mkdir(parents=True)
    for number, (face, one) in enumerate(zip(data.faces, imported.pictures, strict=True)):
        part, name = str(data.parts[number]), data.classes[data.labels[number]]
        picture = f"{part}/{name}/{number:0{width}}.png"
        Image.fromarray(face).save(folder / picture)
        row = {"picture": picture, "class": name, "part": part, "subject": one.subject, "source": one.place}
        votes = {} if one.votes is None else {f"votes_{of}": n for of, n in zip(RATED, one.votes, strict=True)}
        rows.append(row | votes)
        if number % 200 == 0 or number == len(data) - 1:
            show("writing faces", number + 1, len(data))
    write_text(folder / INDEX, csv_text(rows[0].keys(), rows))
    listed = ", ".join(f'"{name}"' for name in data.classes)
    write_text(
        folder / DESCRIPTION,
        f"# Written by mien data import: the classes, in the order of a model's answers.\nclasses = [{listed}]\n",
    )
    write_json(folder / REPORT, report(imported, source))


def report(imported: Imported, source: Path) -> dict[str, object]:
    """What `import.json` says: plain values.

    Args:
        imported: What was written.
        source: Where it came from.

    Returns:
        Plain values for JSON.
    """
    data = imported.data
    return {
        "source": source.name,
        "preset": imported.preset,
        **origin(),
        "pictures": len(data),
        "faces_found": imported.found,
        "parts": {
            part: {
                name: int(((data.parts == part) & (data.labels == label)).sum())
                for label, name in enumerate(data.classes)
            }
            for part in PARTS
        },
        "notes": list(imported.notes),
        "left_out": [{"place": problem.place, "reason": problem.reason} for problem in data.problems],
    }
