"""A page of the pictures on which a model contradicts the label most confidently, to look at on one's own machine."""

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from mien.evaluation.label_noise import Disagreement
from mien.expressions import NAMES, described

_SIDE = 144
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.4 system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 64rem; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 1.6rem; }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem; }
figure { margin: 0; } img { width: 100%; image-rendering: pixelated; } figcaption { font-size: .82rem; }
small { color: #666; }
"""


def page(model: str, faces: np.ndarray, found: Sequence[Disagreement], classes: tuple[str, ...] = NAMES) -> str:
    """The HTML page; it holds the data set's pictures.

    Args:
        model: Its name.
        faces: uint8 [N, 48, 48].
        found: The disagreements; their indices are of `faces`.
        classes: The classes' names, in order.

    Returns:
        HTML.
    """
    colours = {kind.name: kind.colour for kind in described(classes)}
    groups: dict[str, list[Disagreement]] = {
        "The raters' majority agrees with the model": [one for one in found if one.majority == one.called],
        "The raters' majority agrees with the label": [one for one in found if one.majority == one.label],
    }
    named = [one for group in groups.values() for one in group]
    groups["The raters agree with neither, or not with each other"] = [one for one in found if one not in named]
    body = [
        f"<h1>Where {escape(model)} contradicts the label most confidently</h1>",
        f"<p>{len(found)} pictures. They belong to the data set: do not publish this page without leave.</p>",
    ]
    for title, group in groups.items():
        if group:
            cells = "\n".join(_cell(faces[one.index], one, colours[one.called]) for one in group)
            body.append(f'<h2>{title}: {len(group)}</h2>\n<div class="faces">\n{cells}\n</div>')
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Disagreements of {escape(model)}</title>\n<style>{_STYLE}</style>\n" + "\n".join(body) + "\n</html>\n"
    )


def _cell(face: np.ndarray, one: Disagreement, colour: str) -> str:
    content = BytesIO()
    Image.fromarray(face).resize((_SIDE, _SIDE), Image.Resampling.NEAREST).save(content, "PNG")
    votes = ", ".join(f"{count} {'no face' if name == 'nf' else name}" for name, count in one.votes) or "none"
    return (
        f'<figure><img alt="a face" src="data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}">'
        f"<figcaption>label: <b>{escape(one.label)}</b><br>"
        f'model: <b style="color:{colour}">{escape(one.called)}</b> {one.confidence:.0%}<br>'
        f"<small>raters: {escape(votes)}</small></figcaption></figure>"
    )
