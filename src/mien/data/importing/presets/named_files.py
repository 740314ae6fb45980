"""Data sets whose files' names tell everything: JAFFE and KDEF."""

import re
from collections.abc import Callable
from pathlib import Path

from mien.data.dataset import Problem
from mien.data.importing.source import LabelledPicture, Preset, Source, files_below, first_picture, is_picture, place_of
from mien.errors import DataError

# KA.AN1.39.tiff: the person, what was posed and the how-manieth time, the picture's number.
_JAFFE = re.compile(r"(?P<subject>[A-Z]{2})\.(?P<label>AN|DI|FE|HA|NE|SA|SU)\d*\.\d+", re.IGNORECASE)
# AF01ANS.JPG: the session, which does not change the person, sex and number, what was posed, and the head's turn.
_KDEF = re.compile(r"[AB](?P<subject>[FM]\d{2})(?P<label>AF|AN|DI|HA|NE|SA|SU)(?:FL|FR|HL|HR|S)", re.IGNORECASE)


def _preset(name: str, layout: str, pattern: re.Pattern[str], classes: dict[str, str]) -> Preset:
    def recognises(root: Path) -> bool:
        first = first_picture(root) if root.is_dir() else None
        return first is not None and pattern.match(first.name) is not None

    return Preset(name, layout, recognises, _reader(pattern, layout), classes, faces_are_cut=False)


def _reader(pattern: re.Pattern[str], layout: str) -> Callable[[Path], Source]:
    def read(root: Path) -> Source:
        pictures, problems = [], []
        for path in files_below(root):
            found, place = pattern.match(path.name), place_of(path, root)
            if not is_picture(path):
                problems.append(Problem(place, f"not a picture ({path.suffix or 'no suffix'})"))
            elif found is None:
                problems.append(Problem(place, f"not named like {layout}"))
            else:
                pictures.append(LabelledPicture(place, found["label"].upper(), path, None, found["subject"].upper()))
        if not pictures:
            raise DataError(f"{root}: no picture is named like {layout}")
        return Source(pictures, problems)

    return read


_ORDER = {"AN": "angry", "DI": "disgust"}
_REST = {"HA": "happy", "SA": "sad", "SU": "surprise", "NE": "neutral"}
JAFFE = _preset("jaffe", "KA.AN1.39.tiff", _JAFFE, {**_ORDER, "FE": "fear", **_REST})
KDEF = _preset("kdef", "AF01ANS.JPG", _KDEF, {**_ORDER, "AF": "fear", **_REST})
