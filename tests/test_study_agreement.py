"""Agreement with a human's annotations: against scikit-learn and published values, and what bad annotations say."""

from pathlib import Path

import numpy as np
import pytest
from made_rows import MadeClip, Shown, every, write_lines, write_rows
from test_study import run, table

from mien.study.agreement import icc_2_1, kappa, one_against_others


def test_kappa_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    human, seconds = rng.integers(0, 4, 500), rng.uniform(0, 1, 500)
    model = np.where(rng.random(500) < 0.6, human, rng.integers(0, 4, 500))
    confusion = np.zeros((4, 4))
    np.add.at(confusion, (human, model), seconds)
    assert kappa(confusion) == pytest.approx(metrics.cohen_kappa_score(human, model, sample_weight=seconds))
    for label in range(4):
        expected = metrics.cohen_kappa_score(human == label, model == label, sample_weight=seconds)
        assert kappa(one_against_others(confusion, label)) == pytest.approx(expected)


def test_kappa_by_hand() -> None:
    assert kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)
    assert np.isnan(kappa(np.array([[3.0, 0.0], [0.0, 0.0]])))
    assert np.isnan(kappa(np.zeros((2, 2))))


def test_icc_is_that_of_shrout_and_fleiss() -> None:
    """Their table 2: six targets by four judges; table 4 gives ICC(2,1) as .29."""
    scores = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert icc_2_1(scores) == pytest.approx(0.2898, abs=1e-4)
    assert icc_2_1(np.repeat(scores[:, :1], 2, 1)) == pytest.approx(1)
    assert np.isnan(icc_2_1(scores[:2]))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Three clips of ten seconds: happy, then sad; of one person each."""
    clips = [
        MadeClip(f"{n}.mp4", every(0.1, 10), [Shown(1, 0, 4 + n, "happy", 0.8), Shown(1, 4 + n, 10, "sad", 0.6)])
        for n in range(3)
    ]
    return write_rows(tmp_path / "a.csv", clips)


def test_annotations_are_compared_by_time(rows: Path, tmp_path: Path) -> None:
    """The human sees happiness until 5 s in each clip; the last second is not annotated."""
    lines = [
        f"{n}.mp4,{start},{end},{name}" for n in range(3) for start, end, name in ((0, 5, "Happiness"), (5, 9, "SAD"))
    ]
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression", *lines)
    code, said = run(rows, "--annotations", seen, "--out", tmp_path / "study")
    assert code == 0, said
    confusion = np.array([[4 + 5 + 5, 1 + 0 + 0], [0 + 0 + 1, 4 + 4 + 3]], float)
    whole = table(tmp_path / "study", "agreement", of="all")
    assert float(whole[0]["kappa"]) == pytest.approx(kappa(confusion), abs=1e-6)
    assert float(whole[0]["agreement"]) == pytest.approx(25 / 27, abs=1e-6)
    assert float(whole[0]["compared"]) == pytest.approx(27, abs=1e-6)
    assert float(whole[0]["kappa_low"]) <= float(whole[0]["kappa"]) <= float(whole[0]["kappa_high"])
    (happy,) = [row for row in whole if row["expression"] == "happy"]
    assert float(happy["human_share"]) == pytest.approx(15 / 27, abs=1e-6)
    assert float(happy["model_share"]) == pytest.approx(15 / 27, abs=1e-6)
    shares = np.array([[5, 4], [5, 5], [5, 6]]) / 9
    assert float(happy["icc"] or "nan") == pytest.approx(icc_2_1(shares), abs=1e-6, nan_ok=True)
    assert (happy["icc_values"], happy["icc_of"]) == ("3", "shares")
    assert "Cohen's kappa" in (tmp_path / "study" / "index.html").read_text(encoding="utf-8").replace("&#x27;", "'")


def test_intensities_are_compared_span_by_span(rows: Path, tmp_path: Path) -> None:
    lines = [f"{n}.mp4,0,3,happy,0.{7 + n % 2}" for n in range(3)] + ["0.mp4,6,9,sad,0.5"]
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression,intensity", *lines)
    assert run(rows, "--annotations", seen, "--out", tmp_path / "study")[0] == 0
    (happy,) = table(tmp_path / "study", "agreement", of="all", expression="happy")
    assert (happy["icc_values"], happy["icc_of"]) == ("3", "intensities")
    assert float(happy["icc"]) == pytest.approx(icc_2_1(np.array([[0.7, 0.8], [0.8, 0.8], [0.7, 0.8]])), abs=1e-6)
    (whole,) = table(tmp_path / "study", "agreement", of="all", expression="")
    assert whole["icc_values"] == "4"


@pytest.mark.parametrize(
    ("line", "word", "left"),
    [
        ("1.mp4,0,300,happy", "annotated 0-300 s, but 1.mp4 is read from 0 to 10 s; its agreement is left out", 2),
        ("1.mp4,3,6,sad", "1.mp4: annotations overlap: 0-5 s and 3-6 s", 2),
        ("1.mp4,7,6,sad", "ends at 6 s, before it starts", 2),
        ("1.mp4,seven,8,sad", "start is no number: 'seven'", 2),
        ("1.mp4,6,8,contempt", "expressions that the rows do not have are left out: 'contempt' (1)", 3),
        ("7.mp4,6,8,sad", "the rows have no clip '7.mp4'", 3),
        ("1.mp4,6,8,sad,Zoe", "1.mp4 is annotated for Zoe, who is not seen in it", 3),
        ("1.mp4,6,8,sad,,4", "an intensity of 4; give it from 0 to 1", 2),
    ],
)
def test_bad_annotations_are_one_line_and_the_study_goes_on(
    rows: Path, tmp_path: Path, line: str, word: str, left: int
) -> None:
    lines = [f"{n}.mp4,0,5,happy" for n in range(3)]
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression,person,intensity", *lines, line)
    code, said = run(rows, "--annotations", seen, "--out", tmp_path / "study")
    assert code == 2
    assert [word in one for one in said.splitlines()].count(True) == 1, said
    assert len(table(tmp_path / "study", "agreement", of="clip", expression="")) == left
    assert table(tmp_path / "study", "summary")


def test_annotations_may_reach_a_little_beyond_the_pictures(rows: Path, tmp_path: Path) -> None:
    seen = write_lines(tmp_path / "seen.csv", "clip;start;end;expression", "0;0:00;00:00:10.4;happy")
    assert run(rows, "--annotations", seen, "--out", tmp_path / "study")[0] == 0
    (whole,) = table(tmp_path / "study", "agreement", of="clip", expression="")
    assert float(whole["compared"]) == pytest.approx(10, abs=1e-6)


def test_where_several_are_seen_the_person_must_be_said(tmp_path: Path) -> None:
    shown = [Shown(1, 0, 10, "happy"), Shown(2, 0, 10, "sad")]
    rows = write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 10), shown)])
    people = write_lines(tmp_path / "people.csv", "clip,track,person", "a,1,Ana", "a,2,Bo")
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression", "a,0,5,happy")
    code, said = run(rows, "--people", people, "--annotations", seen, "--out", tmp_path / "study")
    assert code == 2
    assert "a.mp4 shows 2 people: say in a column person" in said
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression,person", "a,0,5,happy,Ana", "a,0,5,happy,Bo")
    assert run(rows, "--people", people, "--annotations", seen, "--out", tmp_path / "two")[0] == 0
    found = {row["person"]: row["agreement"] for row in table(tmp_path / "two", "agreement", of="clip", expression="")}
    assert found == {"Ana": "1.0", "Bo": "0.0"}


def test_a_frame_counts_by_the_part_that_is_annotated(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(1, 10), [Shown(1, 0, 10, "happy")])])
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression", "a,0.25,2.5,happy", "a,2.5,3.75,sad")
    assert run(rows, "--annotations", seen, "--out", tmp_path / "study")[0] == 0
    (whole,) = table(tmp_path / "study", "agreement", of="all", expression="")
    assert (float(whole["compared"]), float(whole["agreement"])) == pytest.approx((3.5, 2.25 / 3.5), abs=1e-6)


def test_kappas_interval_is_over_people(tmp_path: Path) -> None:
    """Of two people in three clips: two draws of four give each person twice, whose clips stay together."""
    clips = [MadeClip(f"{n}.mp4", every(0.1, 10), [Shown(1, 0, 5, "happy"), Shown(1, 5, 10, "sad")]) for n in range(3)]
    rows = write_rows(tmp_path / "a.csv", clips)
    people = write_lines(tmp_path / "people.csv", "clip,track,person", "0,1,Ana", "1,1,Bo", "2,1,Bo")
    lines = ["0,0,5,happy", "0,5,10,sad", "1,0,3,happy", "1,3,10,sad", "2,0,1,happy", "2,1,10,sad"]
    seen = write_lines(tmp_path / "seen.csv", "clip,start,end,expression", *lines)
    assert run(rows, "--people", people, "--annotations", seen, "--out", tmp_path / "study")[0] == 0
    (whole,) = table(tmp_path / "study", "agreement", of="all", expression="")
    of_bo = kappa(np.array([[3.0 + 1.0, 0.0], [2.0 + 4.0, 5.0 + 5.0]]))
    assert (float(whole["kappa_low"]), float(whole["kappa_high"])) == pytest.approx((of_bo, 1), abs=1e-6)
