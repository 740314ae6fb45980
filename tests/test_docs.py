"""The documentation: its code runs, its commands exist, its links lead somewhere, and it tells of every public name."""

import re
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

import mien
from mien.data import dataset

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {"extending.md", "study.md", "video.md"}
"""Pages whose Python is run by tests of their own."""


EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
"""FER+'s columns."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of."""
    for name in ("party.jpg", "talk.jpg", "portrait.jpg"):
        shutil.copy(ROOT / "examples" / "obama.jpg", tmp_path / name)
    Image.new("L", (96, 96), 128).save(tmp_path / "face.png")
    labels = [*range(7)] * 3
    faces = [" ".join([str(10 * row)] * 2304) for row in range(21)]
    usages = ["Training"] * 7 + ["PublicTest"] * 7 + ["PrivateTest"] * 7
    table = pd.DataFrame({"emotion": labels, "pixels": faces, "Usage": usages})
    table.to_csv(tmp_path / "fer2013.csv", index=False)
    pd.DataFrame({name: [1] * 21 for name in EMOTIONS}).to_csv(tmp_path / "fer2013new.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_python_runs(page: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if page.name in ELSEWHERE:
        pytest.skip("run by a test of its own")
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), {})
    if page.name == "data.md":
        read = dataset.load(folder / "fer2013", "official")
        assert Counter(read.parts.tolist()) == {"train": 7, "validation": 7, "test": 7}
        assert read.raters is not None
        assert read.raters.sum(1).tolist() == [10] * 21
        assert not read.problems


def commands() -> Iterator[tuple[str, str]]:
    """Every `mien` command of the pages, and where it stands."""
    command = re.compile(r"(?: {4})?(?:\w+=(?:\$\([^)]*\)|\S+) )?(mien [a-z-][^#|&`]*)")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in text.replace("\\\n", " ").splitlines():
            if (told := command.match(line)) and "`" not in line:
                yield page.name, told[1].strip()


def known(words: list[str]) -> Any:
    """The command that words begin with, and the rest of them."""
    from typer.main import get_command

    from mien.cli.main import app

    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            break
        command, words = command.commands[words[0]], words[1:]
    return command, words


def test_commands_and_their_options_exist() -> None:
    said = list(commands())
    assert len(said) > 60
    for page, line in said:
        command, rest = known(shlex.split(line)[1:])
        options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        options |= {"--help"}
        assert not hasattr(command, "commands") or rest == ["--version"] or rest == ["--help"], f"{page}: {line}"
        used = {word.partition("=")[0] for word in rest if re.fullmatch(r"--[a-z].*", word)}
        assert used <= options, f"{page}: {line}: {sorted(used - options)}"


def test_links_lead_somewhere() -> None:
    found = 0
    beside = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "MODEL_CARD.md")]
    for page in (*PAGES, *beside):
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)", text):
            if ":" not in target:
                found += 1
                assert (page.parent / target).exists(), f"{page.name}: {target}"
    assert found > 60


def test_the_site_has_every_page_and_every_public_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    monkeypatch.syspath_prepend(str(ROOT / "site"))
    import build
    import reference

    for name in ("build", "reference", "links", "notebooks", "tour"):
        monkeypatch.delitem(sys.modules, name)
    build.write_pages(tmp_path / "pages")
    written = {path.name for path in (tmp_path / "pages").glob("*.md")}
    named = set(re.findall(r'"(\w+\.md)"', (ROOT / "site" / "zensical.toml").read_text(encoding="utf-8")))
    assert named == written, "a page without a place in the navigation, or a place without a page"
    api = (tmp_path / "pages" / "reference_api.md").read_text(encoding="utf-8")
    for name in mien.__all__:
        assert re.search(rf"heading: mien\.{name}$", api, re.MULTILINE), name
    keys = (tmp_path / "pages" / "reference_recipe.md").read_text(encoding="utf-8")
    assert not re.findall(r"^\| `(\w+)` .*\|  \|$", keys, re.MULTILINE), (
        "keys of a recipe without a word on what they mean"
    )
    reference.check_names()


def test_every_public_name_says_what_it_is() -> None:
    for name in set(mien.__all__) - {"EXPRESSIONS"}:
        kind = getattr(mien, name)
        assert kind.__doc__, name
        if isinstance(kind, type):
            for called, part in vars(kind).items():
                if not called.startswith("_") and (callable(part) or isinstance(part, property)):
                    assert part.__doc__ or called in UNDERSTOOD, f"{name}.{called}"


UNDERSTOOD = {"width", "height", "centre", "area"}
"""What needs no word."""
