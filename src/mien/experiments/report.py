"""The report on what is on file: Markdown, and one HTML page that needs nothing beside it."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from mien.data.dataset import FaceData
from mien.evaluation.lettering import as_written
from mien.experiments import figures, novelty, small_models, synthesis, tables, trust
from mien.experiments.filing import Filed, read_all
from mien.experiments.tables import NOT_RUN, Table
from mien.names import printable
from mien.storage import write_text

REFERENCE = "reference.toml"
_TITLE = "Expression recognition: the experiments"
_SYNTHESIS = "Synthetic faces"
_SMALL = "The best small model"
_TRUST = "How far to trust the models"
_GATE = "The gate"
_ALL = "All runs"
_HOW = (
    "A run's epoch is the best one on pictures held out of the training part, by the mean of accuracy and macro F1 of "
    "the averaged weights, and by agreement with FER+'s raters where they are learned from; the part that is reported "
    "on chooses nothing and is looked at once. Training pictures whose "
    "exact pixels occur in the reported part are left out of training. Intervals tell how far chance in the choice of "
    "pictures reaches, not how far another seed does. The published rows have a sampling error of their own, about one "
    "point either way; how their epochs were chosen is not known."
)
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 76rem; padding: 1rem; }
p { max-width: 62rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
p.note { color: #555; font-size: .9rem; margin: .2rem 0 .6rem; }
.wide { max-width: none; overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .45rem; text-align: right; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff;
  min-width: min(30vw, 11rem); }
td.none { color: #999; font-style: italic; } td.above { color: #1c7a3a; } td.below { color: #b3372c; }
img { max-width: max(100%, 44rem); height: auto; }
details { margin: .4rem 0; border-top: 1px solid #e4e4e4; padding-top: .4rem; }
summary { cursor: pointer; font-weight: 600; }
"""


@dataclass(frozen=True)
class Pictures:
    """What the report shows faces and class counts from; `balanced` is the training part with synthetic pictures."""

    train: FaceData
    balanced: FaceData | None


def write(results: Path, pictures: Pictures | None) -> tuple[Path, Path]:
    """report.md and report.html in `results`, from what is on file there; returns their paths.

    Raises DataError where a file there is damaged, StorageError where the disk refuses. With `pictures` the page holds
    faces of the data set.
    """
    filed = read_all(results)
    runs = tables.by_recipe(filed)
    beside = tables.beside_reference(runs, tables.read_reference(results / REFERENCE))
    markdown, page = results / "report.md", results / "report.html"
    made, gate, trusted = synthesis.tables(results, runs), novelty.tables(results), trust.tables(results)
    small = small_models.tables(results, runs)
    sections = {_SMALL: small, _SYNTHESIS: made, _TRUST: trusted, _GATE: gate}
    write_text(markdown, _markdown(beside, runs, sections))
    further = _section(_SMALL, small)
    further += _synthesis(made, results, pictures) + _trust(trusted, results) + _gate(gate, results)
    write_text(page, _page(beside, runs, pictures, further))
    return markdown, page


def _markdown(beside: list[Table], runs: dict[str, list[Filed]], further: dict[str, list[Table]]) -> str:
    parts = [f"# {_TITLE}", _HOW, "## Beside the published results"]
    parts += [_markdown_table(table, level=3) for table in beside]
    if runs:
        parts += [_markdown_table(table, level=2) for table in (tables.all_runs(runs), tables.by_class(runs))]
    else:
        parts += [f"## {_ALL}", NOT_RUN]
    for title, of in further.items():
        parts += [f"## {title}", *([_markdown_table(table, level=3) for table in of] or [NOT_RUN])]
    parts.append("Curves, confusion matrices and calibration are in report.html, which the same command writes.")
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table, level: int) -> str:
    lines = [f"{'#' * level} {table.title}", "", table.note, "", "| " + " | ".join(table.heads) + " |"]
    lines.append("|---|" + "---:|" * (len(table.heads) - 1))
    lines += ["| " + " | ".join(map(_markdown_cell, row)) + " |" for row in table.rows]
    return "\n".join(lines)


def _markdown_cell(text: str) -> str:
    """A name's own signs neither end the cell nor begin HTML."""
    return printable(text).replace("|", "\\|").replace("<", "&lt;")


def _page(beside: list[Table], runs: dict[str, list[Filed]], pictures: Pictures | None, further: list[str]) -> str:
    body = [f"<h1>{_TITLE}</h1>", f"<p>{_HOW}</p>", "<h2>Beside the published results</h2>"]
    body += [_html_table(table, "h3") for table in beside]
    if runs:
        body += [_html_table(table, "h2") for table in (tables.all_runs(runs), tables.by_class(runs))]
        body.append("<h2>Run by run</h2>")
        body += [_recipe(name, of) for name, of in runs.items()]
    else:
        body += _section(_ALL, [])
    body += further
    if pictures is not None:
        warp = figures.shown_warp([run for of in runs.values() for run in of])
        title = "The same faces under each augmentation"
        body += [f"<h2>{title}</h2>", _png(figures.augmentations(pictures.train, warp), title)]
        for when, shown in (("before", pictures.train), ("after", pictures.balanced)):
            if shown is not None:
                title = f"Classes {when} synthesis"
                body += [f"<h2>{title}</h2>", _svg(figures.classes(shown), title)]
    head = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_TITLE}</title>\n<style>{_STYLE}</style>\n"
    )
    return head + "\n".join(body) + "\n</html>\n"


def _section(title: str, of: list[Table]) -> list[str]:
    return [f"<h2>{title}</h2>", *([_html_table(table, "h3") for table in of] or [f"<p>{NOT_RUN}</p>"])]


def _synthesis(made: list[Table], results: Path, pictures: Pictures | None) -> list[str]:
    """Tables on synthetic faces, and the pairs where the page shows faces at all."""
    body = _section(_SYNTHESIS, made)
    pairs = results / synthesis.PAIRS
    if made and pictures is not None and pairs.is_file():
        title = "Pairs chosen by chance: source left, translation right"
        body += [f"<h3>{title}</h3>", _picture(pairs.read_bytes(), "png", title)]
    return body


def _trust(trusted: list[Table], results: Path) -> list[str]:
    """Tables and plots on how far to trust the models."""
    body = _section(_TRUST, trusted)
    for title, plot in trust.plots(results) if trusted else []:
        body.append(f"<h3>{escape(title)}</h3>{_picture(plot.read_bytes(), 'png', title)}")
    return body


def _gate(gate: list[Table], results: Path) -> list[str]:
    """The gate's tables and plots."""
    body = _section(_GATE, gate)
    for name, title in novelty.PLOTS.items():
        plot = results / name
        if gate and plot.is_file():
            body += [f"<h3>{title}</h3>", _picture(plot.read_bytes(), "png", title)]
    return body


def _recipe(name: str, runs: list[Filed]) -> str:
    """One recipe's figures, folded up."""
    first = runs[0]
    accuracy = tables.score(runs, "accuracy").value
    chosen = max(first.curve, key=lambda epoch: epoch.merit).epoch + 1
    note = (
        f"Epoch {chosen} of {first.recipe.epochs} was chosen; started from {first.description['start']}; "
        f"{first.description['hardware']}; code {first.metrics['code']}; judged {first.metrics['date']}."
    )
    parts = [f"<details><summary>{escape(name)}: {accuracy:.1%}</summary>", f'<p class="note">{escape(note)}</p>']
    parts.append(_svg(figures.learning(runs), f"Learning curves of {name}"))
    for run in runs:
        parts += [
            _html_table(tables.of_one_run(run), "h3"),
            _svg(figures.confusion(run), f"Confusion matrix of {name}, seed {run.recipe.seed}"),
            _svg(figures.calibration(run), f"Calibration of {name}, seed {run.recipe.seed}"),
        ]
    return "\n".join([*parts, "</details>"])


def _html_table(table: Table, heading: str) -> str:
    heads = "".join(f"<th>{escape(text)}</th>" for text in table.heads)
    rows = "\n".join(f"<tr>{''.join(map(_cell, table.heads, row))}</tr>" for row in table.rows)
    return (
        f'<{heading}>{escape(table.title)}</{heading}>\n<p class="note">{escape(table.note)}</p>\n'
        f'<div class="wide"><table>\n<tr>{heads}</tr>\n{rows}\n</table></div>'
    )


def _cell(head: str, cell: str) -> str:
    # Where there is no room, an interval goes whole below its value, and a recipe's name breaks between its words.
    text = escape(cell).replace(", ", ",&nbsp;").replace("_", "_<wbr>")
    return f"<td{_kind(head, cell)}>{text}</td>"


def _kind(head: str, cell: str) -> str:
    if cell == NOT_RUN:
        return ' class="none"'
    if head == "difference" and cell:
        return ' class="above"' if cell.startswith("+") else ' class="below"'
    return ""


def _svg(figure: Figure, said: str) -> str:
    # As a picture of its own, not as elements of the page, where the figures' names would meet each other's.
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif"}):
        return _embedded(figure, "svg", "svg+xml", said)


def _png(figure: Figure, said: str) -> str:
    return _embedded(figure, "png", "png", said)


def _embedded(figure: Figure, kind: str, media: str, said: str) -> str:
    content = io.BytesIO()
    as_written(figure).savefig(content, format=kind, dpi=110)
    return _picture(content.getvalue(), media, said)


def _picture(content: bytes, media: str, said: str) -> str:
    """A picture in words `said`; on a narrow screen it keeps a readable width, and is scrolled."""
    source = f"data:image/{media};base64,{base64.b64encode(content).decode()}"
    return f'<p class="wide"><img alt="{escape(said)}" src="{source}"></p>'
