"""The formats a study can be written in besides its tables: a line a format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.errors import MienError, StorageError
from mien.names import free_name
from mien.recognition.extra import load
from mien.study.export import boris, elan, subtitles, textgrid, wide
from mien.study.export.tiers import ClipTiers, clip_tiers
from mien.study.study import Study


@dataclass(frozen=True)
class Format:
    """A format. what: for people; suffix: of its files; module: of the extra `study`, "" where none is needed.

    of_clip writes a file a clip, of_study one file in all; one of them is there.
    """

    what: str
    suffix: str
    of_clip: Callable[[Path, ClipTiers], None] | None = None
    of_study: Callable[[Path, Study], None] | None = None
    module: str = ""


FORMATS: dict[str, Format] = {
    "eaf": Format("ELAN: a tier a person", ".eaf", of_clip=elan.write, module="pympi"),
    "textgrid": Format("Praat: a tier a person", ".TextGrid", of_clip=textgrid.write, module="praatio"),
    "boris": Format("BORIS: a project with all clips as observations", ".boris", of_study=boris.write),
    "srt": Format("subtitles for players", ".srt", of_clip=subtitles.write_srt),
    "vtt": Format("subtitles for web pages", ".vtt", of_clip=subtitles.write_vtt),
    "wide": Format("R, SPSS, JASP: a row a person and clip, with a codebook", ".csv", of_study=wide.write),
}
EXTRA = "study"


def chosen(names: Sequence[str]) -> list[str]:
    """The formats asked for, "all" for every one, each once, with what they need loaded.

    Args:
        names: Formats; several may stand in one text, between commas.

    Returns:
        Names of `FORMATS`, in their order.

    Raises:
        MienError: There is no such format.
        MissingExtraError: What one needs is not installed.
    """
    asked = [part.strip().lower() for name in names for part in name.split(",")]
    unknown = [name for name in asked if name not in FORMATS and name != "all"]
    if unknown:
        raise MienError(f"no format '{unknown[0]}'; there are {', '.join(FORMATS)}, and all")
    wanted = [name for name in FORMATS if name in asked or "all" in asked]
    for name in wanted:
        if FORMATS[name].module:
            load(FORMATS[name].module, EXTRA)
    return wanted


def export(folder: Path, study: Study, names: Sequence[str], tell: Callable[[StorageError], object]) -> list[Path]:
    """Write the study in some formats, each into a folder of its own name; a file that fails leaves the others be.

    Args:
        folder: Where the folders go.
        study: The study.
        names: Of formats, as `chosen` gives them.
        tell: Is called with the error of each file that could not be written.

    Returns:
        The files that were written.
    """
    written = []
    tiers = clip_tiers(study)
    for name in names:
        format_, taken = FORMATS[name], set[str]()
        jobs: list[tuple[Path, Callable[[Path], None]]] = []
        if format_.of_clip is not None:
            of_clip = format_.of_clip
            for one in tiers:
                place = folder / name / free_name(one.stem, format_.suffix, taken)
                jobs.append((place, lambda path, one=one, write=of_clip: write(path, one)))  # type: ignore[misc]
        if format_.of_study is not None:
            of_study = format_.of_study
            place = folder / name / f"study{format_.suffix}"
            jobs.append((place, lambda path, write=of_study: write(path, study)))  # type: ignore[misc]
        for path, job in jobs:
            try:
                job(path)
            except StorageError as error:
                tell(error)
            except Exception as error:  # whatever a library raises, it is about this file alone
                tell(StorageError(f"cannot write {path}: {type(error).__name__}: {error}; the other files go on"))
            else:
                written.append(path)
    return written
