"""How many small faults in the code the tests notice: mutation testing with mutmut, and with Stryker for TypeScript.

Usage: python benchmarks/mutants.py [--sample N] [--seed N] [PACKAGE or FILE ...]

Each package is judged by the tests that concern it, and each mutant by those of them that run its function, the
quickest first. Prints a table with the score's 95% interval (Wilson's) and which mutants survived; for whole packages,
writes results/benchmarks/mutants-PACKAGE.json. --sample tries that many mutants of what is named, drawn by the seed
from all its files together, instead of all. The mutants lie in out/mutants/PACKAGE: `mutmut show NAME`, started there,
shows one.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from mien.provenance import origin
from mien.results.benchmarks import Mutants, MutantScore
from mien.results.record import write
from mien.storage import write_text

ROOT = Path(__file__).parents[1]
WORK = ROOT / "out/mutants"
RESULTS = ROOT / "results/benchmarks"
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
TESTS: dict[str, list[str]] = TOOLS["mien-mutants"]["tests"]
WEB = "web"
KILLED = frozenset({"killed", "timeout", "segfault", "Killed", "Timeout", "RuntimeError"})
LEFT_OUT = frozenset({"skipped", "Ignored", "CompileError"})  # no fault: nobody can build it
BESIDE = ("models", "examples", "results", "recipes", "docs", "README.md", "benchmarks", "web")
"""What tests read of the repository."""
# A mutant's process is forked from one that holds the tests; threads would not be forked with it.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[*TESTS, WEB], help="packages, or files of theirs; all if none")
    parser.add_argument("--sample", type=int, help="mutants to try (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="which of them (default: %(default)s)")
    arguments = parser.parse_args()
    scores: dict[str, MutantScore] = {}
    for what in arguments.what:
        package = what if what in (*TESTS, WEB) else _package(what)
        files = _files(package) if what == package else [what]
        tried = _stryker(files) if package == WEB else _mutmut(package, files, arguments.sample, arguments.seed)
        score = Mutants(package=package, sample=arguments.sample, files=tried, **origin())
        if what == package:
            write(RESULTS / f"mutants-{package}.json", score)
        scores |= {what: score.total} if what == package else tried
    console = Console(soft_wrap=True, highlight=False)
    console.print(_table(scores))
    for score in scores.values():
        for name in score.survived:
            console.print(f"survived: {name}", markup=False)


def _package(file: str) -> str:
    if file.startswith("web/src/recognition/"):
        return WEB
    parts = Path(file).parts
    if parts[:2] != ("src", "mien") or parts[2] not in TESTS or not (ROOT / file).is_file():
        sys.exit(f"{file}: neither a package that is judged ({', '.join([*TESTS, WEB])}) nor a file of one")
    return parts[2]


def _files(package: str) -> list[str]:
    folder, ending = ("web/src/recognition", "*.ts") if package == WEB else (f"src/mien/{package}", "*.py")
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob(ending))


def _mutmut(package: str, files: list[str], sample: int | None, seed: int) -> dict[str, MutantScore]:
    """Try the mutants of some files of a package.

    Args:
        package: Its name.
        files: Those files, relative to the repository.
        sample: How many mutants of them together to try; None for all.
        seed: Which of them.

    Returns:
        What became of them, by the file.
    """
    work = WORK / package
    _prepare(work, package)
    os.chdir(work)  # where mutmut looks for its settings
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.format_utils import get_mutant_name

    made = {
        file: [
            get_mutant_name(Path(file), name)
            for name in mutate_file_contents(file, Path(file).read_text()).mutant_names
        ]
        for file in files
    }
    drawn = set(_drawn([name for names in made.values() for name in names], sample, seed))
    paths = os.pathsep.join([str(work / "mutants/src"), str(ROOT / "benchmarks")])
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1"]
    subprocess.run([*command, *sorted(drawn)], env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths}, check=True)
    found: dict[str, MutantScore] = {}
    for file, names in made.items():
        told = SourceFileMutationData(path=Path(file))
        told.load()
        tried = {name: status_by_exit_code[told.exit_code_by_key[name]] for name in names if name in drawn}
        found[file] = _score(len(names), tried)
    return found


def _drawn(names: list[str], sample: int | None, seed: int) -> list[str]:
    return names if sample is None else random.Random(seed).sample(names, min(sample, len(names)))


def _prepare(work: Path, package: str) -> None:
    """A folder in which mutmut finds the repository's files, and settings for one package."""
    (work / "mutants/src").mkdir(parents=True, exist_ok=True)  # before Python starts, which forgets missing places
    for name in ("src", "tests"):
        _link(work / name, ROOT / name)
    for name in BESIDE:
        _link(work / "mutants" / name, ROOT / name)
    write_text(work / TOOLS["mutmut"]["preload_modules_file"], "\n".join(TOOLS["mien-mutants"]["preload"]))
    plugin, skip = ["-p", "quickest_first"], f"not ({TOOLS['mien-mutants']['skip']})"
    settings = {
        **TOOLS["mutmut"],
        "only_mutate": [f"src/mien/{package}/*"],
        "pytest_add_cli_args": [*plugin, "-p", "no:cacheprovider", "-k", skip],
        "pytest_add_cli_args_test_selection": [f"tests/{name}" for name in TESTS[package]],
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    write_text(work / "pyproject.toml", f"[tool.mutmut]\n{lines}")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(target)


def _stryker(files: list[str]) -> dict[str, MutantScore]:
    """Try all mutants of some TypeScript files; what became of them, by the file."""
    web = ROOT / "web"
    mutated = ",".join(file.removeprefix("web/") for file in files)
    for name in ("models", "results", "src", "pyproject.toml"):  # where Stryker's copy of web/ looks for them
        _link(WORK / WEB / name, ROOT / name)
    subprocess.run(["npx", "stryker", "run", "--mutate", mutated], cwd=web, check=True)
    report = json.loads((ROOT / "out/mutants/web/mutation.json").read_text(encoding="utf-8"))
    return {
        f"web/{file}": _score(len(told["mutants"]), {_place(file, one): one["status"] for one in told["mutants"]})
        for file, told in sorted(report["files"].items())
    }


def _place(file: str, mutant: dict[str, Any]) -> str:
    start = mutant["location"]["start"]
    return f"web/{file}:{start['line']}:{start['column']} -> {' '.join(mutant['replacement'].split())}"


def _score(made: int, outcomes: dict[str, str]) -> MutantScore:
    tried = {name: outcome for name, outcome in outcomes.items() if outcome not in LEFT_OUT}
    survived = tuple(sorted(name for name, outcome in tried.items() if outcome not in KILLED))
    return MutantScore(mutants=made, tried=len(tried), killed=len(tried) - len(survived), survived=survived)


def _table(scores: dict[str, MutantScore]) -> Table:
    table = Table("package or file", *("mutants", "tried", "killed", "survived", "score", "95% interval"))
    for name, score in scores.items():
        numbers = (score.mutants, score.tried, score.killed, score.tried - score.killed)
        share = f"{score.share:.1%}" if score.tried else "-"
        table.add_row(name, *map(str, numbers), share, _interval(score) if score.tried else "-")
    return table


def _interval(score: MutantScore) -> str:
    """Wilson's, of a sample; of all mutants nothing is left to chance."""
    if score.tried == score.mutants:
        return "-"
    ends = binomtest(score.killed, score.tried).proportion_ci(method="wilson")
    return f"{ends.low:.1%} to {ends.high:.1%}"


if __name__ == "__main__":
    main()
