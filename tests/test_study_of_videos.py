"""From made clips to a study: what was put in comes out, by the commands that the documentation names."""

import csv
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from made_rows import write_lines
from made_videos import make_video, paste, portrait
from test_study import run, shares, table
from typer.testing import CliRunner

from mien.cli.main import app

PAGE = Path(__file__).parents[1] / "docs" / "study.md"
STEP = 0.2
LENGTH = 8.0
HAPPY, OTHER = {"Ana": "astronaut", "Bo": "obama"}, {"Ana": "biden", "Bo": "obama2"}
"""The portraits of two people while they smile, and while they do not."""


def draw(smiling: dict[str, bool]) -> np.ndarray:
    """Two faces side by side, or nobody's where there is no word on one."""
    canvas = np.full((220, 440, 3), 110, np.uint8)
    for left, (person, smiles) in zip((10, 250), smiling.items(), strict=True):
        paste(canvas, portrait((HAPPY if smiles else OTHER)[person], 200), left, 10)
    return canvas


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """Twelve clips with steady and with variable frame rates, their study, and each person's share of smiling."""
    root = tmp_path_factory.mktemp("study")
    (root / "clips").mkdir()
    rng = np.random.default_rng(5)
    smiled = {"Ana": 0.0, "Bo": 0.0}
    pictures = {(one, other): draw({"Ana": one, "Bo": other}) for one in (True, False) for other in (True, False)}
    for number in range(12):
        times = np.arange(0, LENGTH, STEP)
        if number % 3 == 0:  # a variable rate: three times as many frames in the second half
            times = np.concatenate([np.arange(0, LENGTH / 2, STEP), np.arange(LENGTH / 2, LENGTH, STEP / 3)])
        change = {person: float(rng.uniform(1, LENGTH - 1)) for person in smiled}
        first = number % 2 == 0

        def smiling(person: str, time: float, change=change, first=first) -> bool:
            return (time < change[person]) == first

        make_video(
            root / "clips" / f"{number}.mp4",
            lambda time, smiling=smiling: pictures[smiling("Ana", time), smiling("Bo", time)],
            [float(time) for time in times],
        )
        lasts = np.append(np.diff(times), times[-1] - times[-2])
        for person in smiled:
            smiled[person] += sum(last for time, last in zip(times, lasts, strict=True) if smiling(person, time)) / (
                12 * LENGTH
            )
    done = CliRunner().invoke(app, ["predict", str(root / "clips"), "--csv", str(root / "rows" / "clips.csv")])
    assert done.exit_code == 0, done.output
    assert run(root / "rows", "--people-template", root / "template.csv")[0] == 0
    with (root / "template.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (root / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"person": "Ana" if float(row["x"]) < 220 else "Bo"} for row in rows)
    return root, smiled


def test_shares_of_made_clips_are_those_that_were_put_in(made: tuple[Path, dict[str, float]]) -> None:
    root, smiled = made
    code, said = run(root / "rows", "--people", root / "people.csv", "--out", root / "study", "--export", "eaf")
    assert code == 0, said
    for person, share in smiled.items():
        assert shares(root / "study", of="person", person=person)["happy"] == pytest.approx(share, abs=0.02)
    assert len(list((root / "study" / "eaf").glob("*.eaf"))) == 12
    for row in table(root / "study", "clips"):
        assert float(row["end"]) == pytest.approx(LENGTH, abs=0.05)


def test_the_page_on_studies_runs_as_it_stands(
    made: tuple[Path, dict[str, float]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of docs/study.md in its order; a person fills in the template between the second and the third."""
    root, _ = made
    people = (root / "people.csv").read_text(encoding="utf-8")
    work = root / "work"
    (work / "clips").mkdir(parents=True)
    for name in ("0.mp4", "1.mp4", "2.mp4"):
        shutil.copy(root / "clips" / name, work / "clips" / name)
    rows = [row for row in people.splitlines() if row.startswith(("clip", "0.mp4", "1.mp4", "2.mp4"))]
    write_lines(work / "groups.csv", "person,group", "Ana,control", "Bo,treated")
    write_lines(work / "events.csv", "clip,time,event", "0.mp4,3,bell", "2,0:04,bell")
    write_lines(work / "annotations.csv", "clip,start,end,expression,person", "0,1,4,happy,Ana", "1,0,0:02,happy,Bo")
    monkeypatch.chdir(work)
    text = PAGE.read_text(encoding="utf-8")
    done = 0
    for block in re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] != ["mien"]:
                continue
            ended = CliRunner().invoke(app, words[1:])
            assert ended.exit_code == 0, f"{line}: {ended.output} {ended.exception}"
            done += 1
            if "--people-template" in words:
                write_lines(work / "people.csv", *rows)
            if words[1] == "predict" and done > 1:  # the studies below are of the whole clips
                shutil.rmtree(work / "rows")
                shutil.copytree(root / "rows", work / "rows")
                write_lines(work / "people.csv", *people.splitlines())
    assert done > 10
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    assert "Ana" in capsys.readouterr().out
