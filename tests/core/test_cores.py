"""Cores that are available, in real workers of every kind of pool."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

import joblib
import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core import cores
from autonet.core.cores import available_cores, occupying_cores
from autonet.core.errors import InvalidOption
from autonet.search import minimize

Run = Callable[[Callable[[], int]], int]
SPAWN = multiprocessing.get_context("spawn")


def in_joblib(backend: str) -> Run:
    def run(call: Callable[[], int]) -> int:
        first, _ = joblib.Parallel(2, backend=backend)([joblib.delayed(call)(), joblib.delayed(call)()])
        return int(first)

    return run


def in_pool(call: Callable[[], int]) -> int:
    with SPAWN.Pool(1) as pool:
        return pool.apply(call)


def in_futures(call: Callable[[], int]) -> int:
    with ProcessPoolExecutor(1, SPAWN) as pool:
        return pool.submit(call).result()


def in_dask_threads(call: Callable[[], int]) -> int:
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        return int(client.submit(call).result())


@pytest.mark.parametrize(
    "run",
    [in_joblib("loky"), in_joblib("threading"), in_joblib("multiprocessing"), in_pool, in_futures, in_dask_threads],
)
def test_in_a_worker_of_a_pool_one_core_is_available(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cpu_count", lambda: 4)
    assert available_cores() == 4
    assert run(available_cores) == 1


def test_two_fits_in_threads_do_not_take_all_cores_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cpu_count", lambda: 4)
    with occupying_cores():
        assert available_cores() == 4
        with occupying_cores(), ThreadPoolExecutor(1) as pool:
            assert pool.submit(available_cores).result() == 1
    assert available_cores() == 4


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_what_the_scheduler_allows_counts() -> None:
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    program += "from autonet.core.cores import available_cores; print(available_cores())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"


@contextmanager
def daemonic() -> Iterator[None]:
    """Be a process that may not start others."""
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    config["daemon"] = True
    try:
        yield
    finally:
        config["daemon"] = False


def test_workers_that_cannot_start_are_refused() -> None:
    X, y = np.arange(60.0).reshape(30, 2), np.arange(30) % 2
    sentence = "n_jobs=2 requires worker processes, which a daemonic process .* cannot start; use n_jobs=1"
    with daemonic():
        with pytest.raises(InvalidOption, match=sentence):
            AutoNetClassification("tiny_cs", n_jobs=2, max_trials=1, budget_type="epochs").fit(X, y)
        with pytest.raises(InvalidOption, match=sentence):
            minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, max_trials=1, n_jobs=2)
        assert minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, max_trials=1, n_jobs=-1).best
