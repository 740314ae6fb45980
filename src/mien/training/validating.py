"""Check a recipe's values against the types and ranges that stand at its fields; say in one line what is wrong."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import field
from functools import wraps
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from mien.errors import RecipeError

T = TypeVar("T")
# No text or true/false where a number is needed, no unknown keys, no NaN or infinity.
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, which may be all of it."""
ShareOfLess = Annotated[float, Field(ge=0, lt=1)]
"""A part of a whole, never all of it."""
AtLeast0 = Annotated[float, Field(ge=0)]
Above0 = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
WholeAtLeast0 = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]

# What version 0.1 called the keys of a recipe's tables, "" being the recipe itself.
_OLD_KEYS = {
    "": {"warp": "affine"},
    "affine": {"turn": "rotation", "shift": "translation", "light": "brightness"},
    "mixing": {"chance": "probability"},
    "degrade": {"chance": "probability"},
}

_KINDS = {
    "string": "a text in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a table",
    "array": "a list",
}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def settings(kind: type[T]) -> type[T]:
    """Make a class a frozen dataclass whose values are checked, however it comes to be.

    Types and ranges stand at the fields, as `Annotated[float, Field(ge=0, lt=1)]`; rules over several fields are
    pydantic's `model_validator`. Bad values raise RecipeError.

    Args:
        kind: A class with annotated fields.

    Returns:
        The dataclass.
    """
    made: Any = dataclass(frozen=True, config=_STRICT)(kind)
    unchecked = made.__init__

    @wraps(unchecked)
    def init(self: T, *values: Any, **named: Any) -> None:
        try:
            unchecked(self, *values, **named)
        except ValidationError as error:
            raise _in_words(error, kind, "") from error

    made.__init__ = init
    return made


def validated(kind: type[T], values: object, path: str = "") -> T:
    """Make one of the `settings` from the plain values of a TOML or JSON file.

    Args:
        kind: The class.
        values: A table as TOML or JSON gives it; lists become tuples, tables become dataclasses.
        path: The key under which the table stands in the file, to be named in errors.

    Returns:
        The checked settings.

    Raises:
        RecipeError: Says of every unknown key and every bad value its path, what was given, and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"{path or 'a recipe'} must be a table, not {_told(values)}")
    adapter: TypeAdapter[T] = TypeAdapter(kind)
    values = with_new_keys(values, path)
    try:
        # In JSON a list may become a tuple and a table a dataclass while numbers stay strict; in Python neither may.
        return adapter.validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise _in_words(error, kind, path) from error


def with_new_keys(values: Any, table: str = "") -> Any:
    """Plain values with the keys of today, where they have those of an older version; tables in tables, too.

    Args:
        values: As TOML or JSON gives them.
        table: The key under which they stand.

    Returns:
        A copy; what is no table stays as it is.

    Raises:
        RecipeError: A table has a key under both names.
    """
    if not isinstance(values, Mapping):
        return values
    old_keys: dict[str, str] = _OLD_KEYS.get(table, {})
    for old, new in old_keys.items():
        if old in values and new in values:
            raise RecipeError(f"'{old}' is the old name of '{new}'; give one of them")
    named = {old_keys.get(key, key): value for key, value in values.items()}
    return {key: with_new_keys(value, str(key)) for key, value in named.items()}


def _in_words(error: ValidationError, kind: type, path: str) -> RecipeError:
    schema, problems = TypeAdapter(kind).json_schema(), error.errors(include_url=False)
    places = [one["loc"] for one in problems]
    # A list whose only entry is bad is reported as empty, too: the entry's own line is enough.
    inner = [
        one
        for one in problems
        if not any(place != one["loc"] and place[: len(one["loc"])] == one["loc"] for place in places)
    ]
    inner.sort(key=lambda one: one["type"] != "unexpected_keyword_argument")  # often why another key is missing
    return RecipeError("; ".join(_line(one, schema, path) for one in inner))


def _line(error: ErrorDetails, schema: dict[str, Any], path: str) -> str:
    """One problem in words."""
    place, given = error["loc"], error["input"]
    if error["type"] == "missing" and isinstance(place[-1], int):  # a list that is too short
        place = place[:-1]
    name = _joined(path, place)
    if error["type"] == "missing" and place == error["loc"]:
        return f"the key '{name}' is missing"
    if error["type"] == "unexpected_keyword_argument":
        known = list(_at(schema, place[:-1])["properties"])
        return f"unknown key '{name}'" + (hint(str(place[-1]), known) or f"; known are {', '.join(known)}")
    part = _at(schema, place)
    if error["type"] == "value_error":  # a rule of our own, of one field or, naming it, of a table
        return f"{name}{'.' if part['type'] == 'object' and name else ' ' if name else ''}{error['ctx']['error']}"
    near = (
        hint(given, [one for one in part["enum"] if isinstance(one, str)])
        if "enum" in part and isinstance(given, str)
        else ""
    )
    return f"{name} must be {allowed(part)}, not {_told(given)}{near}"


def _joined(path: str, place: tuple[int | str, ...]) -> str:
    """The key as it would be written with dots: stages[0].epochs."""
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _at(schema: dict[str, Any], place: tuple[int | str, ...]) -> dict[str, Any]:
    """The part of a JSON schema that speaks of the value at `place`."""
    part = schema
    for step in place:
        if isinstance(step, int):
            part = part["prefixItems"][step] if "prefixItems" in part else part["items"]
        else:
            part = part["properties"][step]
        if "anyOf" in part:  # one kind, or null
            part = part["anyOf"][0]
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return part


def allowed(part: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in words: "a number from 0 to below 1".

    Args:
        part: Of a field.

    Returns:
        A phrase for a message.
    """
    if "enum" in part:
        return f"one of {', '.join(one if isinstance(one, str) else json.dumps(one) for one in part['enum'])}"
    words = _KINDS[part["type"]]
    if part["type"] == "array":
        return words + (f" of {part['maxItems']}" if "maxItems" in part else " of at least one" * ("minItems" in part))
    low = [f"{sign} {part[key]}" for key, sign in (("minimum", "from"), ("exclusiveMinimum", "above")) if key in part]
    high = [f"{sign} {part[key]}" for key, sign in (("maximum", "to"), ("exclusiveMaximum", "to below")) if key in part]
    if low and not high:
        low = [low[0].replace("from", "of at least")]
    return " ".join([words, *low, *high])


def _told(value: object) -> str:
    """A value as the file has it, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def hint(given: str, known: list[str]) -> str:
    """The nearest of the known names, as the end of a message.

    Args:
        given: An unknown name.
        known: What would have been right.

    Returns:
        "; did you mean 'x'?", or nothing where none is near.
    """
    near = difflib.get_close_matches(given, known, 1)
    return f"; did you mean '{near[0]}'?" if near else ""
