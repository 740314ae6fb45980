"""Write and read the gate's results, results/novelty.json: the one place that knows how they stand on file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import DataError
from mien.storage import write_json

if TYPE_CHECKING:
    from mien.novelty.judge import Judgement

_PARTS = {"separation", "far", "passage", "refused", "found", "pipeline", "risk", "unclear"}


def write(path: Path, subject: dict[str, Any], made: "Judgement") -> None:
    """Write what was judged.

    Args:
        path: Of the JSON file.
        subject: The models by hash, the data, the gate's numbers, the code's version, the date.
        made: What was measured.

    Raises:
        StorageError: The disk refuses.
    """
    write_json(path, subject | made.to_dict())


def read(path: Path) -> dict[str, Any] | None:
    """What `write` wrote.

    Args:
        path: Of the JSON file.

    Returns:
        None where there is no file, or an older version's: it speaks of another gate.

    Raises:
        DataError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        judged = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); write it anew with: mien novelty judge") from error
    return judged if isinstance(judged, dict) and judged.keys() >= _PARTS else None
