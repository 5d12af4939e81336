import json
import logging
from pathlib import Path
from typing import Any

import pytest

from autonet import AutoNetClassification
from autonet.estimators.autopytorch.result_logger import CONFIGS, RESULTS, ResultLogger
from autonet.search import Study
from autonet.search.records import Report, Status

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_failure_has_a_reason_instead_of_a_result(tmp_path: Path) -> None:
    def objective(trial: Any) -> float:
        if trial.number == 1:
            raise ArithmeticError("the oven is cold")
        return float(trial["x"])

    logger = ResultLogger(tmp_path / "new" / "logs", by_model=False)
    study = Study({"x": (0.0, 1.0)}, random_state=0)
    study.optimize(objective, max_trials=3, callbacks=[logger])
    configs, results = (lines(tmp_path / "new" / "logs" / name) for name in (CONFIGS, RESULTS))
    assert [info for _, _, info in configs] == [{"model_based_pick": False}] * 3
    assert [result and result["loss"] for *_, result, _ in results] == [configs[0][1]["x"], None, configs[2][1]["x"]]
    assert "ArithmeticError: the oven is cold" in results[1][-1]


def test_what_cannot_be_written_is_said_once_and_ends_no_fit(tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "file").touch()
    logger = ResultLogger(tmp_path / "file" / "logs", by_model=True)
    study = Study({"x": (0.0, 1.0)}, random_state=0).optimize(
        lambda trial: trial["x"], max_trials=2, callbacks=[logger]
    )
    trial = study.history.trials[0]
    logger.write(trial, Report(0, 1, 1, 0.5, Status.FINISHED, 1.0, 1.0))
    assert caplog.text.count("results are not logged") == 1


def test_a_search_that_goes_on_and_event_files(tmp_path: Path, iris: Any, quick: dict[str, Any]) -> None:
    pytest.importorskip("tensorboard")
    logs = tmp_path / "logs"
    auto = AutoNetClassification("tiny_cs", warm_start=True, **{**quick, "max_budget": 1, "max_trials": 1})
    auto.fit(*iris)
    assert not logs.exists()
    auto.fit(*iris, max_trials=2, result_logger_dir=logs, use_tensorboard_logger=True)
    assert [config_id for config_id, *_ in lines(logs / RESULTS)] == [[0, 0, 0], [0, 0, 1]]
    assert {path.name for path in (logs / "tensorboard").iterdir() if path.is_dir()} == {"trial_0000", "trial_0001"}


def test_event_files_that_cannot_be_written(tmp_path: Path, iris: Any, quick: dict[str, Any], caplog: Any) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "tensorboard").touch()
    options = {**quick, "max_budget": 1, "max_trials": 1, "result_logger_dir": tmp_path, "use_tensorboard_logger": True}
    with caplog.at_level(logging.WARNING, logger="autonet"):
        auto = AutoNetClassification("tiny_cs", **options).fit(*iris)
    assert "event files cannot be written to" in caplog.text
    assert len(auto.predict(iris[0])) == 150
