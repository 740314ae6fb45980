"""The model file: one ONNX file that holds the network and everything about it."""

import ctypes
import json
import os
import threading
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np

from mien.cores import cores
from mien.errors import MienWarning, ModelError
from mien.expressions import why_not
from mien.provenance import file_hash
from mien.recognition.devices import CPU, PROVIDERS, choose, providers
from mien.recognition.gate import SCORES, Gate, require_probabilities
from mien.recognition.runtime import onnxruntime
from mien.storage import write_json

HASHES = "hashes.json"
"""Beside the shipped models: the SHA-256 that each was released with."""
FACES_A_THREAD = 4
"""Faces that a thread of the CPU reads in a call: what the layers make of more does not stay in its cache, and 32 take
a quarter longer each."""


@dataclass(frozen=True)
class Outputs:
    """What a model says of N faces.

    Attributes:
        probabilities: float32 [N, classes], in the order of the model's classes.
        features: float32 [N, D], before the last layer.
        map: float32 [N, classes, h, w], each class's score at each place (its mean is the class's logit), or None.
        novelty: float32 [N, 3], the gate's scores, by `gate.SCORES`, higher is stranger, or None without a gate.
    """

    probabilities: np.ndarray
    features: np.ndarray
    map: np.ndarray | None = None
    novelty: np.ndarray | None = None

    @property
    def logits(self) -> np.ndarray:
        """Float64 [N, classes]: the map's mean, or without a map the log-probabilities, which lack a constant."""
        logits = self.map.mean((2, 3)) if self.map is not None else np.log(self.probabilities + 1e-12)
        return logits.astype(np.float64)

    def __getitem__(self, indices: slice) -> "Outputs":
        """The outputs for some of the faces."""
        values: list[Any] = [None if output is None else output[indices] for output in self._values()]
        return Outputs(*values)

    @classmethod
    def joined(cls, parts: Sequence["Outputs"]) -> "Outputs":
        """One after another, of the same model.

        Args:
            parts: At least one.

        Returns:
            The outputs of all their faces, in order.
        """
        columns = zip(*(part._values() for part in parts), strict=True)
        values: list[Any] = [None if column[0] is None else np.concatenate(column) for column in columns]
        return cls(*values)

    def _values(self) -> tuple[Any, ...]:
        return self.probabilities, self.features, self.map, self.novelty


class ModelFile:
    """A model file, checked against the contract when it is opened.

    It can be used by several threads, in forked processes, and pickled; what was pickled opens its file again.

    Args:
        path: The file.
        threads: How many cores one call may use; all of them if None.
        device: Where it runs, as `devices.choose` gives it.
    """

    def __init__(self, path: Path, threads: int | None = None, device: str = CPU) -> None:
        self.path = path
        self.name = path.stem
        self._session = Session(path.absolute(), threads, device)  # the current folder may be another later on

    def __reduce__(self) -> tuple[Any, ...]:
        shipped = self.path.parent == models_folder()  # another machine has them elsewhere
        model = self.name if shipped else str(self._session.path)
        return type(self).open, (model, self._session.threads, self._session.device)

    @classmethod
    def open(cls, model: str | Path, threads: int | None = None, device: str = CPU) -> "ModelFile":
        """Open a shipped model by name ("vit_tiny") or any model file by path.

        Args:
            model: The name or the path.
            threads: How many cores one call may use; all of them if None.
            device: Where it runs: "cpu", "cuda", "auto", or another that `devices.choose` knows.

        Returns:
            The file, checked against the contract.

        Raises:
            ModelError: There is none, a shipped file's hash is another than it was released with, or a file does not
                keep the contract.
            MienError: The device is not there.
        """
        path = Path(model)
        if path.suffix != ".onnx":
            path = models_folder() / f"{model}.onnx"
            if not path.is_file():
                raise ModelError(
                    f"unknown model '{model}'; there are {', '.join(shipped_models())}, or give an .onnx file"
                )
            verify_hash(path)
        elif not path.is_file():
            raise ModelError(f"{path}: no such model file")
        opened = cls(path, threads, choose(device))
        opened._check()
        return opened

    @property
    def device(self) -> str:
        """Where it really runs: "cpu" also where another device was asked for and could not be started."""
        return self._session.device if self._session.opened.get_providers()[0] != PROVIDERS[CPU] else CPU

    @cached_property
    def metadata(self) -> dict[str, str]:
        """The file's metadata properties, as written by `mien export`."""
        return dict(self._session.opened.get_modelmeta().custom_metadata_map)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """What the model tells apart, in the order of its probabilities."""
        return tuple(self.metadata["classes"].split(","))

    @cached_property
    def gate(self) -> Gate | None:
        """What becomes of the file's novelty scores; None where it has no gate."""
        return Gate.from_metadata(self.metadata)

    @property
    def has_map(self) -> bool:
        """Whether the model says where in the face it saw each class."""
        return "map" in self._output_names

    @cached_property
    def _output_names(self) -> list[str]:
        return [output.name for output in self._session.opened.get_outputs()]

    def run(self, faces: np.ndarray) -> Outputs:
        """Classify grey faces in one call.

        Args:
            faces: uint8 [N, 48, 48]; N may be 0.

        Returns:
            What the model says of each.

        Raises:
            ModelError: The faces are of another shape or kind of numbers, or an answer is no finite number.
        """
        size = int(self.metadata["input_size"])
        if faces.dtype != np.uint8 or faces.ndim != 3 or faces.shape[1:] != (size, size):
            raise ModelError(f"faces must be uint8 [N, {size}, {size}], not {faces.dtype} {list(faces.shape)}")
        if not len(faces):
            return self.run(np.zeros((1, size, size), np.uint8))[:0]
        with self._session.turn:
            outputs = run_session(self._session.opened, faces, self._together(len(faces)))
        require_probabilities(outputs.probabilities, self.name)
        return outputs

    def _together(self, faces: int) -> int:
        """How many of so many faces one call of ONNX Runtime takes."""
        # Dynamic int8 takes its scales from all the faces of a call: one at a time, a neighbour never changes a result.
        if self.metadata.get("precision") == "int8":
            return 1
        return faces if self._session.device != CPU else FACES_A_THREAD * (self._session.threads or cores())

    def _check(self) -> None:
        missing = {"probabilities", "features"} - set(self._output_names)
        missing |= {"name", "version", "classes", "input_size", "crop"} - set(self.metadata)
        if missing:
            raise ModelError(f"{self.path}: not a model file of this project (it lacks {', '.join(sorted(missing))})")
        if reason := why_not(self.classes):
            raise ModelError(f"{self.path}: its classes cannot be used: {reason}")
        shape = next(output.shape for output in self._session.opened.get_outputs() if output.name == "probabilities")
        if isinstance(shape[-1], int) and shape[-1] != len(self.classes):
            raise ModelError(
                f"{self.path}: it names {len(self.classes)} classes and answers for {shape[-1]}; export it again"
            )
        try:
            gate = self.gate
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error
        scores = [output.shape[1] for output in self._session.opened.get_outputs() if output.name == "novelty"]
        if scores != ([] if gate is None else [len(SCORES)]):
            raise ModelError(f"{self.path}: its gate's scores and numbers do not belong together; fit it again")


def models_folder() -> Path:
    """The folder of the shipped models: inside the package, or the checkout's models/ in development.

    Returns:
        A folder with the models and the list of their hashes.
    """
    packed = Path(str(files("mien"))) / "models"
    return packed if packed.is_dir() else Path(str(files("mien"))).parents[1] / "models"


def shipped_models() -> list[str]:
    """Names of the expression models that ship, by the alphabet.

    Returns:
        Such as "mobilenet_v2".
    """
    return sorted(Path(name).stem for name in released(models_folder()) if not name.startswith("blazeface"))


def verify_hash(path: Path) -> None:
    """Check a shipped file's SHA-256 against the one it was released with.

    Args:
        path: In the folder of the shipped models.

    Raises:
        ModelError: The hash is another, or the file is not among the released ones.
    """
    expected = released(path.parent).get(path.name)
    if expected is None:
        raise ModelError(f"{path}: not among the released models ({HASHES}); give its path to use it all the same")
    if file_hash(path) != expected:
        raise ModelError(f"{path}: damaged or changed (its hash differs from the released one); install mien again")


def released(folder: Path) -> dict[str, str]:
    """File names of the models that ship in a folder, and their hashes.

    Args:
        folder: With a list of hashes.

    Returns:
        SHA-256 in hexadecimal by file name.

    Raises:
        ModelError: The list cannot be read.
    """
    path = folder / HASHES
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ModelError(f"{path}: the list of shipped models cannot be read; install mien again") from error


def record_hash(path: Path) -> None:
    """Enter a model file into the list of its folder's released models; nothing happens where there is no list.

    Args:
        path: The model file, as it ships from now on.

    Raises:
        ModelError: The list cannot be read.
        StorageError: The disk refuses.
    """
    if (path.parent / HASHES).is_file():
        write_json(path.parent / HASHES, {**released(path.parent), path.name: file_hash(path)})


class Session:
    """An ONNX Runtime session, opened when it is first used and again in every process that is forked from then on.

    `turn` is to be held while it runs: a session of the CPU may run in many threads at once, one of DirectML may not.
    """

    def __init__(self, path: Path, threads: int | None = None, device: str = CPU) -> None:
        self.path, self.threads, self.device = path, threads, device
        self._opened: onnxruntime.InferenceSession | None = None
        self.turn = self._turn()
        _SESSIONS.add(self)

    @property
    def opened(self) -> onnxruntime.InferenceSession:
        """The session of this process. Raises ModelError for a file that cannot be read as a model."""
        opened = self._opened
        if opened is None:
            opened = self._opened = open_session(self.path, self.threads, self.device)
        return opened

    def _turn(self) -> AbstractContextManager[object]:
        return nullcontext() if self.device == CPU else threading.Lock()

    def forget(self) -> None:
        """Leave the session of the process that this one was forked from alone.

        Its threads are not here: to run it, or to end it when this process ends, would wait for them forever.
        """
        self.turn = self._turn()  # a thread that is not here may hold the other
        if self._opened is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._opened))
            self._opened = None


def _forget_sessions() -> None:
    for session in _SESSIONS:
        session.forget()


_SESSIONS: WeakSet[Session] = WeakSet()
if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(after_in_child=_forget_sessions)


def open_session(path: Path, threads: int | None, device: str = CPU) -> onnxruntime.InferenceSession:
    """Open an ONNX Runtime session; a `MienWarning` says where the device cannot be started and the CPU is used.

    Args:
        path: The model file.
        threads: How many cores one call may use; all of them if None.
        device: As `devices.choose` gives it.

    Returns:
        The session.

    Raises:
        ModelError: The file cannot be read as a model.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3 if device == CPU else 4  # its warnings are about the graph's own optimisation
    options.enable_mem_pattern = device.partition(":")[0] != "directml"  # which cannot work with it
    options.intra_op_num_threads = threads or cores()
    # threads that spin while they wait take the cores from those that work: other sessions', decoders', programs'
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers(device))
    except Exception as error:  # ONNX Runtime raises classes of its own for each cause
        if device == CPU:
            raise ModelError(f"{path}: not a readable ONNX model") from error
        session = open_session(path, threads)
    if device != CPU and session.get_providers()[0] == PROVIDERS[CPU]:
        said = f"{device} cannot be started, perhaps for want of its driver or libraries; the CPU is used instead"
        warnings.warn(MienWarning(said, "the CPU is used"), stacklevel=2)
    return session


def run_session(session: onnxruntime.InferenceSession, faces: np.ndarray, step: int) -> Outputs:
    """An expression model's outputs.

    Args:
        session: Of a model file that keeps the contract.
        faces: uint8 [N, 48, 48], N at least 1.
        step: Faces a call.

    Returns:
        What the model says of each face.
    """
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(None, {"face": faces[start : start + step]}) for start in range(0, len(faces), step)]
    return Outputs.joined([Outputs(**dict(zip(names, part, strict=True))) for part in parts])
