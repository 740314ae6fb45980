"""Praat's TextGrid, by praatio: an interval tier a person."""

from pathlib import Path

from mien.recognition.extra import load
from mien.storage import write_atomically
from mien.study.export.tiers import ClipTiers


def write(path: Path, of: ClipTiers) -> None:
    """Write one clip's tiers, from 0 to the clip's end; where nothing is shown the intervals are empty.

    Args:
        path: Where.
        of: The clip's tiers.

    Raises:
        StorageError: The disk refuses.
    """
    textgrid = load("praatio.textgrid", "study")
    grid = textgrid.Textgrid()
    end = max([of.clip.end, *(span.end for spans in of.tiers.values() for span in spans)])
    for person, spans in (of.tiers or {"face": []}).items():
        entries = [(max(span.start, 0.0), span.end, span.text) for span in spans if span.end > max(span.start, 0.0)]
        grid.addTier(textgrid.IntervalTier(person, entries, 0.0, end))
    write_atomically(path, lambda draft: grid.save(str(draft), format="long_textgrid", includeBlankSpaces=True))
