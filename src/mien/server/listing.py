"""The list of models that the app reads, kept true to the model files while the server runs."""

import hashlib
import json
from pathlib import Path
from typing import Any

LIST = "models.json"
"""What the app's build writes beside the page: each model's address, size, hash and properties."""


OWN = "own.onnx"
"""The name under which a user's model is served."""


class ModelList:
    """The built list, with entries of replaced files read anew and those of missing files left out.

    Args:
        path: The built list.
        models: The folder of the model files.
        own: A user's model file, with which the app begins, or None.
    """

    def __init__(self, path: Path, models: Path, own: Path | None = None) -> None:
        self.path = path
        self.models = models
        self.own = own
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
            own = None if self.own is None else self._own(self.own, entries)
        except (OSError, ValueError, KeyError, TypeError):
            return b""
        first = {} if own is None else {"first": own["properties"]["name"]}
        return json.dumps({"models": [entry for entry in (own, *entries) if entry], **first}).encode()

    def _own(self, path: Path, others: list[dict[str, Any] | None]) -> dict[str, Any] | None:
        """The user's model under its file's name, because many share their network's; None where it is gone."""
        sha256 = self._hash(path)
        entry = _described(path, sha256)
        if entry is None:
            return None
        taken = {other["properties"].get("name") for other in others if other}
        name = path.stem if path.stem not in taken else f"{path.stem} (own)"
        properties = entry["properties"] | {"name": name}
        return entry | {"url": f"models/{OWN}?sha256={sha256}", "properties": properties}

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
        version = (str(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns)
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
