"""Benchmarks are scripts; their neighbours are found as they are when a script is run."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def script() -> Iterator[Any]:
    """Imports a benchmark by its name."""
    pytest.importorskip("pandas", reason="needs pandas, for the tables")
    before = set(sys.modules)
    sys.path.insert(0, str(ROOT))

    def imported(name: str) -> ModuleType:
        return importlib.import_module(name)

    try:
        yield imported
    finally:
        sys.path.remove(str(ROOT))
        for name in {path.stem for path in ROOT.glob("*.py")} & (set(sys.modules) - before):
            del sys.modules[name]
