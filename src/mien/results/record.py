"""What a results file is: a frozen dataclass whose types and rules are checked, read from JSON and written to it.

History is not rewritten: what older files lack is None, and is the only default there is.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from mien.errors import DataError
from mien.storage import write_json

T = TypeVar("T")
Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, which may be all of it."""
AnyNumber = Annotated[float, Field(allow_inf_nan=True)]
"""Infinity and NaN too."""
# No text or true/false where a number is needed, no unknown keys, no NaN or infinity.
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, validate_by_alias=True)


@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def record(kind: type[T]) -> type[T]:
    """Make a class a frozen dataclass whose values are checked, however it comes to be.

    Args:
        kind: A class with annotated fields.

    Returns:
        The dataclass.
    """
    made: Any = dataclass(frozen=True, config=_STRICT)(kind)
    return made


@record
class Measured:
    """What a results file says of where it comes from.

    Attributes:
        code: Version of the package, with the commit where it ran from a checkout; None in older files.
        hardware: The machine, in one line; None in older files.
        date: When, UTC, ISO 8601; None in older files.
    """

    made_by: ClassVar[str]
    """The command that writes such a file."""

    code: str | None = field(default=None, kw_only=True)
    hardware: str | None = field(default=None, kw_only=True)
    date: str | None = field(default=None, kw_only=True)


def read(kind: type[T], path: Path) -> T:
    """Read a results file.

    Args:
        kind: Its record.
        path: A JSON file, or a TOML file by its suffix.

    Returns:
        The record.

    Raises:
        DataError: There is no such file, or it is none of this kind.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return made(kind, tomllib.loads(text)) if path.suffix == ".toml" else TypeAdapter(kind).validate_json(text)
    except (OSError, ValueError) as error:
        remedy = getattr(kind, "made_by", "")
        told = f"; write it anew with: {remedy}" if remedy else ""
        raise DataError(f"{path} is damaged or no results file ({_in_words(error)}){told}") from error


def read_if_there(kind: type[T], path: Path) -> T | None:
    """Read a results file where there is one.

    Args:
        kind: Its record.
        path: A JSON or TOML file.

    Returns:
        None where there is none.

    Raises:
        DataError: It is damaged.
    """
    return read(kind, path) if path.exists() else None


def made(kind: type[T], values: Mapping[str, Any]) -> T:
    """A record from plain values, as JSON has them.

    Args:
        kind: Its class.
        values: By field.

    Returns:
        The record.

    Raises:
        ValueError: They are none of this kind.
    """
    # In JSON a list may become a tuple and a table a dataclass while numbers stay strict; in Python neither may.
    return TypeAdapter(kind).validate_json(json.dumps(values, default=_plain_number))


def plain(value: object, kind: Any = None) -> Any:
    """A record as plain numbers, lists and dicts; what is None because the file lacks it is left out.

    Args:
        value: A record, or a dict of records.
        kind: What it is, for a dict of records, whose class does not say so.

    Returns:
        What JSON can hold.
    """
    return TypeAdapter(kind or type(value)).dump_python(value, mode="json", by_alias=True, exclude_defaults=True)


def write(path: Path, value: object, kind: Any = None) -> None:
    """Write a record, or a dict of records, as JSON, atomically.

    Args:
        path: Where it goes.
        value: The record.
        kind: What it is, for a dict of records.

    Raises:
        StorageError: The disk refuses.
    """
    write_json(path, plain(value, kind))


def _plain_number(value: Any) -> Any:
    return value.item()  # NumPy's


def _in_words(error: Exception) -> str:
    """The first problem in one line; an unknown key before others, because it often is why another is missing."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if not isinstance(error, ValidationError):
        return str(error)
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "unexpected_keyword_argument")
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
