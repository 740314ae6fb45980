"""docs/extending.md: a network, a mixing, a sink and a language, added as it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from mien.recognition.recognizer import Recognizer
from mien.training import networks
from mien.training.mixing import MIXINGS
from mien.training.recipe import from_dict

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"
WEB = ROOT / "web"


def section(title: str, language: str = "python") -> str:
    """The code of one section of the page."""
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    [code] = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return code


def module(title: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The section's code, run as a module of its own."""
    made = ModuleType("added")
    monkeypatch.setitem(sys.modules, "added", made)
    exec(compile(section(title), "docs/extending.md", "exec"), made.__dict__)
    return made


def test_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    small = module("A network", monkeypatch).SMALL
    monkeypatch.setitem(networks.ARCHITECTURES, small.name, small)
    recipe = from_dict({"network": small.name})
    network = networks.build(recipe.network, 64).eval()
    with torch.no_grad():
        logits, features, scores = network.explain(torch.rand(2, 1, 64, 64))
    assert scores.shape == (2, 7, 2, 2)
    assert features.shape[0] == 2
    assert torch.allclose(scores.mean((2, 3)), logits)


def test_a_mixing(monkeypatch: pytest.MonkeyPatch) -> None:
    halves = module("A mixing", monkeypatch).Halves
    monkeypatch.setitem(MIXINGS, halves.name, halves)
    recipe = from_dict({"network": "mobilenet_v2", "mixing": {"name": "halves", "probability": 0.5}})
    faces = torch.arange(4.0)[:, None, None, None].expand(4, 1, 48, 48)
    mixture = recipe.mixing(faces, torch.Generator().manual_seed(0))
    assert recipe.mixing.probability == 0.5
    assert sorted(mixture.partner.tolist()) == [0, 1, 2, 3]
    assert torch.equal(mixture.faces[:, 0, 0, 0], torch.arange(4.0))
    assert torch.equal(mixture.faces[:, 0, -1, 0], mixture.partner.float())
    assert torch.equal(mixture.targets(torch.eye(4)), (torch.eye(4) + torch.eye(4)[mixture.partner]) / 2)


def test_a_sink(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mien.recognition.faces import Frame

    sink = module("A sink", monkeypatch).WordsSink
    pixels = np.asarray(Image.open(ROOT / "examples" / "obama.jpg").convert("RGB"))
    with sink(tmp_path / "words.txt") as open_sink:
        open_sink.write(Frame("party.jpg", pixels, Recognizer(threads=1).recognize(pixels)))
        open_sink.write(Frame("empty.jpg", pixels, []))
    assert (tmp_path / "words.txt").read_text() == "party.jpg: happy\nempty.jpg: nobody\n"


@pytest.mark.skipif(not (WEB / "node_modules").is_dir(), reason="needs the app's packages: npm ci in web/")
def test_a_language(tmp_path: Path) -> None:
    """In a copy of the app; the new language's texts are the Spanish ones."""
    app = tmp_path / "web"
    added = app / "src" / "languages" / "it.ts"
    shutil.copytree(WEB, app, ignore=shutil.ignore_patterns("node_modules", "dist"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (app / "node_modules").symlink_to(WEB / "node_modules")
    spanish = (WEB / "src" / "languages" / "es.ts").read_text(encoding="utf-8")
    head = section("A language", "ts").partition("= {")[0]
    added.write_text(head + "=" + spanish.partition("Words =")[2], encoding="utf-8")
    strings = app / "src" / "strings.ts"
    line = re.search(r"`(it: .*?)` in `LANGUAGES`", PAGE.read_text(encoding="utf-8"))
    assert line is not None
    text = strings.read_text(encoding="utf-8").replace("  ar: {", f"  {line[1]},\n  ar: {{", 1)
    strings.write_text('import { it } from "./languages/it";\n' + text, encoding="utf-8")
    (app / "app.json").write_text('{ "extends": "./tsconfig.json", "include": ["src"] }')
    assert said(app, "tsc", "--noEmit", "--project", "app.json") == (0, "")
    code, tests = said(app, "vitest", "run", "tests/languages.test.ts", "--reporter=verbose")
    assert code == 0
    assert "it > has every text, and no other" in tests

    added.write_text(added.read_text(encoding="utf-8").replace("  reload:", "  // reload:", 1), encoding="utf-8")
    code, refused = said(app, "tsc", "--noEmit", "--project", "app.json")
    assert code
    assert "languages/it.ts" in refused
    assert "reload" in refused


def said(folder: Path, *command: str) -> tuple[int, str]:
    """A tool of the app's, run in a folder: its exit code and what it says."""
    ran = subprocess.run(
        ["npx", *command], cwd=folder, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"}
    )
    return ran.returncode, ran.stdout + ran.stderr
