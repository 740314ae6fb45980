"""Who is who: tracks assigned to people, and the table in which a researcher says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.storage import csv_text
from mien.study.clips import Clip, Sight

TEMPLATE_COLUMNS = ("clip", "track", "person", "first", "last", "seconds", "x", "y", "size")


@dataclass(frozen=True, eq=False)
class Stay:
    """A person in a clip: all frames in which a face of theirs is seen."""

    clip: Clip
    person: str
    sight: Sight

    @property
    def seconds(self) -> np.ndarray:
        """How long each of the frames stands, float64 [n]."""
        return self.clip.seconds[self.sight.frames]

    @property
    def times(self) -> np.ndarray:
        """When each of the frames begins, float64 [n], in seconds."""
        return self.clip.times[self.sight.frames]


def stays(clips: Sequence[Clip], people: Mapping[tuple[str, int], str] | None) -> tuple[list[Stay], float]:
    """Put the tracks of each person in each clip together.

    Args:
        clips: The clips.
        people: Persons by (clip's source, track); None takes every track as a person of its own.

    Returns:
        The stays in the clips' order, and the seconds in sight of tracks that are nobody's.
    """
    found, nobodys = [], 0.0
    for clip in clips:
        of: dict[str, list[Sight]] = {}
        for track, sight in clip.tracks.items():
            person = f"{clip.name} face {track}" if people is None else people.get((clip.source, track), "")
            if person:
                of.setdefault(person, []).append(sight)
            else:
                nobodys += float(clip.seconds[sight.frames].sum())
        found += [Stay(clip, person, joined(sights)) for person, sights in sorted(of.items())]
    return found, nobodys


def joined(sights: Sequence[Sight]) -> Sight:
    """Several tracks as one; of a frame that two of them have, the larger face is taken.

    Args:
        sights: One or more.

    Returns:
        The frames in order, each once.
    """
    whole = Sight(*(np.concatenate([getattr(one, name) for one in sights]) for name in Sight.__annotations__))
    order = np.lexsort((-whole.areas, whole.frames))
    return whole[order[np.unique(whole.frames[order], return_index=True)[1]]]


def template(clips: Sequence[Clip]) -> str:
    """The CSV in which a researcher writes who each track is: its column person is empty.

    Beside it stand when the face is first and last seen and how long in all (seconds), and its usual place and size
    (pixels from the left and the top).

    Args:
        clips: The study's clips.

    Returns:
        CSV.
    """
    records = []
    for clip in clips:
        for track, sight in clip.tracks.items():
            last = sight.frames[-1]
            x, y = np.median(sight.centres, axis=0)
            records.append(
                {
                    "clip": clip.name,
                    "track": track,
                    "person": "",
                    "first": round(float(clip.times[sight.frames[0]]), 3),
                    "last": round(float(clip.times[last] + clip.seconds[last]), 3),
                    "seconds": round(float(clip.seconds[sight.frames].sum()), 3),
                    "x": round(float(x)),
                    "y": round(float(y)),
                    "size": round(float(np.median(np.sqrt(sight.areas)))),
                }
            )
    return csv_text(TEMPLATE_COLUMNS, records)
