"""Where results come from: one version for all, a line on the machine, hashes of files."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import mien
from mien.provenance import file_hash

ROOT = Path(__file__).parents[1]
RELEASE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_python_and_android_have_the_version_of_pyproject() -> None:
    assert mien.__version__ == RELEASE, "install the package anew"
    code = "import build; print(*build.release())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "android", capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[1] == RELEASE


def test_no_other_file_names_a_version_of_its_own() -> None:
    assert "version" not in json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
    assert "pyproject.toml" in (ROOT / "web" / "vite.config.ts").read_text(encoding="utf-8")
    held = re.compile(rf"""["'>]{re.escape(RELEASE)}["'<]""")
    places = [
        ROOT / "web" / "package-lock.json",
        ROOT / "web" / "vite.config.ts",
        *(ROOT / "web" / "src").rglob("*.ts"),
    ]
    places += [path for path in (ROOT / "android").glob("*") if path.suffix in (".py", ".xml", ".json")]
    for path in [*places, *(ROOT / "src").rglob("*.py")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        own = [line for line in lines[:20] if held.search(line)]
        assert not own, f"{path}: {own}"


def test_the_machine_is_told_without_the_training_framework() -> None:
    code = "import sys; from mien.provenance import hardware; print(hardware(), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r".+, \d+ cores False\n", done.stdout)
    done = subprocess.run([sys.executable, "-c", f"import torch; {code}"], capture_output=True, text=True, check=True)
    assert re.search(r", torch \d+\.", done.stdout)


def test_a_file_s_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a model")
    assert file_hash(tmp_path / "a") == hashlib.sha256(b"a model").hexdigest()
