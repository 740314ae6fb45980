"""The cores that this process may use."""

import os


def cores() -> int:
    """Cores this process may run on: fewer than the machine's where `taskset` or a container's cpuset says so.

    Returns:
        At least 1.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
