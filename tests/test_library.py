"""What a program does with the library: many pictures, broken ones among them; faces as plain values and tables."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import MienError, MissingExtraError, PictureError
from mien.expressions import NAMES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))


@pytest.fixture(scope="module")
def recognizer() -> mien.Recognizer:
    return mien.Recognizer(threads=1)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three portraits, and a broken picture as the second of four."""
    broken = tmp_path_factory.mktemp("given") / "broken.jpg"
    broken.write_bytes(EXAMPLES[0].read_bytes()[:900])
    return [EXAMPLES[0], broken, *EXAMPLES[1:3]]


@pytest.mark.parametrize("batch", [1, 2, 32])
def test_an_error_stands_in_its_picture_s_place_by_choice(
    recognizer: mien.Recognizer, given: list[Path], batch: int
) -> None:
    found = list(recognizer.recognize_all(given, batch, errors="return"))
    assert [type(one) for one in found] == [list, PictureError, list, list]
    assert "broken.jpg" in str(found[1])
    for path, faces in zip(given, found, strict=True):
        if isinstance(faces, list):
            alone = recognizer.recognize(path)
            assert [face.expression for face in faces] == [face.expression for face in alone]
            np.testing.assert_allclose(faces[0].probabilities, alone[0].probabilities, atol=1e-5)


def test_without_the_choice_what_came_before_is_given_first(recognizer: mien.Recognizer, given: list[Path]) -> None:
    found = recognizer.recognize_all(given)
    assert len(next(found)) == 1
    with pytest.raises(PictureError, match=r"broken\.jpg"):
        next(found)


def test_what_the_given_iterator_raises_comes_after_the_results(recognizer: mien.Recognizer) -> None:
    def pictures() -> Iterator[Path]:
        yield EXAMPLES[0]
        raise KeyError("no more")

    found = recognizer.recognize_all(pictures(), errors="return")
    assert len(next(found)) == 1
    with pytest.raises(KeyError, match="no more"):
        next(found)
    with pytest.raises(MienError, match="'raise' or 'return'"):
        recognizer.recognize_all([], errors="ignore")  # type: ignore[call-overload]


def test_a_face_is_plain_values(recognizer: mien.Recognizer) -> None:
    face = recognizer.recognize(EXAMPLES[0])[0]
    told = json.loads(json.dumps(face.to_dict()))
    assert told["expression"] == face.expression
    assert list(told["probabilities"]) == list(mien.EXPRESSIONS) == list(NAMES)
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert told["box"] == pytest.approx([face.box.left, face.box.top, face.box.right, face.box.bottom], abs=0.06)


def test_faces_are_a_data_frame(recognizer: mien.Recognizer, given: list[Path]) -> None:
    pandas = pytest.importorskip("pandas")
    found = list(recognizer.recognize_all(given, errors="return"))
    table = mien.to_frame(found)
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns[:2]) == ["picture", "face"]
    assert list(table["expression"].dropna()) == [one[0].expression for one in found if isinstance(one, list)]
    np.testing.assert_allclose(table[list(NAMES)].dropna().sum(axis=1), 1, atol=1e-3)


def test_without_pandas_one_line_says_what_to_install(
    recognizer: mien.Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pandas"):
        mien.to_frame(recognizer.recognize(EXAMPLES[0]))


def test_a_recognizer_is_pickled_and_answers_alike(recognizer: mien.Recognizer) -> None:
    other = pickle.loads(pickle.dumps(recognizer))
    one, same = (of.recognize(EXAMPLES[0])[0].probabilities for of in (recognizer, other))
    assert np.array_equal(one, same)
