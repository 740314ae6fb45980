"""A project of BORIS: every clip an observation, every class a state event, every person a subject.

The layout is that of BORIS 7 to 9 (`project_format_version` 7.0): an event is [time, subject, behaviour, modifiers,
comment, frame], and a state has one event where it begins and one where it ends.
"""

from pathlib import Path
from typing import Any

from mien.names import as_text
from mien.storage import write_json
from mien.study.clips import Clip
from mien.study.export.tiers import ClipTiers, clip_tiers, one_line
from mien.study.study import Study

PLAYERS = tuple(str(number) for number in range(1, 9))
DATE = "2000-01-01T00:00:00"
"""BORIS wants a date of every observation; files do not say when they were recorded."""
_KEYS = "abcdefghijklmnopqrstuvwxyz0123456789"


def write(path: Path, study: Study) -> None:
    """Write the whole study as one project.

    Args:
        path: Where.
        study: The study.

    Raises:
        StorageError: Where the disk refuses.
    """
    people = [one_line(person) for person in study.people]
    tiers = clip_tiers(study)
    project = {
        "time_format": "hh:mm:ss",
        "project_date": DATE,
        "project_name": "Mien",
        "project_description": "Expressions that faces show, read by Mien; a machine's judgement.",
        "project_format_version": "7.0",
        "subjects_conf": {
            str(place): {"key": _key(place), "name": person, "description": ""} for place, person in enumerate(people)
        },
        "behaviors_conf": {str(place): _behaviour(place, name) for place, name in enumerate(study.classes)},
        "observations": {as_text(one.clip.name): _observation(one) for one in tiers},
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    write_json(path, project)


def _behaviour(place: int, name: str) -> dict[str, Any]:
    return {
        "type": "State event",
        "key": _key(place),
        "code": one_line(name),
        "description": "",
        "color": "",
        "category": "",
        "modifiers": "",
        "excluded": "",
        "coding map": "",
    }


def _key(place: int) -> str:
    """A key to press, none where they are used up."""
    return _KEYS[place] if place < len(_KEYS) else ""


def _observation(of: ClipTiers) -> dict[str, Any]:
    clip, media = of.clip, as_text(of.clip.source)
    length = round(clip.end, 3)
    return {
        "file": {player: [media] if player == PLAYERS[0] else [] for player in PLAYERS},
        "type": "MEDIA",
        "date": DATE,
        "description": "",
        "time offset": 0.0,
        "events": _events(of),
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "media_creation_date_as_offset": False,
        "media_scan_sampling_duration": 0,
        "image_display_duration": 1,
        "close_behaviors_between_videos": False,
        "media_info": {
            "length": {media: length},
            "fps": {media: _frame_rate(clip)},
            "hasVideo": {media: True},
            "hasAudio": {media: False},
            "offset": {PLAYERS[0]: 0.0},
        },
    }


def _events(of: ClipTiers) -> list[list[Any]]:
    """The events in time's order; where one state ends as the next begins, the end comes first."""
    found = []
    for person, spans in of.tiers.items():
        for span in spans:
            start, end = round(max(span.start, 0.0), 3), round(span.end, 3)
            if end > start:
                found.append((start, 1, [start, person, span.text, "", "", "NA"]))
                found.append((end, 0, [end, person, span.text, "", "", "NA"]))
    return [event for _, _, event in sorted(found, key=lambda one: one[:2])]


def _frame_rate(clip: Clip) -> float:
    return round(len(clip.times) / max(float(clip.seconds.sum()), 1e-9), 3)
