"""The folder of a study: made whole beside its place, and then put there in one step."""

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from mien.errors import MienError, StorageError
from mien.provenance import file_hash
from mien.storage import check_folder, draft_beside, refused, write_json, write_text
from mien.study import records, tables
from mien.study.export.registry import export
from mien.study.study import Study

PAGE = "index.html"
CODEBOOK = "codebook.csv"
MARK = "study.json"
"""Names the files of a study's folder with their hashes: only what is as it was gives way to the next study."""


def check(folder: Path) -> None:
    """Make sure that a study can be written to a folder.

    Args:
        folder: Where the study shall go.

    Raises:
        MienError: The folder holds anything but an earlier study as it was written.
        StorageError: The disk takes nothing there.
    """
    check_folder(folder)
    others = _others(folder)
    if others:
        raise MienError(
            f"{folder} holds files that no study wrote, or that were changed since ({others[0]}); choose another folder"
        )


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
        write_json(draft / MARK, {"files": {name: file_hash(draft / name) for name in names}})
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


def _others(folder: Path) -> list[str]:
    """Files in a folder that an earlier study did not write, or that were changed since, as annotations are in ELAN."""
    if not folder.is_dir():
        return []
    try:
        written = json.loads((folder / MARK).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        written = {}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    passed_over = {".DS_Store", MARK if written else ""}
    return sorted(
        name
        for name, path in there.items()
        if path.name not in passed_over and (name not in written or written[name] != file_hash(path))
    )
