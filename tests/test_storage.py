"""What the disk refuses is one line that says what to do."""

import errno
import os
from pathlib import Path

import pytest

from mien.errors import StorageError
from mien.storage import GrowingFile, write_text


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "; free some space or choose"), (errno.EACCES, "denied; choose another place")],
)
def test_only_a_full_disk_wants_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refuse(file: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=f"cannot write .*{remedy}"):
        write_text(tmp_path / "a.txt", "text")
    assert not list(tmp_path.iterdir())


def test_a_file_in_a_folder_s_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="; choose another place"):
        write_text(tmp_path / "file" / "a.txt", "text")
    with pytest.raises(StorageError, match="; choose another place"):
        GrowingFile(tmp_path / "file" / "a.txt")


def test_a_folder_that_may_not_be_entered_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, follow_symlinks: bool = True) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(StorageError, match="Permission denied; choose another place"):
        GrowingFile(tmp_path / "a.txt")
