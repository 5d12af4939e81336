"""Statistics of trials that have the same configuration."""

import statistics
from typing import Any

import pytest

from autonet.search import RunningTrial, Study


def noisy(trial: RunningTrial) -> dict[str, Any]:
    noise = trial.seed % 1000 / 1000
    return {"value": 10.0 * trial["layers"] + noise, "noise": noise, "name": "text"}


def test_a_row_per_configuration_with_the_best_mean_first() -> None:
    study = Study({"layers": [2, 1, 3]}, sampler="grid", direction="maximize", random_state=0)
    table = study.optimize(noisy, repeats=3).aggregate()
    assert table.column("params_layers") == [3, 2, 1]
    for row in table:
        trials = [study.trials[number] for number in row["trials"]]
        values: Any = [trial.value for trial in trials]
        assert len({trial.seed for trial in trials}) == 3
        assert row["value_mean"] == pytest.approx(statistics.fmean(values))
        assert row["value_std"] == pytest.approx(statistics.stdev(values))
        assert (row["value_min"], row["value_median"], row["value_max"]) == tuple(sorted(values))
        assert row["noise_max"] == max(trial.metrics["noise"] for trial in trials)
        assert row["failed"] == 0
    assert not any("name" in column for column in table.columns)


def test_trials_that_failed_are_counted_and_not_averaged() -> None:
    def fails_once(trial: RunningTrial) -> float:
        if trial["x"] == 1 and trial.number % 2:
            raise ValueError("no")
        return float(trial["x"])

    rows = Study({"x": [1, 2]}, sampler="grid", random_state=0).optimize(fails_once, repeats=2).aggregate()
    assert [(row["params_x"], row["failed"], row["value_mean"], row["value_std"]) for row in rows] == [
        (1, 1, 1.0, None),
        (2, 0, 2.0, 0.0),
    ]


def test_budgets_are_not_mixed() -> None:
    study = Study({"x": (0.0, 1.0)}, min_budget=1, max_budget=9, random_state=0)
    study.optimize(lambda trial: trial["x"] / trial.budget, max_trials=8, repeats=2)
    assert {row["budget"] for row in study.aggregate()} == {trial.budget for trial in study.trials}
    assert sum(len(row["trials"]) for row in study.aggregate()) == 8


def test_an_empty_study_has_no_rows() -> None:
    assert len(Study({"x": (0.0, 1.0)}).aggregate()) == 0
