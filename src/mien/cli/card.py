"""`mien card`: the model card, from what is on file in results/."""

from typing import Annotated

import typer

from mien.cli.console import Terminal
from mien.errors import DataError


def card(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; only say whether it is up to date.")] = False,
) -> None:
    """Write MODEL_CARD.md from results/ and the model files: data, figures, limits, licences, uses.

    Example: mien card
    """
    from mien.experiments import card as cards
    from mien.storage import write_text

    root = cards.root_folder()
    path, text = root / cards.NAME, cards.write_card(root)
    if check:
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise DataError(f"{cards.NAME} is behind results/ or the models: run mien card")
        return
    write_text(path, text)
    Terminal().tell(f"wrote {path}")
