"""Faces as a pandas DataFrame, where pandas is installed."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from mien.errors import MienError, MissingExtraError, PictureError
from mien.expressions import NAMES
from mien.recognition import details
from mien.recognition.faces import Face, Frame, TrackedFace
from mien.recognition.sinks import face_columns, flat, picture_columns, rows, video_columns


def to_frame(faces: "Iterable[Face | Frame | Iterable[Face] | PictureError]") -> Any:
    """Put faces into a table, one row a face.

    Args:
        faces: The faces of one picture, as `Recognizer.recognize` gives them; or of several, as `recognize_all` does
            (also with errors among them); or the `Frame`s of a video.

    Returns:
        A DataFrame with the columns that `mien predict --csv` writes: left, top, right and bottom in pixels, score,
        verdict, expression, and a probability for each expression. Before them stand the face's number in its picture,
        or its track's, and where there are several pictures the picture's place among them, or the frame's video, time
        and number. A picture or frame without a face is a row without values; of one that could not be read, the column
        problem says why.

    Raises:
        MissingExtraError: pandas is not installed.
        MienError: Something else than faces was given.

    >>> import mien
    >>> table = mien.to_frame(mien.Recognizer().recognize("party.jpg"))  # doctest: +SKIP
    """
    try:
        pandas = import_module("pandas")
    except ModuleNotFoundError as error:
        raise MissingExtraError("this needs pandas: pip install pandas") from error
    if isinstance(faces, Frame):
        faces = [faces]
    records: list[dict[str, Any]] = []
    several: list[Any] = []
    for place, item in enumerate([faces] if isinstance(faces, Face) else faces):
        several.append(item)
        records += _records(place, item)
    columns = _columns(several, records)
    counts = {column: "Int64" for column in ("face", "track") if column in columns}  # whole numbers that may be missing
    return pandas.DataFrame.from_records(records, columns=columns).astype(counts)


def _records(place: int, item: Any) -> list[dict[str, Any]]:
    if isinstance(item, Face):
        return [flat(place, item)]
    if isinstance(item, Frame):
        return rows(item)
    if isinstance(item, PictureError):
        return [{"picture": place, "problem": str(item)}]
    if isinstance(item, list | tuple) and all(isinstance(face, Face) for face in item):
        return [{"picture": place} | flat(number, face) for number, face in enumerate(item)] or [{"picture": place}]
    raise MienError(f"to_frame takes faces, lists of them or frames, not {type(item).__name__}")


def _columns(items: list[Any], records: list[dict[str, Any]]) -> list[str]:
    """The columns there are, in the order of the CSV files'."""
    classes = next((face.classes for item in items for face in _faces(item)), NAMES)
    there = {key for record in records for key in record}
    if all(isinstance(item, Face) for item in items):
        there |= {"track" if any(isinstance(item, TrackedFace) for item in items) else "face", *face_columns(classes)}
    else:
        there |= set(video_columns(classes) if "video" in there else picture_columns(classes))
    first = ("picture", "video", "time", "frame", "face", "track")
    ordered = dict.fromkeys((*first, *video_columns(classes), *details.columns(tuple(details.DETAILS)), "problem"))
    rest = [key for record in records for key in record if key not in ordered]  # of faces that other models read
    return [*(column for column in ordered if column in there), *dict.fromkeys(rest)]


def _faces(item: Any) -> list[Face]:
    if isinstance(item, Face):
        return [item]
    if isinstance(item, Frame):
        return item.faces
    return list(item) if isinstance(item, list | tuple) else []
