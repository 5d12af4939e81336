"""Run history, search results, trajectory and statistics."""

from typing import Any

import numpy as np

from autonet.compat.autopytorch import StatusType
from autonet.compat.autopytorch.metrics import accuracy
from autonet.compat.autopytorch.results import RunHistory, RunKey, RunValue, SearchResults, format_statistics


def test_the_run_history_has_all_runs(searched: Any) -> None:
    runs, history = searched.run_history, searched.estimator_.history_
    trees = [name for name in searched.estimator_.fit_result["models"] if not name.isdigit()]
    assert len(runs.data) == len(history.reports) + len(trees)
    assert not runs.empty()
    assert len(runs.get_all_configs()) == len(history) + len(trees)
    for key, value in runs.data.items():
        if value.status is StatusType.SUCCESS:
            assert value.cost == value.additional_info["opt_loss"]["accuracy"]
            assert value.additional_info["num_run"] == key.config_id
            assert value.endtime == value.starttime + value.time


def test_search_results_are_columns(searched: Any) -> None:
    results = searched.get_search_results()
    n = len(results.configs)
    columns = (results.budgets, results.config_ids, results.status_types, results.fit_times, results.end_times)
    assert all(len(column) == n for column in columns)
    best = int(np.nanargmax(results.opt_scores))
    assert results.rank_opt_scores[best] == 1
    assert "linear" in {c.get("model") for c, t in zip(results.configs, results.is_traditionals, strict=True) if t}
    assert np.isnan(results.train_scores).all()
    assert set(results.opt_metric_dict) >= {"accuracy", "log_loss", "f1"}
    networks = ~np.array(results.is_traditionals)
    assert (results.test_scores[networks] > 0).all()


def test_the_trajectory_improves(searched: Any) -> None:
    entries = searched.trajectory
    costs = [entry.train_perf for entry in entries]
    assert costs == sorted(costs, reverse=True)
    assert entries[-1].incumbent == searched.estimator_.history_.trials[entries[-1].incumbent_id - 1].config
    assert 1 <= entries[0].ta_runs <= entries[-1].ta_runs <= len(searched.estimator_.history_.reports)


def test_statistics_count_every_status() -> None:
    runs = RunHistory()
    for number, status in enumerate(StatusType):
        found = status in (StatusType.SUCCESS, StatusType.DONOTADVANCE)
        info = {"opt_loss": {"accuracy": 0.25}, "configuration_origin": "Sampler"} if found else None
        runs.ids_config[number] = {}
        cost = 0.25 if found else float("inf")
        runs.data[RunKey(number, None, 0, 1)] = RunValue(cost, 1.0, status, 0.0, 1.0, info)
    results = SearchResults(runs, accuracy, [accuracy])
    assert format_statistics(results, accuracy, "toy") == (
        "autoPyTorch results:\n"
        "\tDataset name: toy\n"
        "\tOptimisation Metric: accuracy\n"
        "\tBest validation score: 0.75\n"
        "\tNumber of target algorithm runs: 5\n"
        "\tNumber of successful target algorithm runs: 2\n"
        "\tNumber of crashed target algorithm runs: 1\n"
        "\tNumber of target algorithms that exceeded the time limit: 1\n"
        "\tNumber of target algorithms that exceeded the memory limit: 1\n"
    )
    failed = SearchResults(RunHistory(dict(list(runs.data.items())[1:4]), runs.ids_config), accuracy, [accuracy])
    assert failed.find_best(include_traditional=True) is None
    assert "Best validation score" not in format_statistics(failed, accuracy, None)
