"""Where a result comes from: the version of the code, the machine, and the hashes of the files it speaks of.

The one source of the version is `version` in pyproject.toml.
"""

import hashlib
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict


def code_version() -> str:
    """The package's version, with the commit where the code runs from a checkout.

    Returns:
        Such as "0.1.0 (1a2b3c4)".
    """
    try:
        commit = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("mien")
    return f"{version('mien')} ({commit})"


def hardware() -> str:
    """One line: processor or GPU and, where the training framework is in use, its threads and version.

    Returns:
        Text for people to read.
    """
    processor = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    torch = sys.modules.get("torch")  # nobody who runs models alone pays for its import
    if torch is None:
        return processor
    if torch.cuda.is_available():
        engine = f"{torch.cuda.get_device_name()} x{torch.cuda.device_count()}"
    else:
        engine = f"{processor}, {torch.get_num_threads()} threads"
    return f"{engine}, torch {torch.__version__}"


def ran_on_cpu(hardware: str) -> bool:
    """Whether a training ran without a GPU.

    Args:
        hardware: The line of its results file, as `hardware` made it.

    Returns:
        True where that line counts cores.
    """
    return re.search(r"\b\d+ cores\b", hardware) is not None


def now() -> str:
    """The moment in UTC, ISO 8601, to the second.

    Returns:
        Such as "2026-01-31T12:00:00+00:00".
    """
    return datetime.now(UTC).isoformat(timespec="seconds")


class Origin(TypedDict):
    """What a results file says of where it comes from.

    Attributes:
        code: Version of the package.
        hardware: The machine.
        date: The moment, UTC, ISO 8601.
    """

    code: str
    hardware: str
    date: str


def origin() -> Origin:
    """Code, machine and moment of what is measured here and now.

    Returns:
        Keyword arguments for a results record.
    """
    return Origin(code=code_version(), hardware=hardware(), date=now())


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
