"""Pages of the reference, from the code itself: the public names, the commands, the recipes' keys, the HTTP service."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter
from typer.main import get_command

import mien
from mien import errors
from mien.cli.main import app as commands
from mien.recognition.recognizer import Recognizer
from mien.service.api import create_app
from mien.service.limits import Limits
from mien.study.tables import TABLES
from mien.training.mixing import MIXINGS
from mien.training.networks import ARCHITECTURES
from mien.training.recipe import Recipe

BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
"""What JSON Schema calls the ends of a range."""


def public_names() -> dict[str, str]:
    """Where each public name is at home, such as "mien.recognition.recognizer.Recognizer"."""
    homes = {name: ".".join(mien._HOMES[name]) for name in mien.__all__}
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and kind.__module__ == errors.__name__]
    return homes | {kind.__name__: f"{errors.__name__}.{kind.__name__}" for kind in kinds}


def api() -> str:
    """The page of the public names, which mkdocstrings fills in; each is called as users call it."""
    text = ["# Python", "", "All that `import mien` offers, and its errors.", ""]
    for name, place in public_names().items():
        called = f"mien.{name}" if name in mien.__all__ else place
        text += [f"::: {place}", "    options:", f"      heading: {called}", f"      toc_label: {called}", ""]
    names = ", ".join(f"`{name}`" for name in mien.EXPRESSIONS)
    return "\n".join([*text, f"`mien.EXPRESSIONS` are {names}.", ""])


def study() -> str:
    """The page of a study's tables and their columns."""
    text = [
        "# Tables of a study",
        "",
        "What `mien study` writes, as CSV and Parquet; an empty field is a missing value.",
        "",
    ]
    for name, columns in TABLES.items():
        text += [f"## `{name}`", "", "| column | what |", "|---|---|"]
        text += [*(f"| `{column.name}` | {_cell(column.meaning)} |" for column in columns), ""]
    return "\n".join(text)


def cli() -> str:
    """The page of all commands."""
    text = ["# Command line", "", "`mien --help`, and `mien COMMAND --help`, say the same.", ""]
    for name, command in sorted(_commands(get_command(commands), "mien")):
        text += [f"## `{name}`", "", _paragraphs(command.help or ""), ""]
        rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            text += ["| | what | default |", "|---|---|---|", *rows, ""]
    return "\n".join(text)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for key, one in inside.items():
        yield from _commands(one, f"{name} {key}")


def _row(parameter: Any) -> str:
    option = parameter.param_type_name == "option"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    given = names if option else f"`{parameter.metavar or (parameter.name or '').upper()}`"
    default = parameter.default
    told = "" if default in (None, False, ()) or callable(default) or parameter.required else f"`{_value(default)}`"
    return f"| {given} | {_cell(getattr(parameter, 'help', None) or '')} | {'needed' if parameter.required else told} |"


def _value(default: Any) -> str:
    values = default if isinstance(default, tuple | list) else [default]
    return ", ".join(str(getattr(value, "value", value)) for value in values)


def _paragraphs(text: str) -> str:
    """Help as Markdown: its example becomes code."""
    return re.sub(r"Examples?: (.+)", r"```\n\1\n```", _escaped(inspect.cleandoc(text).replace("\b", "")))


def recipe() -> str:
    """The page of a recipe's keys."""
    schema = TypeAdapter(Recipe).json_schema()
    tables = {name: schema["$defs"][name] for name in ("Stage", "RandomAffine", "Degrade", "Distillation")}
    titles = ("[[stages]]", "[affine]", "[degrade]", "[distillation]")
    text = ["# Recipes", "", "A recipe is a TOML file. Its keys, read from the types that check them:", ""]
    text += [*_keys(schema, Recipe.__doc__ or ""), ""]
    text += ["`network` is one of: " + ", ".join(f"`{name}`" for name in ARCHITECTURES) + ".", ""]
    for title, told in zip(titles, tables.values(), strict=True):
        text += [f"## `{title}`", "", *_keys(told, told.get("description", "")), ""]
    for name, kind in MIXINGS.items():
        told = TypeAdapter(kind).json_schema()
        text += [f'## `mixing = {{ name = "{name}" }}`', "", *_keys(told, _docstrings(kind)), ""]
    return "\n".join(text)


def _docstrings(kind: type) -> str:
    """What a class and those that it inherits from say of themselves."""
    told = [inspect.cleandoc(one.__doc__) for one in kind.__mro__ if one.__module__.startswith("mien.") and one.__doc__]
    return "\n\n".join(told)


def _keys(schema: dict[str, Any], docstring: str) -> list[str]:
    properties = schema.get("properties", {})
    meanings = _meanings(inspect.cleandoc(docstring), list(properties))
    rows = []
    for key, of in properties.items():
        meaning = meanings.get(key) or of.get("description", "")
        rows.append(f"| `{key}` | {_kind(of)} | {_default(of)} | {_cell(meaning)} |")
    first = _escaped(inspect.cleandoc(docstring).split("\n\n")[0])
    return [first, "", "| key | value | default | meaning |", "|---|---|---|---|", *rows]


def _kind(schema: dict[str, Any]) -> str:
    """A value's kind and range in a few words."""
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema and "type" in schema["anyOf"][0]:  # of one kind, or left out
        return _kind(schema["anyOf"][0])
    if "anyOf" in schema or "$ref" in schema or schema.get("type") == "object":
        return "a table"
    if schema.get("type") == "array":
        return "a list"
    bounds = [f"{sign} {schema[key]:g}" for key, sign in BOUNDS.items() if key in schema]
    kinds = {"integer": "a whole number", "number": "a number", "boolean": "`true` or `false`", "string": "a text"}
    return ", ".join(part for part in (kinds.get(schema.get("type", ""), "a value"), *bounds) if part)


def _default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return "needed" if "anyOf" not in schema and "$ref" not in schema else "its own"
    value = schema["default"]
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value)):
        return "its own"
    return "none" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meanings(docstring: str, keys: list[str]) -> dict[str, str]:
    """What a docstring says of each key: "key: words" or "key, other: words", up to the next of them."""
    names = "|".join(map(re.escape, keys))
    start = re.compile(rf"(?:^|(?<=[;.]\s)|(?<=\n))\s*((?:{names})(?:, (?:{names}))*):\s", re.MULTILINE)
    found = list(start.finditer(docstring))
    told = {}
    for one, after in pairwise([*found, None]):
        assert one is not None
        words = docstring[one.end() : after.start() if after else None].split("\n\n")[0]
        for key in one[1].split(", "):
            told[key] = " ".join(words.split()).rstrip(";")
    return told


def http() -> str:
    """The page of the service, from its own OpenAPI description."""
    described = create_app(Recognizer(threads=1), Limits()).openapi()
    text = ["# HTTP", "", f"{described['info']['description']}", ""]
    for path, methods in described["paths"].items():
        for method, of in methods.items():
            text += [f"## `{method.upper()} {path}`", "", _escaped(of.get("description", "")), ""]
            for kind in of.get("requestBody", {}).get("content", {}):
                text += [f"Body: `{kind}`.", ""]
            text += ["| status | answer |", "|---|---|"]
            text += [f"| {status} | {_answer(one)} |" for status, one in sorted(of["responses"].items())]
            text += [""]
    for name, schema in described["components"]["schemas"].items():
        text += [f"## {name}", "", *_keys(schema, schema.get("description", name)), ""]
    return "\n".join(text).replace("| key | value | default | meaning |", "| key | value | | meaning |")


def _answer(response: dict[str, Any]) -> str:
    [content] = list(response.get("content", {}).values())[:1] or [{}]
    schema = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    said = _cell(response["description"]).replace("Successful Response", "")
    return " ".join(part for part in (f"[{schema}](#{schema.lower()})" if schema else "", said) if part)


def _cell(text: str) -> str:
    return _escaped(" ".join(text.split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Text whose <...> is no HTML."""
    return re.sub(r"<(?=[A-Za-z/])", "&lt;", text)


def check_names() -> None:
    """Every public name can be had from where the page says it is."""
    for name, place in public_names().items():
        module, _, attribute = place.rpartition(".")
        assert hasattr(import_module(module), attribute), name
