"""Make what is missing of a pipeline, step by step; killed at any moment, the same call goes on."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from mien.pipelines.plan import Pipeline
from mien.pipelines.steps import Step
from mien.pipelines.steps.step import Place, TimeIsOver, Work
from mien.provenance import code_version, file_hash, hardware
from mien.storage import write_json

BEGUN, DONE = "begun.json", "done.json"
"""In a step's folder: what it is made from, from its first moment; and what came of it, when it is done."""


@dataclass(frozen=True)
class Done:
    """A finished step, as `done.json` tells it.

    Attributes:
        digest: SHA-256 over all that it was made from.
        result: The result's file, relative to the step's folder.
        result_sha256: Of that file.
        seconds: That the last sitting took.
        code: Version of the package.
        hardware: One line on the machine.
    """

    digest: str
    result: str
    result_sha256: str
    seconds: float
    code: str
    hardware: str


def make(
    pipeline: Pipeline,
    place: Place,
    out: Path,
    deadline: float | None = None,
    say: Callable[[Step, str], None] = lambda step, line: None,
) -> dict[str, Path]:
    """Make the pipeline's steps in order, leaving those alone whose inputs are unchanged.

    Args:
        pipeline: The steps.
        place: Where data and starting weights are.
        out: A folder; each step has one of its name in it. What was made from other inputs is moved aside, not lost.
        deadline: On time.monotonic()'s clock; no step begins after it, and a training ends at an epoch before it.
        say: Takes a step and a line of progress.

    Returns:
        The results' files by step; where the time was over, not of all steps.

    Raises:
        MienError: A step failed; what was made before it stays.
    """
    results: dict[str, Path] = {}
    for step in pipeline.steps:
        folder = out / step.name
        digest = digest_of(step, place, results)
        if (result := _finished(folder, digest)) is not None:
            results[step.name] = result
            say(step, "unchanged")
            continue
        if deadline is not None and time.monotonic() >= deadline:
            return results
        _begin(folder, step, digest)
        say(step, "being made")
        try:
            results[step.name] = _made(
                step, Work(place, folder, results, digest, pipeline.name, deadline, partial(say, step))
            )
        except TimeIsOver:
            return results
        say(step, "made")
    return results


def _made(step: Step, work: Work) -> Path:
    """Do a step's work and note that it is done; returns the result's file."""
    started = time.monotonic()
    result = step.make(work)
    seconds = time.monotonic() - started
    place = str(result.relative_to(work.folder))
    done = Done(work.digest, place, file_hash(result), seconds, code_version(), hardware())
    write_json(work.folder / DONE, asdict(done))
    return result


def digest_of(step: Step, place: Place, results: dict[str, Path]) -> str:
    """SHA-256 over the step's kind, its inputs, and the results it is made from; not over its name.

    Args:
        step: The step.
        place: Where the pipeline is made.
        results: Of earlier steps, by name.

    Returns:
        In hexadecimal.
    """
    made_from = [file_hash(results[name]) for name in step.needs if name in results]
    text = json.dumps([step.kind, step.inputs(place), made_from], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _finished(folder: Path, digest: str) -> Path | None:
    """The result of a step that was made from the same, where it is there and whole."""
    try:
        done = Done(**json.loads((folder / DONE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not finished, or damaged
        return None
    result = folder / done.result
    whole = done.digest == digest and result.is_file() and file_hash(result) == done.result_sha256
    return result if whole else None


def _begin(folder: Path, step: Step, digest: str) -> None:
    """Have a folder that holds nothing but this step's own work so far."""
    begun = folder / BEGUN
    try:
        before = json.loads(begun.read_text(encoding="utf-8"))["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        before = None
    if folder.exists() and before != digest:
        aside = folder.with_name(f"{folder.name}.outdated-{str(before)[:8]}")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    write_json(begun, {"kind": step.kind, "digest": digest})
