"""What stands around a release: versions, the changelog, workflows, and the check that refuses a wrong wheel."""

import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch):
    """tools/release_check.py."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import release_check

    return release_check


def test_documents_are_about_this_version(check) -> None:
    check.check_documents()
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def wheel(folder: Path, *names: str, size: int = 10) -> Path:
    path = folder / "mien-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(name, b"x" * size)
    return path


def test_a_wheel_is_refused_for_what_it_lacks_or_should_not_hold(check, tmp_path: Path, monkeypatch) -> None:
    whole = (*check.NEEDED, "mien/models/LICENSES.md", "mien-0.dist-info/licenses/LICENSE")
    check.check_wheel(wheel(tmp_path, *whole))
    for missing in whole:
        with pytest.raises(check.Failure, match="lacks"):
            check.check_wheel(wheel(tmp_path, *(set(whole) - {missing})))
    with pytest.raises(check.Failure, match=r"holds mien/__pycache__/a\.pyc"):
        check.check_wheel(wheel(tmp_path, *whole, "mien/__pycache__/a.pyc"))
    monkeypatch.setattr(check, "MOST_MEGABYTES", 0.001)
    with pytest.raises(check.Failure, match="MB, more than"):
        check.check_wheel(wheel(tmp_path, *whole, size=1000))


def test_a_source_distribution_with_data_is_refused(check, tmp_path: Path) -> None:
    path = tmp_path / "mien-0.tar.gz"
    (tmp_path / "face.png").write_bytes(b"x")
    with tarfile.open(path, "w:gz") as packed:
        packed.add(tmp_path / "face.png", "mien-0/data/face.png")
    with pytest.raises(check.Failure, match=r"holds mien-0/data/face\.png"):
        check.check_source(path)


def test_workflows_call_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = set()
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"run: make (.+)", text):
            called |= set(line.split())
        for place in re.findall(r"tests/\w+\.py", text):
            assert (ROOT / place).is_file(), f"{path.name}: {place}"
    assert called >= {"check", "test", "app-ready", "docs", "release-check", "package", "apk"}
    assert called <= targets


def test_the_tested_pythons_are_those_that_are_promised() -> None:
    tests = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert PROJECT["requires-python"] == ">=3.11"
    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in tests
    for system in ("ubuntu-latest", "macos-latest", "windows-latest"):
        assert system in tests


def test_the_container_needs_no_more_than_it_is_given() -> None:
    """What the Dockerfile copies is let through by .dockerignore, and it is nobody's who may change anything."""
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    let_through = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", docker, re.MULTILINE) for name in line.split()}
    assert copied == let_through
    assert "USER 10001:10001" in docker
    for extra in re.search(r"\[([\w,]+)\]\"", docker)[1].split(","):
        assert extra in PROJECT["optional-dependencies"]
    assert "read_only: true" in (ROOT / "compose.yaml").read_text(encoding="utf-8")


def test_nothing_that_is_built_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout")
    assert not [name for name in listed.stdout.splitlines() if "/dist/" in name or name.startswith("out/")]
