"""`mien`: the commands, and the one place where an error becomes a line and an exit code."""

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import mien
from mien.addresses import redacted_text
from mien.cli import app as browser
from mien.cli import (
    average,
    card,
    data,
    ensemble,
    evaluate,
    experiments,
    explain,
    export,
    make,
    novelty,
    predict,
    report,
    serve,
    study,
    synth,
    train,
)
from mien.cli.console import leave_stdout, prepare_streams, say
from mien.cli.exit_codes import INTERRUPTED, PIPE_CLOSED, UNFORESEEN
from mien.cli.outputs import PRINTED
from mien.errors import MienError, MissingExtraError, StorageError
from mien.storage import refused


class _Commands(TyperGroup):
    """Typer would exit with 1 where the reader of a pipe has gone, as for an error."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in _OLD_NAMES:
            raise MienError(f"`mien {cmd_name}` {_OLD_NAMES[cmd_name]}")
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            leave_stdout()
            raise typer.Exit(PIPE_CLOSED) from None


app = typer.Typer(
    cls=_Commands,
    help="Read the expression a face shows: angry, disgusted, fearful, happy, sad, surprised or neutral.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _register(group: str, *commands: Any) -> None:
    """Commands (functions) and groups of them (with their names) under a heading of `mien --help`."""
    for command in commands:
        if isinstance(command, tuple):
            name, commands_of_it = command
            app.add_typer(commands_of_it, name=name, rich_help_panel=group)
        else:
            app.command(rich_help_panel=group)(command)


_register("Use", predict.predict, study.study, browser.app, serve.serve)
_register("Train", ("data", data.app), make.make, train.train, average.average, ("synth", synth.app))
_register(
    "Judge", evaluate.evaluate, ensemble.ensemble, explain.explain, ("experiments", experiments.app), report.report
)
_register("Maintain", export.export, ("novelty", novelty.app), card.card)

_OLD_NAMES = {
    "soup": "is called `mien average` now",
    "distill": "is not needed any more: `mien train --teachers DIR` asks a recipe's teachers itself",
}


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"mien {mien.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line; every error is one line and an exit code.

    A `MienError` has its own code, an interrupt 130, a reader of the output that wants no more 141 and no line. What
    nobody foresaw exits with 1; with the environment variable MIEN_DEBUG set it is raised with all that led to it.
    """
    prepare_streams()
    # Torch's threads (GNU OpenMP's) spin long while they wait for each other, and hardly get ahead beside another busy
    # program. Asleep after a short spin they do; asleep at once, they would be slow on an idle machine.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # an output that takes no more is an error of the command, not of Python's end
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer keeps the KeyboardInterrupt to itself and says nothing
            say("interrupted; what was finished is kept")
        raise
    except BrokenPipeError:
        leave_stdout()
        sys.exit(PIPE_CLOSED)
    except Exception as error:
        line, code = _told(error)
        if code == UNFORESEEN and os.environ.get("MIEN_DEBUG"):
            raise
        say(line)
        if code == StorageError.exit_code:
            leave_stdout()
        sys.exit(code)


def _told(error: Exception) -> tuple[str, int]:
    """The line and the exit code for an error."""
    if isinstance(error, MienError):
        return str(error), error.exit_code
    if isinstance(error, ModuleNotFoundError) and not (error.name or "mien").startswith("mien"):
        # what recognition needs is always there; the rest comes with the extra
        return f"this needs {error.name}: pip install 'mien[train]'", MissingExtraError.exit_code
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EBADF):
        return str(refused(error.filename or PRINTED, error)), StorageError.exit_code
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return redacted_text(f"{error.filename}: {error.strerror}"), MienError.exit_code
    if isinstance(error, MemoryError):
        return "not enough memory; give less at a time", StorageError.exit_code
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = redacted_text(f"{type(error).__name__}: {error}".removesuffix(": "))
    return (
        f"unforeseen {said} ({Path(place.filename).name}:{place.lineno}); please report it with what the same command "
        "prints where MIEN_DEBUG=1 is set",
        UNFORESEEN,
    )
