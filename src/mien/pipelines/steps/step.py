"""What every kind of step has: its name, what it is made from, and the work itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from mien.data.dataset import FaceData


@dataclass(frozen=True)
class Place:
    """Where a pipeline is made.

    Attributes:
        root: The folder of the pipeline's TOML file; recipes are named relative to it.
        data: The data set's folder.
        weights: The folder of starting weights, safetensors files with timm's key names.
        world: Photographs from elsewhere to judge on, or None.
        load: Reads all parts of the data set by one of its splits.
    """

    root: Path
    data: Path
    weights: Path
    world: Path | None
    load: Callable[[str], FaceData]


@dataclass(frozen=True)
class Work:
    """One step's work.

    Attributes:
        place: Where the pipeline is made.
        folder: The step's own folder, which is there.
        results: The result of each earlier step, by its name.
        digest: SHA-256 over all that the step is made from, in hexadecimal.
        pipeline: The pipeline's name.
        deadline: On time.monotonic()'s clock, when the time is over; None without a limit.
        say: Takes a line of progress.
    """

    place: Place
    folder: Path
    results: dict[str, Path]
    digest: str
    pipeline: str
    deadline: float | None
    say: Callable[[str], None]


class TimeIsOver(Exception):
    """A step stopped at the end of the time; what it has done is kept, and it goes on next time."""


class Step(Protocol):
    """One kind of step. Its fields are the keys of its table in the TOML file; `kind` names it there."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """The step's name."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the earlier steps whose results it is made from."""
        ...

    def inputs(self, place: Place) -> dict[str, Any]:
        """All else that its result depends on, as plain values; of files, their hashes.

        Args:
            place: Where the pipeline is made.

        Returns:
            By name.
        """
        ...

    def make(self, work: Work) -> Path:
        """Do the work, or go on with it.

        Args:
            work: The step's.

        Returns:
            The result's file.

        Raises:
            TimeIsOver: It is not finished.
            TimeIsOver: It is not finished.
        """
        ...
