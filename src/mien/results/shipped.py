"""Whether a figure is of the model file that ships, or of which other: no stale figure is shown without a word."""

from mien.provenance import file_hash
from mien.recognition.model import models_folder, shipped_models


def shipped_hashes() -> dict[str, str]:
    """SHA-256 of the model files that ship, by the models' names.

    Returns:
        In hexadecimal.
    """
    return {name: file_hash(models_folder() / f"{name}.onnx") for name in shipped_models()}


def other_file(name: str, model_hash: str | None, hashes: dict[str, str]) -> str:
    """What is to be said beside a figure of a model.

    Args:
        name: The model's.
        model_hash: SHA-256 of the file that was measured, None where it was not kept.
        hashes: Those of the files that ship, by name.

    Returns:
        Which file it is of; nothing where it is the one that ships, or where no model of this name does.
    """
    if name not in hashes or model_hash == hashes[name]:
        return ""
    return "a file whose hash was not kept" if model_hash is None else f"the older file {model_hash[:12]}"


def label(name: str, model_hash: str | None, hashes: dict[str, str]) -> str:
    """A model's name, with the file that was measured where that is not the one that ships.

    Args:
        name: The model's.
        model_hash: SHA-256 of the file that was measured; None where that is not known.
        hashes: As `shipped_hashes` gives them.

    Returns:
        For a table.
    """
    other = other_file(name, model_hash, hashes)
    return f"{name} ({other})" if other else name
