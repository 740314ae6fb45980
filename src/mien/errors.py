"""Errors that a user can mend: the command line prints their text as one line and exits with their code."""

from mien.addresses import redacted_text
from mien.names import abridged, printable

LONGEST = 600
"""Characters of a message, at most: whatever was given may stand in it, a picture as text too."""


class MienError(Exception):
    """Something the user gave cannot be used; the message says what and what to do.

    The command line prints it as one line and exits with `exit_code`. Whatever names the message holds, it is one line
    without control characters, and without the passwords of addresses.
    """

    exit_code = 2

    def __init__(self, message: object = "") -> None:
        super().__init__(abridged(printable(redacted_text(str(message))), LONGEST))


class MienWarning(UserWarning):
    """Something that was done, though not simply as it was asked; the command line prints it as one line.

    kind: what happened, in a few words and without names, so that the same can be counted instead of said again.
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(abridged(printable(redacted_text(message)), LONGEST), kind)
        self.kind = kind

    def __str__(self) -> str:
        return str(self.args[0])


class PictureError(MienError):
    """A picture that cannot be read: missing, broken, not a picture, or too large."""


class VideoError(MienError):
    """A video, camera or stream that cannot be read, or only in part; every frame before it was given out."""


class MissingExtraError(MienError):
    """Something that is installed on demand is not there; the message says what to install."""


class ModelError(MienError):
    """A model file that is missing, damaged, or does not keep the contract."""


class DataError(MienError):
    """A data set that is missing, incomplete, or in no known layout."""


class RecipeError(MienError):
    """A training recipe with a value that makes no sense."""


class StorageError(MienError):
    """The disk refused a write; what was there before is still there."""

    exit_code = 3


class ExportError(MienError):
    """An exported model that does not answer as the network it came from."""

    exit_code = 4
