"""Archives whose bytes depend on their content alone: the same from every build."""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

# What Android maps into memory out of the APK, with its alignment in bytes.
STORED = {".arsc": 4, ".png": 4}


def read_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                yield name, archive.read(name)


def write_zip(path: Path, entries: dict[str, bytes]) -> None:
    """In the order of the names and with one time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries):
            archive.writestr(zipfile.ZipInfo(name), entries[name])


def write_apk(path: Path, entries: dict[str, bytes]) -> None:
    """As `write_zip`, compressed, except what is in `STORED`.

    Its places are filled up by the extra field 0xd935, in which zipalign and apksigner keep an entry's alignment.
    Libraries are compressed, and unpacked when the app is installed (`android:extractNativeLibs`).
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries, key=lambda name: (name != "AndroidManifest.xml", name)):
            info = zipfile.ZipInfo(name)
            alignment = STORED.get(Path(name).suffix)
            if alignment is None:
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                start = archive.start_dir + 30 + len(name.encode()) + 6
                fill = -start % alignment
                info.extra = struct.pack("<HHH", 0xD935, 2 + fill, alignment) + bytes(fill)
            archive.writestr(info, entries[name], compresslevel=9)
