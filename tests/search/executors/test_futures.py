"""Pools of others."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.search import RunningTrial, Status, Study
from autonet.search.executors.futures import Futures
from tests.search.executors.jobs import job, outcomes


def test_a_late_result_of_a_thread_is_ignored_and_deadlines_are_counted_in_seconds() -> None:
    may_end, has_ended = threading.Event(), threading.Event()

    def objective(trial: RunningTrial) -> float:
        if trial.number == 0:
            try:
                may_end.wait()
            finally:  # the exception of the deadline comes when the wait is over
                has_ended.set()
        return trial.deadline - time.monotonic()

    with ThreadPoolExecutor(2) as pool:
        executor = Futures(pool, 2)
        deadline = time.monotonic() + 0.3
        [late] = outcomes(executor, objective, job(0, deadline=deadline))
        assert time.monotonic() >= deadline
        assert (late.result.status, late.reason) == (Status.TIMEOUT, "timed out")
        may_end.set()
        has_ended.wait()
        [outcome] = outcomes(executor, objective, job(1, deadline=time.monotonic() + 5000))
        assert outcome.job.trial == 1
        assert outcome.result.loss == pytest.approx(5000, abs=200)


def test_any_pool_of_processes_will_do_and_one_that_is_broken_says_so() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            trial.checkpoint.keep({"lock": threading.Lock()})
        if trial.number == 2:
            os._exit(3)
        return 2.0 * float(trial["x"])

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        executor = Futures(pool, 1)
        ended = outcomes(executor, objective, *(job(i) for i in range(3)))
        with pytest.raises(InvalidOption, match=r"cannot be pickled: pool\._executor_manager_thread"):
            executor.prepare(lambda _: pool)
    assert ended[0].result.loss == 2.0
    assert ended[1].reason.startswith("result.checkpoint['lock'], of type lock, cannot be pickled")
    assert ended[2].result.status is Status.CRASHED
    assert ended[2].reason.startswith("BrokenProcessPool: A process in the process pool was terminated abruptly")


def test_a_pool_that_takes_no_more_jobs_ends_the_search_and_the_study_keeps_its_trials() -> None:
    pool = ThreadPoolExecutor(1)
    study = Study({"x": (0.0, 1.0)}, sampler="random")

    def objective(trial: RunningTrial) -> float:
        if trial.number == 2:
            pool.shutdown(wait=False)
        return 1.0

    with pytest.raises(SearchFailed, match="The ThreadPoolExecutor takes no more trials: cannot schedule new futures"):
        study.optimize(objective, max_trials=5, executor=pool)
    assert [t.status for t in study.trials[:3]] == [Status.FINISHED] * 3
