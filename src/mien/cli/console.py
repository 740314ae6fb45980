"""What every command says goes through here: names are shown as they are, and no stream's encoding spoils them."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from mien.names import as_text, printable


class Terminal(Console):
    """A console that takes all text as data: no markup, no emoji codes, and no line of a name's own.

    Styles are given as `rich.text.Text` or as a table's style.
    """

    def __init__(self, stderr: bool = False, **options: Any) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, **options)

    def tell(self, text: object) -> None:
        """Print one line that holds names or other data; a terminal folds it, a file has it whole.

        Args:
            text: The line.
        """
        self.print(Text(printable(text)), soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        """Text as it is shown; of control characters only the line's end is obeyed.

        Args:
            text: Any text.
            **options: rich's.

        Returns:
            Without markup.
        """
        return super().render_str("\n".join(map(printable, text.split("\n"))), **options)

    def on_broken_pipe(self) -> None:
        """Leave it to the commands' end; Rich would end the program here."""
        raise BrokenPipeError


class LiteralColumn(ProgressColumn):
    """A bar's column of fixed words that may hold a name.

    Args:
        words: Them; the task's description if left out.
    """

    def __init__(self, words: object = None) -> None:
        super().__init__()
        self._words = words

    def render(self, task: Task) -> Text:
        """The words.

        Args:
            task: Of the bar.

        Returns:
            Without markup.
        """
        return Text(printable(task.description if self._words is None else self._words))


def progress(*columns: ProgressColumn) -> Progress:
    """A bar on the error stream that goes when the work is done; none where that is no terminal.

    Args:
        *columns: rich's.

    Returns:
        Not started yet.
    """
    console = Terminal(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar of counts on the error stream.

    Yields:
        What moves it: a function of what is done now, how much of it is done, and how much there is.
    """
    with progress(LiteralColumn(), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as drawn:
        task = drawn.add_task("", total=None)
        yield lambda what, done, total: drawn.update(task, description=what, completed=done, total=total)


def shown(name: object) -> str:
    """A name as a cell of a table shows it.

    Args:
        name: Of a file, model or run.

    Returns:
        One line.
    """
    return printable(as_text(name))


def say(line: object) -> None:
    """A line on the error stream.

    Args:
        line: One line.
    """
    print(f"mien: {printable(line)}", file=sys.stderr)


def prepare_streams() -> None:
    """Make sure that whatever is printed arrives, or that the command fails.

    A pipe or file gets UTF-8 whatever the system's encoding is; a terminal gets its own, with escapes for what it
    cannot show. A stream that was closed by the caller is opened anew, so that no file of ours gets its number: then
    what is printed is an error, as on a full disk, and what is said on the error stream is lost.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def leave_stdout() -> None:
    """Let go of a standard output that takes no more: what is left in it is lost."""
    with suppress(OSError, ValueError):  # a test's has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
