"""Subtitles, SRT and WebVTT: who shows what, shown while it is shown."""

import html
from pathlib import Path

from mien.storage import write_text
from mien.study.export.tiers import ClipTiers, milliseconds


def write_srt(path: Path, of: ClipTiers) -> None:
    """Write one clip's bouts as SubRip.

    Args:
        path: Where.
        of: The clip's tiers.

    Raises:
        StorageError: Where the disk refuses.
    """
    blocks = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_lines(of), 1)
    ]
    write_text(path, "\n".join(blocks))


def write_vtt(path: Path, of: ClipTiers) -> None:
    """Write one clip's bouts as WebVTT.

    Args:
        path: Where.
        of: The clip's tiers.

    Raises:
        StorageError: Where the disk refuses.
    """
    blocks = [
        f"{_clock(start, '.')} --> {_clock(end, '.')}\n{html.escape(text, quote=False)}\n"
        for start, end, text in _lines(of)
    ]
    write_text(path, "\n".join(["WEBVTT\n", *blocks]))


def _lines(of: ClipTiers) -> list[tuple[int, int, str]]:
    """All spans in the order of their starts, in milliseconds; the person is named where there are several."""
    several = len(of.tiers) > 1
    found = [
        (milliseconds(span.start), milliseconds(span.end), f"{person}: {span.text}" if several else span.text)
        for person, spans in of.tiers.items()
        for span in spans
    ]
    return sorted((start, end, text) for start, end, text in found if end > start)


def _clock(time: int, point: str) -> str:
    seconds, rest = divmod(time, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
