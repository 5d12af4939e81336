"""Results of a search as scikit-learn's searches give them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from autonet.core.typing import Array
from autonet.pipeline.details import FOLDS
from autonet.search.history import History
from autonet.search.records import Trial

__all__ = ["cv_results", "signed_score"]


def signed_score(score: float | None, *, greater_is_better: bool) -> float:
    """Return a score of which greater is better, as scikit-learn's scores: an error is negative, no score is NaN."""
    if score is None:
        return float("nan")
    return score if greater_is_better else -score


def cv_results(history: History, metric: str, *, greater_is_better: bool) -> dict[str, Any]:
    """Return the trials that have ended under the keys of ``GridSearchCV.cv_results_``.

    Parameters
    ----------
    history : History
    metric : str
        The one that the fit optimized.
    greater_is_better : bool
        Direction of its scores.
    """
    trials = [trial for trial in history if trial.reports]
    folds = [list(trial.last.details.get(FOLDS, ())) if trial.last else [] for trial in trials]
    n_splits = max(map(len, folds), default=0)

    def signed(score: float | None) -> float:
        return signed_score(score, greater_is_better=greater_is_better)

    means = np.array([signed(trial.metrics.get(f"val_{metric}") if trial.usable else None) for trial in trials])
    splits = np.array([[signed(fold["score"]) for fold in parts] or [np.nan] * n_splits for parts in folds])
    splits = splits.reshape(len(trials), n_splits)
    params = [dict(trial.config) for trial in trials]
    return {
        "mean_fit_time": np.array([_fit_seconds(trial) / max(n_splits, 1) for trial in trials]),
        "std_fit_time": np.array([np.std(_seconds_of_folds(parts)) for parts in folds]),
        "mean_score_time": np.array([np.mean(_score_seconds(parts)) for parts in folds]),
        "std_score_time": np.array([np.std(_score_seconds(parts)) for parts in folds]),
        **{f"param_{name}": _mask(params, name) for name in sorted({name for config in params for name in config})},
        "params": params,
        **{f"split{split}_test_score": splits[:, split] for split in range(n_splits)},
        "mean_test_score": means,
        "std_test_score": splits.std(axis=1) if n_splits else np.full(len(trials), np.nan),
        "rank_test_score": _ranks(means),
        "trial": np.array([trial.number for trial in trials], dtype=int),
        "budget": np.array([trial.budget for trial in trials], dtype=float),
        "status": np.array([str(trial.status) for trial in trials], dtype=object),
    }


def _fit_seconds(trial: Trial) -> float:
    return sum(report.seconds for report in trial.reports)


def _seconds_of_folds(folds: Sequence[Any]) -> list[float]:
    """Return the seconds of training of each fold at its last validation."""
    return [fold["curve"]["seconds"][-1] for fold in folds if fold["curve"]["seconds"]] or [0.0]


def _score_seconds(folds: Sequence[Any]) -> list[float]:
    return [fold["validation_seconds"] for fold in folds] or [0.0]


def _mask(params: Sequence[dict[str, Any]], name: str) -> Any:
    """Return the values of a hyperparameter, masked where it is inactive."""
    values: Any = np.ma.MaskedArray(np.empty(len(params), object), mask=True)
    for i, config in enumerate(params):
        if name in config:
            values[i] = config[name]
    return values


def _ranks(scores: Array) -> Array:
    """Rank scores from 1, the greatest first; equal ones share the best rank, and NaN comes last."""
    return np.asarray(rankdata(np.where(np.isnan(scores), np.inf, -scores), method="min"), dtype=np.int32)
