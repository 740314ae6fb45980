"""Models as a command takes them, opened to be asked about labelled faces, with a progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from mien.cli.console import LiteralColumn, progress
from mien.errors import DataError

if TYPE_CHECKING:
    import numpy as np

BATCH = 256


@dataclass(frozen=True)
class Judged:
    """A model to judge.

    model: as it was asked for; file: its weights; answer: probabilities [N, 7] for faces uint8 [N, 48, 48]; split: the
    one it was trained with, or None where that is not known; temperature: what its logits were divided by, None for a
    run, whose probabilities are the network's own.
    """

    model: str
    name: str
    file: Path
    answer: "Callable[[np.ndarray], np.ndarray]"
    split: str | None
    temperature: float | None

    def predict(self, faces: "np.ndarray", step: Callable[[str, int], None]) -> "np.ndarray":
        """Probabilities float32 [N, 7] for faces uint8 [N, 48, 48]; `step` as of `bar`, once a batch.

        Raises ModelError where the model gives none for a face.
        """
        import numpy as np

        from mien.recognition.gate import require_probabilities

        found = []
        for start in range(0, len(faces), BATCH):
            found.append(self.answer(faces[start : start + BATCH]))
            step("", 1)
        return require_probabilities(np.concatenate(found), self.name)


def open_judged(model: str, split: str | None = None, part: str = "") -> Judged:
    """A run's folder, a model file, or the name of a model that ships, to be judged on a part of a split.

    split: None for pictures of another data set than the one that was learned from.

    Raises DataError where it is known to have learned from that part, DataError or ModelError where it cannot be read.
    """
    judged = _from_run(Path(model)) if Path(model).is_dir() else _from_file(model)
    if None not in (split, judged.split) and judged.split != split:
        raise DataError(
            f"{model} was trained with the {judged.split} split, so the {split} one's {part} part holds pictures "
            f"it learned from; use --split {judged.split}"
        )
    return judged


def batches(faces: int) -> int:
    """How many batches `Judged.predict` takes for so many faces."""
    return -(-faces // BATCH)


@contextmanager
def bar(name: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on the terminal's error stream, moved on by calls of (what is done now or "", batches)."""
    columns = (
        LiteralColumn(name),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        LiteralColumn(),
    )
    with progress(*columns) as shown:
        task = shown.add_task("", total=total)
        yield lambda what, done: shown.update(task, advance=done, description=what or None)


def _from_run(path: Path) -> Judged:
    import torch

    from mien.training.loop import predict
    from mien.training.memory import keep_freed_memory
    from mien.training.run import RunFolder

    keep_freed_memory()
    folder = RunFolder(path)
    recipe = folder.recipe()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = folder.network().to(device)

    def probabilities(faces: "np.ndarray") -> "np.ndarray":
        return predict(network, torch.from_numpy(faces).to(device), recipe.pixels)

    return Judged(str(path), path.resolve().name, folder.weights, probabilities, recipe.split, None)


def _from_file(model: str) -> Judged:
    from mien.recognition.model import ModelFile

    opened = ModelFile.open(model)
    heat = opened.metadata.get("temperature")
    return Judged(
        model,
        opened.name,
        opened.path,
        lambda faces: opened.run(faces).probabilities,
        None,
        None if heat is None else float(heat),
    )
