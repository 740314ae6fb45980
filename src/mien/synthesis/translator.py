"""Translate faces with a trained generator's file: NumPy and ONNX Runtime, no training framework."""

from functools import cached_property
from pathlib import Path

import numpy as np

from mien.errors import ModelError
from mien.expressions import NAMES
from mien.provenance import file_hash
from mien.recognition.model import models_folder, open_session, verify_hash
from mien.recognition.runtime import onnxruntime
from mien.synthesis import STRENGTH

SIZE = 48
BATCH = 64
SHIPPED = "stargan"
FOLDER = "synthesis"  # apart from the expression models, which the app offers


class Translator:
    """A generator's file, checked when it is opened.

    Args:
        path: The file.
        threads: How many cores one call may use; all of them if None.
        strength: The share of the generator's change that faces take, in [0, 1]: 0 leaves them as they are.

    Attributes:
        strength: As given.
        metadata: The file's properties, as written by `mien synth train`.
        split: Whose training part the generator learned from.

    Raises:
        ModelError: It is no generator of 48 x 48 faces, or the strength is out of its range.

    >>> translator = Translator.open("stargan")  # doctest: +SKIP
    >>> translator.translate_all(find_face("portrait.jpg", translator.metadata["crop"]))  # doctest: +SKIP
    """

    from_other_classes = True

    def __init__(self, path: Path, threads: int | None = None, strength: float = STRENGTH) -> None:
        if not 0 <= strength <= 1:
            raise ModelError(f"strength must lie between 0 and 1, not {strength}")
        self.path, self.strength = path, strength
        self._session = open_session(path, threads)
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        _check(path, self._session, self.metadata)
        self.split = self.metadata["split"]

    @classmethod
    def open(
        cls, generator: str | Path = SHIPPED, threads: int | None = None, strength: float = STRENGTH
    ) -> "Translator":
        """Open the shipped generator by its name, or any generator by its file.

        Args:
            generator: The name or the path.
            threads: How many cores one call may use; all of them if None.
            strength: The share of the generator's change that faces take, in [0, 1].

        Returns:
            The generator.

        Raises:
            ModelError: There is none, the shipped file's hash is another than it was released with, a file is no
                generator of 48 x 48 faces, or the strength is out of its range.
        """
        path = Path(generator)
        if path.suffix == ".onnx":
            if not path.is_file():
                raise ModelError(f"{path}: no such file; give the generator.onnx of a run of `mien synth train`")
            return cls(path, threads, strength)
        if str(generator) != SHIPPED:
            raise ModelError(f"unknown generator '{generator}'; there is {SHIPPED}, or give an .onnx file")
        path = models_folder() / FOLDER / f"{SHIPPED}.onnx"
        if not path.is_file():
            raise ModelError(f"{path}: not installed; train one with `mien synth train` and give its generator.onnx")
        verify_hash(path)
        return cls(path, threads, strength)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return file_hash(self.path)

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Give faces other expressions.

        Args:
            faces: Grey uint8 [N, 48, 48]; N may be 0.
            labels: Their new expressions, int [N].

        Returns:
            uint8 [N, 48, 48].

        Raises:
            ModelError: Faces or labels are of another shape or kind.
        """
        if faces.dtype != np.uint8 or faces.ndim != 3 or faces.shape[1:] != (SIZE, SIZE):
            raise ModelError(f"faces must be uint8 [N, {SIZE}, {SIZE}], not {faces.dtype} {list(faces.shape)}")
        if len(labels) != len(faces) or not np.isin(labels, range(len(NAMES))).all():
            raise ModelError(f"labels must be {len(faces)} numbers of 0 to {len(NAMES) - 1}, one a face")
        made = np.empty_like(faces)
        for start in range(0, len(faces), BATCH):
            part = slice(start, start + BATCH)
            (far,) = self._session.run(None, {"face": faces[part], "target": labels[part].astype(np.int64)})
            change = far.astype(np.float32) - faces[part]
            made[part] = np.rint(faces[part] + self.strength * change)
        return made

    def translate_all(self, face: np.ndarray) -> np.ndarray:
        """Give one face all seven expressions.

        Args:
            face: Grey uint8 [48, 48].

        Returns:
            uint8 [7, 48, 48], in the order of `expressions.NAMES`.

        Raises:
            ModelError: The face is of another shape or kind.
        """
        return self.translate(np.repeat(face[None], len(NAMES), 0), np.arange(len(NAMES)))


def _check(path: Path, session: onnxruntime.InferenceSession, metadata: dict[str, str]) -> None:
    inputs = {entry.name: entry for entry in session.get_inputs()}
    missing = {"face", "target"} - set(inputs)
    missing |= {"classes", "crop", "input_size", "split", "training_data"} - set(metadata)
    if missing:
        raise ModelError(f"{path}: not a generator of this project (it lacks {', '.join(sorted(missing))})")
    if metadata["input_size"] != str(SIZE) or inputs["face"].shape[1:] != [SIZE, SIZE]:
        raise ModelError(f"{path}: a generator of {inputs['face'].shape[1:]} pixels; it must be {SIZE} x {SIZE}")
    if tuple(metadata["classes"].split(",")) != NAMES:
        raise ModelError(f"{path}: its classes are {metadata['classes']}; expected {','.join(NAMES)}")
