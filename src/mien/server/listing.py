"""The list of models that the app reads, kept true to the model files while the server runs."""

import hashlib
import json
from pathlib import Path
from typing import Any

LIST = "models.json"
"""What the app's build writes beside the page: each model's address, size, hash and properties."""


class ModelList:
    """The built list, with entries of replaced files read anew and those of missing files left out.

    Args:
        path: The built list.
        models: The folder of the model files.
    """

    def __init__(self, path: Path, models: Path) -> None:
        self.path = path
        self.models = models
        self._known: dict[tuple[str, int, int, int], str] = {}
        self._read_anew: dict[str, dict[str, Any] | None] = {}

    def read(self) -> bytes:
        """The list of this moment.

        Returns:
            JSON; b"" where the build brought none or a broken one.
        """
        try:
            listed = json.loads(self.path.read_bytes())["models"]
            entries = [self._entry(dict(entry)) for entry in listed]
        except (OSError, ValueError, KeyError, TypeError):
            return b""
        return json.dumps({"models": [entry for entry in entries if entry]}).encode()

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        name = Path(entry["url"].partition("?")[0]).name
        try:
            sha256 = self._hash(self.models / name)
        except OSError:
            return None
        if sha256 == entry["sha256"]:
            return entry
        if sha256 not in self._read_anew:
            self._read_anew[sha256] = _described(self.models / name, sha256)
        return self._read_anew[sha256]

    def _hash(self, path: Path) -> str:
        status = path.stat()
        version = (path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if version not in self._known:
            self._known[version] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._known[version]


def _described(path: Path, sha256: str) -> dict[str, Any] | None:
    """An entry as the app's build writes it; None for a file that is no model file."""
    from mien.recognition.model import ModelFile

    try:
        properties = ModelFile(path).metadata
    except Exception:  # onnxruntime has errors of its own for every way in which a file can be broken
        return None
    if not {"name", "classes", "input_size", "crop"} <= set(properties):
        return None
    return {
        "url": f"models/{path.name}?sha256={sha256}",
        "bytes": path.stat().st_size,
        "sha256": sha256,
        "properties": properties,
    }
