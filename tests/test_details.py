"""Head pose, face quality and what is derived: by hand, on turned and blurred pictures, and as columns."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from PIL import Image, ImageFilter, ImageOps
from typer.testing import CliRunner

import mien
from mien.cli.main import app
from mien.errors import MienError
from mien.expressions import NAMES
from mien.recognition.circumplex import coordinates, derived
from mien.recognition.details import sharpness
from mien.recognition.pose import HEAD, head_pose

EXAMPLES = Path(__file__).parents[1] / "examples"


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The mean head's landmarks after it was turned, somewhere in a picture, float64 [6, 2]."""
    y, p, r = np.radians((yaw, pitch, roll))
    up = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    side = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (HEAD @ (tilt @ side @ up).T)[:, :2] * 7.3 + np.array([120.0, 340.0])


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (0, -25, 0), (0, 0, 90), (-40, 20, -160), (55, -30, 12)])
def test_a_turned_head_is_found_as_it_was_turned(angles: tuple[float, float, float]) -> None:
    pose = head_pose(turned(*angles))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(angles, abs=1e-6)


def test_signs_are_as_the_viewer_sees_them() -> None:
    assert turned(30, 0, 0)[2, 0] > turned(0, 0, 0)[2, 0]  # the nose points to the viewer's right
    assert turned(0, 20, 0)[2, 1] < turned(0, 0, 0)[2, 1]  # and up
    assert turned(0, 0, 20)[1, 1] > turned(0, 0, 20)[0, 1]  # clockwise: the right eye is lower


def test_landmarks_that_are_none_have_no_pose() -> None:
    assert np.isnan(head_pose(np.full((6, 2), np.nan)).yaw)
    assert np.isnan(head_pose(np.ones((6, 2))).yaw)


def pose_of(picture: Image.Image) -> dict[str, float]:
    (face, *_) = mien.Recognizer(threads=1, gate="off", details=["pose"]).recognize(picture)
    return face.details["pose"]


def test_a_mirrored_and_a_tilted_picture_turn_the_pose_with_them() -> None:
    picture = Image.open(EXAMPLES / "obama2.jpg").convert("RGB")
    pose, mirrored, tilted = pose_of(picture), pose_of(ImageOps.mirror(picture)), pose_of(picture.rotate(-15))
    assert pose["yaw"] < -12  # he looks to the viewer's left
    assert mirrored["yaw"] == pytest.approx(-pose["yaw"], abs=6)
    assert mirrored["roll"] == pytest.approx(-pose["roll"], abs=4)
    assert tilted["roll"] - pose["roll"] == pytest.approx(15, abs=4)
    assert tilted["yaw"] == pytest.approx(pose["yaw"], abs=6)


def test_sharpness_falls_with_blur_and_not_with_light() -> None:
    grey = Image.open(EXAMPLES / "obama.jpg").convert("L").resize((160, 160))
    values = [sharpness(np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)))) for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[3] < values[0] / 10
    assert sharpness(np.asarray(grey) // 2) == pytest.approx(values[0], rel=0.05)
    assert sharpness(np.full((48, 48), 80, np.uint8)) == 0


def test_valence_and_arousal_are_the_published_words_weighed() -> None:
    assert derived(np.eye(7))[NAMES.index("happy")].tolist() == [0.81, 0.51]
    assert derived(np.full(7, 1 / 7)) == pytest.approx(coordinates(NAMES).mean(0))
    backwards = NAMES[::-1]
    assert derived(np.eye(7), backwards)[backwards.index("sad")].tolist() == [-0.63, -0.27]
    with pytest.raises(MienError, match="leave the circumplex out for other classes"):
        coordinates((*NAMES, "contempt"))


def test_details_are_columns_where_asked_for_and_nowhere_else(tmp_path: Path) -> None:
    plain, more, tree = tmp_path / "plain.csv", tmp_path / "more.csv", tmp_path / "more.json"
    picture = str(EXAMPLES / "obama.jpg")
    groups = ["--columns", "circumplex,quality,pose"]
    assert CliRunner().invoke(app, ["predict", picture, "--csv", str(plain)]).exit_code == 0
    done = CliRunner().invoke(app, ["predict", picture, "--csv", str(more), "--json", str(tree), *groups])
    assert done.exit_code == 0, done.output
    first, second = (list(csv.DictReader(path.open(encoding="utf-8"))) for path in (plain, more))
    added = ["yaw", "pitch", "roll", "size", "sharpness", "light", "valence_derived", "arousal_derived"]
    assert list(second[0]) == [*first[0], *added]
    assert {name: second[0][name] for name in first[0]} == first[0]
    face = json.loads(tree.read_text())[0]["faces"][0]
    flat = face["pose"] | face["quality"] | face["circumplex"]
    assert {name: float(second[0][name]) for name in added} == flat
    assert flat["size"] == pytest.approx(face["box"][2] - face["box"][0], rel=0.05)
    assert 0.4 < flat["light"] < 0.7
    assert flat["valence_derived"] == pytest.approx(0.8, abs=0.05)


def test_a_withheld_expression_is_not_told_by_what_is_derived_from_it() -> None:
    recognizer = mien.Recognizer(threads=1, gate="refuse", details=["circumplex", "quality"])
    (face,) = recognizer.recognize(EXAMPLES / "obama.jpg")
    hidden = mien.Face(**vars(face) | {"withheld": True}).to_dict()
    assert hidden["circumplex"] == {"valence_derived": None, "arousal_derived": None}
    assert hidden["quality"]["light"] > 0


def test_details_are_columns_of_a_data_frame() -> None:
    table = mien.to_frame(mien.Recognizer(threads=1, details=["pose"]).recognize(EXAMPLES / "obama.jpg"))
    assert list(table.columns)[-3:] == ["yaw", "pitch", "roll"]


def test_a_cut_face_has_no_pose_and_unknown_details_are_refused() -> None:
    (face,) = mien.Recognizer(threads=1, details=["pose"]).recognize(
        np.full((48, 48), 99, np.uint8), faces_are_cut=True
    )
    assert face.to_dict()["pose"] == {"yaw": None, "pitch": None, "roll": None}
    with pytest.raises(MienError, match="no columns called 'age'"):
        mien.Recognizer(details=["age"])


def test_in_a_video_what_is_derived_follows_the_smoothed_probabilities(tmp_path: Path) -> None:
    canvas = np.full((220, 220, 3), 110, np.uint8)
    paste(canvas, portrait("obama2", 200), 20, 10)
    blurred = np.asarray(Image.fromarray(canvas).filter(ImageFilter.GaussianBlur(2)))
    path = make_video(tmp_path / "a.mp4", lambda time: (canvas, blurred)[round(time * 10) % 2], every(0.1, 1.0))
    faces = [face for frame in mien.open(path, mien.Recognizer(details=["circumplex"])) for face in frame.faces]
    assert any(np.abs(face.raw - face.probabilities).max() > 0.01 for face in faces)
    for face in faces:
        assert list(face.details["circumplex"].values()) == pytest.approx(derived(face.probabilities), abs=1e-6)


@pytest.mark.parametrize("contrast", [0.02, 1])
def test_sharpness_is_the_laplacians_variance_over_the_pictures(contrast):
    grey = (128 + contrast * np.random.default_rng(0).normal(0, 30, (40, 50))).astype(np.uint8)
    laplacian = cv2.Laplacian(grey, cv2.CV_64F, ksize=1)[1:-1, 1:-1]
    assert sharpness(grey) == pytest.approx(laplacian.var() / grey.var())
    assert sharpness(np.full((9, 9), 7, np.uint8)) == 0
