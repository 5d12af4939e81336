"""The torture is a program of its own; `test_resume.py` runs it."""

from collections.abc import Iterator

import pytest

from autonet.search.executors.processes import Processes

collect_ignore = ["chaos.py", "fuzz.py", "torture.py"]


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """Two processes for all tests, as each takes a second to start."""
    executor = Processes(2)
    yield executor
    executor.close()
