"""Outputs of the commands: checked before the work begins, and what becomes of one that fails in the middle of it."""

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mien.cli.console import leave_stdout, say
from mien.cli.exit_codes import PIPE_CLOSED
from mien.errors import MienError, PictureError, StorageError
from mien.names import folded, printable
from mien.storage import check_file, check_folder

if TYPE_CHECKING:
    from mien.recognition.sink_group import SinkGroup

STDOUT = Path("-")
PRINTED = "the output"
"""The name of what is printed, in errors."""


class Failures:
    """What a command's outputs and inputs failed at; told to the user at once or at the end, and as the exit code."""

    def __init__(self) -> None:
        self._code = 0
        self._failed: set[str] = set()

    def tell(self, name: str, error: StorageError | BrokenPipeError) -> None:
        """Say which output failed; a reader of the standard output that has gone is none to speak of.

        Args:
            name: The output's.
            error: What it raised.
        """
        self._failed.add(name)
        if isinstance(error, BrokenPipeError):
            leave_stdout()
            self._code = self._code or PIPE_CLOSED
            return
        if name == PRINTED:
            leave_stdout()
        say(error)
        self._code = StorageError.exit_code

    def say_written(self, *paths: Path | None) -> None:
        """Name the files and folders that were written, on the error stream.

        Args:
            *paths: None, the standard output and those that failed are left out.
        """
        for written in paths:
            if written is not None and written != STDOUT and str(written) not in self._failed:
                print(f"written: {printable(written)}", file=sys.stderr)

    def exit(self, problems: list[str]) -> None:
        """Say what could not be read, and exit with the code of the worst, if anything failed.

        Args:
            problems: A line each.

        Raises:
            typer.Exit: Something failed.
        """
        for problem in problems:
            say(problem)
        if problems and self._code != StorageError.exit_code:
            self._code = PictureError.exit_code
        if self._code:
            raise typer.Exit(self._code)


def add_json(sinks: "SinkGroup", file: Path | None) -> None:
    """Add the output of `--json`.

    Args:
        sinks: Where it is added.
        file: A file, "-" for lines on the standard output, or None for nothing.
    """
    from mien.recognition.sinks import JsonLinesSink, JsonSink

    if file == STDOUT:
        sinks.add(PRINTED, JsonLinesSink)
    elif file is not None:
        sinks.add(file, lambda: JsonSink(file))


def check_outputs(
    inputs: Iterable[Path], files: Iterable[Path | None] = (), folders: Iterable[Path | None] = ()
) -> None:
    """Make sure that outputs can be written, before the work begins.

    Args:
        inputs: What is read; no output may take the place of one, by whatever name.
        files: Outputs that are files; None for what was not asked for, "-" for the standard output.
        folders: Outputs that are folders.

    Raises:
        MienError: An output is one of the inputs, or another output.
        StorageError: One cannot be written.
    """
    asked = [file for file in files if file is not None and file != STDOUT]
    into = [folder for folder in folders if folder is not None]
    taken: set[str] = set()
    for output in (*asked, *into):
        place = folded(os.path.realpath(output))
        if place in taken:
            raise MienError(f"{output} is named for two outputs; give each its own")
        taken.add(place)
    if asked:
        sources = {identity for source in inputs for identity in _identities(source)}
        for file in asked:
            if not _identities(file).isdisjoint(_streams()):
                raise MienError(f"{file} is where this command prints; choose another name for the results")
            if not sources.isdisjoint(_identities(file)):
                raise MienError(f"{file} is one of the inputs; choose another name for the results")
    for file in asked:
        check_file(file)
    for folder in into:
        check_folder(folder)


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder: by links, by other letters, or because they are alike.

    Args:
        one: Need not exist.
        other: Need not exist.

    Returns:
        True where writing to one would change the other.
    """
    return not _identities(one).isdisjoint(_identities(other))


def _identities(path: Path) -> set[object]:
    """The path as it is resolved, and the file that is there, which may have several names."""
    found: set[object] = {os.path.realpath(path)}
    try:
        there = path.stat()
    except OSError:
        return found
    return found | {(there.st_dev, there.st_ino)}


def _streams() -> set[object]:
    """The files that this command prints into or reads from, where the shell made it so."""
    found: set[object] = set()
    for number in range(3):
        with suppress(OSError):
            there = os.fstat(number)
            found |= {(there.st_dev, there.st_ino)} if stat.S_ISREG(there.st_mode) else set()
    return found
