"""Experiments: jobs, the queue under kills and full disks, filing, and the report."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from mien.cli.experiments import bars
from mien.cli.main import app
from mien.data import dataset
from mien.errors import DataError, RecipeError, StorageError
from mien.evaluation import report as evaluation
from mien.evaluation.calibration import reliability
from mien.experiments import report, run_plots, run_results, small_models, synthesis, tables
from mien.experiments.job_status import FAILURE, JobStatus, State, job_statuses
from mien.experiments.jobs import Job, find
from mien.experiments.queue import Commands, Outcome, Queue
from mien.experiments.run_results import RunResult, collect, has_result, read_result
from mien.expressions import NAMES
from mien.novelty.judge import OURS
from mien.results import record
from mien.results.ensembles import Choice, Ensemble, Member
from mien.results.evaluation import Subject
from mien.results.gate import DetectorAndGate, GateJudgement, Passage, Risk, Separation
from mien.results.record import write
from mien.results.reference import Reference
from mien.results.runs import Epoch, RunDescription, RunMetrics
from mien.results.scores import ClassNoise, Interval, LabelNoise
from mien.training.affine import RandomAffine
from mien.training.recipe import read
from mien.training.run import RunFolder

ROOT = Path(__file__).parent.parent
TINY = """
network = "mobilenet_v2"
stages = [{ epochs = 3, pixels = 32 }]
split = "kaggle"
hold_out = 0.2
batch_size = 14
"""
# Rows of the small models' tables, none of which was run in the results made up here.
SMALL_MODELS = len(small_models.TEACHERS) + len(small_models.STUDENTS) * len(small_models.INGREDIENTS)


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """Two good recipes and a base."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "_base.toml").write_text(TINY)
    (folder / "first.toml").write_text('extends = "_base.toml"\n')
    (folder / "second.toml").write_text('extends = "_base.toml"\nmixing = { name = "cutmix" }\n')
    return folder


def jobs_of(recipes: Path, seeds: tuple[int, ...] = (0,)) -> list[Job]:
    return find([recipes], seeds)[0]


def a_curve(epochs: int) -> list[Epoch]:
    return [Epoch(number, 2 - number / 10, 0.3 + number / 100, 0.2, 100.0, 7.0) for number in range(epochs)]


def made_up(job: Job, seed: int = 0, accuracy: float = 0.7) -> RunResult:
    """A filed run whose numbers agree with each other."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(7), 30)
    right = generator.random(len(labels)) < accuracy
    called = np.where(right, labels, (labels + generator.integers(1, 7, len(labels))) % 7)
    logits = generator.normal(0, 1, (len(labels), 7))
    logits[np.arange(len(labels)), called] = 4
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    place = (job.recipe.split, job.recipe.report_part)
    subject = Subject(job.name, "m", "pictures", *place, code="0.1", date="2026-01-01T00:00:00+00:00")
    scores = evaluation.report(subject, labels, probabilities, np.arange(len(labels)) % 10 == 0)
    metrics = RunMetrics(**vars(scores), reliability=reliability(labels, probabilities))
    # Through JSON, as a file has it: lists for tuples.
    recipe = json.loads(json.dumps(job.recipe.to_dict()))
    description = RunDescription(recipe, "d", "none", code="0.1", hardware="cpu, torch 2")
    return RunResult(job.name, description, a_curve(job.recipe.epochs), metrics)


def rated(majority: float) -> LabelNoise:
    """As many raters as it takes to say that a model agrees with them so far."""
    agrees = Interval(majority, majority - 0.02, majority + 0.02)
    classes = dict.fromkeys(NAMES, ClassNoise(30, 0.5, 30, 0.5, 0.5))
    return LabelNoise(210, 210, {"no votes": 0}, agrees, agrees, agrees, classes)


def put(filed: RunResult, folder: Path) -> Path:
    write(folder / "run.json", filed.description)
    write(folder / "metrics.json", filed.metrics)
    RunFolder(folder).write_curve(filed.curve)
    return folder


def mien(*words: object) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


def never(split: str) -> dataset.FaceData:
    raise AssertionError("the data set is not needed")


# Jobs


def test_jobs_are_ordered_by_seed_and_bases_left_out(recipes: Path) -> None:
    assert [job.name for job in jobs_of(recipes, (0, 3))] == ["first-s0", "second-s0", "first-s3", "second-s3"]
    assert jobs_of(recipes, (3,))[0].recipe.seed == 3


def test_a_broken_recipe_is_named_and_the_others_stay(recipes: Path) -> None:
    (recipes / "broken.toml").write_text('network = "vit_tiny"\nepoch = 3\n')
    (recipes / "leaky.toml").write_text('network = "vit_tiny"\nsplit = "kaggle"\n')
    jobs, broken = find([recipes], (0,))
    assert [job.name for job in jobs] == ["first-s0", "second-s0"]
    assert [one.path.stem for one in broken] == ["broken", "leaky"]
    assert "unknown key 'epoch'" in broken[0].reason
    assert "hold_out" in broken[1].reason


def test_nothing_to_do_and_shared_names_are_errors(recipes: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="nowhere: no such recipe"):
        find([recipes, tmp_path / "nowhere"], (0,))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match=r"no recipes in .*empty"):
        find([recipes, tmp_path / "empty"], (0,))
    with pytest.raises(RecipeError, match="seed must be a whole number"):
        find([recipes], (-1,))
    (tmp_path / "first.toml").write_text(TINY)
    with pytest.raises(RecipeError, match="one name"):
        find([recipes, tmp_path / "first.toml"], (0,))
    assert len(find([recipes, recipes / "first.toml"], (0,))[0]) == 2  # twice the same file is once


# The queue, with stand-ins for the two commands

FAKE = """
import json, os, subprocess, sys, time
from pathlib import Path
kind, folder, results, epochs, behaviour = sys.argv[1:6]
folder = Path(folder)
with (folder / "calls.txt").open("a") as calls: calls.write(kind + "\\n")
if behaviour == "crash": sys.exit("mien: boom: it broke\\nand more")
if behaviour == "silent": sys.exit("boom")
if behaviour == "killed": os.kill(os.getpid(), 9)
if behaviour == "late" and not (folder / ".lock").exists():
    holder = [sys.executable, "-c", os.environ["HOLD"], str(folder / ".lock"), "2"]
    subprocess.Popen(holder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.readline()
    print("mien: another process trains into it")
    sys.exit(2)
if behaviour == "torn": (folder / "curve.csv").write_text("epoch,loss\\n0,1"); sys.exit()
if behaviour == "full": print("mien: cannot write; the disk is full"); sys.exit(3)
if kind == "file":
    (Path(results) / "runs" / folder.name).mkdir(parents=True)
    sys.exit()
curve = folder / "curve.csv"
head = "epoch,loss,accuracy,macro_f1,pictures_per_second,seconds\\n"
lines = curve.read_text().splitlines()[1:] if curve.exists() else []
(folder / "checkpoint.pt").touch()
for epoch in range(len(lines), int(epochs)):
    if behaviour == "slow": time.sleep(60)
    lines.append(f"{epoch},1.0,0.5,0.5,1.0,1.0")
    curve.write_text(head + "\\n".join(lines) + "\\n")
"""

# Holds a lock file for some seconds.
HOLD = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def queue(tmp_path: Path) -> Callable[..., tuple[list[Outcome], list[str]]]:
    """Runs jobs with a fake trainer; behaviours, by job's name, are in FAKE."""
    runs, results = tmp_path / "runs", tmp_path / "results"

    def run(
        jobs: list[Job], behaviours: dict[str, str] | None = None, parallel: int = 1, hours: float | None = None
    ) -> tuple[list[Outcome], list[str]]:
        def fake(kind: str) -> Callable[..., list[str]]:
            return lambda job, *left: [
                *(sys.executable, "-c", FAKE, kind, str(runs / job.name), str(results), str(job.recipe.epochs)),
                (behaviours or {}).get(job.name, "good"),
            ]

        said: list[str] = []
        deadline = None if hours is None else time.monotonic() + hours * 3600
        made = Queue(Commands(fake("train"), fake("file")), runs, results, parallel, deadline, said.append)
        return made.run(jobs), said

    return run


def calls(tmp_path: Path, name: str) -> list[str]:
    path = tmp_path / "runs" / name / "calls.txt"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("parallel", [1, 3])
def test_everything_is_run_filed_and_never_again(recipes: Path, tmp_path: Path, queue: Callable, parallel: int) -> None:
    jobs = jobs_of(recipes, (0, 1))
    outcomes, _ = queue(jobs, parallel=parallel)
    assert sorted((outcome.job.name, outcome.kind) for outcome in outcomes) == sorted(
        (job.name, "done") for job in jobs
    )
    assert queue(jobs) == ([], [])
    assert all(calls(tmp_path, job.name) == ["train", "file"] for job in jobs)


def test_one_that_crashes_takes_no_other_along_and_is_tried_again(
    recipes: Path, tmp_path: Path, queue: Callable
) -> None:
    jobs = jobs_of(recipes)
    outcomes, said = queue(jobs, {"first-s0": "crash"})
    assert {outcome.job.name: outcome.kind for outcome in outcomes} == {"first-s0": "failed", "second-s0": "done"}
    assert any("boom: it broke" in line for line in said)
    status = job_statuses(jobs[:1], tmp_path / "runs", tmp_path / "results", True, tmp_path)[0]
    assert (status.state, status.note) == (State.FAILED, "boom: it broke")
    assert [outcome.kind for outcome in queue(jobs)[0]] == ["done"]
    assert not (tmp_path / "runs" / "first-s0" / FAILURE).exists()


def test_why_one_failed_is_what_it_said_itself_or_how_it_ended(recipes: Path, tmp_path: Path, queue: Callable) -> None:
    jobs = jobs_of(recipes)[:1]
    for behaviour, reason in (
        ("crash", "boom: it broke"),
        ("silent", "ended with code 1"),
        ("killed", "killed by signal 9 (out of memory?)"),
    ):
        assert [outcome.reason for outcome in queue(jobs, {"first-s0": behaviour})[0]] == [reason]
    assert "mien: boom" in (tmp_path / "runs" / "first-s0" / "log.txt").read_text()


def test_a_curve_that_is_torn_fails_its_own_run_only(recipes: Path, tmp_path: Path, queue: Callable) -> None:
    outcomes = {outcome.job.name: outcome for outcome in queue(jobs_of(recipes), {"first-s0": "torn"})[0]}
    assert (outcomes["first-s0"].kind, outcomes["second-s0"].kind) == ("failed", "done")
    assert "first-s0/curve.csv: damaged" in outcomes["first-s0"].reason


def test_one_that_another_queue_began_at_the_same_moment_is_waited_for(
    recipes: Path, tmp_path: Path, queue: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLD", HOLD)
    outcomes, said = queue(jobs_of(recipes)[:1], {"first-s0": "late"})
    assert [outcome.kind for outcome in outcomes] == ["done"]
    assert said.count("first-s0: another process trains it; waiting for that to end") == 1
    assert calls(tmp_path, "first-s0") == ["train", "train", "file"]


def test_what_another_queue_put_on_file_is_not_filed_again(
    recipes: Path, tmp_path: Path, queue: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.experiments.queue.has_result", lambda name, _: len(calls(tmp_path, name)) > 0)
    outcomes, _ = queue(jobs_of(recipes)[:1])
    assert [outcome.kind for outcome in outcomes] == ["done"]
    assert calls(tmp_path, "first-s0") == ["train"]


def test_a_full_disk_stops_the_queue_and_loses_nothing(recipes: Path, tmp_path: Path, queue: Callable) -> None:
    jobs = jobs_of(recipes, (0, 1))
    outcomes, _ = queue(jobs, {"second-s0": "full"})
    kinds = {outcome.job.name: outcome.kind for outcome in outcomes}
    assert kinds == {"first-s0": "done", "second-s0": "failed", "first-s1": "stopped", "second-s1": "stopped"}
    assert has_result("first-s0", tmp_path / "results")
    assert calls(tmp_path, "first-s1") == []
    assert len(queue(jobs)[0]) == 3


def test_what_was_begun_comes_first_and_what_is_trained_is_only_filed(
    recipes: Path, tmp_path: Path, queue: Callable
) -> None:
    jobs = jobs_of(recipes, (0, 1))
    begun, trained = RunFolder(tmp_path / "runs" / "second-s1"), RunFolder(tmp_path / "runs" / "first-s1")
    begun.path.mkdir(parents=True)
    begun.checkpoint.touch()
    trained.write_curve(a_curve(3))
    outcomes, said = queue(jobs)
    assert said[0] == "second-s1: training, going on"
    assert calls(tmp_path, "first-s1") == ["file"]
    assert {outcome.kind for outcome in outcomes} == {"done"}


def test_when_the_time_is_over_nothing_begins_and_a_long_epoch_is_interrupted(
    recipes: Path, tmp_path: Path, queue: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.experiments.queue._GRACE_SECONDS", 0.0)
    jobs = jobs_of(recipes)
    started = time.monotonic()
    outcomes, _ = queue(jobs, {"first-s0": "slow"}, hours=1 / 3600)
    assert time.monotonic() - started < 50
    assert [(outcome.job.name, outcome.kind) for outcome in outcomes] == [
        ("first-s0", "stopped"),
        ("second-s0", "stopped"),
    ]
    assert calls(tmp_path, "second-s0") == []
    assert [outcome.kind for outcome in queue(jobs)[0]] == ["done", "done"]


def test_a_training_that_outlived_its_queue_is_waited_for(recipes: Path, tmp_path: Path, queue: Callable) -> None:
    jobs = jobs_of(recipes)
    folder = RunFolder(tmp_path / "runs" / "first-s0")
    folder.path.mkdir(parents=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path / ".lock"), "3"], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert job_statuses(jobs, tmp_path / "runs", tmp_path / "results", True, tmp_path)[0].state is State.RUNNING
    folder.write_curve(a_curve(3))  # as the training does before it ends
    outcomes, said = queue(jobs)
    holder.wait()
    assert said.count("first-s0: another process trains it; waiting for that to end") == 1
    assert [(outcome.job.name, outcome.kind) for outcome in outcomes] == [("second-s0", "done"), ("first-s0", "done")]
    assert calls(tmp_path, "first-s0") == ["file"]


# Standings


def test_standings_tell_what_waits_and_how_long_the_rest_takes(recipes: Path, tmp_path: Path) -> None:
    (recipes / "augmented.toml").write_text('extends = "_base.toml"\nsynthetic = 1\n')
    (recipes / "other.toml").write_text('extends = "_base.toml"\nnetwork = "vit_tiny"\n')
    (recipes / "student.toml").write_text('extends = "_base.toml"\ndistillation = { teachers = ["wise", "old"] }\n')
    runs, results, said = tmp_path / "runs", tmp_path / "results", tmp_path / "said"
    RunFolder(runs / "second-s0").write_curve(a_curve(1))

    def status(balanced: bool = False) -> dict[str, JobStatus]:
        rows = job_statuses(jobs_of(recipes), runs, results, balanced, said)
        return {row.job.name: row for row in rows}

    found = status()
    assert found["second-s0"].state is State.BEGUN
    assert found["second-s0"].seconds_left == 14  # two epochs of seven seconds
    assert (found["first-s0"].state, found["first-s0"].seconds_left) == (State.TO_DO, 21)
    assert found["other-s0"].seconds_left is None
    assert found["augmented-s0"].state is State.WAITING
    assert status(balanced=True)["augmented-s0"].state is State.TO_DO
    said.mkdir()
    (said / "old.onnx").touch()
    waiting = status()["student-s0"]
    assert waiting.state is State.WAITING
    assert "no teacher wise" in waiting.note
    (said / "wise.onnx").touch()
    assert status()["student-s0"].state is State.TO_DO

    first = next(job for job in jobs_of(recipes) if job.name == "first-s0")
    put(made_up(first), results / "runs" / "first-s0")
    assert status()["first-s0"].state is State.DONE
    (recipes / "first.toml").write_text('extends = "_base.toml"\nbatch_size = 7\n')
    assert status()["first-s0"].state is State.OUTDATED
    assert f"remove {results}/runs/first-s0 and {runs}/first-s0" in status()["first-s0"].note


UNKNOWN = '{"recipe": {"netwrk": 1}, "data": "d", "start": "none", "code": "", "hardware": ""}'


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("results/runs/first-s0/metrics.json", "", "metrics.json is damaged or no results file (Invalid JSON"),
        ("results/runs/first-s0/metrics.json", "[]", "metrics.json is damaged or no results file"),
        ("results/runs/first-s0/metrics.json", "{}", "model: Field required"),
        ("results/runs/first-s0/run.json", "[]", "no readable run.json"),
        ("results/runs/first-s0/run.json", UNKNOWN, "run.json: no recipe that is known here: unk"),
        ("runs/first-s0/curve.csv", "epoch,loss\n0,1", "curve.csv: damaged"),
    ],
)
def test_a_damaged_file_is_named_and_keeps_no_other_run_back(
    recipes: Path, tmp_path: Path, file: str, text: str, said: str
) -> None:
    jobs = {job.name: job for job in jobs_of(recipes)}
    if file.startswith("results"):
        put(made_up(jobs["first-s0"]), tmp_path / "results/runs/first-s0")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    first, second = job_statuses(list(jobs.values()), tmp_path / "runs", tmp_path / "results", False, tmp_path)
    assert first.state is State.DAMAGED
    assert said in first.note
    assert "first-s0" in first.note
    assert second.state is State.TO_DO
    brought = put(made_up(jobs["second-s0"]), tmp_path / "brought" / "second-s0")
    collect(brought, jobs, tmp_path / "results", never)
    words = (recipes, "--out", tmp_path / "runs", "--results", tmp_path / "results")
    assert mien("experiments", "status", *words).exit_code == 1
    run = mien("experiments", "run", *words, "--data", tmp_path, "--weights", "none")
    assert run.exit_code == 1
    assert [said in line for line in run.stderr.splitlines() if line.startswith("first-s0: damaged: ")] == [True]


def test_a_bar_says_how_far_each_training_that_runs_is(recipes: Path) -> None:
    first, second = jobs_of(recipes)
    console = Console(width=100)
    with console.capture() as shown:
        console.print(bars([JobStatus(first, State.RUNNING, 2, 120.0), JobStatus(second, State.BEGUN, 1, 60.0)]))
    assert re.search(r"first-s0 .* 2 of 3 epochs +2 min left", shown.get())
    assert "second" not in shown.get()


def test_the_commands_name_what_is_missing_or_broken(recipes: Path, tmp_path: Path) -> None:
    (recipes / "second.toml").write_text("network = 3\n")
    status = mien("experiments", "status", recipes, "--out", tmp_path / "runs", "--results", tmp_path / "results")
    assert status.exit_code == 1
    for words, said in (
        (("status", recipes, tmp_path / "nowhere"), "nowhere: no such recipe"),
        (("run", recipes, tmp_path / "nowhere", "--data", tmp_path, "--weights", "none"), "nowhere: no such recipe"),
        (("collect", tmp_path / "nothing"), "nothing: no such folder"),
    ):
        assert said in str(mien("experiments", *words).exception)
    (tmp_path / "x-s²").mkdir()
    assert "no known recipe" in str(mien("experiments", "collect", tmp_path / "x-s²", "--recipes", recipes).exception)


# Filing


def test_a_result_from_another_machine_is_checked_and_filed(recipes: Path, tmp_path: Path) -> None:
    jobs = {job.name: job for job in jobs_of(recipes, (0, 1))}
    brought = put(made_up(jobs["first-s0"]), tmp_path / "brought" / "first-s0")
    filed = collect(brought, jobs, tmp_path / "results", never)
    assert sorted(path.name for path in (tmp_path / "results/runs/first-s0").iterdir()) == [
        "curve.csv",
        "metrics.json",
        "run.json",
    ]
    assert read_result(tmp_path / "results/runs/first-s0") == filed
    assert collect(brought, jobs, tmp_path / "results", never) == filed  # twice does no harm
    later = replace(filed.metrics, date="2027-01-01T00:00:00+00:00", code="0.2", hardware="another")
    put(replace(filed, metrics=later), brought)
    assert collect(brought, jobs, tmp_path / "results", never) == replace(filed, metrics=later)
    put(made_up(jobs["first-s0"], seed=5), brought)
    with pytest.raises(DataError, match="another result"):
        collect(brought, jobs, tmp_path / "results", never)
    assert read_result(tmp_path / "results/runs/first-s0") == filed


def spoil(folder: Path, place: str, value: Any) -> None:
    """Put a value at a place, e.g. raw.accuracy.value in metrics.json or run:start in run.json; None takes it away."""
    file = folder / ("run.json" if place.startswith("run:") else "metrics.json")
    told = within = json.loads(file.read_text())
    *path, last = (int(key) if key.isdigit() else key for key in place.removeprefix("run:").split("."))
    for key in path:
        within = within[key]
    if value is None:
        del within[last]
    else:
        within[last] = value
    file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("raw.accuracy.value", 0.99, "raw: .*accuracy is not the matrix's"),
        ("raw.macro_precision.value", 0.99, "macro_precision is not the matrix's"),
        ("without_duplicates.macro_recall.value", 0.99, "macro_recall is not the matrix's"),
        ("raw.macro_f1.value", 0.99, "macro_f1 is not the matrix's"),
        ("raw.accuracy.low", 0.9, "accuracy lies outside its interval"),
        ("raw.accuracy.high", 1.1, "accuracy lies outside its interval"),
        ("raw.confusion.0.0", 1000, "number of pictures"),
        ("raw.classes.fear.support", 31, "class fear is not the matrix's"),
        ("raw.classes.fear.f1", 0.99, "class fear is not the matrix's"),
        ("raw.classes.fear.f1", "high", "raw.classes.fear.f1: Input should be a valid number"),
        ("raw.classes.fear", None, "another number of pictures"),
        ("raw.macro_recall", None, "raw.macro_recall: Field required"),
        ("raw.calibration_error", 0.5, "calibration is not its bins'"),
        ("without_duplicates.calibration_error", float("nan"), "calibration_error: Input should be a finite number"),
        ("part", "train", "another part"),
        ("data_hash", "others", "other pictures"),
        ("reliability", None, "reliability: Field required"),
        ("date", None, "date: Field required"),
        ("labels", {"accuracy_majority": {"value": 0.7, "low": 0.8, "high": 0.9}}, "labels.pictures: Field required"),
        ("labels.accuracy_majority.low", 0.8, "accuracy_majority lies outside"),
        ("raw.guessed", 1, "raw.guessed: Unexpected keyword argument"),
        ("run:start", None, "start: Field required"),
        ("run:hardware", 3, "hardware: Input should be a valid string"),
    ],
)
def test_numbers_that_are_missing_or_contradict_each_other_are_refused(
    recipes: Path, tmp_path: Path, place: str, value: Any, message: str
) -> None:
    jobs, results = {job.name: job for job in jobs_of(recipes)}, tmp_path / "results"
    put(made_up(jobs["second-s0"]), results / "runs" / "second-s0")
    filed = made_up(jobs["first-s0"])
    brought = put(replace(filed, metrics=replace(filed.metrics, labels=rated(0.7))), tmp_path / "first-s0")
    spoil(brought, place, value)
    with pytest.raises(DataError, match=message):
        collect(brought, jobs, results, never)
    assert not has_result("first-s0", results)


def test_a_queue_that_was_faster_is_no_full_disk(
    recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {job.name: job for job in jobs_of(recipes)}
    made = made_up(jobs["first-s0"])
    brought = put(made, tmp_path / "brought" / "first-s0")

    def overtaken(place: Path, fill: object) -> None:
        put(made, place)
        raise StorageError("Directory not empty")

    monkeypatch.setattr(run_results, "write_folder", overtaken)
    assert collect(brought, jobs, tmp_path / "results", never) == made


def test_unknown_and_unfinished_runs_are_refused(recipes: Path, tmp_path: Path) -> None:
    jobs = {job.name: job for job in jobs_of(recipes)}
    made = made_up(jobs["first-s0"])
    for name, filed, message in (
        ("third-s0", made, "no known recipe"),
        ("second-s0", made, "was not made by"),
        ("first-s0", replace(made, curve=made.curve[:2]), "2 of 3 epochs"),
    ):
        with pytest.raises(DataError, match=message):
            collect(put(filed, tmp_path / name), jobs, tmp_path / "results", never)
    assert not (tmp_path / "results").exists()


def test_a_disk_that_refuses_leaves_no_half_filed_run(
    recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {job.name: job for job in jobs_of(recipes)}
    brought = put(made_up(jobs["first-s0"]), tmp_path / "first-s0")

    def refuse(*_: object) -> None:
        raise StorageError("no space")

    monkeypatch.setattr(RunFolder, "write_curve", refuse)
    with pytest.raises(StorageError):
        collect(brought, jobs, tmp_path / "results", never)
    assert list((tmp_path / "results" / "runs").iterdir()) == []


def test_reliability_is_the_calibration_error() -> None:
    labels = np.array([0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]])
    bins = [one for one in reliability(labels, probabilities) if one.pictures]
    assert [(one.pictures, one.accuracy) for one in bins] == [(1, 1.0), (2, 0.5)]
    assert [one.confidence for one in bins] == pytest.approx([0.8, 0.9])


# The report


@pytest.fixture
def results(recipes: Path, tmp_path: Path) -> Path:
    """The published rows, with one of ours beside them in two seeds, and a run of another name."""
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(ROOT / "results" / "reference.toml", folder)
    (recipes / "first.toml").rename(recipes / "vit_tiny_fmix.toml")
    for number, job in enumerate(jobs_of(recipes, (0, 1))):
        put(made_up(job, seed=number), folder / "runs" / job.name)
    return folder


def test_the_reference_names_recipes_that_exist() -> None:
    rows = record.read(Reference, ROOT / "results" / "reference.toml").rows
    assert len(rows) == 12
    for row in rows:
        assert read(ROOT / "recipes" / "reference" / f"{row.recipe}.toml")


def test_the_report_says_what_is_on_file_and_what_was_not_run(results: Path) -> None:
    markdown, page = report.write(results, None)
    text = markdown.read_text()
    assert text.count("| not run |") == 4 * 11 + SMALL_MODELS
    ours = [filed for filed in run_results.read_all(results) if filed.recipe_name == "vit_tiny_fmix"]
    accuracy = 100 * np.mean([filed.metrics.raw.accuracy.value for filed in ours])
    low = 100 * np.mean([filed.metrics.raw.accuracy.low for filed in ours])
    assert len(ours) == 2
    row = next(line for line in text.splitlines() if line.startswith("| ViT-tiny FMix | "))
    assert f"| {accuracy:.1f} [{low:.1f}, " in row
    assert f"| 69.5 | {accuracy - 69.5:+.1f} [{low - 69.5:+.1f}, " in row
    assert f"{ours[0].recipe.network} from {Path(ours[0].description.start).stem}" in text
    content = page.read_text()
    job = replace(jobs_of(results.parent / "recipes")[1], path=Path("vit_tiny_fmix_cpu.toml"))
    put(made_up(job), results / "runs" / job.name)
    assert "Run instead for few epochs" not in report.write(results, None)[0].read_text()
    job = replace(job, path=Path("vit_small_cutmix_cpu.toml"))
    put(made_up(job), results / "runs" / job.name)
    both = report.write(results, None)[0].read_text()
    assert "- Run instead for few epochs on a CPU: ViT-small CutMix.\n" in both
    few = both.split("## Beside the published results, few epochs on a CPU")[1].split("## ")[1]
    assert "| ViT-tiny FMix | " in few
    assert "not run" not in few
    assert "http://" not in content.replace("http://www.w3.org", "")  # nothing is fetched
    assert not re.search(r'(src|href)="(?!data:|#)', content)
    assert content.count("<details>") == 2
    assert 'name="viewport"' in content
    wanted, there = set(re.findall(r'href="#([^"]+)"', content)), re.findall(r'id="([^"]+)"', content)
    assert len(wanted) >= 8
    assert wanted <= set(there)
    assert len(there) == len(set(there))
    assert content.index("Which augmentation wins?") < content.index("Contents") < content.index("<details")


def test_the_report_names_recipes_whose_seeds_differ_in_more(results: Path) -> None:
    place = results / "runs" / "second-s1" / "run.json"
    assert "Seeds that learned" not in report.write(results, None)[0].read_text()
    place.write_text(place.read_text().replace('"data": "d"', '"data": "e"'))
    assert "began with different weights: second." in report.write(results, None)[0].read_text()


def test_a_published_row_that_lacks_something_is_named(tmp_path: Path) -> None:
    text = (ROOT / "results" / "reference.toml").read_text()
    path = tmp_path / "reference.toml"
    for spoiled, said in (
        (text.replace("accuracy = 0.688\n", "", 1), "rows.1.accuracy: Field required"),
        (text.replace("pictures = 7066\n", ""), "pictures: Field required"),
        ("rows = [1]\n", "damaged"),
    ):
        path.write_text(spoiled)
        with pytest.raises(DataError, match=said):
            record.read(Reference, path)


def test_a_balanced_set_alone_shows_nothing_and_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA", raising=False)
    refused = mien("report", "--results", tmp_path, "--balanced", tmp_path)
    assert "name that with --data" in str(refused.exception)
    assert not list(tmp_path.iterdir())


def test_a_report_of_nothing_is_a_table_of_not_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / "results" / "reference.toml", tmp_path)
    assert report.write(tmp_path, None)[0].read_text().count("| not run |") == 4 * 12 + SMALL_MODELS


def judged_gate() -> GateJudgement:
    """A gate as if it had been judged."""
    passage = Passage(pictures=100, known=0.9, covered=0.02, near=0.05, far=0.03)
    return GateJudgement(
        models={"mobilenet_v2": "0" * 64},
        data="0" * 64,
        split="official",
        real_faces=100,
        count=10,
        seed=0,
        gated_by="mobilenet_v2",
        gate={},
        far=[],
        separation={
            "mobilenet_v2": {"energy": {"pets": Separation(0.7, 0.6)}, OURS: {"pets": Separation(0.951, 0.253)}}
        },
        passage={"pets": passage},
        refused={"all": {"all": passage}, "class": {"fear": passage}},
        found={"news": {"all": passage}},
        pipeline={"pets": DetectorAndGate(pictures=200, found=20, passed=4, covered=2)},
        risk={"news": Risk(100, 0.1, 0.765, 0.2, 0.1, 0.25)},
        unclear={"raters: contempt": {"unlike": 0.531, "relative": 0.52, "unsure": 0.6}},
    )


def test_the_report_tells_of_the_gate_as_it_was_judged(tmp_path: Path) -> None:
    for name in ("reference.toml", "novelty-auroc.png"):
        shutil.copy(ROOT / "results" / name, tmp_path)
    write(tmp_path / "novelty.json", judged_gate())
    markdown, page = report.write(tmp_path, None)
    rows = markdown.read_text().splitlines()
    for row in (
        "| pets | 0.700 | 0.951 | 0.253 |",
        "| pets | 200 | 10.0% | 2.0% | 1.0% |",
        "| class: fear | 10.0% | 100 |",
        "| news: all | 10.0% | 100 |",
        "| news | 10.0% | 0.765 | - | 0.200 | 0.100 | 0.250 |",
        "| raters: contempt | 0.531 | 0.520 | 0.600 |",
    ):
        assert row in rows
    assert page.read_text().count("data:image/png") == 1
    (tmp_path / "novelty.json").write_text("{}")
    with pytest.raises(DataError, match=r"novelty\.json is damaged or no results file"):
        report.write(tmp_path, None)


def test_the_report_compares_what_is_done_about_the_rare_class(results: Path, recipes: Path) -> None:
    job = replace(jobs_of(recipes)[0], path=Path("vit_tiny_balance_twice.toml"))
    told = made_up(job)
    put(told, results / "runs" / job.name)
    rows = synthesis.tables(results, tables.by_recipe(run_results.read_all(results)))[0].rows
    assert [row[1] == "not run" for row in rows] == [True] * 6 + [False]
    of = told.metrics.raw.classes["disgust"]
    assert rows[-1][3].startswith(f"{100 * of.recall:.1f} [")
    assert rows[-1][4].startswith(f"{100 * of.precision:.1f} [")
    put(told, results / "runs" / f"{job.path.stem}-s1")
    again = synthesis.tables(results, tables.by_recipe(run_results.read_all(results)))[0].rows[-1]
    assert (*rows[-1][:-1], "2") == again, "the same pictures judged twice are not twice as many pictures"


def test_a_damaged_result_is_named(results: Path) -> None:
    (results / "runs" / "second-s0" / "metrics.json").write_text("{")
    with pytest.raises(DataError, match="second-s0"):
        report.write(results, None)


def test_faces_and_classes_are_drawn(tiny_data: Path) -> None:
    train = dataset.load(tiny_data, "kaggle").part("train")
    figure = run_plots.augmentations(train, RandomAffine())
    assert [axis.get_ylabel() for axis in figure.axes[:: run_plots._FACES]] == [
        "as it is",
        "warp",
        "cutout",
        "mixup",
        "cutmix",
        "fmix",
    ]
    ids = train.ids.astype("U100")
    ids[:2] = ["train/angry/syn-0.png", "train/angry/syn-1.png"]
    drawn = run_plots.classes(replace(train, ids=ids))
    assert [text.get_text() for text in drawn.axes[0].texts][:2] == ["6  (2 synthetic)", "6  (14.3%)"]


# All of it, with the real commands


def test_a_killed_queue_goes_on_and_ends_with_results(recipes: Path, tmp_path: Path, tiny_data: Path) -> None:
    """kill -9 of queue and training in mid-run, a broken recipe among good ones; then the same command again."""
    (recipes / "second.toml").write_text("network = 3\n")
    (recipes / "_base.toml").write_text(TINY.replace("epochs = 3", "epochs = 6"))
    (recipes / "augmented.toml").write_text('extends = "_base.toml"\nsynthetic = 1\n')
    runs, results = tmp_path / "runs", tmp_path / "results"
    command = [
        *(sys.executable, "-c", "from mien.cli.main import main; main()", "experiments", "run", str(recipes)),
        *("--data", str(tiny_data), "--out", str(runs), "--results", str(results), "--weights", "none"),
    ]
    queue = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    first = RunFolder(runs / "first-s0")
    while queue.poll() is None and not first.checkpoint.exists():
        time.sleep(0.02)
    assert queue.poll() is None
    os.killpg(queue.pid, signal.SIGKILL)
    queue.wait()
    assert not has_result("first-s0", results)

    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=600)
    assert done.returncode == 1, done.stderr  # for the broken one
    assert "second.toml: network must be a text" in done.stderr
    assert "augmented-s0: waiting" in done.stderr
    names = [filed.name for filed in run_results.read_all(results)]
    assert names == ["first-s0"]
    data = dataset.load(tiny_data, "kaggle")
    for filed in run_results.read_all(results):
        assert filed.metrics.part == "validation"
        assert filed.metrics.labels is not None
        assert filed.metrics.labels.judged == filed.metrics.raw.pictures
        assert filed.metrics.raw.pictures == len(data.part("validation"))
        assert len(filed.curve) == 6
    assert asdict(filed.recipe)["seed"] == 0


def test_the_report_compares_what_teaches_a_small_network(results: Path, recipes: Path) -> None:
    first = jobs_of(recipes)[0]
    for name in ("vit_tiny_student_votes", "vit_tiny_student_votes_cpu", "vgg19_48"):
        job = replace(first, path=Path(f"{name}.toml"))
        filed = made_up(job)
        if name == "vit_tiny_student_votes":  # later than the others, which know nothing of raters
            filed = replace(filed, metrics=replace(filed.metrics, labels=rated(0.72)))
        put(filed, results / "runs" / job.name)
    alone = tuple(Choice(name, 0.5, 0.4) for name in ("one", "two", "three"))
    chosen = (Member("two", 0.5, 0.4, "h"), Member("one", 0.625, 0.4, "h"))
    told_of = {name: value for name, value in vars(made_up(first).metrics).items() if name != "reliability"}
    scores = Ensemble(**told_of, views=2, alone=alone, chosen=chosen)
    write(results / "ensemble-all.json", scores)
    runs = tables.by_recipe(run_results.read_all(results))
    teachers, together, tiny, few, mobile = small_models.tables(results, runs)
    assert [row[1] == "not run" for row in teachers.rows] == [True, False, True, True, True, True]
    assert [row[:3] for row in together.rows] == [
        ("two", "50.0", "50.0"),
        ("one", "50.0", "62.5"),
        ("all of these", "", "62.5"),
    ]
    assert together.rows[-1][3] == tables.percent(scores.raw.accuracy)
    assert together.title == "Together: all"
    assert "Added nothing: three" in together.note
    told = {row[0]: row[1:] for row in tiny.rows}
    assert told["the labels alone"][0] == "not run"
    assert few.title == "What teaches ViT-tiny, few epochs on a CPU"
    assert [row[0] for row in few.rows] == ["+ FER+'s votes"]
    assert few.rows[0][1:5] == told["+ FER+'s votes"][:4]
    assert [told["+ FER+'s votes"][4], few.rows[0][5]] == ["72.0 [70.0, 74.0]", "not run"]
    assert (
        told["+ FER+'s votes"][0]
        == f"{100 * max(made_up(first).curve, key=lambda one: one.selection_score).accuracy:.1f}"
    )
    assert len(mobile.rows) == len(small_models.INGREDIENTS)
    (results / "ensemble-all.json").write_text("{}")
    with pytest.raises(DataError, match=r"ensemble-all\.json is damaged"):
        report.write(results, None)


def test_what_is_on_file_was_made_by_its_recipe_as_it_is_now() -> None:
    root = Path(__file__).parents[1]
    recipes = {path.stem: path for path in (root / "recipes").rglob("*.toml")}
    filed = run_results.read_all(root / "results")
    assert filed
    for one in filed:
        now = read(recipes[one.name.rpartition("-s")[0]])
        assert one.recipe == replace(now, seed=one.recipe.seed), one.name


def test_every_row_about_small_networks_has_a_recipe() -> None:
    recipes = Path(__file__).parents[1] / "recipes"
    students = {
        f"{network}_student_{ending}" for network in small_models.STUDENTS for ending in small_models.INGREDIENTS
    }
    assert {path.stem for path in (recipes / "students").glob("*.toml")} == students
    assert {path.stem for path in (recipes / "teachers").glob("[!_]*.toml")} == set(small_models.TEACHERS)
    for path in (recipes / "students_cpu").glob("*.toml"):
        assert path.stem.removesuffix("_cpu") in students
