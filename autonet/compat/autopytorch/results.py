"""What a search came to, in the shapes of Auto-PyTorch 0.2.1: run history, search results, trajectory, statistics."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from autonet.compat.autopytorch.metrics import TaskMetric
from autonet.core.typing import Array
from autonet.estimators.base import AutoNet
from autonet.search.history import History
from autonet.search.records import Report, Status
from autonet.search.trajectory import elapsed_seconds

__all__ = [
    "RunHistory",
    "RunKey",
    "RunValue",
    "SearchResults",
    "StatusType",
    "TrajectoryEntry",
    "build_run_history",
    "build_trajectory",
    "format_statistics",
]

PARTS = {"train": "train", "opt": "val", "test": "test"}  # of the rows: in Auto-PyTorch, and in autonet
SEARCHED, TRADITIONAL = "Sampler", "traditional"  # where a configuration comes from


class StatusType(Enum):
    """How a run ended.

    Examples
    --------
    >>> from autonet.compat.autopytorch import StatusType
    >>> StatusType.SUCCESS.name
    'SUCCESS'
    """

    SUCCESS = 1
    TIMEOUT = 2
    CRASHED = 3
    MEMOUT = 5
    DONOTADVANCE = 9  # it has a value, and did not reach its budget


STATUSES = {
    Status.FINISHED: StatusType.SUCCESS,
    Status.CUT: StatusType.DONOTADVANCE,
    Status.INTERRUPTED: StatusType.DONOTADVANCE,
    Status.PRUNED: StatusType.DONOTADVANCE,
    Status.DIVERGED: StatusType.CRASHED,
    Status.CRASHED: StatusType.CRASHED,
    Status.TIMEOUT: StatusType.TIMEOUT,
    Status.MEMOUT: StatusType.MEMOUT,
}
WITH_VALUE = (StatusType.SUCCESS, StatusType.DONOTADVANCE)


class RunKey(NamedTuple):
    """Which run it is: the number of the configuration, its seed and its budget; tree ensembles have budget 0."""

    config_id: int
    instance_id: None
    seed: int
    budget: float


class RunValue(NamedTuple):
    """What became of a run: cost, seconds, status, times in seconds since the epoch, and further information.

    ``additional_info`` has ``train_loss``, ``opt_loss`` and ``test_loss`` (costs by metric, NaN of the optimized one if
    it is not known), ``duration``, ``num_run``, ``budget``, ``configuration`` and ``configuration_origin``; it is None
    for a run without a value.
    """

    cost: float
    time: float
    status: StatusType
    starttime: float
    endtime: float
    additional_info: dict[str, Any] | None


class TrajectoryEntry(NamedTuple):
    """An improvement of the best cost."""

    train_perf: float
    incumbent_id: int
    incumbent: Mapping[str, Any]
    ta_runs: int
    ta_time_used: float
    wallclock_time: float
    budget: float


@dataclass
class RunHistory:
    """All runs of a search.

    Attributes
    ----------
    data : dict of RunKey to RunValue
        In the order in which they ended.
    ids_config : dict of int to dict
        Configurations by number.
    """

    data: dict[RunKey, RunValue] = field(default_factory=dict)
    ids_config: dict[int, dict[str, Any]] = field(default_factory=dict)

    def empty(self) -> bool:
        """Return whether there are no runs."""
        return not self.data

    def get_all_configs(self) -> list[dict[str, Any]]:
        """Return all configurations."""
        return list(self.ids_config.values())


def build_run_history(estimator: AutoNet, metric: TaskMetric, metrics: Sequence[TaskMetric]) -> RunHistory:
    """Build the run history of a fitted estimator: jobs of the search, and tree ensembles.

    Parameters
    ----------
    estimator : AutoNet
    metric : TaskMetric
        The one that was optimized.
    metrics : sequence of TaskMetric
        Those to report, `metric` first.
    """
    history: History = estimator.history_
    runs = RunHistory()
    for trial, report in history.reports:
        runs.ids_config[trial.number + 1] = dict(trial.config)
        key = RunKey(trial.number + 1, None, trial.seed, report.target)
        runs.data[key] = _describe_job(trial.number + 1, dict(trial.config), report, metric, metrics)
    runs_of_trees = _list_trees(estimator, metric, metrics, first=len(history) + 1)
    for number, value in enumerate(runs_of_trees, start=len(history) + 1):
        runs.ids_config[number] = (value.additional_info or {})["configuration"]
        runs.data[RunKey(number, None, 0, 0.0)] = value
    return runs


def _describe_job(
    number: int, config: dict[str, Any], report: Report, metric: TaskMetric, metrics: Sequence[TaskMetric]
) -> RunValue:
    status = STATUSES[report.status]
    info = _describe_run(number, config, report.metrics, metrics, report.seconds, report.budget)
    cost = float("inf") if report.failed else info["opt_loss"].get(metric.name, report.loss)
    ended = report.began + report.seconds
    return RunValue(cost, report.seconds, status, report.began, ended, None if report.failed else info)


def _describe_run(
    number: int,
    config: dict[str, Any],
    scores: Mapping[str, Any],
    metrics: Sequence[TaskMetric],
    seconds: float,
    budget: float,
    origin: str = SEARCHED,
) -> dict[str, Any]:
    losses = {f"{part}_loss": _list_costs(scores, prefix, metrics) for part, prefix in PARTS.items()}
    return {
        **losses,
        "duration": seconds,
        "num_run": number,
        "budget": budget,
        "configuration": config,
        "configuration_origin": origin,
    }


def _list_costs(scores: Mapping[str, Any], prefix: str, metrics: Sequence[TaskMetric]) -> dict[str, float]:
    """Return the costs that are known, and the first, of the optimized metric, in any case."""
    known = {m.name: m.to_cost(scores[f"{prefix}_{m.scorer}"]) for m in metrics if f"{prefix}_{m.scorer}" in scores}
    return {metrics[0].name: float("nan"), **known}


def _list_trees(
    estimator: AutoNet, metric: TaskMetric, metrics: Sequence[TaskMetric], *, first: int
) -> Iterator[RunValue]:
    """Yield the runs of tree ensembles and of the linear baseline, which Auto-PyTorch calls traditional."""
    began = min((report.began for _, report in estimator.history_.reports), default=0.0)
    seconds = {row["name"]: row["seconds"] for row in estimator.leaderboard()}
    models = {name: scores for name, scores in estimator.fit_result["models"].items() if not name.isdigit()}
    for number, (name, scores) in enumerate(models.items(), start=first):
        taken = seconds.get(name) or 0.0
        info = _describe_run(number, {"model": name}, scores, metrics, taken, 0.0, TRADITIONAL)
        cost = info["opt_loss"].get(metric.name, scores["loss"])
        yield RunValue(cost, taken, StatusType.SUCCESS, began, began + taken, info)


class SearchResults:
    """Runs of a search as columns.

    Parameters
    ----------
    runs : RunHistory
    metric : TaskMetric
        The one that was optimized.
    metrics : sequence of TaskMetric
        Those to report.

    Attributes
    ----------
    train_metric_dict, opt_metric_dict, test_metric_dict : dict of str to list of float or None
        Values of each metric; None where a run has none.  Networks are not scored on their training rows.
    configs, status_types, budgets, config_ids, is_traditionals, additional_infos : list
    rank_opt_scores : ndarray of shape (n_runs,)
        1 is the best; runs without a value share the last rank.
    """

    def __init__(self, runs: RunHistory, metric: TaskMetric, metrics: Sequence[TaskMetric]) -> None:
        self.metric_name = metric.name
        values = list(runs.data.values())
        self.configs = [runs.ids_config[key.config_id] for key in runs.data]
        self.status_types = [value.status for value in values]
        self.budgets = [key.budget for key in runs.data]
        self.config_ids = [key.config_id for key in runs.data]
        self.additional_infos = [value.additional_info for value in values]
        self.is_traditionals = [
            (info or {}).get("configuration_origin") == TRADITIONAL for info in self.additional_infos
        ]
        self.fit_times = np.array([value.time for value in values])
        self.end_times = np.array([value.endtime for value in values])
        self.train_metric_dict, self.opt_metric_dict, self.test_metric_dict = (
            {m.name: [_find_value(info, part, m) for info in self.additional_infos] for m in metrics} for part in PARTS
        )
        self.rank_opt_scores = rankdata([value.cost for value in values], method="min")

    @property
    def train_scores(self) -> Array:
        """Values of the optimized metric on the training rows."""
        return np.array(self.train_metric_dict[self.metric_name], dtype=float)

    @property
    def opt_scores(self) -> Array:
        """Values of the optimized metric on the validation rows; NaN for runs without one."""
        return np.array(self.opt_metric_dict[self.metric_name], dtype=float)

    @property
    def test_scores(self) -> Array:
        """Values of the optimized metric on the test rows; NaN for runs without one."""
        return np.array(self.test_metric_dict[self.metric_name], dtype=float)

    def find_best(self, *, include_traditional: bool) -> int | None:
        """Return the index of the best run with a value, if there is one."""
        found = [
            i
            for i, (status, traditional) in enumerate(zip(self.status_types, self.is_traditionals, strict=True))
            if status in WITH_VALUE and (include_traditional or not traditional)
        ]
        return min(found, key=lambda i: (self.rank_opt_scores[i], i), default=None)


def _find_value(info: Mapping[str, Any] | None, part: str, metric: TaskMetric) -> float | None:
    cost = (info or {}).get(f"{part}_loss", {}).get(metric.name)
    return None if cost is None or math.isnan(cost) else float(metric.from_cost(cost))


def build_trajectory(history: History, metric: TaskMetric) -> list[TrajectoryEntry]:
    """Return the improvements of the best cost of a search, in their order."""
    entries, best, used = list[TrajectoryEntry](), float("inf"), 0.0
    ended = zip(history.reports, elapsed_seconds(history), strict=True)
    for count, ((trial, report), seconds) in enumerate(ended, start=1):
        used += report.seconds
        if not report.failed and report.loss < best:
            best = report.loss
            cost = metric.to_cost(report.metrics[f"val_{metric.scorer}"])
            config = dict(trial.config)
            entries.append(TrajectoryEntry(cost, trial.number + 1, config, count, used, seconds, report.budget))
    return entries


def format_statistics(results: SearchResults, metric: TaskMetric, dataset_name: str | None) -> str:
    """Return the statistics of a search as Auto-PyTorch's text."""
    statuses = results.status_types
    lines = [f"Dataset name: {dataset_name}", f"Optimisation Metric: {metric}"]
    best = results.find_best(include_traditional=True)
    if best is not None:
        lines.append(f"Best validation score: {results.opt_scores[best]}")
    lines += [
        f"Number of target algorithm runs: {len(statuses)}",
        f"Number of successful target algorithm runs: {sum(status in WITH_VALUE for status in statuses)}",
        f"Number of crashed target algorithm runs: {statuses.count(StatusType.CRASHED)}",
        f"Number of target algorithms that exceeded the time limit: {statuses.count(StatusType.TIMEOUT)}",
        f"Number of target algorithms that exceeded the memory limit: {statuses.count(StatusType.MEMOUT)}",
    ]
    return "autoPyTorch results:\n" + "".join(f"\t{line}\n" for line in lines)
