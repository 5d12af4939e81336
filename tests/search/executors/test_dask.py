"""Trials on a real dask cluster of two processes, one of which dies in mid-run."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.search import RunningTrial, Status, Study
from autonet.testing.executors import check_executor
from tests.search.executors.jobs import job, outcomes

distributed = pytest.importorskip("distributed")

LINE = {"x": (-10.0, 10.0)}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    options = {"processes": True, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_dask_passes_the_conformance_suite(client: Any) -> None:
    from autonet.search.executors.dask import Dask

    check_executor(lambda: Dask(client))


def test_a_worker_that_dies_takes_one_trial_with_it_and_nothing_else(client: Any, tmp_path: Path) -> None:
    from autonet.search.executors.dask import Dask

    def objective(trial: RunningTrial) -> float:
        with (tmp_path / str(trial.number)).open("a") as file:
            file.write("begun ")
        time.sleep(0.1)
        if trial.number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return float(trial["x"]) ** 2

    executor = Dask(client)
    assert executor.n_slots == 2
    study = Study(LINE, sampler="random", random_state=0).optimize(objective, max_trials=12, executor=executor)
    executor.close()
    assert [t.number for t in study.trials if t.status is Status.CRASHED] == [3]
    assert study.trials[3].reports[0].reason == "the worker process died"
    assert study.trials[3].reports[0].seconds > 0.1
    assert [t.value for t in study.trials if t.usable] == [t.config["x"] ** 2 for t in study.trials if t.number != 3]
    assert [(tmp_path / str(i)).read_text() for i in range(12)] == ["begun "] * 12


def test_a_large_objective_goes_to_each_worker_once_and_leaves_with_the_executor(client: Any) -> None:
    from autonet.search.executors.dask import Dask

    data = np.ones(3_000_000)  # of this size dask warns if it goes with a task

    def objective(trial: RunningTrial) -> float:
        return float(data.sum())

    def left(dask_scheduler: Any) -> tuple[list[str], list[Any]]:
        events = dask_scheduler.extensions["events"]._events
        return [name for name in dask_scheduler.worker_plugins if "autonet" in name], list(events)

    executor = Dask(client)
    study = Study(LINE, sampler="random").optimize(objective, max_trials=6, executor=executor)
    assert all(t.value == 3_000_000 for t in study.trials)
    assert len(client.run_on_scheduler(left)[0]) == 1
    study.optimize(lambda _: time.sleep(2), timeout=0.3, executor=executor)  # type: ignore[func-returns-value]
    executor.close()
    assert client.run_on_scheduler(left) == ([], [])


def test_workers_need_not_see_the_run_directory(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autonet.search.executors.dask import Dask

    def objective(trial: RunningTrial) -> float:
        state = trial.checkpoint.load() or 0
        trial.checkpoint.save(state + 1)
        return float(state + 1)

    monkeypatch.chdir(tmp_path)  # the workers stay where they are
    Path("checkpoints").mkdir()
    executor = Dask(client)
    [first] = outcomes(executor, objective, job(directory="checkpoints"))
    kept = first.result.checkpoint
    assert Path(kept).parent == Path("checkpoints")
    [second] = outcomes(executor, objective, job(start=1.0, target=2.0, directory="checkpoints", checkpoint=kept))
    executor.close()
    assert second.result.loss == 2.0


def test_a_client_or_an_address_will_do_and_stays_open(client: Any) -> None:
    study = Study(LINE, sampler="random")
    for n, executor in enumerate((client, client.scheduler.address)):
        study.optimize(lambda _: float(os.getpid()), max_trials=2 * (n + 1), executor=executor)
    assert client.status == "running"
    assert os.getpid() not in {t.value for t in study.trials}


def test_a_cluster_without_workers_and_a_client_that_is_closed_are_refused() -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        with pytest.raises(InvalidOption, match=r"has no workers; start some, or wait for them with client\.wait_for"):
            Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor=client)
        client.close()
        with pytest.raises(InvalidOption, match="The dask client is not connected: its status is 'closed'"):
            Study(LINE).optimize(lambda _: 0.0, max_trials=1, executor=client)


def test_workers_with_another_version_are_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from autonet.search.executors import dask

    monkeypatch.setattr(dask, "version", lambda _: "7.0")
    with pytest.raises(InvalidOption, match=r"The dask worker tcp://.* has autonet .*, and this process autonet 7\.0"):
        dask.Dask(client)


def test_an_objective_that_cannot_be_sent_is_refused(client: Any) -> None:
    from autonet.search.executors.dask import Dask

    lock = threading.Lock()
    study = Study(LINE)
    with pytest.raises(InvalidOption, match="cannot be pickled: lock is of type lock"):
        study.optimize(lambda _: lock.locked(), executor=Dask(client))
    assert study.trials == []


def test_without_distributed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "autonet.search.executors.dask", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        MissingPackage, match=r'needs distributed; install it with: pip install "autonet-torch\[dask\]"'
    ):
        import autonet.search.executors.dask  # noqa: F401
