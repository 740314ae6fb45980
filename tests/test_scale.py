"""The model of many machines: its constants from what was measured, its times and prices by hand."""

import sys
from pathlib import Path

import pytest

from mien.experiments import documents
from mien.results.benchmarks import Scale, ScaleAssumptions, ScaleKind, Workers
from mien.results.record import read, write

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

import scale  # noqa: E402

ASSUMED = ScaleAssumptions(
    price_per_core_hour=0.1, price_date="2026-11", cores_a_node=10, storage_megabytes_a_second=500.0, boot_seconds=100.0
)
KIND = ScaleKind(core_ms=20.0, kilobytes=50.0)


def test_a_worker_s_costs_are_told_apart() -> None:
    measured = Workers(1000, 24.0, 14.0, 1.7, 1, 2, 1000, True, True)
    assert scale.worker_costs(measured) == (pytest.approx(20.0), pytest.approx(4.0))


@pytest.mark.parametrize(
    ("nodes", "collecting", "seconds", "bound", "price"),
    [
        (1, None, 105 + 2000, "cores", 10 * 2105 / 36000),
        (100, None, 105 + 100, "starting", 1000 * 205 / 36000),
        (10, 0.3, 105 + 300, "collecting", 100 * 405 / 36000),
    ],
)
def test_the_longest_of_all_bounds_the_time(
    nodes: int, collecting: float | None, seconds: float, bound: str, price: float
) -> None:
    row = scale.modelled(KIND, ASSUMED, 5.0, collecting, nodes)
    assert (row.nodes, row.bound_by) == (nodes, bound)
    assert (row.seconds, row.price) == (pytest.approx(seconds), pytest.approx(price, abs=0.005))


def test_large_files_are_bound_by_the_storage() -> None:
    row = scale.modelled(ScaleKind(core_ms=20.0, kilobytes=4000.0), ASSUMED, 5.0, None, 100)
    assert (row.bound_by, row.seconds) == ("storage", 8105)


def test_collecting_is_what_more_pictures_add() -> None:
    runs = [
        {"workers": 1, "pictures": 1000, "seconds": 9.0, "collecting_seconds": 5.0},
        {"workers": 1, "pictures": 4000, "seconds": 30.0, "collecting_seconds": 6.5},
        {"workers": 2, "pictures": 4000, "seconds": 17.0, "collecting_seconds": 7.0},
    ]
    assert scale.collecting_ms(runs) == pytest.approx(0.5)
    found = scale.scale(ASSUMED, {"portraits": KIND}, 5.0, runs)
    assert (found.collecting_ms, len(found.ray or ())) == (0.5, 3)
    assert found.modelled["portraits"][-1].bound_by == "collecting"


def test_the_file_and_its_table(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks" / "scale.json"
    path.parent.mkdir()
    found = scale.scale(ASSUMED, {"portraits": KIND}, 5.0, None)
    write(path, found)
    assert read(Scale, path) == found
    text = documents.scale(tmp_path)
    assert "Modelled, not run." in text
    assert "was not measured and is left out" in text
    assert "| portraits | 1 | 0.58 | cores | 0.58 |" in text
