"""Fills the templates in templates/ from typed results; in HTML names are text and never markup."""

import re
from statistics import median
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mien.experiments.tables import NOT_RUN, percent
from mien.names import printable

_TEMPLATES = Environment(
    loader=PackageLoader("mien.experiments"),
    undefined=StrictUndefined,  # what is misspelt is an error and no empty cell
    autoescape=lambda name: name is not None and ".html" in name,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def _markdown_cell(text: str) -> str:
    """A name's own signs neither end the cell nor begin HTML."""
    return printable(text).replace("|", "\\|").replace("<", "&lt;")


def _number(value: float, form: str) -> str:
    return format(value, form)


def _anchor(title: str) -> str:
    """What a heading's link is called, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _whole(text: str) -> str:
    """No interval is broken across lines."""
    return re.sub(r"(\[[^],]+), ", "\\1,\N{NO-BREAK SPACE}", text)


_TEMPLATES.filters |= {
    "anchor": _anchor,
    "whole": _whole,
    "percent": percent,
    "md": _markdown_cell,
    "form": _number,
    "median": median,
}
_TEMPLATES.globals["NOT_RUN"] = NOT_RUN


def fill(template: str, **told: Any) -> str:
    """The text that a template makes.

    Args:
        template: Its name, without the ending .jinja.
        told: What it speaks of.

    Returns:
        Text, Markdown or HTML.
    """
    return _TEMPLATES.get_template(f"{template}.jinja").render(told)
