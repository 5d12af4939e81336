"""Executors that users pass."""

import concurrent.futures
import multiprocessing
import multiprocessing.pool
import os
import pickle
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np
import pytest
from joblib.externals.loky import ProcessPoolExecutor as LokyPool

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.search import InProcess, RunningTrial, Study
from autonet.search.executors import adopt
from autonet.search.executors.adopt import adopt_executor, check_executor_type
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import LINE, job, outcomes

SPAWN = multiprocessing.get_context("spawn")


class Simple(concurrent.futures.Executor):
    """A pool that runs everything at once, and says nothing of itself."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(pickle.loads(pickle.dumps(fn))(*pickle.loads(pickle.dumps(args)), **kwargs))
        return future


@pytest.mark.parametrize(
    ("make", "slots"),
    [
        (lambda: ThreadPoolExecutor(3), 3),
        (lambda: ProcessPoolExecutor(2, mp_context=SPAWN), 2),
        (lambda: LokyPool(2), 2),
    ],
    ids=["threads", "processes", "loky"],
)
def test_a_pool_runs_as_many_trials_as_it_has_workers_and_stays_open(make: Any, slots: int) -> None:
    with make() as pool:
        study = Study(LINE, sampler="random").optimize(lambda t: t["x"] ** 2, max_trials=5, executor=pool)
        assert [t.value for t in study.trials] == [t.config["x"] ** 2 for t in study.trials]
        with adopt_executor(pool) as executor:
            assert executor.n_slots == slots
        assert pool.submit(int).result() == 0


def test_a_pool_that_does_not_say_how_many_workers_it_has_needs_the_number() -> None:
    with pytest.raises(InvalidOption, match=r"Simple does not say how many workers it has; give n_jobs"):
        Study(LINE).optimize(lambda t: 0.0, max_trials=1, executor=Simple())
    with adopt_executor(Simple(), 2) as executor:
        assert executor.n_slots == 2
        study = Study(LINE, sampler="random").optimize(lambda t: t["x"], max_trials=4, executor=executor)
    assert len(study.trials) == 4


def test_ours_are_taken_as_they_are_and_not_closed() -> None:
    executor = Processes(1)
    study = Study(LINE, sampler="random")
    for n in (1, 2):
        with adopt_executor(executor, 5) as adopted:
            assert adopted is executor
            study.optimize(lambda _: float(os.getpid()), max_trials=n, executor=adopted)
    executor.close()
    assert study.trials[0].value == study.trials[1].value != os.getpid()
    with adopt_executor(InProcess()) as adopted:
        assert adopted.n_slots == 1


def test_workers_of_a_pool_may_import_before_there_is_a_job() -> None:
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool, adopt_executor(pool, imports=["this"]) as executor:
        [ended] = outcomes(executor, lambda _: float("this" in sys.modules), job())
    assert ended.result.loss == 1.0


def test_a_large_objective_is_sent_to_a_pool_once_per_worker() -> None:
    sizes = []

    class Measuring(ProcessPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            sizes.append(len(pickle.dumps(args)))
            return super().submit(fn, *args, **kwargs)

    data = np.ones(100_000)

    def objective(trial: RunningTrial) -> float:
        return float(data.sum())

    with Measuring(1, mp_context=SPAWN) as pool:
        study = Study(LINE, sampler="random").optimize(objective, max_trials=6, executor=pool)
    assert [t.value for t in study.trials] == [100_000.0] * 6
    assert len([size for size in sizes if size > 100_000]) == 1


CLUSTER = type("Cluster", (), {"__module__": "distributed.deploy.cluster"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("processes", "executor must be a dask.distributed.Client, the address of a dask scheduler such as"),
        (3, "executor must be .*, or an executor of autonet.search; got 3"),
        (ProcessPoolExecutor, "executor must be .*; got <class"),
        (Processes, "executor must be .*; got <class"),
        (joblib.Parallel(2), "executor: joblib.parallel.Parallel cannot run trials; pass n_jobs instead"),
        (
            CLUSTER(),
            r"executor: distributed.deploy.cluster.Cluster cannot .* pass distributed.Client\(cluster\) instead",
        ),
    ],
)
def test_others_are_refused_by_name(value: Any, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        check_executor_type(value)
    with pytest.raises(InvalidOption, match=message):
        Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor=value)


def test_pools_of_multiprocessing_are_refused_by_name() -> None:
    with (
        multiprocessing.pool.ThreadPool(1) as pool,
        pytest.raises(InvalidOption, match=r"ThreadPool cannot run trials; pass concurrent.futures.ThreadPoolExecutor"),
    ):
        check_executor_type(pool)


def test_a_pool_that_was_shut_down_is_refused() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(InvalidOption, match="executor: the ThreadPoolExecutor accepts no jobs: cannot schedule new"):
        Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor=pool)


def test_an_address_where_no_scheduler_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(adopt, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InvalidOption, match=r"executor: no dask scheduler answers at 'tcp://127.0.0.1:9'"):
        Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor="tcp://127.0.0.1:9")


def test_an_address_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackage, match=r"An address as executor needs distributed; install it with"):
        Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor="tcp://127.0.0.1:9")
