"""What the tools for annotating show: for each clip a tier a person, with their bouts as spans of words."""

from dataclasses import dataclass
from pathlib import PurePath

from mien.names import as_text, printable
from mien.study.clips import Clip
from mien.study.study import Study


@dataclass(frozen=True)
class Span:
    """From start to end, in seconds on the clip's clock, with what is shown."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class ClipTiers:
    """A clip's tiers: the people's names, as one line each, with their spans in order, none overlapping."""

    clip: Clip
    tiers: dict[str, list[Span]]

    @property
    def stem(self) -> str:
        """The clip's name as that of a file without its suffix."""
        source = as_text(self.clip.name)
        stem = PurePath(source).with_suffix("").as_posix() if "://" not in source else source
        return (
            "".join("-" if letter in '/\\:*?"<>|' or letter < " " else letter for letter in printable(stem)) or "clip"
        )


def clip_tiers(study: Study) -> list[ClipTiers]:
    """The tiers of every clip, also of those in which nobody is seen.

    Args:
        study: The study.

    Returns:
        In the clips' order.
    """
    made = []
    for clip in study.rows.clips:
        told = [one for one in study.told if one.stay.clip is clip]
        tiers = {
            one_line(one.stay.person): [
                Span(bout.start, bout.end, one_line(study.classes[bout.label])) for bout in one.bouts
            ]
            for one in told
        }
        made.append(ClipTiers(clip, tiers))
    return made


def one_line(name: str) -> str:
    """A name without line breaks, tabs and control characters, which the tools' files cannot hold.

    Args:
        name: Of a person, a clip or a class.

    Returns:
        The name, with escapes for what a line cannot hold.
    """
    return printable(as_text(name)).strip()


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, as the tools' clocks have them; never before 0.

    Args:
        seconds: A time.

    Returns:
        Rounded; never below 0.
    """
    return max(round(seconds * 1000), 0)
