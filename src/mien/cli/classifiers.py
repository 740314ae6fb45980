"""Models as a command takes them, opened to be asked about labelled faces."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import DataError

if TYPE_CHECKING:
    from mien.classifier.classifier import Classifier


def open_classifier(model: str, split: str | None = None, part: str = "") -> "Classifier":
    """A run's folder, a model file, or the name of a model that ships, to be judged on a part of a split.

    Args:
        model: Which. A run's folder needs PyTorch, the others do not.
        split: None for pictures of another data set than the one that was learned from.
        part: Of the split.

    Returns:
        The classifier.

    Raises:
        DataError: It is known to have learned from that part, or it is a folder and no run's.
        ModelError: It cannot be read.
    """
    if Path(model).is_dir():
        from mien.training.run_classifier import RunClassifier

        opened: Classifier = RunClassifier(Path(model))
    else:
        from mien.classifier.model_file import ModelFileClassifier

        opened = ModelFileClassifier(model)
    require_split(opened, split, part)
    return opened


def require_split(opened: "Classifier", split: str | None, part: str) -> None:
    """Raise DataError where a model is known to have learned from a part of another split's.

    Args:
        opened: The model.
        split: What the data set is divided by, or None.
        part: The part that is judged.

    Raises:
        DataError: It learned from pictures of that part.
    """
    if None not in (split, opened.split) and opened.split != split:
        raise DataError(
            f"{opened.name} was trained with the {opened.split} split, so the {split} one's {part} part holds pictures "
            f"it learned from; use --split {opened.split}"
        )
