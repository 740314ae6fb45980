"""A pytest plugin for benchmarks/mutants.py: of the tests that may notice a mutant, the quickest first."""

import json
from pathlib import Path

import pytest

TIMES = Path("mutmut-stats.json")
"""mutmut's, in the folder of the mutants, where it runs the tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seconds = json.loads(TIMES.read_text())["duration_by_test"] if TIMES.exists() else {}
    items.sort(key=lambda item: seconds.get(item.nodeid, 0))
