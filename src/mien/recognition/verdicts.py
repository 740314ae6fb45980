"""The gate's words: what it says of a face, and what becomes of strange ones."""

from enum import StrEnum


class Verdict(StrEnum):
    """The gate's word on a face: like the known ones, partly covered, otherwise unlike them, or nothing like a face."""

    KNOWN = "known"
    COVERED = "covered"
    NEAR = "near"
    FAR = "far"


class Gating(StrEnum):
    """What becomes of strange faces: not looked for, marked, or marked and their expression withheld."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"
