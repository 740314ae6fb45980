"""What the optional extras bring, loaded when it is first needed."""

from importlib import import_module
from typing import Any

from mien.errors import MissingExtraError


def load(module: str, extra: str = "video") -> Any:
    """A module of an extra; MissingExtraError says in one line what to install where it is not there."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"this needs {module.split('.')[0]}: pip install 'mien[{extra}]'") from error
