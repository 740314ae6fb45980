"""The layouts that are known, a small file each; a new one is a file and a line in `PRESETS`."""

from pathlib import Path

from mien.data.importing.presets.affectnet import AFFECTNET
from mien.data.importing.presets.ck_plus import CK_PLUS
from mien.data.importing.presets.fer2013 import FER2013
from mien.data.importing.presets.fer_plus import FER_PLUS
from mien.data.importing.presets.named_files import JAFFE, KDEF
from mien.data.importing.presets.own import FOLDERS
from mien.data.importing.presets.raf_db import RAF_DB
from mien.data.importing.source import Preset
from mien.errors import DataError

# The first that recognises a source reads it: the particular ones stand before the general.
PRESETS: dict[str, Preset] = {
    preset.name: preset for preset in (FER_PLUS, CK_PLUS, FER2013, RAF_DB, AFFECTNET, JAFFE, KDEF, FOLDERS)
}


def preset_for(root: Path, name: str | None = None) -> Preset:
    """The preset of this name, or the one that recognises a source.

    Args:
        root: The source.
        name: Of `PRESETS`; None looks at the source.

    Returns:
        The preset.

    Raises:
        DataError: There is none of this name, or no layout is recognised.
    """
    if name is not None:
        if name.lower() not in PRESETS:
            raise DataError(f"unknown preset '{name}'; there are {', '.join(PRESETS)}")
        return PRESETS[name.lower()]
    found = next((preset for preset in PRESETS.values() if preset.recognises(root)), None)
    if found is None:
        raise DataError(
            f"{root}: no layout that is known: no folder for each class, and none of {', '.join(PRESETS)}; "
            "say with --mapping which table or names have the labels"
        )
    return found
