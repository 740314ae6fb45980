"""Exports opened again by the tools' own Python readers: ELAN, Praat, BORIS, subtitles, and tables for statistics."""

import csv
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from made_rows import MadeClip, Shown, every, write_lines, write_rows
from test_study import run, table

from mien.recognition.video.spans import seconds
from mien.study.export.registry import FORMATS
from mien.study.export.wide import variable_names

NAMES = ('Ana "A" <b>&', "Бьорн\tü", "'quote', 名")
CLASSES = ("joy", 'très <triste> & "x"', "-->")
Spans = list[tuple[float, float, str]]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A study of two clips and three people, with names that are markup, quotes and other letters."""
    shown = [
        Shown(1, 0, 2, CLASSES[0]),
        Shown(1, 2, 3.2, CLASSES[1]),
        Shown(1, 6, 8, CLASSES[2]),
        Shown(2, 1, 9, CLASSES[1]),
    ]
    clips = [
        MadeClip("day/one & <two>.mp4", every(0.04, 10), shown),
        MadeClip("night/one & <two>.mp4", every(0.1, 5, 1.4), [Shown(1, 1.4, 5, CLASSES[0])]),
        MadeClip("nobody.mp4", every(0.1, 2)),
    ]
    write_rows(tmp_path / "a.csv", clips, CLASSES)
    with (tmp_path / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "track", "person"])
        writer.writerow(["day/one & <two>.mp4", 1, NAMES[0]])
        writer.writerow(["day/one & <two>.mp4", 2, NAMES[1]])
        writer.writerow(["night/one & <two>.mp4", 1, NAMES[2]])
    code, said = run(
        tmp_path / "a.csv", "--people", tmp_path / "people.csv", "--out", tmp_path / "study", "--export", "all"
    )
    assert code == 0, said
    return tmp_path / "study"


def shown_names() -> list[str]:
    """The people's names as one line each: a tab is an escape."""
    return [NAMES[0], "Бьорн\\tü", NAMES[2]]


def expected(study: Path, clip: str) -> dict[str, Spans]:
    """Each person's bouts as the table has them."""
    found: dict[str, Spans] = defaultdict(list)
    for row in table(study, "bouts", clip=clip):
        found[row["person"].replace("\t", "\\t")].append((float(row["start"]), float(row["end"]), row["expression"]))
    return found


def same(found: dict[str, Spans], study: Path, clip: str) -> None:
    """Whether spans are the table's to the millisecond."""
    wanted = expected(study, clip)
    assert set(found) == set(wanted)
    for person, spans in wanted.items():
        assert [text for _, _, text in found[person]] == [text for _, _, text in spans]
        for one, other in zip(found[person], spans, strict=True):
            assert one[:2] == pytest.approx(other[:2], abs=1.1e-3)


CLIPS = ("day/one & <two>.mp4", "night/one & <two>.mp4")
FILES = ("day-one & -two-", "night-one & -two-")
PAIRS = list(zip(CLIPS, FILES, strict=True))


@pytest.mark.parametrize(("clip", "file"), PAIRS)
def test_elan(written: Path, clip: str, file: str) -> None:
    pympi = pytest.importorskip("pympi")
    document = pympi.Eaf(str(written / "eaf" / f"{file}.eaf"))
    found = {
        tier: [
            (start / 1000, end / 1000, text)
            for start, end, text, *_ in sorted(document.get_annotation_data_for_tier(tier))
        ]
        for tier in document.get_tier_names()
    }
    same(found, written, clip)
    root = ElementTree.parse(written / "eaf" / f"{file}.eaf").getroot()
    media = root.find("HEADER/MEDIA_DESCRIPTOR")
    assert media is not None
    assert media.get("RELATIVE_MEDIA_URL") == "./one & <two>.mp4"
    assert media.get("MEDIA_URL", "").startswith("file:///")
    assert media.get("MIME_TYPE") == "video/mp4"


@pytest.mark.parametrize(("clip", "file"), PAIRS)
def test_praat_by_two_readers(written: Path, clip: str, file: str) -> None:
    path = written / "textgrid" / f"{file}.TextGrid"
    praatio = pytest.importorskip("praatio.textgrid")
    grid = praatio.openTextgrid(str(path), includeEmptyIntervals=False)
    found = {tier: [(e.start, e.end, e.label) for e in grid.getTier(tier).entries] for tier in grid.tierNames}
    same(found, written, clip)
    textgrid = pytest.importorskip("textgrid")
    other = textgrid.TextGrid.fromFile(str(path))
    found = {tier.name.replace('""', '"'): [(i.minTime, i.maxTime, i.mark) for i in tier if i.mark] for tier in other}
    same(found, written, clip)
    assert all(tier[0].minTime == 0 for tier in other)  # the tiers cover all of the clip's time


def boris_spans(project: dict[str, Any], observation: str) -> dict[str, Spans]:
    """States as BORIS pairs them: each subject's events of a behaviour begin and end it in turn."""
    open_: dict[tuple[str, str], float] = {}
    found: dict[str, Spans] = defaultdict(list)
    for time, subject, behaviour, *_ in project["observations"][observation]["events"]:
        if (subject, behaviour) in open_:
            found[subject].append((open_.pop((subject, behaviour)), time, behaviour))
        else:
            assert all(other != subject for other, _ in open_), "two states of one person at a time"
            open_[subject, behaviour] = time
    assert not open_, "a state without an end"
    return {subject: sorted(spans) for subject, spans in found.items()}


def test_boris(written: Path) -> None:
    project = json.loads((written / "boris" / "study.boris").read_text(encoding="utf-8"))
    assert list(project["observations"]) == [*CLIPS, "nobody.mp4"]
    for clip in CLIPS:
        same(boris_spans(project, clip), written, clip)
        times = [event[0] for event in project["observations"][clip]["events"]]
        assert times == sorted(times)
    assert [one["code"] for one in project["behaviors_conf"].values()] == list(CLASSES)
    assert {one["name"] for one in project["subjects_conf"].values()} == set(shown_names())
    assert all(one["type"] == "State event" for one in project["behaviors_conf"].values())
    assert project["observations"]["nobody.mp4"]["events"] == []


def test_subtitles(written: Path) -> None:
    pysrt, webvtt = pytest.importorskip("pysrt"), pytest.importorskip("webvtt")
    clip, file = CLIPS[1], FILES[1]
    (wanted,) = expected(written, clip)[shown_names()[2]]
    (one,) = pysrt.open(str(written / "srt" / f"{file}.srt"), encoding="utf-8")
    assert (one.start.ordinal / 1000, one.end.ordinal / 1000) == pytest.approx(wanted[:2], abs=1e-3)
    assert one.text == "joy"
    (one,) = webvtt.read(str(written / "vtt" / f"{file}.vtt"))
    assert [seconds(time) for time in (one.start, one.end)] == pytest.approx(wanted[:2], abs=1e-3)
    several = webvtt.read(str(written / "vtt" / f"{FILES[0]}.vtt"))
    assert len(several) == sum(map(len, expected(written, CLIPS[0]).values()))
    assert len(pysrt.open(str(written / "srt" / f"{FILES[0]}.srt"), encoding="utf-8")) == len(several)
    raw = (written / "vtt" / f"{FILES[0]}.vtt").read_text(encoding="utf-8")
    assert "--&gt;" in raw  # an arrow in a text would end the cue
    assert len(re.findall(r"^\d\d:.* --> \d\d:", raw, re.MULTILINE)) == len(several)


def test_a_table_for_statistics_programs(written: Path) -> None:
    found = pd.read_csv(written / "wide" / "study.csv")
    assert list(found["person"]) == [NAMES[0], NAMES[1], NAMES[2]]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) for name in found.columns)
    shares = found[[name for name in found.columns if name.startswith("share_")]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    told = pd.read_csv(written / "wide" / "codebook.csv")
    assert list(told["column"]) == list(found.columns)
    assert told["meaning"].str.len().min() > 5


def test_variables_have_names_of_their_own_that_spss_takes() -> None:
    names = variable_names(("happy", "Happy!", "très triste", "名前", "名", "x" * 100, "x" * 101))
    assert names[:5] == ["happy", "happy_2", "tres_triste", "class", "class_2"]
    assert len(set(names)) == 7
    assert all(len(f"duration_{name}") <= 64 for name in names)


def test_formats_that_are_not_there_are_refused_before_the_work(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 2), [Shown(1, 0, 2, "happy")])])
    code, said = run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "eaf,docx")
    assert (code, f"no format 'docx'; there are {', '.join(FORMATS)}, and all" in said) == (2, True)
    assert not (tmp_path / "study").exists()


def test_an_export_that_fails_leaves_the_others_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.storage import refused

    def full(path: Path, of: object) -> None:
        raise refused(path, OSError(28, "No space left on device"))

    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 2), [Shown(1, 0, 2, "happy")])])
    monkeypatch.setitem(FORMATS, "srt", FORMATS["srt"].__class__("subtitles", ".srt", of_clip=full))
    code, said = run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "all")
    assert (code, said.count("No space left")) == (3, 1)
    assert (tmp_path / "study" / "vtt" / "a.vtt").exists()
    assert table(tmp_path / "study", "summary")


def test_without_the_extra_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    write_rows(tmp_path / "a.csv", [MadeClip("a.mp4", every(0.1, 2), [Shown(1, 0, 2, "happy")])])
    monkeypatch.setitem(sys.modules, "pympi", None)
    code, said = run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "eaf")
    assert (code, "pip install 'mien[study]'" in said) == (2, True)
    write_lines(tmp_path / "x.csv", "x")
    assert run(tmp_path / "a.csv", "--out", tmp_path / "study", "--export", "boris,wide")[0] == 0
