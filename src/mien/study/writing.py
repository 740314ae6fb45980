"""The folder of a study: made whole beside its place, and then put there in one step."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from mien.errors import MienError, StorageError
from mien.storage import check_folder, draft_beside, refused, write_json, write_text
from mien.study import records, tables
from mien.study.export.registry import FORMATS, export
from mien.study.study import Study

PAGE = "index.html"
CODEBOOK = "codebook.csv"
MARK = "study.json"
"""Names the files of a study's folder: what it names gives way to the next study, all else is kept."""


def check(folder: Path) -> None:
    """Make sure that a study can be written to a folder.

    Args:
        folder: Where the study shall go.

    Raises:
        MienError: The folder holds anything but an earlier study.
        StorageError: The disk takes nothing there.
    """
    check_folder(folder)
    others = sorted(_others(folder))
    if others:
        raise MienError(f"{folder} holds other files ({others[0]}); choose an empty folder, or one of an earlier study")


def write(
    folder: Path, study: Study, title: str, formats: Sequence[str], tell: Callable[[StorageError], object]
) -> list[str]:
    """Write tables, page and exports; an earlier study in the folder gives way.

    Args:
        folder: Where, as `check` lets it be.
        study: The study.
        title: Of the page.
        formats: Names of `export.registry.FORMATS`.
        tell: Is called with the error of an export that could not be written; the others are.

    Returns:
        The files' names, with / between folders.

    Raises:
        StorageError: The disk refuses; an earlier study is then still there.
    """
    from mien.study.page import page  # plots take a second to load

    draft = draft_beside(folder)
    try:
        draft.mkdir(parents=True)
        made = records.all_tables(study)
        for name, found in made.items():
            tables.write(draft, name, found, tables.TABLES[name])
        write_text(draft / CODEBOOK, tables.codebook({name: tables.TABLES[name] for name in made}))
        write_text(draft / PAGE, page(study, made, title))
        export(draft, study, formats, tell)
        names = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
        write_json(draft / MARK, {"files": names})
        _put(draft, folder)
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return names


def _put(draft: Path, folder: Path) -> None:
    """Give the draft the folder's name; what stood there is gone only once it has it."""
    if not folder.exists():
        draft.replace(folder)
        return
    old = draft_beside(folder, ".old")
    folder.replace(old)
    try:
        draft.replace(folder)
    except OSError:
        with suppress(OSError):
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _others(folder: Path) -> set[str]:
    """Files in a folder that are not an earlier study's."""
    if not folder.is_dir():
        return set()
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    if MARK not in there:
        return there
    ours = {*(f"{name}{suffix}" for name in tables.TABLES for suffix in (".csv", ".parquet")), PAGE, CODEBOOK, MARK}
    return {name for name in there if name not in ours and name.partition("/")[0] not in FORMATS and not _hidden(name)}


def _hidden(name: str) -> bool:
    return name.rpartition("/")[2] == ".DS_Store"
