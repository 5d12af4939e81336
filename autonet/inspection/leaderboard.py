"""Leaderboard of a fit: every trial, tree ensemble and baseline, and the final ensemble."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autonet.core.resulttable import ResultTable
from autonet.inspection.record import FitRecord
from autonet.inspection.scoring import ScoredRows
from autonet.metrics.metric import Metric
from autonet.models.ensemble import Ensemble, Member, NetworkMember
from autonet.models.model import FittedModel, one_thread
from autonet.nets.registry import LINEAR, NETWORKS
from autonet.pipeline.details import FOLDS
from autonet.pipeline.tree_learners import LEARNERS
from autonet.search.history import History
from autonet.search.records import Trial

__all__ = ["ENSEMBLE", "Tested", "leaderboard", "score_members"]

Row = dict[str, Any]

ENSEMBLE = "ensemble"  # name of the final model if it has several members

COLUMNS = (
    *("rank", "name", "family", "val_score", "test_score", "budget"),
    *("seconds", "parameters", "ms_per_row", "weight", "status"),
)


@dataclass(frozen=True)
class Tested:
    """Score on test rows, and the milliseconds to encode and predict a row."""

    score: float
    ms_per_row: float


def leaderboard(
    model: FittedModel,
    fit_result: Mapping[str, Any],
    record: FitRecord,
    metric: str,
    *,
    history: History | None,
    tested: Mapping[str, Tested] | None = None,
) -> ResultTable:
    """Return a row per trial, tree ensemble and baseline, and one for the final ensemble, the best first.

    Parameters
    ----------
    model : FittedModel
    fit_result : mapping
    record : FitRecord
    metric : str
        The one that the fit optimized.
    history : History or None
        None if the model file has none: then there is a row for each candidate of the ensemble.
    tested : mapping of str to Tested, optional
        By name, as `score_members` returns it.
    """
    trials = {} if history is None else {str(trial.number): trial for trial in history}
    names = [*trials, *(name for name in fit_result["models"] if name not in trials)]
    rows = [
        _row_of_trial(trials[name], metric)
        if name in trials
        else _row_of_candidate(name, fit_result["models"][name], model, record, metric)
        for name in names
    ]
    for row in rows:
        row["weight"] = fit_result["ensemble"].get(row["name"], 0.0)
    if len(fit_result["ensemble"]) > 1:
        rows.append(_row_of_ensemble(fit_result, model, record, metric))
    for row in rows if tested is not None else ():
        found = (tested or {}).get(row["name"])
        row["test_score"], row["ms_per_row"] = (found.score, found.ms_per_row) if found else (None, None)
    _rank(rows, greater_is_better=record.greater_is_better)
    caption = f"{len(rows):,} model{'' if len(rows) == 1 else 's'} by validation {metric}"
    return ResultTable(rows, COLUMNS, caption)


def score_members(model: FittedModel, metric: Metric, rows: ScoredRows) -> dict[str, Tested]:
    """Score the members of the final model, each name on its own, and the whole, with its decision threshold.

    Parameters
    ----------
    model : FittedModel
    metric : Metric
    rows : ScoredRows
    """
    parts: dict[str, tuple[list[Member], list[float]]] = {}
    whole = model.ensemble
    for name, member, weight in zip(whole.names, whole.members, whole.weights, strict=True):
        members, weights = parts.setdefault(str(name), ([], []))
        members.append(member)
        weights.append(weight)
    alone = {
        name: Ensemble(members, [w / sum(weights) for w in weights], [name] * len(members))
        for name, (members, weights) in parts.items()
    }
    if len(alone) > 1:
        alone[ENSEMBLE] = whole
    return {name: _test(ensemble, model, metric, rows) for name, ensemble in alone.items()}


def _test(ensemble: Ensemble, model: FittedModel, metric: Metric, rows: ScoredRows) -> Tested:
    with one_thread():
        ensemble.predict(rows.data.rows(slice(0, 1)))  # what is prepared once is not timed
        began = time.perf_counter()
        prediction = ensemble.predict(rows.data)
    milliseconds = 1000 * (time.perf_counter() - began) / len(rows.data)
    return Tested(metric.score(rows.y, prediction, rows.weights, model.threshold), milliseconds)


def _row_of_trial(trial: Trial, metric: str) -> Row:
    folds = trial.last.details.get(FOLDS, ()) if trial.last else ()
    return {
        "name": str(trial.number),
        "family": trial.config.get(NETWORKS.key),
        "val_score": trial.metrics.get(f"val_{metric}") if trial.usable else None,
        "test_score": trial.metrics.get(f"test_{metric}"),
        "budget": trial.budget,
        "seconds": sum(report.seconds for report in trial.reports),
        "parameters": trial.metrics.get("parameters"),
        "ms_per_row": sum(fold["ms_per_row"] for fold in folds) if folds else None,
        "status": "running" if trial.running or trial.status is None else str(trial.status),
    }


def _row_of_candidate(name: str, entry: Mapping[str, Any], model: FittedModel, record: FitRecord, metric: str) -> Row:
    """Return the row of a tree ensemble, the baseline, or a trial without history."""
    networks = _networks_of(model, name)
    is_best = not networks and name == LINEAR and model.best[0].config[NETWORKS.key] == LINEAR
    networks = list(model.best) if is_best else networks
    if name in LEARNERS:
        family: Any = LEARNERS[name].kind
    else:
        family = LINEAR if name == LINEAR else networks[0].config[NETWORKS.key] if networks else None
    seconds = record.seconds.get("baseline") if name == LINEAR else record.tree_seconds.get(name)
    return {
        "name": name,
        "family": family,
        "val_score": entry[f"val_{metric}"],
        "test_score": None,
        "budget": None,
        "seconds": seconds,
        "parameters": _count_parameters(networks),
        "ms_per_row": None,
        "status": "finished",
    }


def _row_of_ensemble(fit_result: Mapping[str, Any], model: FittedModel, record: FitRecord, metric: str) -> Row:
    stages = [record.seconds[stage] for stage in ("selection", "refit") if stage in record.seconds]
    networks = [member for member in model.ensemble.members if isinstance(member, NetworkMember)]
    return {
        "name": ENSEMBLE,
        "family": ENSEMBLE,
        "val_score": fit_result["info"][f"val_{metric}"],
        "test_score": fit_result["info"].get(f"test_{metric}"),
        "budget": None,
        "seconds": sum(stages) if stages else None,
        "parameters": _count_parameters(list(dict.fromkeys(networks))),
        "ms_per_row": None,
        "weight": 1.0,
        "status": "finished",
    }


def _networks_of(model: FittedModel, name: str) -> list[NetworkMember]:
    pairs = zip(model.ensemble.names, model.ensemble.members, strict=True)
    return list(dict.fromkeys(m for n, m in pairs if str(n) == name and isinstance(m, NetworkMember)))


def _count_parameters(networks: Sequence[NetworkMember]) -> int | None:
    if not networks:
        return None
    return sum(parameter.numel() for member in networks for parameter in member.network.parameters())


def _rank(rows: list[Row], *, greater_is_better: bool) -> None:
    """Sort rows by their validation score, the best first, and number them; those without a score come last.

    Among equal scores, the final ensemble comes first, then the larger weights in it.
    """
    sign = -1 if greater_is_better else 1

    def key(row: Row) -> tuple[Any, ...]:
        score = row["val_score"]
        return (score is None, sign * (score or 0.0), row["name"] != ENSEMBLE, -row["weight"], row["name"])

    rows.sort(key=key)
    for rank, row in enumerate(rows, 1):
        row["rank"] = None if row["val_score"] is None else rank
