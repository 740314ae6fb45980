"""One place for each fact: no other file holds a class list, and no client holds a mean, a size or a threshold."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mien.expressions import EXPRESSIONS, NAMES

SOURCE = Path(__file__).parents[1] / "src" / "mien"


def sources() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_only_expressions_lists_the_classes():
    # FER+ has eight emotions of its own, four of them with the same name.
    words = {word for expression in EXPRESSIONS for word in (expression.name, expression.adjective)}
    for path in sources():
        if path.name == "expressions.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                keys = node.keys if isinstance(node, ast.Dict) else node.elts
                named = {key.value for key in keys if isinstance(key, ast.Constant)} & words
                assert len(named) < 5, f"{path.name}:{node.lineno} holds a list of classes of its own"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert len(set(re.split(r"\W+", node.value)) & set(NAMES)) < len(NAMES), f"{path.name}:{node.lineno}"


def test_recognition_holds_no_mean_and_no_training_framework():
    for path in (SOURCE / "recognition").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                assert (module or "").split(".")[0] not in {"torch", "timm", "pandas", "sklearn"}, path.name
                if (module or "").startswith("mien."):
                    base = (
                        "expressions",
                        "errors",
                        "storage",
                        "provenance",
                        "cores",
                        "names",
                        "addresses",
                        "recognition",
                    )
                    allowed = tuple(f"mien.{name}" for name in base)
                    assert module.startswith(allowed), f"{path.name} imports {module}"
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                # The means and deviations of ImageNet and of timm's transformers, as recipes have them.
                assert node.value not in {0.449, 0.226, 0.485, 0.229}, f"{path.name}:{node.lineno} holds a mean"


@pytest.mark.parametrize(
    "code",
    [
        "import mien",
        "from mien.recognition.recognizer import Recognizer",
        "import mien.cli.main, mien.cli.videos",
        "from mien.cli.options import class_label; class_label('Happiness')",
    ],
)
def test_using_models_needs_no_training_framework(code):
    heavy = "{'torch', 'timm', 'pandas', 'sklearn', 'matplotlib', 'av', 'scipy', 'pyarrow', 'ray', 'pygame'}"
    heavy += " | {'pydantic', 'jinja2'}"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(sorted(({heavy}) & set(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_nothing_of_mien_needs_opencv():
    """It would bring a second OpenCV over the one that a user has."""
    for path in SOURCE.rglob("*.py"):
        assert "cv2" not in path.read_text(encoding="utf-8"), path
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: needs for name, needs in project["optional-dependencies"].items() if name != "dev"}
    assert not [need for needs in (project["dependencies"], *extras.values()) for need in needs if "opencv" in need]


def test_without_onnx_runtime_one_line_says_what_to_install():
    code = "import sys; sys.modules['onnxruntime'] = None; from mien.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "predict", "x.jpg"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "mien[cpu]" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_onnx_runtime_reports_to_nobody():
    code = "import os, mien.recognition.model; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "1\n"
