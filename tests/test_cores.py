import os

import pytest

from mien.cores import cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system keeps no list of a process's cores")
def test_cores_are_those_the_process_may_run_on() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)
