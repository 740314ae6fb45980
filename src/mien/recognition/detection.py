"""Find faces in a picture with BlazeFace (Bazarevsky et al. 2019), in two steps.

First candidates anywhere: the back network (made for a phone's back camera, hence the name) looks at the whole picture,
the front network at the picture with a margin (so that a face that fills it is found too), and in large pictures the
back network looks at tiles for small faces. Then each candidate is refined: the front network sees it upright, in the
middle, at the size it knows best. Refining refuses most of what is no face, and gives box and landmarks the same
meaning for every size and roll of a face, which `framing` builds on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, compress
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import ModelError
from mien.recognition.faces import Box, Detection, Square
from mien.recognition.model import Session, models_folder, verify_hash
from mien.recognition.pyramid import Pyramid
from mien.recognition.side_by_side import Mapping, mapping

LEFT_EYE, RIGHT_EYE, NOSE, MOUTH, LEFT_EAR, RIGHT_EAR = range(6)

CANDIDATE_THRESHOLD = 0.5
"""The score from which a candidate is refined: lower than a face's, since it may be seen small at first."""
SAME_FACE_OVERLAP = 0.3
"""The overlap from which two candidates are one face."""
REFINE_CONTEXT = 2.0
"""Side of the square that is refined in, in sides of the candidate's box."""
MARGIN = 1 / 0.6
"""Side of the square in which the front network sees the whole picture, in the picture's long sides."""
TILE = 1280
"""Tiles need not be smaller than this, in pixels: in them the back network finds most faces of 60 pixels."""
TILE_OVERLAP = 0.2
"""The part of a tile's side that it shares with the next tile, so that no small face is cut by all of them."""
TILES = 6
"""How many tiles to look at, at most."""
SMALL_TILE, SMALL_TILES, SMALL_CANDIDATE_THRESHOLD = 400, 400, 0.3
"""`TILE`, `TILES` and `CANDIDATE_THRESHOLD` where small faces are looked for: enough for most faces of 30 pixels."""
ROTATIONS = (math.pi, math.pi / 2, -math.pi / 2)
"""Rotations in which a picture without a sure face is searched again: upside down first, then lying on either side."""
SURE_SCORE = 0.8
"""The score from which a face is surely upright: a face upside down may pass for an upright one, with a lower score."""
ROTATED_THRESHOLD = 0.82
"""The score that a face must reach in a rotated picture: what shows no face is looked at four times."""


@dataclass(frozen=True)
class _NetworkFile:
    name: str
    size: int


FRONT = _NetworkFile("blazeface_near.onnx", 128)
BACK = _NetworkFile("blazeface_far.onnx", 256)


class FaceDetector:
    """Finds faces; create it once, use it for every picture. It can be pickled, and then reads its files anew.

    Args:
        models: The folder with blazeface_near.onnx and blazeface_far.onnx, the shipped models' by default; both files
            are read at first use.
        threshold: The score in (0, 1) that a face must reach when it is refined.
        tiles: How many tiles to look at, at most, in a picture longer than a tile; 0 looks at none, which is quicker
            and misses many faces smaller than a twentieth of the picture's long side. `TILES` if None, or
            `SMALL_TILES`.
        threads: How many parts of a picture are looked at side by side, each by a thread of its own.
        small_faces: Look at more and smaller tiles, `SMALL_TILE` pixels instead of `TILE`: for crowds.
    """

    def __init__(
        self,
        models: Path | None = None,
        threshold: float = 0.7,
        tiles: int | None = None,
        threads: int = 1,
        small_faces: bool = False,
    ) -> None:
        self.models = models_folder() if models is None else models
        self.threshold = threshold
        self.tiles = tiles if tiles is not None else SMALL_TILES if small_faces else TILES
        self.threads = threads
        self.small_faces = small_faces

    def __reduce__(self) -> tuple[Any, ...]:
        models = None if self.models == models_folder() else self.models.absolute()  # another machine has its own
        return type(self), (models, self.threshold, self.tiles, self.threads, self.small_faces)

    @cached_property
    def _front(self) -> "_Network":
        return _Network(self.models, FRONT)

    @cached_property
    def _back(self) -> "_Network":
        return _Network(self.models, BACK)

    def open(self) -> None:
        """Read the files now, once, before several threads look for faces. Raises ModelError as `detect`."""
        for network in (self._front, self._back):
            _ = network.session.opened

    def detect(self, picture: np.ndarray, any_rotation: bool = False, threads: int | None = None) -> list[Detection]:
        """Find the faces of a picture.

        Args:
            picture: uint8 RGB [H, W, 3].
            any_rotation: Where no face is found, or none surely, look for faces that are upside down, and then for
                faces that lie on either side. A picture without a face takes four times as long then.
            threads: Instead of the detector's own number, for where several pictures are searched at the same time.

        Returns:
            The faces, largest first; none is an empty list. Boxes and landmarks are in the picture as it was given.

        Raises:
            ModelError: A network's file is missing or damaged.
        """
        pyramid = Pyramid(picture, FRONT.size)
        with mapping(threads or self.threads) as apply:
            faces = self._search(pyramid, 0.0, self.threshold, apply)
            if any_rotation and all(face.score < SURE_SCORE for face in faces):
                faces = self._search_rotated(pyramid, faces, apply)
        return sorted(faces, key=lambda face: -face.box.area)

    def _search_rotated(self, pyramid: Pyramid, unsure: list[Detection], apply: Mapping) -> list[Detection]:
        """The faces of the first rotation in which there are some, and the unsure ones that are none of them."""
        for angle in ROTATIONS:
            sure = self._search(pyramid, angle, max(self.threshold, ROTATED_THRESHOLD), apply)
            if sure:
                apart = [all(face.box.overlap(one.box) < SAME_FACE_OVERLAP for one in sure) for face in unsure]
                return sure + list(compress(unsure, apart))
        return unsure

    def _search(self, pyramid: Pyramid, angle: float, threshold: float, apply: Mapping) -> list[Detection]:
        """The faces that are rolled by about `angle`, in any order."""
        height, width = pyramid.picture.shape[:2]
        looks = self._looks(height, width, angle)
        found = apply(lambda look: look.network.detect_in(pyramid, look.square, look.threshold), looks)
        candidates = merge(list(chain.from_iterable(found)))
        faces = apply(lambda candidate: self._refine(pyramid, candidate, threshold), candidates)
        return merge([face for face in faces if face])

    def _looks(self, height: int, width: int, angle: float) -> "list[_Look]":
        """All that is looked at for candidates in a picture of this size."""
        whole = Square(width / 2, height / 2, max(height, width), angle)
        looks = [
            _Look(self._back, whole, CANDIDATE_THRESHOLD),
            _Look(self._front, replace(whole, side=whole.side * MARGIN), CANDIDATE_THRESHOLD),
        ]
        enough, least = (SMALL_TILE, SMALL_CANDIDATE_THRESHOLD) if self.small_faces else (TILE, CANDIDATE_THRESHOLD)
        tiles = tile_squares(height, width, self.tiles, enough)
        return looks + [_Look(self._back, replace(tile, roll=angle), least) for tile in tiles]

    def follow(self, picture: np.ndarray, expected: Sequence[Detection]) -> list[Detection]:
        """Find the faces of a video's frame where some are expected: one run of the front network a face.

        It takes a fraction of `detect`'s time, and finds no face that nobody expects.

        Args:
            picture: uint8 RGB [H, W, 3].
            expected: Where the faces should be, in this picture's coordinates.

        Returns:
            The faces that are there, best score first.

        Raises:
            ModelError: The network's file is missing or damaged.
        """
        pyramid = Pyramid(picture, FRONT.size)
        seen = [self._refine(pyramid, candidate, self.threshold) for candidate in expected]
        return merge([face for face in seen if face])

    def _refine(self, pyramid: Pyramid, candidate: Detection, threshold: float) -> Detection | None:
        x, y = candidate.box.centre
        side = REFINE_CONTEXT * max(candidate.box.width, candidate.box.height)
        square = Square(x, y, side, roll(candidate.landmarks))
        seen = merge(self._front.detect_in(pyramid, square, threshold))
        seen = [face for face in seen if face.box.overlap(candidate.box) >= SAME_FACE_OVERLAP]
        return max(seen, key=lambda face: face.score, default=None)


class _Network:
    """One BlazeFace network: squares of a picture in, candidates in the picture's coordinates out."""

    def __init__(self, models: Path, file: _NetworkFile) -> None:
        path = models / file.name
        if not path.is_file():
            raise ModelError(f"{path}: the face detector is missing; install mien again")
        verify_hash(path)
        self.size = file.size
        self.session = Session(path, threads=1)  # the threads of two sessions would get in each other's way
        self.anchors = anchors()

    def detect_in(self, pyramid: Pyramid, square: Square, threshold: float) -> list[Detection]:
        """What scores at least `threshold` in a square of the picture, each face still many times."""
        values = pyramid.view(square, self.size)
        fine_scores, coarse_scores, fine, coarse = self.session.opened.run(None, {"input:0": values[None]})
        scores = np.concatenate([fine_scores[0, :, 0], coarse_scores[0, :, 0]])
        keep = np.flatnonzero(scores >= math.log(threshold / (1 - threshold)))
        scores = 1 / (1 + np.exp(-scores[keep].astype(np.float64)))
        offsets = np.concatenate([fine[0], coarse[0]])[keep].astype(np.float64).reshape(-1, 8, 2) / self.size
        sizes = offsets[:, 1] * square.side
        points = _to_picture(self.anchors[keep, None] + offsets[:, [0, 2, 3, 4, 5, 6, 7]], square)
        centres, landmarks = points[:, 0].tolist(), points[:, 1:]
        return [
            Detection(Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2), score, marks.copy())
            for score, (width, height), (x, y), marks in zip(
                scores.tolist(), sizes.tolist(), centres, landmarks, strict=True
            )
        ]


@dataclass(frozen=True)
class _Look:
    """A network's look at a square of the picture; the score from which what it finds is a candidate."""

    network: _Network
    square: Square
    threshold: float


def anchors() -> np.ndarray:
    """The centres that the networks' offsets are relative to.

    Two for each cell of a 16 x 16 grid, then six for each cell of an 8 x 8 grid, row by row.

    Returns:
        float64 [896, 2] in (0, 1): x and y as parts of the input's side.
    """
    grids = []
    for cells, count in ((16, 2), (8, 6)):
        middles = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middles, middles, indexing="ij")
        grids.append(np.stack([x, y], axis=-1).reshape(-1, 2).repeat(count, axis=0))
    return np.concatenate(grids)


def roll(landmarks: np.ndarray) -> float:
    """The angle of the line between the eyes.

    Args:
        landmarks: float [6, 2] in picture coordinates, ordered as in `Detection`.

    Returns:
        Radians in [-pi, pi], positive where the viewer's right eye is the lower one.
    """
    across, down = landmarks[RIGHT_EYE] - landmarks[LEFT_EYE]
    return math.atan2(down, across)


def merge(detections: Sequence[Detection], overlap: float = SAME_FACE_OVERLAP) -> list[Detection]:
    """Weighted non-maximum suppression: one detection a face, best score first.

    Each detection that overlaps the best remaining one by at least `overlap` joins it; the box and landmarks that come
    out are means weighted by score, the score is the best one's.

    Args:
        detections: In any order.
        overlap: Intersection over union, in [0, 1].

    Returns:
        The merged detections, best score first.
    """
    waiting = sorted(detections, key=lambda detection: -detection.score)
    merged = []
    while waiting:
        best = waiting[0]
        group = [best, *(other for other in waiting[1:] if other.box.overlap(best.box) >= overlap)]
        joined = {id(member) for member in group}
        waiting = [other for other in waiting if id(other) not in joined]
        merged.append(_mean(group, best.score))
    return merged


def _mean(group: list[Detection], score: float) -> Detection:
    if len(group) == 1:
        return group[0]
    weights = np.array([member.score for member in group])
    weights /= weights.sum()
    edges = [(member.box.left, member.box.top, member.box.right, member.box.bottom) for member in group]
    landmarks = np.array([member.landmarks for member in group])
    left, top, right, bottom = (weights @ np.array(edges)).tolist()
    return Detection(Box(left, top, right, bottom), score, np.tensordot(weights, landmarks, 1))


def tile_squares(height: int, width: int, limit: int, enough: int = TILE) -> list[Square]:
    """Cover a picture with equal squares, each sharing a part with the next.

    The fewest whose sides are at most `enough` pixels, or else those with the smallest sides.

    Args:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        limit: How many squares, at most.
        enough: A side in pixels below which more squares bring nothing.

    Returns:
        The squares, row by row; none where one would do.
    """

    def side(rows: int, columns: int) -> float:
        return max(height / (1 + (rows - 1) * (1 - TILE_OVERLAP)), width / (1 + (columns - 1) * (1 - TILE_OVERLAP)))

    layouts = [(rows, columns) for rows in range(1, limit + 1) for columns in range(1, limit // rows + 1)]
    if not layouts:
        return []
    rows, columns = min(layouts, key=lambda layout: (max(side(*layout), enough), math.prod(layout), side(*layout)))
    if rows == columns == 1:
        return []
    length = side(rows, columns)
    return [Square(x, y, length) for y in _middles(height, length, rows) for x in _middles(width, length, columns)]


def _middles(extent: int, length: float, count: int) -> list[float]:
    if count == 1:
        return [extent / 2]
    return np.linspace(length / 2, extent - length / 2, count).tolist()


def _to_picture(places: np.ndarray, square: Square) -> np.ndarray:
    """Places [..., 2] as parts of an upright square's side, in the picture's coordinates."""
    cos, sin = math.cos(square.roll) * square.side, math.sin(square.roll) * square.side
    return (places - 0.5) @ np.array([[cos, sin], [-sin, cos]]) + (square.x, square.y)
