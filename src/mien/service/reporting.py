"""What the service says of its own faults."""

import sys
import traceback
from pathlib import Path


def report(error: Exception) -> None:
    """One line on the standard error about what nobody foresaw: its kind and place, nothing of what was sent.

    Args:
        error: What was raised.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(f"mien: unforeseen {type(error).__name__} ({Path(place.filename).name}:{place.lineno})", file=sys.stderr)
