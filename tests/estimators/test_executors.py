"""Fits whose configurations are trained elsewhere, or within a memory limit."""

import copy
import logging
import math
import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

from autonet import AutoNetClassification, AutoNetImageClassification, Callback
from autonet.core.errors import BaselineReturned, InvalidOption, SearchInterrupted
from autonet.nets.registry import NETWORKS, register_network
from autonet.search import Processes
from tests.estimators.refusals import refused

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
SPAWN = multiprocessing.get_context("spawn")


def auto(**options: Any) -> AutoNetClassification:
    options = {"max_trials": 4, "budget_type": "epochs", "max_budget": 9, "random_state": 0, **options}
    return AutoNetClassification("tiny_cs", ensemble_size=4, refit_on_all_rows=True, **options)


def statuses(fitted: AutoNetClassification) -> list[str]:
    return [str(trial.status) for trial in fitted.history_]


class Notes(nn.Module):
    """A network that notes the process it is trained in, and kills the first of them at its tenth step."""

    def __init__(self, n_in: int, n_out: int, folder: str) -> None:
        super().__init__()
        self.layer, self.steps, self.folder = nn.Linear(n_in, n_out), 0, Path(folder)

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        if self.steps == 10:
            (self.folder / str(os.getpid())).touch()
            if (self.folder / "deadly").exists():
                (self.folder / "deadly").unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        if self.steps == 11 and (self.folder / "hungry").exists():
            (self.folder / "hungry").unlink()
            torch.ones(2**28)  # 1 GiB
        output: Tensor = self.layer(x)
        return output


class Pixels(nn.Sequential):
    """A linear network of images."""

    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(math.prod(shape), n_out))


class KillsSecond(Callback):
    """Lets the process be killed that trains after the second trial."""

    def __init__(self, file: Path) -> None:
        self.file, self.trials = file, 0

    def on_trial_end(self, estimator: Any, trial: Any) -> None:
        self.trials += 1
        if self.trials == 2:
            self.file.touch()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[str]:
    folder = str(tmp_path)
    register_network("test_only", lambda n_in, n_out: Notes(n_in, n_out, folder))
    yield "test_only"
    NETWORKS.components.pop("test_only")


@pytest.mark.parametrize("kind", ["threads", "processes", "ours"])
@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_configurations_are_trained_by_the_workers_of_the_executor(kind: str, network: str, tmp_path: Path) -> None:
    made: Any = {
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(1, mp_context=SPAWN),
        "ours": lambda: Processes(2),
    }[kind]()
    try:
        fitted = auto(executor=made, networks=[network]).fit(X, Y)
        assert statuses(fitted) == ["finished"] * 4
        assert {row["trial"] for row in fitted.learning_curves()} == {0, 1, 2, 3}
        again = auto(networks=[network]).fit(X, Y, executor=made)  # it is still open
        assert len(again.history_) == 4
    finally:
        (made.close if kind == "ours" else made.shutdown)()
    pids = {path.name for path in tmp_path.iterdir()}
    assert pids == {str(os.getpid())} if kind == "threads" else str(os.getpid()) not in pids


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_a_dask_worker_that_dies_in_a_fit_costs_its_configuration_alone(network: str, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    (tmp_path / "deadly").touch()
    options = {"processes": True, "dashboard_address": ":0", "silence_logs": logging.CRITICAL}
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        run = {"networks": [network], "run_dir": tmp_path / "run"}
        fitted = auto(executor=client, max_trials=6, **run).fit(X, Y)
        assert len(auto(executor=client.scheduler.address, max_trials=7, **run).fit(X, Y).history_) == 7
        assert client.status == "running"
        left = client.run_on_scheduler(lambda dask_scheduler: [n for n in dask_scheduler.worker_plugins if "auto" in n])
    assert sorted(statuses(fitted)) == ["crashed"] + ["finished"] * 5
    [reason] = [report.reason for trial in fitted.history_ for report in trial.reports if report.reason]
    assert reason == "the worker process died"
    assert left == []
    pids = {int(path.name) for path in tmp_path.iterdir() if path.is_file()}
    assert os.getpid() not in pids
    assert len(pids) >= 2


def test_own_networks_of_images_begin_with_initial_weights_in_worker_processes(tmp_path: Path) -> None:
    images, path = rng.integers(256, size=(40, 96, 96), dtype=np.uint8), tmp_path / "weights.pt"
    torch.save({"1.weight": torch.full((2, 96 * 96), 0.5), "1.bias": torch.tensor([3.0, -3.0])}, path)
    learns_nothing = {"OptimizerSelector:adamw:learning_rate": (1e-12,)}
    options: Any = {"max_trials": 2, "budget_type": "epochs", "max_budget": 1, "random_state": 0, "baseline": False}
    fitted = AutoNetImageClassification(
        "tiny_cs", networks=[Pixels], initial_weights=path, search_space=learns_nothing, n_jobs=2, **options
    ).fit(images, np.arange(40) % 2)
    assert [str(trial.status) for trial in fitted.history_] == ["finished"] * 2
    for name, tensor in torch.load(path, weights_only=True).items():
        torch.testing.assert_close(fitted.get_pytorch_model().state_dict()[name], tensor, atol=1e-5, rtol=0)


def test_an_executor_is_shared_by_clones_and_left_out_of_pickles() -> None:
    with ThreadPoolExecutor(1) as pool:
        unfitted = auto(executor=pool)
        assert clone(unfitted).executor is copy.deepcopy(unfitted).executor is pool
        assert pickle.loads(pickle.dumps(unfitted)).executor is None
        assert unfitted.executor is pool
    address = auto(executor="tcp://127.0.0.1:9")
    assert clone(address).executor == pickle.loads(pickle.dumps(address)).executor == "tcp://127.0.0.1:9"


def test_what_cannot_run_configurations_is_refused_before_any_work() -> None:
    refused(lambda: auto(executor="dask").fit(X, Y), "executor must be a dask.distributed.Client, the address of")
    refused(lambda: auto().fit(X, Y, executor=ProcessPoolExecutor), "executor must be a dask.distributed.Client")
    with ThreadPoolExecutor(1) as pool:
        pass
    refused(lambda: auto(executor=pool).fit(X, Y), "executor: the ThreadPoolExecutor accepts no jobs")
    with pytest.raises(InvalidOption):  # also where the data are bad
        auto(executor=3).fit(None, None)


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_a_pool_that_a_dead_process_has_broken_ends_the_search_and_leaves_what_was_found(
    network: str, tmp_path: Path
) -> None:
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        one = auto(executor=pool, networks=[network], max_trials=20, callbacks=[KillsSecond(tmp_path / "deadly")])
        one.set_params(refit_on_all_rows="auto")
        with pytest.warns(SearchInterrupted, match=r"The ProcessPoolExecutor takes no more trials: .* The best model"):
            one.fit(X, Y)
    assert statuses(one).count("finished") >= 2
    assert one.score(X, Y) > 0.5


# --- memory


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_a_configuration_that_needs_more_memory_ends_alone(network: str, tmp_path: Path) -> None:
    (tmp_path / "hungry").touch()
    fitted = auto(networks=[network], memory_limit_mb=500, n_jobs=2).fit(X, Y)
    assert sorted(statuses(fitted)) == ["finished"] * 3 + ["memout"]
    [reason] = [report.reason for trial in fitted.history_ for report in trial.reports if report.reason]
    assert "can't allocate memory" in reason
    assert str(os.getpid()) not in {path.name for path in tmp_path.iterdir()}


def test_a_limit_that_no_configuration_keeps_leaves_the_baseline() -> None:
    def build(n_in: int, n_out: int) -> nn.Module:
        torch.ones(2**28)
        return nn.Linear(n_in, n_out)

    register_network("test_only", build)
    try:
        with pytest.warns(BaselineReturned, match="Every trial failed.*memory"):
            fitted = auto(networks=["test_only"], memory_limit_mb=500, n_jobs=1, max_runtime=20).fit(X, Y)
    finally:
        NETWORKS.components.pop("test_only")
    assert set(statuses(fitted)) == {"memout"}


def test_a_memory_limit_that_cannot_be_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(1) as pool:
        refused(lambda: auto(executor=pool, memory_limit_mb=500).fit(X, Y), "memory_limit_mb cannot be kept by an exec")
    refused(
        lambda: auto(memory_limit_mb=0).fit(X, Y), "memory_limit_mb must be a finite number greater than 0, or None"
    )
    with multiprocessing.get_context("fork").Pool(1) as processes, pytest.raises(InvalidOption, match="remove it"):
        processes.apply(fit_within_limit)
    monkeypatch.setattr(sys, "platform", "darwin")
    refused(lambda: auto(memory_limit_mb=500).fit(X, Y), "memory_limit_mb is supported on Linux only; remove it.")


def fit_within_limit() -> None:
    auto(memory_limit_mb=500).fit(X, Y)
