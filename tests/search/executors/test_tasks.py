"""Jobs for workers with another clock and other files."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from autonet.core.errors import RunUnavailable
from autonet.search import RunningTrial
from autonet.search.executors.futures import Futures
from tests.search.executors.jobs import job, outcomes


def objective(trial: RunningTrial) -> float:
    state = trial.checkpoint.load() or {"weights": np.zeros(3), "directories": []}
    state = {"weights": state["weights"] + 1, "directories": [*state["directories"], trial.job.directory]}
    trial.checkpoint.save(state)
    trial.set_user_attr("directories", state["directories"])
    return float(state["weights"].sum())


@pytest.mark.parametrize("visible", [True, False])
def test_checkpoints_reach_the_run_directory_also_of_workers_that_do_not_see_it(
    visible: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("checkpoints").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    spawn, start = multiprocessing.get_context("spawn"), tmp_path if visible else elsewhere
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=os.chdir, initargs=(start,)) as pool:
        executor = Futures(pool, 1)
        kept = None
        for target in (1.0, 2.0, 3.0):
            [ended] = outcomes(
                executor, objective, job(start=target - 1.0, target=target, directory="checkpoints", checkpoint=kept)
            )
            assert ended.reason == ""
            assert ended.result.loss == 3 * target
            kept = ended.result.checkpoint
            assert kept == Path(f"checkpoints/0-{target - 1.0}-{target}.safetensors")
            assert kept.exists()
    assert all(place == "checkpoints" for place in ended.attributes["directories"]) == visible
    assert [path.name for path in elsewhere.iterdir()] == []
    assert not any(Path(place).exists() for place in ended.attributes["directories"] if not visible)


def test_a_run_directory_that_is_gone_stops_the_search(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        executor = Futures(pool, 1)
        with pytest.raises(RunUnavailable, match="gone cannot be read"):
            executor.submit(objective, job(directory=str(tmp_path / "gone")))
