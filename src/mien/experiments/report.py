"""The report on what is on file: Markdown, and one HTML page that needs nothing beside it."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from mien.data.dataset import FaceData
from mien.experiments import figures, novelty, small_models, synthesis, tables, trust
from mien.experiments.filing import Filed, read_all
from mien.experiments.tables import NOT_RUN, Table
from mien.storage import write_text

REFERENCE = "reference.toml"
_TITLE = "Expression recognition: the experiments"
_SYNTHESIS = "Synthetic faces"
_SMALL = "The best small model"
_TRUST = "How far to trust the models"
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
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 62rem; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
p.note { color: #555; font-size: .9rem; margin: .2rem 0 .6rem; }
.wide { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; text-align: right; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff; }
td.none { color: #999; font-style: italic; } td.above { color: #1c7a3a; } td.below { color: #b3372c; }
img { max-width: 100%; height: auto; } details { margin: .4rem 0; border-top: 1px solid #e4e4e4; padding-top: .4rem; }
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
    sections = {_SMALL: small, _SYNTHESIS: made, _TRUST: trusted, "The gate": gate}
    write_text(markdown, _markdown(beside, runs, sections))
    further = [f"<h2>{_SMALL}</h2>", *(_html_table(table, "h3") for table in small)]
    further += _synthesis(made, results, pictures) + _trust(trusted, results) + _gate(gate, results)
    write_text(page, _page(beside, runs, pictures, further))
    return markdown, page


def _markdown(beside: list[Table], runs: dict[str, list[Filed]], further: dict[str, list[Table]]) -> str:
    parts = [f"# {_TITLE}", _HOW, "## Beside the published results"]
    parts += [_markdown_table(table, level=3) for table in beside]
    if runs:
        parts += [_markdown_table(table, level=2) for table in (tables.all_runs(runs), tables.by_class(runs))]
    for title, of in further.items():
        if of:
            parts += [f"## {title}", *(_markdown_table(table, level=3) for table in of)]
    parts.append("Curves, confusion matrices and calibration are in report.html, which the same command writes.")
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table, level: int) -> str:
    lines = [f"{'#' * level} {table.title}", "", table.note, "", "| " + " | ".join(table.heads) + " |"]
    lines.append("|---|" + "---:|" * (len(table.heads) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join(lines)


def _page(beside: list[Table], runs: dict[str, list[Filed]], pictures: Pictures | None, further: list[str]) -> str:
    body = [f"<h1>{_TITLE}</h1>", f"<p>{_HOW}</p>", "<h2>Beside the published results</h2>"]
    body += [_html_table(table, "h3") for table in beside]
    if runs:
        body += [_html_table(table, "h2") for table in (tables.all_runs(runs), tables.by_class(runs))]
        body.append("<h2>Run by run</h2>")
        body += [_recipe(name, of) for name, of in runs.items()]
    body += further
    if pictures is not None:
        warp = figures.shown_warp([run for of in runs.values() for run in of])
        body += ["<h2>The same faces under each augmentation</h2>", _png(figures.augmentations(pictures.train, warp))]
        body += ["<h2>Classes before synthesis</h2>", _svg(figures.classes(pictures.train))]
        if pictures.balanced is not None:
            body += ["<h2>Classes after synthesis</h2>", _svg(figures.classes(pictures.balanced))]
    head = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_TITLE}</title>\n<style>{_STYLE}</style>\n"
    )
    return head + "\n".join(body) + "\n</html>\n"


def _synthesis(made: list[Table], results: Path, pictures: Pictures | None) -> list[str]:
    """Tables on synthetic faces, and the pairs where the page shows faces at all; nothing where there are none."""
    if not made:
        return []
    body = [f"<h2>{_SYNTHESIS}</h2>", *(_html_table(table, "h3") for table in made)]
    pairs = results / synthesis.PAIRS
    if pictures is not None and pairs.is_file():
        title = "Pairs chosen by chance: source left, translation right"
        body += [f"<h3>{title}</h3>", _picture(pairs.read_bytes(), "png", title)]
    return body


def _trust(trusted: list[Table], results: Path) -> list[str]:
    """Tables and plots on how far to trust the models; nothing where nothing was judged."""
    if not trusted:
        return []
    body = [f"<h2>{_TRUST}</h2>", *(_html_table(table, "h3") for table in trusted)]
    for title, plot in trust.plots(results):
        body.append(f"<h3>{escape(title)}</h3>{_picture(plot.read_bytes(), 'png', title)}")
    return body


def _gate(gate: list[Table], results: Path) -> list[str]:
    """The gate's tables and plots; nothing where it was not judged."""
    if not gate:
        return []
    body = ["<h2>The gate</h2>", *(_html_table(table, "h3") for table in gate)]
    for name, title in novelty.PLOTS.items():
        plot = results / name
        if plot.is_file():
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
    parts.append(_svg(figures.learning(runs)))
    for run in runs:
        parts += [
            _html_table(tables.of_one_run(run), "h3"),
            _svg(figures.confusion(run)),
            _svg(figures.calibration(run)),
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
    # An interval goes whole below its value where there is no room beside it.
    return f"<td{_kind(head, cell)}>{escape(cell).replace(', ', ',&nbsp;')}</td>"


def _kind(head: str, cell: str) -> str:
    if cell == NOT_RUN:
        return ' class="none"'
    if head == "difference" and cell:
        return ' class="above"' if cell.startswith("+") else ' class="below"'
    return ""


def _svg(figure: Figure) -> str:
    # As a picture of its own, not as elements of the page, where the figures' names would meet each other's.
    with rc_context({"svg.fonttype": "none", "font.family": "sans-serif"}):
        return _embedded(figure, "svg", "svg+xml")


def _png(figure: Figure) -> str:
    return _embedded(figure, "png", "png")


def _embedded(figure: Figure, kind: str, media: str) -> str:
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=110)
    return _picture(content.getvalue(), media)


def _picture(content: bytes, media: str, said: str = "") -> str:
    return f'<p><img alt="{escape(said)}" src="data:image/{media};base64,{base64.b64encode(content).decode()}"></p>'
