"""The cores that this process may use."""

import math
import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def cores() -> int:
    """Cores this process may use.

    Fewer than the machine has where `taskset` or a container's cpuset names them, or where a container or service may
    use less time than all of them have (Linux's control groups, version 2); a part of a core counts as one.

    Returns:
        At least 1.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([there, *_quotas()])


def _quotas() -> list[int]:
    """What the control groups that this process is in allow, in cores."""
    try:
        own = next(line[3:].strip() for line in _OWN_GROUP.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):  # another system, or another version of control groups
        return []
    group = _GROUPS / own.lstrip("/")
    return [quota for folder in (group, *group.parents) if (quota := _quota(folder / "cpu.max"))]


def _quota(file: Path) -> int:
    """What a control group allows, in cores; 0 where it says nothing."""
    try:
        quota, period = file.read_text().split()
        return max(math.ceil(int(quota) / int(period)), 1)
    except (OSError, ValueError):  # no such file, or "max"
        return 0
