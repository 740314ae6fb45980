"""Archives: the same rows whoever reads them, and what is done is not done again."""

import os
import shutil
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
    whole = [path for path in parts if not any(row["problem"] for row in parquet.read_table(path).to_pylist())]
    lost, *kept = whole
    lost.unlink()
    done = predict(pictures, "--parquet", tmp_path / "rows", "--workers", 1)
    assert "9 pictures read" in done.stdout  # the broken one is tried again
    assert "31 were done already" in done.stdout
    assert table(tmp_path / "rows") == in_one_go
    assert all(path.stat().st_mtime_ns == parts[path] for path in kept)


@pytest.fixture
def few(pictures, tmp_path) -> Path:
    """Eight pictures, the last of them broken."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(pictures.iterdir())[:7]:
        shutil.copy(path, folder)
    (folder / "07.jpg").write_bytes(b"broken")
    return folder


def read(rows: Path, *given: object):
    return predict(*given, "--parquet", rows, "--workers", 1)


def test_one_folder_by_any_path_is_done_once(few, tmp_path, monkeypatch):
    rows = tmp_path / "rows"
    monkeypatch.chdir(few.parent)
    (tmp_path / "link").symlink_to(few)
    assert "8 pictures read" in read(rows, "few").stdout
    before = [(row["picture"], row["face"]) for row in table(rows)]
    for other in (few, "link", "few/../few", tmp_path / "link"):
        done = read(rows, other)
        assert "1 pictures read" in done.stdout, done.output
        assert "7 were done already" in done.stdout
        assert [(row["picture"], row["face"]) for row in table(rows)] == before
    both = read(tmp_path / "both", few, "link")
    assert "8 pictures are given by two names" in both.stderr
    assert len(table(tmp_path / "both")) == len(before)


def test_what_was_mended_or_replaced_is_read_anew_and_only_that(few, pictures, tmp_path):
    rows, fresh = tmp_path / "rows", tmp_path / "fresh"
    assert read(rows, few).exit_code == 2
    shutil.copy(pictures / "10.jpg", few / "07.jpg")
    shutil.copy(pictures / "38.png", few / "02.jpg")  # has no face
    (few / "03.jpg").unlink()
    done = read(rows, few)
    assert done.exit_code == 0
    assert "2 pictures read" in done.stdout
    assert "1 pictures with rows in" in done.stderr
    kept = [row for row in table(rows) if not row["picture"].endswith("03.jpg")]
    assert len(kept) < len(table(rows))
    read(fresh, few)
    exact = table(fresh)
    assert [(row["picture"], row["face"], row["expression"]) for row in kept] == [
        (row["picture"], row["face"], row["expression"]) for row in exact
    ]
    assert "0 pictures read" in read(rows, few).stdout
    assert len(list(rows.glob("part-*.parquet"))) == 1


def test_the_same_size_at_another_time_is_another_picture(few, tmp_path):
    rows = tmp_path / "rows"
    read(rows, few)
    before = (few / "00.jpg").stat()
    os.utime(few / "00.jpg", ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert "2 pictures read" in read(rows, few).stdout  # and the broken one


def test_a_kill_while_rows_are_replaced_leaves_the_old_or_the_new(few, pictures, tmp_path, monkeypatch):
    rows = tmp_path / "rows"
    read(rows, few)
    before = table(rows)
    shutil.copy(pictures / "38.png", few / "02.jpg")

    def die(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    assert read(rows, few).exit_code == 130
    assert table(rows) == before
    monkeypatch.undo()
    read(rows, few)
    names = [(row["picture"], row["face"]) for row in table(rows)]
    assert len(set(names)) == len(names)
    assert [row["face"] for row in table(rows) if row["picture"].endswith("02.jpg")] == [None]


def test_an_archive_of_the_first_version_is_gone_on_with(few, pictures, tmp_path):
    """Its parts note no sizes and times; given two paths, it wrote all rows twice."""
    rows = tmp_path / "rows"
    read(rows, few)
    (part,) = rows.glob("part-*.parquet")
    old = parquet.read_table(part).replace_schema_metadata(None)
    twice = old.set_column(0, "picture", [[f"{few}/../few/{Path(name).name}" for name in old["picture"].to_pylist()]])
    parquet.write_table(old, part)
    parquet.write_table(twice, rows / "part-second.parquet")
    later = part.stat().st_mtime + 60
    shutil.copy(pictures / "38.png", few / "02.jpg")
    os.utime(few / "02.jpg", (later, later))
    done = read(rows, few)
    assert "2 pictures read" in done.stdout
    assert "6 pictures are taken as done" in done.stderr
    names = [(Path(row["picture"]).name, row["face"]) for row in table(rows)]
    assert len(set(names)) == len(names)
    assert ("02.jpg", None) in names
    assert "taken as done" not in read(rows, few).stderr


def test_a_damaged_part_is_one_line(few, tmp_path):
    rows = tmp_path / "rows"
    read(rows, few)
    (part,) = rows.glob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:100])
    assert "damaged; remove it" in str(read(rows, few).exception)
    part.unlink()
    assert "8 pictures read" in read(rows, few).stdout


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


@pytest.mark.parametrize(
    ("pictures", "size"), [(0, 8), (1, 8), (300, 8), (2048, 8), (2049, 16), (10_000, 40), (200_000, 512)]
)
def test_shards_are_small_enough_to_balance_and_of_whole_batches(pictures: int, size: int) -> None:
    assert archive.shard_size(pictures) == size
    assert size % archive.BATCH == 0


def test_no_process_is_left_without_work(tmp_path: Path) -> None:
    """Of 300 pictures each of two processes gets its half, to within a shard."""
    model = tmp_path / "m.onnx"
    model.touch()
    sizes = [len(shard) for shard in archive.Archive(tmp_path / "rows", model).shards(Path(f"{i}") for i in range(300))]
    assert sum(sizes) == 300
    assert max(sizes) <= 300 / 2 / 16


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
