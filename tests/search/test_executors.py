"""All executors pass the conformance suite."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from autonet.search import InProcess
from autonet.search.executors.futures import Futures
from autonet.search.executors.processes import Processes
from autonet.testing.executors import check_executor


@pytest.mark.parametrize("kind", ["in process", "processes", "threads"])
def test_our_executors_pass_the_conformance_suite(kind: str, processes: Processes) -> None:
    with ThreadPoolExecutor(2) as pool:
        check_executor(
            {"in process": InProcess, "processes": lambda: processes, "threads": lambda: Futures(pool, 2)}[kind]
        )
