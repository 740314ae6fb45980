"""Every public function says what it takes, gives and is: Google style, which ruff's rules hold where a section is."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src/mien"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(node: ast.AST, place: str) -> Iterator[tuple[str, Function]]:
    """Those of a module and of its public classes; of functions in functions none."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, Function | ast.ClassDef) and (inner.name == "__call__" or not inner.name.startswith("_")):
            if isinstance(inner, ast.ClassDef):
                yield from public_functions(inner, f"{place}.{inner.name}")
            else:
                yield f"{place}.{inner.name}", inner


def lacking(function: Function) -> list[str]:
    """The sections that a function's docstring lacks."""
    marks = " ".join(ast.unparse(mark) for mark in function.decorator_list)
    if "overload" in marks:
        return []
    told = ast.get_docstring(function) or ""
    given = function.args
    takes = [one for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg not in ("self", "cls")]
    some = bool(takes or given.vararg or given.kwarg)
    gives = function.returns is not None and ast.unparse(function.returns) not in ("None", "NoReturn", "Never")
    wanted = [["a summary"] if not told else [], ["Args:"] if some else []]
    wanted.append(["Returns:", "Yields:"] if gives and "property" not in marks else [])
    return ["/".join(words) for words in wanted if words and not any(word in told for word in words)]


def is_command(place: str, function: Function) -> bool:
    """Whether the docstring is a command's help text, whose options tell of themselves."""
    return place.startswith("cli.") and "\n\nExample" in (ast.get_docstring(function) or "")


def test_public_functions_tell_what_they_take_and_give() -> None:
    functions: list[tuple[str, Function]] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        functions += public_functions(ast.parse(path.read_text(encoding="utf-8")), place)
    assert len(functions) > 500
    lacks = {place: lacking(one) for place, one in functions if not is_command(place, one)}
    assert not {place: sections for place, sections in lacks.items() if sections}
