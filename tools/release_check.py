"""Build what a release holds, install it in empty environments, and check all of it: `make release-check`.

    python tools/release_check.py [--pythons 3.11 3.12]

The wheel and the source distribution are built in isolation, checked by twine and listed with their licences. The wheel
must carry the app and the models, be small enough, and recognise a face from Python, from the command line and over the
app's and the service's servers, in an empty environment of each Python that uv finds. Writes into out/release.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
import zipfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "out" / "release"
MOST_MEGABYTES = 45
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NEEDED = ("mien/server/app/index.html", "mien/server/app/models.json", "mien/models/mobilenet_v2.onnx")
NEEDED_LICENCES = ("mien/models/LICENSES.md", "LICENSE")
UNWANTED = re.compile(r"\.pyc$|__pycache__|node_modules|\.env|/\.git/")
NOT_OURS = re.compile(r"^[^/]+/(out|data|runs|weights)/")
"""Folders of a checkout that hold data, and what was made of it."""
LOOK = "import mien; [face] = mien.Recognizer().recognize({picture!r}); assert face.expression == 'happy', face"


class Failure(Exception):
    """The release is not as it should be; the message says what to mend."""


def run(*command: object, **options: object) -> str:
    """A command's output; raises Failure with it where the command fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)  # type: ignore
    if done.returncode:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def version() -> str:
    """The release's, which stands in pyproject.toml alone."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def check_documents() -> None:
    """The changelog and the citation speak of this version."""
    if f"## [{version()}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        raise Failure(f"CHANGELOG.md has no section of {version()}")
    if f"\nversion: {version()}\n" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8"):
        raise Failure(f"CITATION.cff is not about {version()}")


def build() -> tuple[Path, Path]:
    """The wheel and the source distribution, built in isolation, one from the other."""
    shutil.rmtree(OUT, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", OUT, ROOT)
    [wheel], [source] = OUT.glob("*.whl"), OUT.glob("*.tar.gz")
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, source)
    return wheel, source


def check_wheel(wheel: Path) -> None:
    """Its size, what is in it, and the licences of that."""
    megabytes = wheel.stat().st_size / 1e6
    if megabytes > MOST_MEGABYTES:
        raise Failure(f"{wheel.name} has {megabytes:.1f} MB, more than {MOST_MEGABYTES}")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        kinds: Counter[str] = Counter()
        for entry in packed.infolist():
            kinds[Path(entry.filename).suffix or Path(entry.filename).name] += entry.file_size
    for name in NEEDED:
        if name not in names:
            raise Failure(f"{wheel.name} lacks {name}; build the app first: make app-ready")
    for name in NEEDED_LICENCES:
        if not any(one.endswith(name) for one in names):
            raise Failure(f"{wheel.name} lacks {name}")
    if wrong := [name for name in names if UNWANTED.search(name)]:
        raise Failure(f"{wheel.name} holds {', '.join(wrong[:5])}")
    print(f"{wheel.name}: {megabytes:.1f} MB, {len(names)} files")
    for kind, size in kinds.most_common(8):
        print(f"  {kind}: {size / 1e6:.2f} MB")
    print(f"  licences: {', '.join(name for name in names if 'LICENSE' in name.upper())}")


def check_source(source: Path) -> None:
    """What is in the source distribution."""
    with tarfile.open(source) as packed:
        names = packed.getnames()
    if wrong := [name for name in names if UNWANTED.search(name) or NOT_OURS.search(name)]:
        raise Failure(f"{source.name} holds {', '.join(wrong[:5])}")
    print(f"{source.name}: {source.stat().st_size / 1e6:.1f} MB, {len(names)} files")


def check_installed(wheel: Path, python: str) -> None:
    """Install the wheel in an empty environment of a Python, and use it there, away from the checkout."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run("uv", "venv", "--quiet", "--python", python, home / "venv")
        inside = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
        run("uv", "pip", "install", "--quiet", "--python", inside / "python", f"{wheel}[cpu,serve]")
        shutil.copy(ROOT / "examples" / "obama.jpg", home / "party.jpg")
        run(inside / "python", "-c", LOOK.format(picture="party.jpg"), cwd=home)
        table = run(inside / "mien", "predict", "party.jpg", "--annotate", "drawn", cwd=home)
        if "happy" not in table or not (home / "drawn" / "party.jpg").is_file():
            raise Failure(f"Python {python}: mien predict says {table}")
        page = served(inside / "mien", home, "app", "--no-browser")
        if b"<title>Mien" not in page:
            raise Failure(f"Python {python}: mien app serves {page[:200]!r}")
        if b'"paths"' not in served(inside / "mien", home, "serve", path="openapi.json"):
            raise Failure(f"Python {python}: mien serve does not describe itself")
        print(f"Python {python}: {run(inside / 'mien', '--version').strip()} installed, used and served")


def served(mien: Path, home: Path, command: str, *options: str, path: str = "mien/") -> bytes:
    """A page of a server that `mien` starts on a free port."""
    line = [str(mien), command, "--port", "0", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=home, env=environment) as process:
        try:
            assert process.stdout is not None
            told = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            if told is None:
                raise Failure(f"mien {command} does not say where it is")
            with urllib.request.urlopen(told[0] + path, timeout=30) as answer:
                return answer.read()
        finally:
            process.kill()


def at_hand(wanted: list[str]) -> list[str]:
    """Those of the wanted Pythons that are on this machine; the others are named."""
    there = [one for one in wanted if not subprocess.run(["uv", "python", "find", one], capture_output=True).returncode]
    if missing := sorted(set(wanted) - set(there)):
        print(f"not here, and not run: Python {', '.join(missing)}")
    return there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pythons", nargs="+", default=list(PYTHONS))
    arguments = parser.parse_args()
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    try:
        check_documents()
        wheel, source = build()
        check_wheel(wheel)
        check_source(source)
        for python in at_hand(arguments.pythons):
            check_installed(wheel, python)
    except Failure as failure:
        sys.exit(f"not fit for release: {failure}")
    print(f"{version()} is fit for release: {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
