"""From what a data set calls its classes to the list of classes that a model is to tell apart."""

from collections import Counter
from collections.abc import Iterable, Mapping

from mien.data.dataset import Problem
from mien.data.importing.source import LEAVE_OUT, Source
from mien.errors import DataError
from mien.expressions import CONTEMPT, NAMES, label_of, why_not

_KNOWN = (*NAMES, CONTEMPT.name)


def class_names(source: Source, meant: Mapping[str, str] | None, where: object) -> dict[str, str]:
    """The class of each label of a source, "" for those that are left out; in the order of the classes.

    Without a mapping the labels are names: those of the known expressions come first, in their order, then the others
    by the alphabet.

    Args:
        source: What was found.
        meant: Names of classes by label, or None where the labels are names.
        where: The source, or the file of the mapping, for messages.

    Returns:
        Names by label.

    Raises:
        DataError: A label is in no mapping, a class has no picture, or names cannot be used.
    """
    counts = Counter(one.label for one in source.pictures)
    names = own_names({*counts, *source.named}, where) if meant is None else dict(meant)
    if left := {label: count for label, count in counts.items() if label not in names}:
        raise DataError(
            f"{where}: what do the labels {_listed(left)} of {sum(left.values())} pictures mean? Known are "
            f'{_listed(names)}; name them with --mapping, or give them "" to leave them out'
        )
    empty = [label for label in source.named if names.get(label) and not counts[label]]
    if empty:
        raise DataError(f"{where}: no picture of {_listed(empty)}; remove the folder or fill it")
    classes = classes_in_order(names)
    if reason := why_not(classes):
        raise DataError(f"{where}: {reason}")
    return names


def own_names(labels: Iterable[str], where: object) -> dict[str, str]:
    """Labels that are names, as classes' names.

    Args:
        labels: As the source has them.
        where: The source, for messages.

    Returns:
        Names by label.

    Raises:
        DataError: All of them are numbers.
    """
    known = {label: place for label in labels if (place := label_of(_without_number(label), _KNOWN)) is not None}
    if known.keys() != set(labels) and all(label.isdecimal() for label in labels):
        raise DataError(
            f"{where}: what do the numbers {_listed(sorted(labels, key=int))} mean? Say with --preset which "
            "data set it is, or name the classes with --mapping"
        )
    return {label: _KNOWN[known[label]] for label in sorted(known, key=lambda label: known[label])} | {
        label: label for label in sorted(labels) if label not in known
    }


def classes_in_order(names: Mapping[str, str]) -> tuple[str, ...]:
    """The classes of a mapping in their order, each once.

    Args:
        names: Names of classes by label, "" for those left out.

    Returns:
        Without "".
    """
    return tuple(dict.fromkeys(name for name in names.values() if name != LEAVE_OUT))


def without_left_out(source: Source, names: Mapping[str, str]) -> Source:
    """The pictures of classes, with the others among the problems.

    Args:
        source: What was found.
        names: Names of classes by label, "" for those left out.

    Returns:
        The same source, smaller.
    """
    problems = [
        Problem(one.place, f"label {one.label!r}, which is left out")
        for one in source.pictures
        if names[one.label] == LEAVE_OUT
    ]
    kept = [one for one in source.pictures if names[one.label] != LEAVE_OUT]
    return Source(kept, source.problems + problems, source.named)


def _without_number(label: str) -> str:
    """A folder's name without the number that may stand before it: "03.fear"."""
    return label.lstrip("0123456789").lstrip(" ._-") or label


def _listed(labels: Iterable[str]) -> str:
    """The first few, in quotation marks."""
    told = [f"'{label}'" for label in labels]
    return ", ".join(told[:12]) + (f" and {len(told) - 12} more" if len(told) > 12 else "")
