"""The study as one HTML page that needs nothing beside it, for a phone and for a desk."""

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from matplotlib.figure import Figure

import mien
from mien.names import as_text, printable
from mien.study import plots
from mien.study.statistics import Told
from mien.study.study import Study

MOST_CLIPS = 24
"""Clips whose timelines are shown; the tables have all."""
_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 75rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: .95rem; margin: 0 0 .3rem; }
h1, h2, h3, li { overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1.2rem; }
.plots { align-items: start; } h3 + .wide { margin-bottom: 1.2rem; }
.legend span { display: inline-block; margin-right: .9rem; }
.legend i { display: inline-block; width: .8em; height: .8em; }
figure { margin: 0; } figure img { width: 100%; max-width: 26rem; height: auto; display: block; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .87rem; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
small, .said { color: #595959; } .derived { border-left: 4px solid #d9782d; padding-left: .8rem; }
"""
_WHAT = (
    "An expression that a face shows is not an emotion that is felt. These figures are a model's judgements of "
    "pictures, weighed by time; a probability is how sure the model is, often taken for intensity but no measure of it."
)


def page(study: Study, tables: dict[str, list[dict[str, Any]]], title: str = "Video study") -> str:
    """The HTML page of a study, from the study and its tables' records.

    Args:
        study: The study.
        tables: As `records.all_tables` gives them.
        title: Of the page.

    Returns:
        HTML that loads nothing.
    """
    body = [
        f"<h1>{_text(title)}</h1>",
        f"<p>{_size(study)}</p><p class=said>{_WHAT}</p>",
        "<h2>What to know of the figures</h2>",
        _list([*study.notes, *map(str, study.problems)]),
        *_shares(study),
        *_summary_table(study, tables["summary"]),
        *_courses(study),
        *_agreement(study, tables.get("agreement", [])),
        *_circumplex(tables.get("circumplex", [])),
        *_clips(study),
        "<h2>How it was computed</h2>",
        _list(_method(study)),
        f"<p><small>Made by Mien {escape(mien.__version__)}. The tables beside this page hold every figure; "
        "<code>codebook.csv</code> says what their columns mean.</small></p>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n" + "\n".join(body) + "\n</html>\n"
    )


def _text(name: object) -> str:
    return escape(printable(as_text(name)))


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{_text(line)}</li>" for line in lines) + "</ul>"


def _size(study: Study) -> str:
    clips = study.rows.clips
    minutes = sum(float(clip.seconds.sum()) for clip in clips) / 60
    judged = sum(one.judged for one in study.told) / 60
    return (
        f"{_count(len(study.people), 'person', 'people')} in {_count(len(clips), 'clip', 'clips')}: "
        f"{minutes:.1f} minutes, {judged:.1f} of faces judged."
    )


def _count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _figure(title: str, said: str, figure: Figure) -> str:
    """A plot under its title; `said` is for those who do not see it."""
    source = base64.b64encode(plots.svg(figure).encode()).decode()
    return f'<figure><h3>{_text(title)}</h3><img alt="{_text(said)}" src="data:image/svg+xml;base64,{source}"></figure>'


def _shares(study: Study) -> list[str]:
    figures = []
    for part, over in study.parts:
        if part.of not in ("all", "group"):
            continue
        name = "Everybody" if part.of == "all" else f"Group {part.group}"
        title = f"{name} ({_count(len(part.people), 'person', 'people')})"
        figures.append(_figure(title, f"Time shares: {title}", plots.shares(part, over, study.classes)))
    people = [part for part, _ in study.parts if part.of == "person"]
    if len(people) > 1:
        kept = people[: plots.MOST_PEOPLE]
        title = "Each person" + (f" (the first {len(kept)} of {len(people)})" if len(kept) < len(people) else "")
        figures.append(_figure(title, "Time shares of each person", plots.people(kept, study.classes)))
    matrix = plots.transition_matrix(study.told, study.classes)
    figures.append(_figure("What follows what (transitions)", "How often each expression follows another", matrix))
    return ["<h2>Time shares</h2>", _legend(study.classes), f"<div class=plots>{''.join(figures)}</div>"]


def _summary_table(study: Study, records: Sequence[dict[str, Any]]) -> list[str]:
    heads = ("", "share of time", "mean probability", "onsets a minute", "bouts", "mean duration")
    made = ["<h2>In figures</h2>"]
    for part in (part for part, _ in study.parts if part.of in ("all", "group")):
        rows = [
            (
                record["expression"],
                _spread(record, "share", percent=True),
                _spread(record, "mean_probability"),
                _spread(record, "onsets_per_minute"),
                str(record["bouts"]),
                _number(record["mean_duration"], " s"),
            )
            for record in records
            if record["of"] == part.of and record["group"] == part.group
        ]
        made.append(
            f"<h3>{_text('Everybody' if part.of == 'all' else f'Group {part.group}')}</h3>" + _table(heads, rows)
        )
    return made


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide tabindex=0><table><tr>{head}</tr>{body}</table></div>"


def _spread(record: dict[str, Any], name: str, percent: bool = False) -> str:
    """A figure with its interval in brackets."""
    value, low, high = (float(record[key]) for key in (name, f"{name}_low", f"{name}_high"))
    if math.isnan(value):
        return "-"
    told = [f"{one:.1%}" if percent else f"{one:.2f}" for one in (value, low, high)]
    return told[0] if math.isnan(low) else f"{told[0]} [{told[1]}, {told[2]}]"


def _number(value: float, unit: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:.2f}{unit}"


def _courses(study: Study) -> list[str]:
    if study.settings.events is None:
        return []
    figures = [
        _figure(
            f"{course.name}{f', group {course.group}' if course.group else ''} "
            f"({_count(course.events, 'event', 'events')}, {_count(int(course.people.max()), 'person', 'people')})",
            f"Mean probabilities around {course.name}",
            plots.time_course(course, study.classes),
        )
        for course in study.courses
    ]
    if not figures:
        return ["<h2>Around events</h2>", "<p>No event could be used.</p>"]
    return ["<h2>Around events</h2>", _legend(study.classes), f"<div class=plots>{''.join(figures)}</div>"]


def _agreement(study: Study, records: Sequence[dict[str, Any]]) -> list[str]:
    if study.compared is None:
        return []
    heads = ("", "Cohen's kappa", "agreement", "human's share", "model's share", "ICC(2,1)", "of")
    rows = [
        (
            record.get("expression") or "all together",
            _spread(record, "kappa"),
            _number(record["agreement"]),
            _number(record.get("human_share", math.nan)),
            _number(record.get("model_share", math.nan)),
            _number(record.get("icc", math.nan)),
            f"{record['icc_values']} {record['icc_of']}" if "icc_of" in record else "",
        )
        for record in records
        if record["of"] == "all"
    ]
    seconds = sum(one.compared for one in study.compared)
    annotated = sum(one.annotated for one in study.compared)
    said = f"{seconds:.1f} s are compared, of {annotated:.1f} s that are annotated."
    return ["<h2>Agreement with the human's annotations</h2>", f"<p>{said}</p>", _table(heads, rows) if rows else ""]


def _circumplex(records: Sequence[dict[str, Any]]) -> list[str]:
    points = [
        (record["person"], record["valence_derived"], record["arousal_derived"])
        for record in records
        if record["of"] == "person" and math.isfinite(record["valence_derived"])
    ]
    if not points:
        return []
    figure = _figure("Each person", "Derived valence and arousal of each person", plots.circumplex(points))
    said = (
        "Derived, not measured: each expression has a published place (Russell and Mehrabian 1977), and a person's is "
        "the mean of them, weighed by the probabilities. Nothing is in it that the probabilities do not say."
    )
    return [f"<div class=derived><h2>Valence and arousal, derived</h2><p>{said}</p>{figure}</div>"]


def _clips(study: Study) -> list[str]:
    by_clip: dict[str, list[Told]] = {}
    for one in study.told:
        by_clip.setdefault(one.stay.clip.name, []).append(one)
    figures = [
        _figure(name, f"Expressions over time in {name}", plots.timeline(told[: plots.MOST_PEOPLE], study.classes))
        for name, told in list(by_clip.items())[:MOST_CLIPS]
    ]
    more = f"<p>The first {MOST_CLIPS} of {len(by_clip)} clips.</p>" if len(by_clip) > MOST_CLIPS else ""
    return ["<h2>Over time</h2>", _legend(study.classes), more, f"<div class=plots>{''.join(figures)}</div>"]


def _legend(classes: Sequence[str]) -> str:
    spans = (
        f'<span><i style="background:{colour}"></i> {_text(name)}</span>'
        for name, colour in zip(classes, plots.colours(classes), strict=True)
    )
    return f"<p class=legend>{''.join(spans)}</p>"


def _method(study: Study) -> list[str]:
    settings = study.settings
    return [
        "A frame stands until the next one; before a gap and at the end, for as long as the frame before it.",
        "A person's share is the time that shows an expression over the time that is judged, over all their clips; "
        "a group's is the mean of its people's, each counting alike.",
        "Faces that the gate does not know (covered, near, far) are "
        + ("counted." if settings.count_strange else "not judged: they count in the time in sight alone."),
        "Intervals are the middle 95% of 2,000 bootstrap draws of people, or of one person's clips.",
        f"A bout is a span of one expression; one shorter than {settings.shortest:g} s goes to its longer neighbour. "
        "An onset is a bout that begins while the face is in sight.",
    ]
