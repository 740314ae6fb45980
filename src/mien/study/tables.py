"""The tables of a study: their columns with what they mean, and how they are written."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.recognition.extra import load
from mien.recognition.tables import write_table
from mien.storage import csv_text, write_text

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column. kind: "text", "count" or "number"; meaning: with its unit and range, for the codebook."""

    name: str
    kind: str
    meaning: str


WHOSE = (
    Column("of", "text", "whose figures: all, group, person, or clip (a person in a clip)"),
    Column("group", "text", "the group, empty where none"),
    Column("person", "text", "the person, empty where several"),
    Column("clip", "text", "the clip, empty where several"),
)
_SPREAD = "end of its 95% bootstrap interval, empty where there is none"


def _estimate(name: str, meaning: str) -> tuple[Column, ...]:
    return (
        Column(name, "number", meaning),
        Column(f"{name}_low", "number", f"{name}: lower {_SPREAD}"),
        Column(f"{name}_high", "number", f"{name}: upper {_SPREAD}"),
    )


TABLES: dict[str, tuple[Column, ...]] = {
    "clips": (
        Column("clip", "text", "the clip's name"),
        Column("source", "text", "its path as the rows have it"),
        Column("start", "number", "time of the first row, seconds on the clip's clock"),
        Column("end", "number", "end of the last row, seconds on the clip's clock"),
        Column("frames", "count", "frames that were read"),
        Column("seconds", "number", "what they cover together"),
        Column("gap_seconds", "number", "left out between rows too far apart, such as excluded spans"),
        Column("face_seconds", "number", "in which at least one face is seen"),
        Column("faces", "count", "faces by their tracks' numbers"),
    ),
    "summary": (
        *WHOSE,
        Column("expression", "text", "the class"),
        Column("people", "count", "people in these figures"),
        Column("clips", "count", "clips in these figures"),
        Column("in_sight", "number", "seconds in which a face of theirs is seen"),
        Column("judged", "number", "seconds of them that are judged: the expression is told and the face is known"),
        Column("not_judged", "number", "share of the time in sight that is not judged, 0 to 1"),
        Column("seconds", "number", "judged seconds that show this expression"),
        *_estimate("share", "share of the judged time that shows this expression, 0 to 1"),
        *_estimate("mean_probability", "mean of its probability over the judged time, 0 to 1"),
        *_estimate("onsets_per_minute", "onsets a minute of judged time"),
        Column("bouts", "count", "spans that show this expression"),
        Column("onsets", "count", "bouts that begin while the face is in sight"),
        Column("mean_duration", "number", "of a bout, seconds; those cut by the end of a sight included"),
        Column("median_duration", "number", "of a bout, seconds"),
        Column("interval_over", "text", "what the bootstrap draws: people, clips (of one person), or none"),
    ),
    "bouts": (
        *WHOSE[1:],
        Column("expression", "text", "the class"),
        Column("start", "number", "seconds on the clip's clock"),
        Column("end", "number", "seconds on the clip's clock"),
        Column("duration", "number", "seconds"),
        Column("mean_probability", "number", "of the expression over the bout, 0 to 1"),
        Column("peak_probability", "number", "highest of the expression in the bout, 0 to 1"),
        Column("first_in_sight", "count", "1 where it may have begun before the face was seen, else 0"),
        Column("last_in_sight", "count", "1 where it may have gone on after the face was seen, else 0"),
    ),
    "transitions": (
        *WHOSE,
        Column("before", "text", "the expression of a bout"),
        Column("after", "text", "the expression of the bout that follows within the same sight"),
        Column("count", "count", "how often"),
        Column("probability", "number", "of all transitions from `before`, 0 to 1"),
    ),
    "time_courses": (
        Column("event", "text", "the events' name"),
        Column("group", "text", "the group, empty for all"),
        Column("expression", "text", "the class"),
        Column("time", "number", "middle of the bin, seconds after the event"),
        *_estimate("mean_probability", "mean over people of the expression's probability, 0 to 1"),
        Column("people", "count", "people judged in this bin"),
        Column("events", "count", "events of that name that are used"),
    ),
    "agreement": (
        Column("of", "text", "all, or clip (a person in a clip)"),
        Column("person", "text", "the person, empty for all"),
        Column("clip", "text", "the clip, empty for all"),
        Column("expression", "text", "the class against all others; empty for all classes together"),
        Column("compared", "number", "seconds that are annotated and judged"),
        Column("annotated", "number", "seconds that are annotated"),
        *_estimate("kappa", "Cohen's kappa, -1 to 1, over the compared time"),
        Column("agreement", "number", "share of the compared time on which human and model agree, 0 to 1"),
        Column("human_share", "number", "share of the compared time that the human calls so, 0 to 1"),
        Column("model_share", "number", "share of the compared time that the model calls so, 0 to 1"),
        Column("icc", "number", "ICC(2,1) of human and model, at most 1; empty for fewer than three values"),
        Column("icc_values", "count", "values that the ICC is over"),
        Column("icc_of", "text", "shares (of the time, in each person and clip) or intensities (of each span)"),
    ),
    "circumplex": (
        *WHOSE,
        *_estimate("valence_derived", "derived, not measured: from the mean probabilities, -1 to 1"),
        *_estimate("arousal_derived", "derived, not measured: from the mean probabilities, -1 to 1"),
        Column("interval_over", "text", "what the bootstrap draws: people, clips (of one person), or none"),
    ),
}


def write(folder: Path, name: str, records: Sequence[Record], columns: Sequence[Column]) -> None:
    """Write a table as CSV and as Parquet, with the same columns and values; NaN and None are empty fields.

    Args:
        folder: Where.
        name: The files' name without its suffix.
        records: A record a row.
        columns: The table's.
    """
    kept = [{column.name: _value(record.get(column.name)) for column in columns} for record in records]
    names = [column.name for column in columns]
    write_text(
        folder / f"{name}.csv",
        csv_text(names, ({key: told_value(value) for key, value in one.items()} for one in kept)),
    )
    arrow = load("pyarrow")
    kinds = {"text": arrow.string(), "count": arrow.int64(), "number": arrow.float64()}
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in columns])
    write_table(folder / f"{name}.parquet", arrow.Table.from_pylist(kept, schema=schema))


def codebook(tables: Mapping[str, Sequence[Column]]) -> str:
    """The CSV that says what every column of every table means.

    Args:
        tables: Columns by tables' names.

    Returns:
        CSV.
    """
    records = (
        {"table": name, "column": column.name, "kind": column.kind, "meaning": column.meaning}
        for name, columns in tables.items()
        for column in columns
    )
    return csv_text(("table", "column", "kind", "meaning"), records)


def _value(value: Any) -> Any:
    """Python's own value; None for what is not there."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def told_value(value: Any) -> Any:
    """A value as CSV has it: a number with six digits after the point at most, what is not there as an empty field.

    Args:
        value: A field's.

    Returns:
        What the csv module writes.
    """
    value = _value(value)
    return "" if value is None else round(value, 6) if isinstance(value, float) else value
