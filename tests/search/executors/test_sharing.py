"""Large arrays of an objective are in memory once."""

import os
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from autonet.search import RunningTrial, Study
from autonet.search.executors import sharing
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import LINE, job, outcomes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="arrays are shared on Linux")

N = 200_000


def mapped_at(address: int) -> str:
    """Name of the file that is mapped at an address."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        begin, end = (int(number, 16) for number in line.split()[0].split("-"))
        if begin <= address < end:
            return line[73:].strip()
    return ""


def objects(tmp_path: Path) -> dict[str, Any]:
    on_disk = np.memmap(tmp_path / "array", np.float64, "w+", shape=N)
    on_disk[:] = np.arange(N)
    rows = np.arange(2.0 * N).reshape(-1, 2)
    return {
        "array": np.arange(N),
        "read-only": np.broadcast_to(np.arange(float(N)), (1, N))[0],
        "columns": np.asfortranarray(rows),
        "strided": rows[:, 0],
        "memmap": on_disk,
        "tensor": torch.arange(N),
        "strided tensor": torch.arange(2.0 * N).reshape(-1, 2)[:, 1],
        "sparse": sparse.csr_array(rows),
        "frame": pd.DataFrame(rows),
    }


def address(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.data_ptr()
    if isinstance(value, pd.DataFrame):
        value = value.to_numpy()
    return int((value.data if sparse.issparse(value) else value).ctypes.data)


@pytest.mark.parametrize("in_memory", [True, False])
def test_arrays_of_every_kind_come_from_one_file_that_has_no_name(
    in_memory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_memory:
        monkeypatch.setattr(sharing, "MEMORY_SHARE", 0.0)  # as on a machine without memory to spare
    held, temporary = objects(tmp_path), tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(sharing.tempfile, "tempdir", str(temporary))

    def objective(trial: RunningTrial) -> float:
        for name, value in held.items():
            trial.set_user_attr(name, [mapped_at(address(value)), float(value.sum().sum()), type(value).__name__])
        return float(os.getpid())

    executor = Processes(2)
    ended = outcomes(executor, objective, job(0), job(1))
    executor.close()
    assert ended[0].result.loss != ended[1].result.loss
    for outcome in ended:
        for name, value in held.items():
            file, total, kind = outcome.attributes[name]
            assert ("memfd:autonet" if in_memory else "/autonet-") in file, name
            assert file.endswith("(deleted)")
            assert total == float(value.sum().sum()), name
            assert kind == ("ndarray" if name == "memmap" else type(value).__name__)
    assert not list(temporary.iterdir())


def test_without_space_in_the_temporary_folder_the_file_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MEMORY_SHARE", 0.0)  # as on a machine without memory to spare
    monkeypatch.setattr(sharing.tempfile, "tempdir", str(tmp_path / "missing"))
    data = np.ones(N)
    executor = Processes(1)
    [ended] = outcomes(executor, lambda _: float(data.sum()) + ("memfd:autonet" in mapped_at(address(data))), job())
    executor.close()
    assert ended.result.loss == N + 1


def test_without_space_for_the_file_arrays_go_to_each_worker(caplog: pytest.LogCaptureFixture) -> None:
    data, files = np.ones(N), list(Path("/proc/self/fd").iterdir())

    def objective(trial: RunningTrial) -> float:
        return float(data.sum()) + ("memfd:autonet" in Path("/proc/self/maps").read_text())

    executor = Processes(1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        executor.prepare(objective)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(list(Path("/proc/self/fd").iterdir())) == len(files)
    assert "0.0015 GiB of data fit neither into the folder of temporary files nor into memory" in caplog.text
    [ended] = outcomes(executor, objective, job())
    executor.close()
    assert ended.result.loss == N


def test_what_an_objective_writes_to_its_arrays_stays_in_its_process() -> None:
    data = np.zeros(N)

    def objective(trial: RunningTrial) -> float:
        was = float(data.sum())
        data[:] = 1 + trial.number
        return was

    executor = Processes(2)
    ended = outcomes(executor, objective, job(0), job(1))
    assert [o.result.loss for o in ended] == [0.0, 0.0]
    ended = outcomes(executor, objective, job(2))
    executor.close()
    assert ended[0].result.loss in (N, 2 * N)
    assert not data.any()


def test_an_objective_that_has_changed_is_sent_again() -> None:
    data = np.zeros(N)
    executor = Processes(2)
    study = Study(LINE, sampler="random")
    for value in (1, 2):
        data[:] = value
        study.optimize(lambda _: float(data[-1]), max_trials=2 * value, executor=executor)
    executor.close()
    assert [t.value for t in study.trials] == [1, 1, 2, 2]


def test_a_memory_limit_does_not_count_what_is_shared() -> None:
    data = np.ones(2**24)  # 128 MiB

    def objective(trial: RunningTrial) -> float:
        return float(data.sum() + np.ones(2**20).sum())

    executor = Processes(1, memory_limit_mb=64)
    [ended] = outcomes(executor, objective, job())
    executor.close()
    assert ended.result.loss == 2**24 + 2**20
