"""A study of videos: figures of known truth, times weighed by duration, and what bad input says."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from made_rows import MadeClip, Shown, every, write_lines, write_rows
from typer.testing import CliRunner

from mien.cli.main import app
from mien.errors import MienError
from mien.expressions import NAMES
from mien.study import tables
from mien.study.bouts import bouts, transitions
from mien.study.clips import clock
from mien.study.people import Stay
from mien.study.rows import read_rows, short_names
from mien.study.statistics import RESAMPLES, SEED


def run(*words: object) -> tuple[int, str]:
    """The exit code of `mien study`, and what it says on the error stream or as its error."""
    done = CliRunner().invoke(app, ["study", *map(str, words)])
    return (done.exception.exit_code if isinstance(done.exception, MienError) else done.exit_code), (
        f"{done.stderr}{done.exception if isinstance(done.exception, MienError) else ''}"
    )


def table(folder: Path, name: str, **where: str) -> list[dict[str, str]]:
    """The rows of a table whose columns are as said."""
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in where.items())]


def shares(folder: Path, **where: str) -> dict[str, float]:
    return {row["expression"]: float(row["share"]) for row in table(folder, "summary", **where)}


@pytest.fixture
def twelve(tmp_path: Path) -> tuple[Path, dict[str, dict[str, float]]]:
    """Twelve clips of two people, seen by other numbers in each, and each one's true shares of the time."""
    rng = np.random.default_rng(1)
    clips, lines, shown = [], ["clip,track,person"], {"Ana": dict.fromkeys(NAMES, 0.0), "Björn": {}}
    shown["Björn"] = dict.fromkeys(NAMES, 0.0)
    for number in range(12):
        step, tracks = (0.04, 0.1, 1 / 30)[number % 3], {"Ana": 1 + number % 2, "Björn": 2 - number % 2}
        clip = MadeClip(f"clips/{number}.mp4", every(step, 20))
        for person, track in tracks.items():
            time, likes = 0.0, rng.dirichlet(np.ones(7))
            while time < 20:
                name, end = str(rng.choice(NAMES, p=likes)), min(time + rng.uniform(0.5, 3), 20.0)
                clip.shown.append(Shown(track, time, end, name))
                shown[person][name] += end - time
                time = end
            lines.append(f"{number}.mp4,{track},{person}")
        clips.append(clip)
    write_rows(tmp_path / "rows" / "a.csv", clips[:7])
    write_rows(tmp_path / "rows" / "more" / "b.csv", clips[7:])
    write_lines(tmp_path / "people.csv", *lines)
    return tmp_path, {person: {name: value / 240 for name, value in of.items()} for person, of in shown.items()}


def test_shares_are_what_was_put_in(twelve: tuple[Path, dict[str, dict[str, float]]]) -> None:
    root, truth = twelve
    code, said = run(root / "rows", "--people", root / "people.csv", "--out", root / "study")
    assert code == 0, said
    for person, of in truth.items():
        assert shares(root / "study", of="person", person=person) == pytest.approx(of, abs=0.02)
    both = {name: (truth["Ana"][name] + truth["Björn"][name]) / 2 for name in NAMES}
    assert shares(root / "study", of="all") == pytest.approx(both, abs=0.02)
    overs = {(row["of"], row["interval_over"]) for row in table(root / "study", "summary")}
    assert overs == {("all", "people"), ("person", "clips"), ("clip", "none")}
    for row in table(root / "study", "summary", of="person"):
        assert float(row["share_low"]) <= float(row["share"]) <= float(row["share_high"])


def test_csv_and_parquet_hold_the_same_and_the_codebook_names_every_column(
    twelve: tuple[Path, dict[str, dict[str, float]]],
) -> None:
    root, _ = twelve
    run(root / "rows", "--out", root / "study", "--circumplex")
    told = {(row["table"], row["column"]) for row in table(root / "study", "codebook")}
    for path in (root / "study").glob("*.parquet"):
        columns = [column.name for column in tables.TABLES[path.stem]]
        found = pyarrow.parquet.read_table(path)
        assert found.column_names == columns == list(table(root / "study", path.stem)[0])
        assert {(path.stem, column) for column in columns} <= told
        for one, other in zip(found.to_pylist(), table(root / "study", path.stem), strict=True):
            for column, value in one.items():
                told_so = "" if value is None else value
                assert other[column] == str(told_so) or float(other[column]) == pytest.approx(told_so, abs=1e-6)


def test_time_counts_and_not_rows(tmp_path: Path) -> None:
    """Ten times as many rows while the face is happy, an excluded span, and a face that leaves."""
    times = every(0.01, 2) + every(0.1, 4, 2.0) + every(0.1, 12, 10.0)
    shown = [Shown(1, 0, 2, "happy"), Shown(1, 2, 4, "sad"), Shown(1, 10, 11, "sad")]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", times, shown)])
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study", "--gap", "1")[0] == 0
    assert shares(tmp_path / "study", of="all") == pytest.approx(
        {name: {"happy": 0.4, "sad": 0.6}.get(name, 0.0) for name in NAMES}, abs=0.01
    )
    (clip,) = table(tmp_path / "study", "clips")
    assert float(clip["seconds"]) == pytest.approx(6, abs=0.1)
    assert float(clip["gap_seconds"]) == pytest.approx(6, abs=0.1)
    assert float(clip["face_seconds"]) == pytest.approx(5, abs=0.1)
    assert len(table(tmp_path / "study", "bouts")) == 3  # the gap ends a bout


def test_rows_two_seconds_apart_are_no_gaps(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "a.csv", [MadeClip("a.mp4", every(2, 40), [Shown(1, 0, 30, "happy"), Shown(1, 30, 40, "sad")])]
    )
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study")[0] == 0
    found = shares(tmp_path / "study", of="all")
    assert (found["happy"], found["sad"]) == (0.75, 0.25)
    assert float(table(tmp_path / "study", "clips")[0]["seconds"]) == 40


def seconds_of(times: list[float], numbers: list[int] | None = None, gap: float | None = None) -> list[float]:
    return clock(np.array(times), np.array(numbers or range(len(times))), gap).seconds.round(6).tolist()


def test_a_frame_stands_until_the_next_and_before_a_gap_as_long_as_the_one_before() -> None:
    assert seconds_of([0, 0.1, 0.2, 9.0, 9.1]) == [0.1] * 5
    assert seconds_of([0, 0.1, 0.2, 0.9, 1.0]) == [0.1, 0.1, 0.7, 0.1, 0.1]  # the next frame: a still picture
    assert seconds_of([0, 0.1, 0.2, 0.9, 1.0], [0, 1, 2, 9, 10]) == [0.1] * 5  # frames were left out between
    assert seconds_of([0, 0.1, 0.2, 0.9, 1.0], [0, 1, 2, 9, 10], 2) == [0.1, 0.1, 0.7, 0.1, 0.1]
    assert seconds_of([0, 2, 4], [0, 50, 100]) == [2, 2, 2]
    assert seconds_of([3.0]) == [0.04]
    # every second of a video whose frame rate falls, and a frame that came late
    assert seconds_of([0, 1, 2, 3.2, 4], [0, 30, 60, 66, 70]) == [1, 1, 1.2, 0.8, 0.8]


def test_a_span_that_was_excluded_counts_for_nobody(tmp_path: Path) -> None:
    """Every second of a video, but for three seconds: they would fall to who was seen before them."""
    times = [0, 1, 2, 3, 4, 8, 9, 10, 11]
    shown = [Shown(1, 0, 4.5, "happy"), Shown(2, 8, 12, "sad")]
    clip = MadeClip("a.mp4", times, shown, [10 * time for time in times])
    write_rows(tmp_path / "a.csv", [clip])
    write_lines(tmp_path / "people.csv", "clip,track,person", "a,1,Ana", "a,2,Ana")
    run(tmp_path / "a.csv", "--people", tmp_path / "people.csv", "--out", tmp_path / "study")
    assert shares(tmp_path / "study", of="all")["happy"] == pytest.approx(5 / 9, abs=1e-6)
    (row,) = table(tmp_path / "study", "clips")
    assert (float(row["seconds"]), float(row["gap_seconds"])) == (9, 3)
    assert [(row["start"], row["end"]) for row in table(tmp_path / "study", "bouts")] == [
        ("0.0", "5.0"),
        ("8.0", "12.0"),
    ]


def stay_of(tmp_path: Path, times: list[float], shown: list[Shown]) -> Stay:
    (clip,) = read_rows([write_rows(tmp_path / "one.csv", [MadeClip("one.mp4", times, shown)])]).clips
    return Stay(clip, "Ana", clip.tracks[1])


def test_bouts_onsets_and_transitions(tmp_path: Path) -> None:
    shown = [
        Shown(1, 0, 1, "neutral"),
        Shown(1, 1, 1.1, "fear"),  # flicker: shorter than a quarter of a second
        Shown(1, 1.1, 2, "neutral"),
        Shown(1, 2, 3, "happy"),
        Shown(1, 3.5, 4, "happy"),  # missing for half a second: the bout goes on
        Shown(1, 4, 5, "sad"),
        Shown(1, 8, 9, "sad"),  # away for three seconds: a new sight
    ]
    stay = stay_of(tmp_path, every(0.05, 10), shown)
    found = bouts(stay)
    assert [(round(one.start, 2), round(one.end, 2), NAMES[one.label]) for one in found] == [
        (0, 2, "neutral"),
        (2, 4, "happy"),
        (4, 5, "sad"),
        (8, 9, "sad"),
    ]
    assert [(one.first, one.last) for one in found] == [(True, False), (False, False), (False, True), (True, True)]
    assert [(NAMES[before], NAMES[after]) for before, after in transitions(found)] == [
        ("neutral", "happy"),
        ("happy", "sad"),
    ]
    assert found[1].mean == pytest.approx(0.9)
    assert [NAMES[one.label] for one in bouts(stay, shortest=0)][:3] == ["neutral", "fear", "neutral"]


def test_bouts_never_overlap_and_cover_what_is_judged(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shown = [Shown(1, 0.1 * n, 0.1 * n + 0.1, str(rng.choice(NAMES[:3]))) for n in range(300) if rng.random() < 0.9]
    found = bouts(stay_of(tmp_path, every(0.1, 30), shown), shortest=0.35)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(found))
    assert min(one.duration for one in found if not (one.first and one.last)) >= 0.35 - 1e-9
    assert all(one.label != other.label for one, other in pairwise(found) if not other.first)


def test_strange_faces_are_left_out_with_their_share_said_or_counted(tmp_path: Path) -> None:
    shown = [Shown(1, 0, 6, "happy"), Shown(1, 6, 8, "sad", verdict="covered"), Shown(1, 8, 10, "sad", verdict="near")]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 10), shown)])
    _, said = run(tmp_path / "a.csv", "--out", tmp_path / "left")
    assert "40.0% of the time in sight is not judged" in said
    assert shares(tmp_path / "left", of="all")["happy"] == 1
    assert float(table(tmp_path / "left", "summary", of="all")[0]["not_judged"]) == pytest.approx(0.4, abs=1e-6)
    run(tmp_path / "a.csv", "--out", tmp_path / "counted", "--count-strange")
    assert shares(tmp_path / "counted", of="all")["sad"] == pytest.approx(0.4, abs=1e-6)


def test_a_persons_two_tracks_in_one_frame_count_once(tmp_path: Path) -> None:
    shown = [Shown(1, 0, 10, "happy", size=50), Shown(2, 5, 10, "sad", size=80)]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 10), shown)])
    write_lines(tmp_path / "people.csv", "clip,track,person", "a,1,Ana", "a,2,Ana")
    run(tmp_path / "a.csv", "--people", tmp_path / "people.csv", "--out", tmp_path / "study")
    (row,) = table(tmp_path / "study", "summary", of="person", expression="sad")
    assert float(row["in_sight"]) == pytest.approx(10)
    assert float(row["share"]) == pytest.approx(0.5)  # the larger face is taken


def test_intervals_are_the_bootstraps_over_people(tmp_path: Path) -> None:
    """By hand: each person's share counts alike, however long they are seen."""
    values = [0.1, 0.3, 0.4, 0.9]
    clips = [
        MadeClip(
            f"{n}.mp4",
            every(0.1, 10 + 10 * n),
            [Shown(1, 0, length := value * (10 + 10 * n), "happy"), Shown(1, length, 99, "sad")],
        )
        for n, value in enumerate(values)
    ]
    write_rows(tmp_path / "a.csv", clips)
    run(tmp_path / "a.csv", "--out", tmp_path / "study")
    (row,) = table(tmp_path / "study", "summary", of="all", expression="happy")
    drawn = np.random.default_rng(SEED).multinomial(4, np.full(4, 0.25), RESAMPLES) @ np.array(values) / 4
    assert float(row["share"]) == pytest.approx(np.mean(values), abs=1e-3)
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (float(row["share_low"]), float(row["share_high"])) == pytest.approx((low, high), abs=2e-3)


def test_one_person_has_intervals_over_clips_and_a_group_of_one_none(tmp_path: Path) -> None:
    clips = [
        MadeClip(f"{n}.mp4", every(0.1, 10), [Shown(1, 0, n + 1, "happy"), Shown(1, n + 1, 10, "sad")])
        for n in range(4)
    ]
    write_rows(tmp_path / "a.csv", clips)
    write_lines(tmp_path / "one.csv", "clip,track,person", *(f"{n}.mp4,1,Ana" for n in range(4)))
    _, said = run(tmp_path / "a.csv", "--people", tmp_path / "one.csv", "--out", tmp_path / "one")
    assert "bootstrap over the 4 clips of Ana" in said
    (row,) = table(tmp_path / "one", "summary", of="all", expression="happy")
    assert row["interval_over"] == "clips"
    assert float(row["share_low"]) < 0.25 < float(row["share_high"])
    people = ("Ana", "Ana", "Bo", "Cy")
    groups = ("a", "a", "b", "b")
    lines = [f"{n}.mp4,1,{people[n]},{groups[n]}" for n in range(4)]
    write_lines(tmp_path / "people.csv", "clip,track,person,group", *lines)
    code, said = run(tmp_path / "a.csv", "--people", tmp_path / "people.csv", "--out", tmp_path / "three")
    assert code == 0
    assert "Group a has one person, Ana: its figures have no interval" in said
    (row,) = table(tmp_path / "three", "summary", of="group", group="a", expression="happy")
    assert (row["share_low"], row["interval_over"]) == ("", "none")
    (row,) = table(tmp_path / "three", "summary", of="group", group="b", expression="happy")
    assert (row["interval_over"], float(row["share"])) == ("people", pytest.approx(0.35))


def test_where_only_one_was_judged_there_is_no_interval_and_that_is_told(tmp_path: Path) -> None:
    shown = [Shown(1, 0, 10, "happy"), Shown(2, 0, 10, "sad", verdict="covered")]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 10), shown)])
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study", "--circumplex", "--export", "wide")[0] == 0
    (row,) = table(tmp_path / "study", "summary", of="all", expression="happy")
    assert (row["share"], row["share_low"], row["interval_over"]) == ("1.0", "", "none")
    (row,) = table(tmp_path / "study", "summary", of="person", person="a.mp4 face 2", expression="happy")
    assert (row["share"], row["judged"], row["not_judged"]) == ("", "0.0", "1.0")


def test_courses_are_aligned_at_events(tmp_path: Path) -> None:
    clips = [
        MadeClip(f"{n}.mp4", every(0.05, 20), [Shown(1, 0, 5 + n, "neutral", 0.8), Shown(1, 5 + n, 20, "happy", 0.6)])
        for n in range(3)
    ]
    write_rows(tmp_path / "a.csv", clips)
    lines = [f"{n}.mp4,0:0{5 + n},bell" for n in range(3)]
    write_lines(tmp_path / "events.csv", "clip,time,event", *lines, "1.mp4,300,bell", "9.mp4,1,bell")
    window = ("--window", "-1,1", "--step", "0.5")
    code, said = run(tmp_path / "a.csv", "--events", tmp_path / "events.csv", *window, "--out", tmp_path / "study")
    assert code == 2
    assert "line 5: at 300 s, but 1.mp4 is read from 0 to 20 s" in said
    assert "line 6: the rows have no clip '9.mp4'" in said
    rows = table(tmp_path / "study", "time_courses", expression="happy")
    assert [float(row["time"]) for row in rows] == [-0.75, -0.25, 0.25, 0.75]
    assert [float(row["mean_probability"]) for row in rows] == pytest.approx([0.2 / 6, 0.2 / 6, 0.6, 0.6], abs=1e-6)
    assert {(row["people"], row["events"]) for row in rows} == {("3", "3")}


def test_the_template_is_filled_in_and_never_overwritten(tmp_path: Path) -> None:
    shown = [Shown(1, 0, 2, "happy"), Shown(7, 1, 4, "sad", size=60), Shown(9, 0, 1.5, "sad")]
    write_rows(tmp_path / "a.csv", [MadeClip('x/tä,"k.mp4', every(0.1, 5), shown)])
    file = tmp_path / "people.csv"
    assert run(tmp_path / "a.csv", "--people-template", file)[0] == 0
    with file.open(encoding="utf-8") as opened:
        found = list(csv.DictReader(opened))
    assert [(row["clip"], row["track"], row["person"]) for row in found][:2] == [
        ('tä,"k.mp4', "1", ""),
        ('tä,"k.mp4', "7", ""),
    ]
    assert (found[1]["first"], found[1]["last"], found[1]["size"]) == ("1.0", "4.0", "60")
    assert run(tmp_path / "a.csv", "--people-template", file)[0] == 2
    code, said = run(tmp_path / "a.csv", "--people", file, "--out", tmp_path / "study")
    assert code == 2
    assert "no track has a person" in said
    file.write_text(file.read_text(encoding="utf-8").replace(",1,,", ",1,Ana,"), encoding="utf-8")
    code, said = run(tmp_path / "a.csv", "--people", file, "--out", tmp_path / "study")
    assert code == 0
    assert "4.5 s of faces that people.csv gives to nobody" in said


def test_clips_are_called_by_the_shortest_name_of_their_own() -> None:
    names = short_names(["a/1.mp4", "b/1.mp4", "b/2.mp4", "rtsp://camera/1.mp4"])
    assert names == {
        "a/1.mp4": "a/1.mp4",
        "b/1.mp4": "b/1.mp4",
        "b/2.mp4": "2.mp4",
        "rtsp://camera/1.mp4": "rtsp://camera/1.mp4",
    }


def test_clips_and_people_stand_as_people_count(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [a_clip(f"clip {number}.mp4") for number in (10, 9, 2)])
    run(tmp_path / "a.csv", "--out", tmp_path / "study")
    assert [row["clip"] for row in table(tmp_path / "study", "clips")] == [f"clip {n}.mp4" for n in (2, 9, 10)]
    people = [row["person"] for row in table(tmp_path / "study", "summary", of="person", expression="happy")]
    assert people == [f"clip {number}.mp4 face 1" for number in (2, 9, 10)]


def test_other_classes_come_from_the_rows(tmp_path: Path) -> None:
    classes = ("joy", "très triste", "<b>&")
    shown = [Shown(1, 0, 3, "joy"), Shown(1, 3, 4, "<b>&")]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 4), shown)], classes)
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "all")[0] == 0
    assert shares(tmp_path / "study", of="all") == pytest.approx(
        {"joy": 0.75, "très triste": 0, "<b>&": 0.25}, abs=1e-6
    )
    assert "<b>&" not in (tmp_path / "study" / "index.html").read_text(encoding="utf-8")
    code, said = run(tmp_path / "a.csv", "--out", tmp_path / "other", "--circumplex")
    assert code == 2
    assert "leave the circumplex out for other classes" in said


def test_valence_and_arousal_are_called_derived(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 4), [Shown(1, 0, 4, "happy", 1.0)])])
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study", "--circumplex")[0] == 0
    (row,) = table(tmp_path / "study", "circumplex", of="person")
    assert (float(row["valence_derived"]), float(row["arousal_derived"])) == pytest.approx((0.81, 0.51), abs=1e-5)
    page = (tmp_path / "study" / "index.html").read_text(encoding="utf-8")
    assert "Derived, not measured" in page
    run(tmp_path / "a.csv", "--out", tmp_path / "plain")
    assert "valence" not in (tmp_path / "plain" / "index.html").read_text(encoding="utf-8").lower()


def a_clip(name: str = "a.mp4") -> MadeClip:
    return MadeClip(name, every(0.1, 10), [Shown(1, 0, 5, "happy"), Shown(1, 5, 10, "sad")])


@pytest.mark.parametrize(
    ("people", "word"),
    [
        (["clip,track,person", "b.mp4,1,Ana"], "line 2: the rows have no clip 'b.mp4'"),
        (["clip,track,person", "a.mp4,9,Ana"], "line 2: a.mp4 has no face 9; it has 1"),
        (["clip,track,person", "a.mp4,one,Ana"], "track is no number"),
        (["clip,track", "a.mp4,1"], "no column person"),
        (["clip,track,person", "a.mp4,1,Ana", "a.mp4,1,Bo"], "is Ana already, not Bo"),
        (["clip,track,person", "a.mp4,1,Ana,x"], "more fields than columns"),
        (["clip;track;person;group", "a.mp4;1"], "no track has a person"),
    ],
)
def test_wrong_lists_of_people_are_one_line(tmp_path: Path, people: list[str], word: str) -> None:
    write_rows(tmp_path / "a.csv", [a_clip()])
    code, said = run(
        tmp_path / "a.csv", "--people", write_lines(tmp_path / "people.csv", *people), "--out", tmp_path / "study"
    )
    assert code == 2
    assert word in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "study").exists()


def test_wrong_groups_are_one_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [a_clip()])
    for lines, word in (
        (["person,group", "Zoe,x"], "nobody is called 'Zoe'"),
        (["clip,group", "b,x"], "the rows have no clip 'b'"),
        (["group", "x"], "no column person or clip"),
    ):
        code, said = run(
            tmp_path / "a.csv", "--groups", write_lines(tmp_path / "g.csv", *lines), "--out", tmp_path / "s"
        )
        assert (code, word in said, len(said.strip().splitlines())) == (2, True, 1), said


def test_a_clip_without_faces_is_said_and_the_study_goes_on(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [a_clip(), MadeClip("empty.mp4", every(0.1, 3))])
    code, said = run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "all")
    assert code == 0
    assert "empty.mp4: no face is seen in it" in said
    assert [row["faces"] for row in table(tmp_path / "study", "clips")] == ["1", "0"]
    write_rows(tmp_path / "b.csv", [MadeClip("empty.mp4", every(0.1, 3))])
    code, said = run(tmp_path / "b.csv", "--out", tmp_path / "none")
    assert code == 2
    assert "no face in any of the clips" in said


def test_rows_that_do_not_go_together_are_one_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "x" / "a.csv", [a_clip()])
    write_rows(tmp_path / "x" / "b.csv", [MadeClip("b.mp4", every(0.1, 4), [Shown(1, 0, 4, "joy")])], ("joy", "grief"))
    write_rows(tmp_path / "twice" / "a.csv", [a_clip()])
    write_rows(tmp_path / "twice" / "b.csv", [a_clip()])
    twice = (tmp_path / "twice" / "a.csv").read_text(encoding="utf-8")
    (tmp_path / "again.csv").write_text(twice + "".join(twice.splitlines(True)[1:]), encoding="utf-8")
    (tmp_path / "broken.csv").write_text(twice.replace("0.9,", "much,", 1), encoding="utf-8")
    (tmp_path / "pictures.csv").write_text("picture,face,happy\na.jpg,0,1\n", encoding="utf-8")
    (tmp_path / "nothing").mkdir()
    for place, word in (
        ("x", "rows of different classes"),
        ("twice", "a.mp4 is in a.csv and in b.csv"),
        ("again.csv", "face 1 twice in a frame"),
        ("broken.csv", "cannot be read as rows"),
        ("pictures.csv", "rows of pictures; a study is of videos"),
        ("nothing", "no rows of videos"),
        ("missing.csv", "no such file or folder"),
    ):
        code, said = run(tmp_path / place, "--out", tmp_path / "study")
        assert (code, word in said) == (2, True), said
        assert not (tmp_path / "study").exists()


def test_nothing_but_an_earlier_study_gives_way(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [a_clip()])
    out = tmp_path / "study"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    code, said = run(tmp_path / "a.csv", "--out", out)
    assert code == 2
    assert "no study wrote, or that were changed since (mine.txt)" in said
    (out / "mine.txt").unlink()
    assert run(tmp_path / "a.csv", "--out", out, "--export", "srt")[0] == 0
    subtitles = out / "srt" / "a.srt"
    written = subtitles.read_bytes()
    subtitles.write_bytes(written + b"mine")
    code, said = run(tmp_path / "a.csv", "--out", out)
    assert (code, "changed since (srt/a.srt)" in said) == (2, True)
    subtitles.write_bytes(written)
    assert run(tmp_path / "a.csv", "--out", out)[0] == 0
    assert not (out / "srt").exists()
    assert json.loads((out / "study.json").read_text())["files"]
    (out / "people.csv").write_text("mine")
    assert run(tmp_path / "a.csv", "--out", out)[0] == 2
    assert (out / "people.csv").read_text() == "mine"
    code, said = run(tmp_path / "a.csv", "--out", tmp_path)
    assert code == 2
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "a.csv", "--out", tmp_path / "file")[0] == 3
    assert (tmp_path / "a.csv").exists()


def test_names_never_act_on_the_page(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [a_clip("<script>alert(1)</script>.mp4")])
    write_lines(tmp_path / "people.csv", "clip,track,person", '<script>alert(1)</script>.mp4,1,"<img src=x> $a$ & \'"')
    people = ("--people", tmp_path / "people.csv")
    assert run(tmp_path / "a.csv", *people, "--out", tmp_path / "study", "--title", "<i>T</i>")[0] == 0
    page = (tmp_path / "study" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<i>T" not in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("window", ["5,-2", "1", "a,b", "nan,2", "0,0"])
def test_windows_that_cannot_be_are_refused(tmp_path: Path, window: str) -> None:
    write_rows(tmp_path / "a.csv", [a_clip()])
    code, said = run(tmp_path / "a.csv", f"--window={window}", "--out", tmp_path / "study")
    assert (code, "--window" in said) == (2, True)


def test_transitions_and_onsets_in_figures(tmp_path: Path) -> None:
    """Two minutes: neutral, happy, neutral, sad, neutral, happy; from neutral twice to happy and once to sad."""
    names = ("neutral", "happy", "neutral", "sad", "neutral", "happy")
    shown = [Shown(1, 20 * place, 20 * place + 20, name) for place, name in enumerate(names)]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.5, 120), shown)])
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study")[0] == 0
    found = {
        (row["before"], row["after"]): (row["count"], float(row["probability"]))
        for row in table(tmp_path / "study", "transitions", of="all")
    }
    assert found == {
        ("neutral", "happy"): ("2", pytest.approx(2 / 3, abs=1e-6)),
        ("neutral", "sad"): ("1", pytest.approx(1 / 3, abs=1e-6)),
        ("happy", "neutral"): ("1", 1.0),
        ("sad", "neutral"): ("1", 1.0),
    }
    (row,) = table(tmp_path / "study", "summary", of="all", expression="happy")
    told = [float(row[name]) for name in ("onsets", "onsets_per_minute", "bouts", "mean_duration", "median_duration")]
    assert told == [2, 1, 2, 20, 20]
    (row,) = table(tmp_path / "study", "summary", of="all", expression="neutral")
    assert (row["bouts"], row["onsets"]) == ("3", "2")  # the first began with the sight


def test_probabilities_are_weighed_by_time_in_figures_and_bouts(tmp_path: Path) -> None:
    times = every(0.01, 1) + every(0.1, 2, 1.0)
    shown = [Shown(1, 0, 1, "happy", 0.9), Shown(1, 1, 2, "happy", 0.5)]
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", times, shown)])
    run(tmp_path / "a.csv", "--out", tmp_path / "study")
    (bout,) = table(tmp_path / "study", "bouts")
    assert (float(bout["mean_probability"]), float(bout["peak_probability"])) == pytest.approx((0.7, 0.9), abs=1e-6)
    (row,) = table(tmp_path / "study", "summary", of="all", expression="happy")
    assert float(row["mean_probability"]) == pytest.approx(0.7, abs=1e-6)


def test_courses_count_people_alike_and_by_group(tmp_path: Path) -> None:
    """Ana has two events and Bo one; they are in different groups."""
    clips = [
        MadeClip("a.mp4", every(0.1, 20), [Shown(1, 0, 20, "happy", 0.9)]),
        MadeClip("b.mp4", every(0.1, 20), [Shown(1, 0, 20, "happy", 0.5)]),
    ]
    write_rows(tmp_path / "rows.csv", clips)
    people = write_lines(tmp_path / "people.csv", "clip,track,person,group", "a,1,Ana,x", "b,1,Bo,y")
    events = write_lines(tmp_path / "events.csv", "clip,time,event", "a,5,bell", "a,10,bell", "b,5,bell")
    run(tmp_path / "rows.csv", "--people", people, "--events", events, "--out", tmp_path / "study")
    found = {
        (row["group"], row["people"], row["events"], round(float(row["mean_probability"]), 6))
        for row in table(tmp_path / "study", "time_courses", expression="happy")
    }
    assert found == {("", "2", "3", 0.7), ("x", "1", "2", 0.9), ("y", "1", "1", 0.5)}
    (row, *_) = table(tmp_path / "study", "time_courses", expression="happy", group="")
    assert (float(row["mean_probability_low"]), float(row["mean_probability_high"])) == pytest.approx((0.5, 0.9))
    (row, *_) = table(tmp_path / "study", "time_courses", expression="happy", group="x")
    assert row["mean_probability_low"] == ""


def test_rows_in_parquet_are_the_same_study(tmp_path: Path) -> None:
    """As `mien predict --parquet` writes them: a folder of parts, of which one may end within a clip."""
    clips = [a_clip("a.mp4"), a_clip("b.mp4")]
    write_rows(tmp_path / "a.csv", clips)
    found = pyarrow.csv.read_csv(
        tmp_path / "a.csv",
        convert_options=pyarrow.csv.ConvertOptions(column_types={"video": pyarrow.string()}, strings_can_be_null=True),
    )
    (tmp_path / "parts").mkdir()
    pyarrow.parquet.write_table(found.slice(0, 130), tmp_path / "parts" / "part-00000.parquet")
    pyarrow.parquet.write_table(found.slice(130), tmp_path / "parts" / "part-00001.parquet")
    assert run(tmp_path / "a.csv", "--out", tmp_path / "one")[0] == 0
    assert run(tmp_path / "parts", "--out", tmp_path / "two")[0] == 0
    assert (tmp_path / "one" / "summary.csv").read_text() == (tmp_path / "two" / "summary.csv").read_text()
