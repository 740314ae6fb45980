"""Rows of videos with known truth, as `mien predict --csv` writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.expressions import NAMES
from mien.storage import csv_text
from mien.study.rows import RAW

FIRST = ("video", "time", "frame", "track", "left", "top", "right", "bottom", "score", "verdict", "expression")


def columns(classes: Sequence[str] = NAMES) -> tuple[str, ...]:
    return (*FIRST, *classes, *(f"{RAW}{name}" for name in classes))


@dataclass
class Shown:
    """A face from start to end (seconds), showing a class with a probability; the others share what is left."""

    track: int
    start: float
    end: float
    name: str
    probability: float = 0.9
    verdict: str = "known"
    size: float = 100.0


@dataclass
class MadeClip:
    """A clip: the times of its frames, what is shown in it, and the frames' numbers where some were passed over."""

    name: str
    times: Sequence[float]
    shown: list[Shown] = field(default_factory=list)
    numbers: Sequence[int] | None = None


def records(clip: MadeClip, classes: Sequence[str] = NAMES) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    numbers = range(len(clip.times)) if clip.numbers is None else clip.numbers
    for number, time in zip(numbers, clip.times, strict=True):
        head = {"video": clip.name, "time": round(time, 6), "frame": number}
        faces = [one for one in clip.shown if one.start - 1e-9 <= time < one.end - 1e-9]
        made += [head | face(one, classes) for one in faces] or [head]
    return made


def face(one: Shown, classes: Sequence[str]) -> dict[str, Any]:
    rest = (1 - one.probability) / (len(classes) - 1)
    values = {name: one.probability if name == one.name else rest for name in classes}
    box = {"left": 10 * one.track, "top": 10, "right": 10 * one.track + one.size, "bottom": 10 + one.size}
    told = {"track": one.track, "score": 0.95, "verdict": one.verdict, "expression": one.name}
    return told | box | values | {f"{RAW}{name}": value for name, value in values.items()}


def write_rows(path: Path, clips: Sequence[MadeClip], classes: Sequence[str] = NAMES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    found = [record for clip in clips for record in records(clip, classes)]
    path.write_text(csv_text(columns(classes), found), encoding="utf-8", newline="")
    return path


def every(step: float, end: float, start: float = 0.0) -> list[float]:
    return [start + step * number for number in range(round((end - start) / step))]


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
