import os
from pathlib import Path

import pytest

import mien.cores
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


@pytest.mark.parametrize(
    ("own", "parent", "expected"),
    [("max 100000", "max 100000", 8), ("250000 100000", "max 100000", 3), ("max 100000", "50000 100000", 1)],
)
def test_cores_are_no_more_than_the_control_groups_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, parent: str, expected: int
) -> None:
    (tmp_path / "service" / "mien").mkdir(parents=True)
    (tmp_path / "service" / "cpu.max").write_text(f"{parent}\n")
    (tmp_path / "service" / "mien" / "cpu.max").write_text(f"{own}\n")
    (tmp_path / "cgroup").write_text("1:cpu:/elsewhere\n0::/service/mien\n")
    monkeypatch.setattr(mien.cores, "_GROUPS", tmp_path)
    monkeypatch.setattr(mien.cores, "_OWN_GROUP", tmp_path / "cgroup")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert cores() == expected
    (tmp_path / "cgroup").unlink()
    assert cores() == 8
