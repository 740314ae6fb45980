"""What the optional extras bring, loaded when it is first needed."""

from importlib import import_module
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
        raise MissingExtraError(f"this needs {module.split('.')[0]}: pip install 'mien[{extra}]'") from error
