"""`mien`: the commands, and the one place where an error becomes a line and an exit code."""

import errno
import io
import os
import sys
from typing import Annotated

import typer

import mien
from mien.cli import app as serve
from mien.cli import (
    card,
    data,
    distill,
    ensemble,
    evaluate,
    experiments,
    explain,
    export,
    make,
    novelty,
    predict,
    report,
    soup,
    synth,
    train,
)
from mien.errors import MienError, MissingExtraError, StorageError
from mien.storage import refused

app = typer.Typer(
    help="Read the expression a face shows: angry, disgusted, fearful, happy, sad, surprised or neutral.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(predict.predict)
app.command("app")(serve.app)
app.add_typer(data.app, name="data")
app.command()(make.make)
app.command()(train.train)
app.command()(distill.distill)
app.command()(soup.soup)
app.command()(evaluate.evaluate)
app.command()(ensemble.ensemble)
app.command()(explain.explain)
app.command()(export.export)
app.add_typer(experiments.app, name="experiments")
app.command()(report.report)
app.command()(card.card)
app.add_typer(synth.app, name="synth")
app.add_typer(novelty.app, name="novelty")

INTERRUPTED = 130


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"mien {mien.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    # An output that takes no more is then an error of the command, not of Python's end
    context.call_on_close(lambda: print(end="", flush=True))


def main() -> None:
    """Run the command line; a `MienError` is printed as one line, an interrupt exits with 130."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may hold what no encoding knows
        sys.stdout.reconfigure(errors="backslashreplace")
    # Torch's threads (GNU OpenMP's) spin long while they wait for each other, and hardly get ahead beside another busy
    # program. Asleep after a short spin they do; asleep at once, they would be slow on an idle machine.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    try:
        app()
    except MienError as error:
        print(f"mien: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:  # what recognition needs is always there; the rest comes with the extra
        print(f"mien: this needs {error.name}: pip install 'mien[train]'", file=sys.stderr)
        sys.exit(MissingExtraError.exit_code)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer keeps the KeyboardInterrupt to itself and says nothing
            print("mien: interrupted; what was finished is kept", file=sys.stderr)
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"mien: {refused('the output', error)}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in it is lost
        sys.exit(StorageError.exit_code)
