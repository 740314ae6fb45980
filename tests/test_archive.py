"""Archives: the same rows whoever reads them, and what is done is not done again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from mien.cli.main import app
from mien.recognition import archive
from mien.recognition.recognizer import Recognizer

parquet = pytest.importorskip("pyarrow.parquet")

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures: cut differently from the examples, one without a face, one broken."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(38):
        with Image.open(EXAMPLES[number % len(EXAMPLES)]) as picture:
            small = picture.convert("RGB").resize((picture.width // 2, picture.height // 2))
            small.crop((0, 0, small.width - number, small.height)).save(folder / f"{number:02d}.jpg")
    Image.new("RGB", (50, 50)).save(folder / "38.png")
    (folder / "39.jpg").write_bytes(EXAMPLES[0].read_bytes()[:3000])
    return folder


def table(folder: Path) -> list[dict]:
    """All rows of the parts, by picture and face; fails where a part is broken."""
    return sorted(parquet.read_table(folder).to_pylist(), key=lambda row: (row["picture"], row["face"] or 0))


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(archive, "SHARD", 8)


@pytest.fixture(scope="module")
def in_one_go(pictures, tmp_path_factory) -> list[dict]:
    """What one process reads, in shards of eight."""
    recognizer = Recognizer("mobilenet_v2", threads=1)
    files = [str(path) for path in sorted(pictures.iterdir())]
    shards = [files[start : start + 8] for start in range(0, len(files), 8)]
    store = archive.Archive(tmp_path_factory.mktemp("one") / "rows", recognizer.model.path)
    for shard in shards:
        store.store(shard, archive.read_shard(recognizer, shard))
    return table(store.folder)


def test_two_workers_tell_what_one_tells(pictures, in_one_go, tmp_path, small_shards):
    done = predict(pictures, "--parquet", tmp_path / "rows", "--workers", 2)
    assert done.exit_code == 2  # one picture is broken
    assert "39.jpg" in done.stderr
    assert "40 pictures read" in done.stdout
    rows = table(tmp_path / "rows")
    assert rows == in_one_go
    assert len({row["picture"] for row in rows}) == 40
    assert [row["face"] for row in rows if row["picture"].endswith("38.png")] == [None]
    assert [row["picture"][-6:] for row in rows if row["problem"]] == ["39.jpg"]


def test_what_is_done_is_not_done_again(pictures, in_one_go, tmp_path, small_shards):
    predict(pictures, "--parquet", tmp_path / "rows", "--workers", 1)
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "rows").glob("part-*.parquet")}
    lost = sorted(parts)[2]
    lost.unlink()
    done = predict(pictures, "--parquet", tmp_path / "rows", "--workers", 1)
    assert "8 pictures read" in done.stdout
    assert "32 were done already" in done.stdout
    assert table(tmp_path / "rows") == in_one_go
    assert all(path.stat().st_mtime_ns == when for path, when in parts.items() if path != lost)


def test_a_name_that_is_not_utf_8_is_done_once(tmp_path):
    odd, broken = (tmp_path / os.fsdecode(name) for name in (b"odd\xff.png", b"broken\xff.png"))
    Image.new("RGB", (50, 50)).save(odd)
    broken.touch()
    recognizer = Recognizer("mobilenet_v2", threads=1)
    store = archive.Archive(tmp_path / "rows", recognizer.model.path)
    (shard,) = store.shards([odd, broken])
    store.store(shard, archive.read_shard(recognizer, shard))
    assert store.shards([odd, broken]) == []
    assert [Path(row["picture"]).name for row in table(store.folder)] == [r"broken\udcff.png", r"odd\udcff.png"]


def test_new_pictures_are_added_and_none_is_there_twice(pictures, tmp_path, small_shards):
    grown = tmp_path / "grown"
    grown.mkdir()
    for path in sorted(pictures.iterdir())[3:20]:
        (grown / path.name).write_bytes(path.read_bytes())
    predict(grown, "--parquet", tmp_path / "rows", "--workers", 1)
    for path in sorted(pictures.iterdir())[:3]:
        (grown / path.name).write_bytes(path.read_bytes())
    done = predict(grown, "--parquet", tmp_path / "rows", "--workers", 1)
    assert "3 pictures read" in done.stdout
    rows = table(tmp_path / "rows")
    assert len({row["picture"] for row in rows}) == 20
    keys = [(row["picture"], row["face"]) for row in rows]
    assert len(set(keys)) == len(keys)


RUN = "from mien.recognition import archive; archive.SHARD = 4; from mien.cli.main import main; main()"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_gone_on_with_tells_the_same(pictures, tmp_path, sent):
    rows = tmp_path / "rows"
    arguments = ["predict", str(pictures), "--parquet", str(rows), "--workers", "2"]
    started = subprocess.Popen([sys.executable, "-c", RUN, *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(rows.glob("part-*.parquet"))) < 2:
        time.sleep(0.02)
    started.send_signal(sent)
    _, said = started.communicate(timeout=60)
    if sent == signal.SIGINT:
        assert started.returncode == 130
        assert "Traceback" not in said
    before = len(table(rows))
    again = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True)
    assert again.returncode == 2, again.stderr
    whole = tmp_path / "whole"
    arguments[3] = str(whole)
    subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, check=False)
    assert 0 < before < len(table(whole))
    assert table(rows) == table(whole)


def test_a_ray_cluster_tells_the_same(pictures, in_one_go, tmp_path, small_shards):
    pytest.importorskip("ray", reason="needs Ray: pip install 'mien[cluster]'")
    done = predict(pictures, "--parquet", tmp_path / "rows", "--ray", "local")
    assert done.exit_code == 2, done.output
    assert "39.jpg" in done.stderr
    assert table(tmp_path / "rows") == in_one_go


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "2"], "--parquet"),
        (["--parquet", "rows", "--csv", "a.csv"], "leave --json, --csv and --annotate out"),
        (["--parquet", "rows", "--ray", "auto", "--workers", "2"], "leave --workers out"),
        (["--parquet", "taken"], "choose another folder"),
        (["--parquet", "rows", "--model", "unknown"], "unknown model"),
    ],
)
def test_what_cannot_be_done_is_said(pictures, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    np.save(tmp_path / "taken" / "other.npy", np.zeros(1))
    assert message in str(predict(pictures, *arguments).exception)


def test_results_of_two_models_are_not_mixed(pictures, tmp_path, small_shards):
    few = tmp_path / "few"
    few.mkdir()
    (few / "a.jpg").write_bytes(next(iter(sorted(pictures.iterdir()))).read_bytes())
    assert predict(few, "--parquet", tmp_path / "rows", "--workers", 1).exit_code == 0
    done = predict(few, "--parquet", tmp_path / "rows", "--workers", 1, "--model", "vit_tiny")
    assert "another model" in str(done.exception)
