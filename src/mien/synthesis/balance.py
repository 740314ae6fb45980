"""Write a data set in which rare classes are filled up with translated faces, or with augmented ones to compare.

The folder has the Kaggle layout: `images/{train,validation}/<class>/` with the originals (linked, or copied where
links cannot be) and `images/train/<class>/syn-<n>.png`; beside it the index fer2013.csv if there was one,
`manifest.csv` (a line a synthetic picture), `balance.json` (how it was made, and what the filters did) and
`classes.png`. It stands complete or not at all.
"""

import csv
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mien.classifier.classifier import Classifier
from mien.data.class_chart import class_chart
from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.expressions import NAMES
from mien.plotting import save
from mien.provenance import file_hash
from mien.storage import csv_text, write_folder, write_json, write_text
from mien.synthesis import face_sheets
from mien.synthesis.filters import ClassifierScores, QualityFilter
from mien.synthesis.sampling import training_faces
from mien.training.splits import SYNTHETIC_PREFIX, is_synthetic

SUMMARY, MANIFEST, INDEX = "balance.json", "manifest.csv", "fer2013.csv"
_CHUNK = 256
_ROUNDS = 4  # how many times as many augmented faces may be tried as are wanted


class Maker(Protocol):
    """What makes the added faces: a `Translator`, or an `Augmenter`.

    Attributes:
        split: Whose training part it may be given.
        from_other_classes: Whether it takes other classes' faces, each once, or the class's own, as often as are
            needed.
    """

    split: str
    from_other_classes: bool

    @property
    def strength(self) -> float | None:
        """The share of a generator's change that faces take; None where no generator changes them."""

    @property
    def sha256(self) -> str:
        """Its name in the manifest."""

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Make faces.

        Args:
            faces: uint8 [N, 48, 48].
            labels: The classes to make, int [N].

        Returns:
            uint8 [N, 48, 48].
        """
        ...


@dataclass(frozen=True)
class Request:
    """What to add.

    Without `least` and `novelty`, everything is kept.

    Attributes:
        labels: Classes that are each brought to `count` training pictures.
        count: Training pictures of each, real and made.
        split: Whose training part gives the sources.
        seed: Chooses the sources.
        least: Keep only what the judge calls the target with at least this probability.
        novelty: Keep only what lies as near to real faces as 95% of these do.
    """

    labels: tuple[int, ...]
    count: int
    split: str
    seed: int = 0
    least: float | None = None
    novelty: bool = False


@dataclass(frozen=True)
class Synthetic:
    """A line of the manifest.

    Attributes:
        file: The face, relative to the folder.
        label: The class it was made for.
        source: The picture it was made from.
        source_label: That picture's class.
        seed: The request's.
        generator: SHA-256 of the generator's file, or a word for what made it.
        probability: The judge's, for the target; None without a judge.
        novelty: Distance to the real faces; None without a judge.
    """

    file: str
    label: str
    source: str
    source_label: str
    seed: int
    generator: str
    probability: float | None
    novelty: float | None


@dataclass(frozen=True)
class _Made:
    """What was kept for one class: faces uint8 [N, 48, 48], rows int64 [N] of their sources, scores if there are."""

    faces: np.ndarray
    rows: np.ndarray
    scores: ClassifierScores | None
    figures: dict[str, Any]


def balance(
    root: Path,
    data: FaceData,
    request: Request,
    maker: Maker,
    out: Path,
    judge: Classifier | None = None,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Write a balanced data set.

    The same data, request, generator and judge give the same files.

    Args:
        root: The folder of the data.
        data: What was read there.
        request: What to add.
        maker: What makes it.
        out: The new folder.
        judge: Judges what is made; needed where the request asks for its word.
        show: Is called with the faces kept and the faces wanted, now and then.

    Returns:
        What balance.json holds.

    Raises:
        DataError: The request cannot be met, or `out` holds anything already; no folder is left.
        StorageError: The disk refuses; no folder is left.
    """
    base = _pictures_folder(root, data)
    _check(root, data, request, maker, out, judge)
    sources = training_faces(data)
    real = np.bincount(data.labels[data.parts == "train"], minlength=len(NAMES))
    quality = None if judge is None else QualityFilter(judge, sources, request.seed)
    wanted = sum(request.count - int(real[label]) for label in request.labels)
    made: dict[int, _Made] = {}

    def tell(kept: int) -> None:
        show(sum(len(done.rows) for done in made.values()) + kept, wanted)

    for label in request.labels:
        made[label] = _make(sources, label, request.count - int(real[label]), request, maker, quality, tell)
    added = np.array([len(made[label].rows) if label in made else 0 for label in range(len(NAMES))])
    summary = {
        "split": request.split,
        "seed": request.seed,
        "generator": maker.sha256,
        "strength": maker.strength,
        "judge": file_hash(judge.file) if judge is not None else None,
        "least_probability": request.least,
        "most_novelty": quality.most_novelty if quality is not None and request.novelty else None,
        "training_pictures_before": dict(zip(NAMES, real.tolist(), strict=True)),
        "synthetic": dict(zip(NAMES, added.tolist(), strict=True)),
        "classes": {NAMES[label]: kept.figures for label, kept in made.items()},
    }

    def fill(folder: Path) -> None:
        _link_originals(base, data, folder / "images")
        index = next((at / INDEX for at in (root, base, base.parent) if (at / INDEX).is_file()), None)
        if index is not None:
            shutil.copyfile(index, folder / INDEX)
        lines = _write_synthetics(data, sources, made, request.seed, maker, folder)
        _write_manifest(lines, folder / MANIFEST)
        chart = class_chart({"before": (real, 0 * added), "after": (real, added)})
        save(chart, folder / "classes.png")
        write_json(folder / SUMMARY, summary)

    write_folder(out, fill)
    return summary


def _check(root: Path, data: FaceData, request: Request, maker: Maker, out: Path, judge: Classifier | None) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out}: exists already and is not an empty folder; choose another --out")
    if (root / SUMMARY).is_file() or is_synthetic(data).any():
        raise DataError(f"{root}: holds synthetic pictures already; balance the original data set")
    if maker.split != request.split:
        raise DataError(
            f"the generator learned from the {maker.split} split's training part, which holds pictures that the "
            f"{request.split} split tests with; use --split {maker.split}"
        )
    if judge is None and (request.least is not None or request.novelty):
        raise DataError("filters need an independent classifier; name one with --judge")
    counts = np.bincount(data.labels[data.parts == "train"], minlength=len(NAMES))
    for label in request.labels:
        if request.count <= counts[label]:
            raise DataError(f"'{NAMES[label]}' has {counts[label]:,} training pictures already; ask for more")


def _make(
    sources: FaceData,
    label: int,
    more: int,
    request: Request,
    maker: Maker,
    quality: QualityFilter | None,
    show: Callable[[int], None],
) -> _Made:
    """Make faces of the sources', in an order drawn from the seed, until `more` have been kept."""
    order = _order(sources, label, more, request.seed, maker)
    faces, scores, keep = [], [], np.empty(0, bool)
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        faces.append(maker.translate(sources.faces[rows], np.full(len(rows), label)))
        if quality is not None:
            scores.append(quality.score(faces[-1], label))
        keep = np.append(
            keep, _passes(scores[-1], request, quality) if quality is not None else np.full(len(rows), True)
        )
        show(min(int(keep.sum()), more))
        if keep.sum() >= more:
            break
    else:
        raise DataError(
            f"only {int(keep.sum()):,} of {more:,} synthetic faces of '{NAMES[label]}' could be made from "
            f"{len(order):,} training faces; ask for fewer, or loosen the filters"
        )
    indices = np.flatnonzero(keep)[:more]
    done: dict[str, Any] = {"translated": len(keep), "kept": more}
    if quality is None:
        return _Made(np.concatenate(faces)[indices], order[indices], None, done)
    all_scores = ClassifierScores.joined(scores)
    done |= {
        "passed_filters": float(keep.mean()),
        "called_target": float(all_scores.called.mean()),
        "sources_called_target": float(quality.score(sources.faces[order[: len(keep)]], label).called.mean()),
        "refused_by_probability": int((~_probable(all_scores, request)).sum()),
        "refused_by_novelty": int((~_known(all_scores, request, quality)).sum()),
    }
    return _Made(np.concatenate(faces)[indices], order[indices], all_scores.where(indices), done)


def _order(sources: FaceData, label: int, more: int, seed: int, maker: Maker) -> np.ndarray:
    """Rows of the sources to be taken for a class, int64 [N]."""
    generator = np.random.default_rng([seed, label])
    if maker.from_other_classes:
        return generator.permutation(np.flatnonzero(sources.labels != label))
    own = np.flatnonzero(sources.labels == label)
    return np.concatenate([generator.permutation(own) for _ in range(_ROUNDS * -(-more // len(own)))])


def _passes(scores: ClassifierScores, request: Request, quality: QualityFilter) -> np.ndarray:
    return _probable(scores, request) & _known(scores, request, quality)


def _probable(scores: ClassifierScores, request: Request) -> np.ndarray:
    if request.least is None:
        return np.full(len(scores.called), True)
    return scores.called & (scores.probability >= request.least)


def _known(scores: ClassifierScores, request: Request, quality: QualityFilter) -> np.ndarray:
    if not request.novelty:
        return np.full(len(scores.called), True)
    return scores.novelty <= quality.most_novelty


def _pictures_folder(root: Path, data: FaceData) -> Path:
    """The folder that the data's ids are relative to."""
    for folder in (root, root / "images"):
        if (folder / str(data.ids[0])).is_file():
            return folder
    raise DataError(f"{root}: balancing needs picture folders, not a CSV file of pixels")


def _link_originals(base: Path, data: FaceData, folder: Path) -> None:
    for name in data.ids:
        target = folder / str(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        source = (base / str(name)).resolve()
        try:
            os.link(source, target)
        except OSError:  # another disk, or a file system without links
            shutil.copyfile(source, target)


def _write_synthetics(
    data: FaceData, sources: FaceData, made: dict[int, _Made], seed: int, maker: Maker, folder: Path
) -> list[Synthetic]:
    lines: list[Synthetic] = []
    for label, kept in made.items():
        place = _class_folder(data, label)
        for number, row in enumerate(kept.rows):
            file = f"images/{place}/{SYNTHETIC_PREFIX}{len(lines)}.png"
            face_sheets.save(kept.faces[number], folder / file)
            lines.append(
                Synthetic(
                    file=file,
                    label=NAMES[label],
                    source=str(sources.ids[row]),
                    source_label=NAMES[sources.labels[row]],
                    seed=seed,
                    generator=maker.sha256,
                    probability=None if kept.scores is None else round(float(kept.scores.probability[number]), 4),
                    novelty=None if kept.scores is None else round(float(kept.scores.novelty[number]), 4),
                )
            )
    return lines


def _class_folder(data: FaceData, label: int) -> str:
    """The folder of a class under train/, named as the data set names it."""
    for name in data.ids[data.labels == label]:
        folder = Path(str(name)).parent
        if folder.parts[0].lower() == "train":
            return folder.as_posix()
    return f"train/{NAMES[label]}"


def _write_manifest(lines: list[Synthetic], path: Path) -> None:
    write_text(path, csv_text((entry.name for entry in fields(Synthetic)), map(asdict, lines)))


def read_manifest(folder: Path) -> list[Synthetic]:
    """Read the manifest of a balanced folder.

    Args:
        folder: What `balance` wrote.

    Returns:
        Its lines, in order.

    Raises:
        DataError: There is none.
    """
    try:
        with (folder / MANIFEST).open(encoding="utf-8", newline="") as file:
            return [_line(row) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{folder}: no readable {MANIFEST}; give a folder that `mien synth balance` wrote") from error


def _line(row: dict[str, str]) -> Synthetic:
    return Synthetic(
        file=row["file"],
        label=row["label"],
        source=row["source"],
        source_label=row["source_label"],
        seed=int(row["seed"]),
        generator=row["generator"],
        probability=float(row["probability"]) if row["probability"] else None,
        novelty=float(row["novelty"]) if row["novelty"] else None,
    )
