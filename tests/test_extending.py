"""docs/extending.md: a network, a mixing and a sink, added as it says."""

import re
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


def test_a_language() -> None:
    """The app's own tests check the languages there are; here, that the page speaks of what there is."""
    code = section("A language", "ts")
    strings = (ROOT / "web" / "src" / "strings.ts").read_text(encoding="utf-8")
    english = (ROOT / "web" / "src" / "languages" / "es.ts").read_text(encoding="utf-8")
    assert 'import type { Words } from "./en";' in code
    assert 'import type { Words } from "./en";' in english
    assert 'es: { name: "Español", words: es }' in strings
    assert "export const LANGUAGES" in strings
