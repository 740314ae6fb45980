"""`mien report`: what is on file in results/, as Markdown and as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.console import Terminal
from mien.cli.options import load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import DataError


def report(
    results: Annotated[Path, typer.Option(help="Where finished runs are on file.")] = Path("results"),
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="MIEN_DATA", help="The data set: the page then shows its faces; do not publish it without leave."
        ),
    ] = None,
    balanced: Annotated[
        Path | None, typer.Option(help="The data set with synthetic pictures, for the class counts after synthesis.")
    ] = None,
) -> None:
    """Write report.md and report.html: the experiments beside the published results, with figures.

    Example: mien report --data fer2013
    """
    from mien.experiments import report as reports

    if balanced is not None and data is None:
        raise DataError("--balanced is shown beside the data set; name that with --data")
    check_outputs((), folders=[results])
    pictures = None
    if data is not None:
        # The rows beside the published ones are on the Kaggle split; a set without it is shown as it is.
        from mien.data.dataset import available_splits

        split = "kaggle" if "kaggle" in available_splits(data) else "official"
        enlarged = None if balanced is None else load_with_progress(balanced, split).part("train")
        pictures = reports.Pictures(load_with_progress(data, split).part("train"), enlarged)
    markdown, page = reports.write(results, pictures)
    Terminal(stderr=True).tell(f"wrote {markdown} and {page}")
