"""Names of files as text: whole for tables and files, harmless for a terminal, short enough for a line or a disk."""

import os
import re
import unicodedata
import zlib

LONGEST = 255
"""Bytes that a file's name may have on the common file systems."""
LONGEST_IN_LINE = 200
"""Characters of a name inside a message."""
_SHORT = 100
"""Bytes that every file system takes."""
_BYTES = re.compile("[\udc80-\udcff]+")
_DIRECTING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing: a name with one can look like another."""


def as_text(name: object) -> str:
    r"""Turn a name into text that every file can hold.

    What is not UTF-8 in a file's name becomes an escape such as `\udcff`.

    Args:
        name: A file's name or path.

    Returns:
        Text that UTF-8 can encode.
    """
    return _as_utf_8(str(name)).encode(errors="backslashreplace").decode()


def printable(text: object) -> str:
    r"""Text as one line that does nothing to a terminal.

    Line breaks, control characters (so also a terminal's escape sequences), marks that turn the direction of writing
    and what is not UTF-8 become escapes such as `\n`, `\x1b` and `\u202e`. All else stays as it is.

    Args:
        text: Anything with a text.

    Returns:
        One line.
    """
    return "".join(_escaped(letter) if _acts(letter) else letter for letter in _as_utf_8(str(text)))


def abridged(text: str, most: int = LONGEST_IN_LINE) -> str:
    """A text of at most `most` characters for a message, its middle left out where it is longer.

    Args:
        text: Any text.
        most: Characters.

    Returns:
        The text, or its start and its end.
    """
    if len(text) <= most:
        return text
    end = (most - 5) // 3
    return f"{text[: most - 5 - end]} ... {text[len(text) - end :]}"


def fitting_name(stem: str, ending: str, most: int = LONGEST) -> str:
    """Join stem and ending to one file's name that a disk takes.

    Args:
        stem: Is cut where the name would be too long.
        ending: Stays whole.
        most: Bytes that the name may have.

    Returns:
        The name.
    """
    while stem and len(os.fsencode(stem + ending)) > most:
        stem = stem[:-1]
    return stem + ending


def draft_name(name: str, ending: str = ".draft") -> str:
    """A hidden name, this process's own, under which a file is written before it gets its name.

    Where a name is long it is cut, so that a disk that takes the name takes the draft's too.

    Args:
        name: Of the file.
        ending: Of the draft.

    Returns:
        The name, without a folder.
    """
    most = max(len(os.fsencode(name)), _SHORT)
    whole = f".{name}.{os.getpid()}{ending}"
    if len(os.fsencode(whole)) <= most:
        return whole
    return fitting_name(f".{name}", f".{zlib.crc32(os.fsencode(name)):08x}.{os.getpid()}{ending}", most)


def free_name(stem: str, suffix: str, taken: set[str]) -> str:
    """Find a name that is not taken yet, numbered where need be.

    Names that differ in case or in how their accents are coded are one name: many file systems take them for one.

    Args:
        stem: Before the number.
        suffix: After the number.
        taken: `folded` names; the new one is added.

    Returns:
        The name.
    """
    name, number = fitting_name(stem, suffix), 2
    while folded(name) in taken:
        name, number = fitting_name(stem, f"-{number}{suffix}"), number + 1
    taken.add(folded(name))
    return name


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts names as people do: "clip 2" before "clip 10".

    Args:
        name: Of a clip, a person, a file.

    Returns:
        To be compared with other names' keys.
    """
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name)]


def folded(name: str) -> str:
    """Fold a name: in any case, its accents coded in any way.

    Args:
        name: Of a file.

    Returns:
        The same text for all names that such a system confuses.
    """
    return unicodedata.normalize("NFC", name).casefold()


def _as_utf_8(text: str) -> str:
    """Read as UTF-8 the bytes of names that Python could not read in the system's encoding, such as ASCII."""
    return _BYTES.sub(lambda found: os.fsencode(found[0]).decode("utf-8", "surrogateescape"), text)


def _acts(letter: str) -> bool:
    return letter in _DIRECTING or unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
