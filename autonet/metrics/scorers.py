"""Scorers of scikit-learn and of users, applied to given predictions."""

import inspect
import math
import numbers
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import make_scorer

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.core.warn import silence
from autonet.metrics.formulas import decide

__all__ = ["Scorer", "Toy", "as_scorer"]

# Seconds of a call that is slow without doubt; faster ones may have waited for other processes, and are repeated.
SURELY_SLOW_SECONDS = 1.0


class _Values(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Regressor with fixed predictions, whatever X is."""

    def __init__(self, prediction: Array) -> None:
        self.prediction = prediction

    def predict(self, X: Any) -> Array:
        return self.prediction


class _Decisions(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifier with fixed predictions, whatever X is."""

    def __init__(self, classes: Any, decisions: Array, probabilities: Array) -> None:
        self.classes_ = classes
        self.decisions = decisions
        self.probabilities = probabilities

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> Array:
        return self.decisions

    def predict_proba(self, X: Any) -> Array:
        return self.probabilities

    def decision_function(self, X: Any) -> Array:
        if self.decisions.ndim == 2:
            return self.probabilities - 0.5
        two = self.probabilities.shape[1] == 2
        return self.probabilities[:, 1] - self.probabilities[:, 0] if two else self.probabilities


@dataclass(frozen=True)
class Scorer:
    """Metric that calls ``scorer(estimator, X, y)`` with a stand-in for the estimator.

    Attributes
    ----------
    scorer : callable
    kind : {"classification", "multilabel", "regression"}
    labels : ndarray of shape (n_classes,) or None
        Labels passed to the scorer instead of class codes; None: the codes.
    weighted : bool
        Whether the scorer supports ``sample_weight``.
    min_prediction : float or None
        Lower limit that predictions of a regression are clipped to.
    """

    scorer: Callable[..., Any]
    kind: TaskKind
    labels: Array | None = None
    weighted: bool = True
    min_prediction: float | None = None

    def __call__(self, y: Array, prediction: Array, weight: Array | None, threshold: float | Array | None) -> float:
        """Compute the score, without scikit-learn's warnings of undefined scores.

        Functions of users get copies, which they may modify.
        """
        estimator, y = self._stand_in(y.copy(), prediction, threshold)
        weights = {"sample_weight": weight.copy()} if self.weighted and weight is not None else {}
        with silence():
            value = self.scorer(estimator, np.empty((len(y), 0)), y, **weights)
        if not isinstance(value, numbers.Real):
            raise InvalidOption(f"got {type(value).__name__} {value!r:.60}, expected a number")
        return float(value)

    def try_on(self, toy: "Toy") -> "Scorer":
        """Call the scorer on a toy task, with weights if it supports them; let its exceptions pass."""
        try:
            self(toy.y, toy.fair, np.ones(len(toy.y)), None)
        except (TypeError, ValueError):
            self(toy.y, toy.fair, None, None)
            return replace(self, weighted=False)
        return self

    def _stand_in(self, y: Array, prediction: Array, threshold: float | Array | None) -> tuple[Any, Array]:
        prediction = prediction.astype(np.float64)
        if self.kind == "regression":
            if self.min_prediction is not None:
                prediction = np.maximum(prediction, self.min_prediction)
            flat_y, flat = (a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a for a in (y, prediction))
            return _Values(flat), flat_y
        decisions = decide(prediction, self.kind, threshold)
        if self.kind == "multilabel":
            return _Decisions([np.arange(2)] * y.shape[1], decisions, prediction), y
        n_classes = prediction.shape[1]
        labels = np.arange(n_classes) if self.labels is None else self.labels[:n_classes]  # a toy task has fewer
        probabilities = prediction / prediction.sum(axis=1, keepdims=True)
        return _Decisions(labels, labels[decisions], probabilities), labels[y]


@dataclass(frozen=True)
class Toy:
    """Toy task on which scorers are tried before any training: targets, and fair, perfect and wrong predictions."""

    y: Array
    fair: Array
    perfect: Array
    wrong: Array

    @classmethod
    def make(cls, kind: TaskKind, n_outputs: int, *, quantiles: bool = False) -> "Toy":
        """Make a task of `n_outputs` classes, labels or targets, at most 20, or quantiles of one target."""
        m = min(n_outputs, 20)
        rng = np.random.default_rng(0)
        if quantiles:  # functions of users may expect all of them
            y = rng.uniform(0.1, 0.9, size=(12, 1))
            spread = np.linspace(0.0, 0.05, n_outputs)
            return cls(y, y + spread, np.repeat(y, n_outputs, axis=1), np.repeat(y[::-1] + 0.01, n_outputs, axis=1))
        if kind == "regression":
            y = rng.uniform(0.1, 0.9, size=(12, m))
            return cls(y, y + rng.uniform(0.0, 0.05, size=y.shape), y, y[::-1] + 0.01)
        y = np.repeat(np.arange(m), 4) if kind == "classification" else (np.indices((12, m)).sum(axis=0) % 3 > 0) * 1
        perfect = np.eye(m)[y] if kind == "classification" else y.astype(float)
        wrong = np.roll(perfect, 1, axis=1) if kind == "classification" else 1.0 - perfect
        fair = 0.6 * perfect + 0.4 * rng.dirichlet(np.ones(m), size=len(y)) if kind == "classification" else perfect
        return cls(y, fair, perfect, wrong)


def as_scorer(
    function: Callable[..., Any],
    kind: TaskKind,
    labels: Array | None,
    toy: Toy,
    name: str,
    *,
    patience: float = math.inf,
) -> tuple[Scorer, float]:
    """Make a `Scorer` of a callable, and try it on a toy task.

    Parameters
    ----------
    function : callable
        ``f(estimator, X, y)``, as made by `sklearn.metrics.make_scorer`, or ``f(y_true, y_pred)`` of labels or values;
        greater is better.
    patience : float
        Seconds per call above which the checks end.

    Returns
    -------
    scorer : Scorer
    seconds : float
        Duration of a call.

    Raises
    ------
    InvalidOption
        If the callable fails, does not return a number, or scores wrong predictions above perfect ones.
    """
    scorer = Scorer(function if _required(function) >= 3 else make_scorer(function), kind, labels)
    try:
        began = time.perf_counter()
        scorer = scorer.try_on(toy)
        seconds = time.perf_counter() - began
        if patience < seconds < SURELY_SLOW_SECONDS:
            began = time.perf_counter()
            scorer(toy.y, toy.fair, None, None)
            seconds = time.perf_counter() - began
        if seconds > patience:
            return scorer, seconds
        fair, perfect, wrong = (scorer(toy.y, p, None, None) for p in (toy.fair, toy.perfect, toy.wrong))
    except Exception as error:
        raise InvalidOption(
            f"The metric {name} failed on a toy {kind} task: {type(error).__name__}: {error}. "
            "Use a name, a scorer of make_scorer, or a function f(y_true, y_pred) for which greater is better."
        ) from error
    if np.isnan([fair, perfect, wrong]).any():
        raise InvalidOption(f"The metric {name} is NaN on a toy {kind} task; expected a finite score.")
    if np.isinf([fair, perfect, wrong]).all():
        raise InvalidOption(f"The metric {name} is infinite on a toy {kind} task; expected a finite score.")
    if wrong > perfect:
        raise InvalidOption(
            f"The metric {name} is {wrong:.4g} for wrong predictions and {perfect:.4g} for perfect ones, but "
            "greater must be better; use sklearn.metrics.make_scorer(..., greater_is_better=False) for an error."
        )
    return scorer, seconds


def _required(function: Callable[..., Any]) -> int:
    """Return the number of required positional arguments of a callable."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some compiled functions have no signature
        return 2
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
