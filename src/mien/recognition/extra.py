"""What the optional extras bring, loaded when it is first needed."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mien.errors import MissingExtraError


def load(module: str, extra: str = "video") -> Any:
    """Import a module of an extra.

    Args:
        module: Its full name.
        extra: The extra that installs it.

    Returns:
        The module.

    Raises:
        MissingExtraError: It is not installed; the message says in one line what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise _missing(module, extra) from error


def require(module: str, extra: str = "video") -> None:
    """Make sure that a module of an extra is there, without the time that importing it takes.

    Args:
        module: Its full name.
        extra: The extra that installs it.

    Raises:
        MissingExtraError: It is not installed; the message says in one line what to install.
    """
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # of the package that it is in
        found = None
    if found is None:
        raise _missing(module, extra)


def _missing(module: str, extra: str) -> MissingExtraError:
    return MissingExtraError(f"this needs {module.split('.')[0]}: pip install 'mien[{extra}]'")
