"""Pictures side by side: the same answers in the same order, errors and warnings in their places, few at a time."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mien
from mien.cli.exit_codes import INTERRUPTED
from mien.cli.main import app
from mien.errors import MienWarning, PictureError
from mien.recognition import detection, model, pictures, pyramid
from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Face, Square
from mien.recognition.model import Session, models_folder
from mien.recognition.pyramid import shrunk
from mien.recognition.recognizer import Recognizer
from mien.recognition.side_by_side import mapping, side_by_side

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def one() -> Recognizer:
    return Recognizer(threads=1)


@pytest.fixture(scope="module")
def three() -> Recognizer:
    return Recognizer(threads=3)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Seven small pictures: a face in most, one without, one broken, two whose values must be guessed."""
    folder = tmp_path_factory.mktemp("given")
    paths = [folder / f"{number}.{'png' if number in (2, 3, 5) else 'jpg'}" for number in range(7)]
    for number in (0, 1, 6):
        with Image.open(EXAMPLES[number % len(EXAMPLES)]) as picture:
            picture.convert("RGB").resize((240, 240)).save(paths[number])
    Image.new("RGB", (90, 60)).save(paths[2])
    for number in (3, 5):
        Image.fromarray(np.full((50, 50), 900, np.uint16)).save(paths[number])
    paths[4].write_bytes(EXAMPLES[0].read_bytes()[:900])
    return paths


def plain(found: list) -> list:
    return [str(one) if isinstance(one, PictureError) else [values(face) for face in one] for one in found]


def values(face: Face) -> tuple:
    novelty = None if face.novelty is None else face.novelty.tolist()
    return face.box, face.square, face.score, face.verdict, novelty, face.probabilities.tolist()


@pytest.mark.parametrize("batch", [1, 2, 3, 32])
@pytest.mark.filterwarnings("ignore::mien.errors.MienWarning")
def test_several_threads_say_what_one_says(one: Recognizer, three: Recognizer, given: list[Path], batch: int) -> None:
    alone = plain(list(one.recognize_all(given, batch, errors="return")))
    assert plain(list(three.recognize_all(given, batch, errors="return"))) == alone
    assert len(alone) == len(given)
    assert isinstance(alone[4], str)


def test_the_first_pictures_are_given_before_what_is_raised(three: Recognizer, given: list[Path]) -> None:
    def taken() -> Iterator[Path]:
        yield from given[:2]
        raise KeyError("no more")

    for pictures_, error in ((taken(), KeyError), ([*given[:2], given[4], given[6]], PictureError)):
        found = three.recognize_all(pictures_)
        assert [len(next(found)) for _ in range(2)] == [1, 1]
        with pytest.raises(error):
            next(found)


def test_what_is_no_picture_s_fault_ends_the_work_after_what_came_before(
    three: Recognizer, given: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = pictures.read_picture

    def fail(path: Path) -> np.ndarray:
        if Path(path) == given[1]:
            raise RuntimeError("a fault")
        return read(path)

    monkeypatch.setattr(pictures, "read_picture", fail)
    found = three.recognize_all(given[:3], errors="return")
    assert len(next(found)) == 1
    with pytest.raises(RuntimeError, match="a fault"):
        next(found)


def test_warnings_come_in_order_and_name_the_line_that_asked(three: Recognizer, given: list[Path]) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", MienWarning)
        for _ in three.recognize_all([given[5], given[0], given[3]]):
            pass
    assert [str(warning.message).partition(": ")[0] for warning in said] == [str(given[5]), str(given[3])]
    assert [warning.filename for warning in said] == [__file__] * 2


def test_no_more_than_a_batch_is_taken_and_no_thread_works_while_the_caller_does(three: Recognizer) -> None:
    blank, taken = np.zeros((40, 40, 3), np.uint8), 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal taken
        while True:
            taken += 1
            yield blank

    before = threading.active_count()
    found = three.recognize_all(endless(), batch=4)
    for done in range(9):
        next(found)
        assert taken <= (done // 4 + 1) * 4
        assert threading.active_count() == before
    lazy = Recognizer(threads=1, gate="off").recognize_all(endless(), batch=4, faces_are_cut=True)
    taken = 0
    next(lazy)
    assert taken == 4


def test_of_the_pictures_given_few_are_held_at_a_time(three: Recognizer) -> None:
    alive, most = 0, 0

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def many() -> Iterator[np.ndarray]:
        nonlocal alive, most
        for _ in range(40):
            picture = np.zeros((30, 30, 3), np.uint8)
            weakref.finalize(picture, gone)
            alive += 1
            most = max(most, alive)
            yield picture

    assert len(list(three.recognize_all(many(), batch=20))) == 40
    assert most <= 3 + 2


class Watched:
    """A function that notes how many threads are in it at once; so many of the first calls wait for each other."""

    def __init__(self, function: Callable, together: int) -> None:
        self.function, self.lock, self.inside, self.most = function, threading.Lock(), 0, 0
        self.calls, self.together, self.barrier = 0, together, threading.Barrier(together)

    def __call__(self, *given: object, **options: object) -> object:
        with self.lock:
            self.calls += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
            waits = self.calls <= self.together
        try:
            if waits:
                self.barrier.wait(timeout=20)
            return self.function(*given, **options)
        finally:
            with self.lock:
                self.inside -= 1


@pytest.mark.parametrize("threads", [1, 3])
def test_so_many_pictures_are_read_at_the_same_time(
    given: list[Path], monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    watched = Watched(pictures.read_picture, threads)
    monkeypatch.setattr(pictures, "read_picture", watched)
    assert len(list(Recognizer(threads=threads).recognize_all([given[0], given[1], given[2], given[6]]))) == 4
    assert watched.most == threads


@pytest.mark.parametrize(("a_thread", "expected"), [(240 * 240, 3), (240 * 239, 2), (240 * 120, 1), (1, 1)])
def test_no_more_pixels_than_so_many_are_read_at_the_same_time(
    given: list[Path], monkeypatch: pytest.MonkeyPatch, a_thread: int, expected: int
) -> None:
    watched = Watched(pictures.read_picture, expected)
    monkeypatch.setattr(pictures, "read_picture", watched)
    monkeypatch.setattr(pictures, "PIXELS_A_THREAD", a_thread)
    several = [given[number] for number in (0, 1, 6, 0, 1, 6)]
    assert len(list(Recognizer(threads=3).recognize_all(several))) == 6
    assert watched.most == expected
    watched.most = watched.calls = 0
    monkeypatch.setattr("mien.cli.pictures.cores", lambda: 3)
    copies = [path.with_name(f"copy-{number}-{path.name}") for number, path in enumerate(several)]
    for path, copy in zip(several, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    assert predict(*copies).exit_code == 0
    assert watched.most == expected


def test_heavy_items_wait_for_those_before_and_their_results_are_let_go_of() -> None:
    alive: set[int] = set()
    most = 0

    class Large:
        def __init__(self, number: int) -> None:
            self.number = number

    def made(number: int) -> Large:
        nonlocal most
        large = Large(number)
        alive.add(number)
        weakref.finalize(large, alive.discard, number)
        most = max(most, len(alive))
        return large

    weights = [4, 1, 1, 1, 9, 2, 2]
    order = []
    for number, large in side_by_side(made, range(7), 2, weights.__getitem__, 4):
        assert sum(weights[other] for other in alive) <= 4 or alive == {4}
        order.append((number, large.number))
        del large
    assert order == [(number, number) for number in range(7)]


def test_the_pixels_of_every_kind_of_picture_are_known_before_it_is_read(given: list[Path], tmp_path: Path) -> None:
    deep, content = given[3], given[0].read_bytes()
    tiff = tmp_path / "pages.tif"
    Image.new("L", (70, 30)).save(tiff, save_all=True, append_images=[Image.new("L", (50, 20))])
    known = {
        240 * 240: [
            given[0],
            str(given[0]),
            content,
            bytearray(content),
            np.zeros((240, 240, 3)),
            Image.open(given[0]),
        ],
        50 * 50: [deep, deep.read_bytes()],
        70 * 30: [tiff],
        0: [tmp_path / "missing.jpg", b"no picture", "data:image/png;base64,?"],
        pictures.MOST_PIXELS: [given[0].open("rb")],
    }
    for count, several in known.items():
        assert [pictures.count_pixels(picture) for picture in several] == [count] * len(several)
    assert [page.count_pixels() for page in pictures.find_pages(tiff)] == [70 * 30, 50 * 20]


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    """Large enough for tiles, with a face in two corners."""
    canvas = np.full((1500, 2700, 3), 120, np.uint8)
    for path, (y, x) in zip(EXAMPLES[:2], ((40, 50), (900, 2100)), strict=False):
        with Image.open(path) as picture:
            canvas[y : y + 500, x : x + 500] = np.asarray(picture.convert("RGB").resize((500, 500)))
    return canvas


def test_of_one_large_picture_the_parts_are_looked_at_at_the_same_time(
    large: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = FaceDetector().detect(large, any_rotation=True)
    watched = Watched(detection._Network.detect_in, 3)
    monkeypatch.setattr(detection._Network, "detect_in", lambda *given: watched(*given))
    found = FaceDetector(threads=3).detect(large, any_rotation=True)
    assert watched.most == 3
    assert [(face.box, face.score, face.landmarks.tolist()) for face in found] == [
        (face.box, face.score, face.landmarks.tolist()) for face in alone
    ]
    assert len(found) == 2
    watched.most = 0
    FaceDetector(threads=3).detect(large, threads=1)
    assert watched.most == 1


def test_a_level_is_made_once_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def noted(picture: np.ndarray, times: int) -> np.ndarray:
        made.append(picture.shape[0])
        time.sleep(0.05)
        return shrunk(picture, times)

    monkeypatch.setattr(pyramid, "shrunk", noted)
    halved = pyramid.Pyramid(np.zeros((800, 800, 3), np.uint8), 100)
    with mapping(4) as apply:
        views = list(apply(lambda size: halved.view(Square(400, 400, 800), size), [200, 200, 100, 100]))
    assert [view.shape[0] for view in views] == [200, 200, 100, 100]
    assert made == [800, 400, 200]


def test_sessions_do_not_spin_and_take_no_more_cores_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    start = model.onnxruntime.InferenceSession

    def noted(path: str, options: object, **rest: object) -> object:
        spinning = options.get_session_config_entry("session.intra_op.allow_spinning")  # type: ignore[attr-defined]
        asked.append((Path(path).stem, options.intra_op_num_threads, spinning))  # type: ignore[attr-defined]
        return start(path, options, **rest)

    monkeypatch.setattr(model.onnxruntime, "InferenceSession", noted)
    monkeypatch.setattr(model, "cores", lambda: 3)
    monkeypatch.setattr("mien.recognition.recognizer.cores", lambda: 3)
    recognizer = Recognizer()
    recognizer.detector.open()
    assert (recognizer.threads, recognizer.detector.threads) == (3, 3)
    assert asked == [("mobilenet_v2", 3, "0"), ("blazeface_near", 1, "0"), ("blazeface_far", 1, "0")]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system keeps no list of a process's cores")
def test_a_process_on_one_core_starts_no_threads(given: list[Path]) -> None:
    code = (
        "import os, sys, threading; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from mien import Recognizer; recognizer = Recognizer(); assert recognizer.threads == 1\n"
        "threading.Thread.start = None\n"
        "print(len(list(recognizer.recognize_all(sys.argv[1:]))))"
    )
    told = subprocess.run([sys.executable, "-c", code, *given[:3]], capture_output=True, text=True, check=True)
    assert told.stdout == "3\n"


def test_only_on_the_cpu_a_model_runs_in_several_threads_at_once() -> None:
    path = models_folder() / "mobilenet_v2.onnx"
    for device, alone in (("cpu", False), ("directml", True)):
        session = Session(path, 1, device)
        for _ in range(2):
            inside: list[bool] = []
            with session.turn:
                other = threading.Thread(target=lambda s=session, i=inside: (s.turn.__enter__(), i.append(True)))
                other.daemon = True
                other.start()
                other.join(0.1)
                assert bool(inside) is not alone
            session.forget()  # as in a fork: the turn may be held by a thread that is not here


def test_what_the_items_raise_comes_after_the_results() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise KeyError("no more")

    results = side_by_side(lambda number: -number, items(), 3)
    assert [next(results) for _ in range(5)] == [(number, -number) for number in range(5)]
    with pytest.raises(KeyError):
        next(results)
    with mapping(3) as apply:
        assert list(apply(lambda number: number + 1, range(9))) == list(range(1, 10))


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(given: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seven pictures, and a file of three pages the second of which is broken."""
    whole = tmp_path_factory.mktemp("folder")
    for path in given:
        (whole / path.name).write_bytes(path.read_bytes())
    pages = [Image.new("RGB", (64, 64), (number, 0, 0)) for number in range(3)]
    pages[0].save(whole / "a.tif", save_all=True, append_images=pages[1:])
    return whole


def test_the_command_tells_the_same_by_any_number_of_cores(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = pictures._read

    def fail(source: Path, name: str, page: int | None = None) -> np.ndarray:
        if page == 1:
            raise PictureError("a.tif#page=2: broken")
        return read(source, name, page)

    monkeypatch.setattr(pictures, "_read", fail)
    told = []
    for cores in (1, 4):
        monkeypatch.setattr("mien.cli.pictures.cores", lambda cores=cores: cores)
        out = tmp_path / str(cores)
        done = predict(folder, "--json", out / "all.json", "--csv", out / "all.csv", "--annotate", out / "drawn")
        assert done.exit_code == 2, done.output
        files = {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
        told.append((files, done.stdout.replace(f"/{cores}/", "/"), done.stderr.replace(f"/{cores}/", "/")))
    assert told[0] == told[1]
    rows = told[0][0][Path("all.csv")].decode()
    assert "a.tif#page=1" in rows
    assert "a.tif#page=3" not in rows  # after a page that cannot be read
    assert Path("drawn/0.jpg") in told[0][0]


def test_the_command_holds_few_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.cli.pictures.cores", lambda: 2)
    started, shown, most = 0, 0, 0
    read, add = pictures.Page.read, mien.cli.pictures._add_rows  # type: ignore[attr-defined]
    lock = threading.Lock()

    def counted(page: pictures.Page) -> np.ndarray:
        nonlocal started, most
        with lock:
            started += 1
            most = max(most, started - shown)
        return read(page)

    def slow(*given: object) -> None:
        nonlocal shown
        time.sleep(0.05)
        add(*given)
        shown += 1

    monkeypatch.setattr(pictures.Page, "read", counted)
    monkeypatch.setattr("mien.cli.pictures._add_rows", slow)
    monkeypatch.setattr("mien.recognition.recognizer.Recognizer.recognize", lambda *given: [])
    assert predict(*sorted(folder.glob("[0-356].*"))).exit_code == 0
    assert shown == 6
    assert most <= 2 + 2  # one a thread, one that waits, and the one that is shown


def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(400):
        (many / f"{number:03d}.jpg").write_bytes(EXAMPLES[0].read_bytes())
    code = "import mien.cli.pictures as own; own.cores = lambda: 2; from mien.cli.main import main; main()"
    command = [sys.executable, "-c", code, "predict", str(many), "--json", "-"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert started.stdout is not None
    first = [started.stdout.readline() for _ in range(2)]
    started.send_signal(signal.SIGINT)
    rest, said = started.communicate(timeout=60)
    assert started.returncode == INTERRUPTED
    assert "Traceback" not in said
    lines = [*first, *rest.splitlines()]
    assert len(lines) < 400
    assert [f"{number:03d}.jpg" in line for number, line in enumerate(lines)] == [True] * len(lines)
