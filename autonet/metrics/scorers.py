"""Scorers of scikit-learn, and the user's own, on predictions that exist already."""

import inspect
import math
import numbers
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import make_scorer

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.metrics.formulas import decide

__all__ = ["Scorer", "Toy", "as_scorer"]

SURELY_SLOW_SECONDS = 1.0  # a call that takes less may only have waited for other programs, and is repeated


class _Values(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regression that has predicted already; what it is asked to predict for does not matter."""

    def __init__(self, prediction: Array) -> None:
        self.prediction = prediction

    def predict(self, X: Any) -> Array:
        return self.prediction


class _Decisions(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that has predicted already; what it is asked to predict for does not matter."""

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
    """A function of predictions that calls ``scorer(estimator, X, y)`` on a stand-in for the estimator.

    Attributes
    ----------
    scorer : callable
    kind : {"classification", "multilabel", "regression"}
    labels : ndarray of shape (n_classes,) or None
        What the scorer sees in place of the class codes; None: the codes.
    weighted : bool
        Whether the scorer takes a ``sample_weight``.
    least : float or None
        Smaller predictions count as this one (regression).
    """

    scorer: Callable[..., Any]
    kind: TaskKind
    labels: Array | None = None
    weighted: bool = True
    least: float | None = None

    def __call__(self, y: Array, prediction: Array, weight: Array | None, threshold: float | Array | None) -> float:
        """Score; what scikit-learn warns of is said by the score, so its warnings are dropped.

        The user's own function gets copies, which it may sort or overwrite.
        """
        estimator, y = self._stand_in(y.copy(), prediction, threshold)
        weights = {"sample_weight": weight.copy()} if self.weighted and weight is not None else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = self.scorer(estimator, np.empty((len(y), 0)), y, **weights)
        if not isinstance(value, numbers.Real):
            raise InvalidOption(f"it returned {type(value).__name__} {value!r:.60} where one number was expected")
        return float(value)

    def tried(self, toy: "Toy") -> "Scorer":
        """Try it on a toy task: with weights, or else without; what it raises then is raised."""
        try:
            self(toy.y, toy.fair, np.ones(len(toy.y)), None)
        except (TypeError, ValueError):
            self(toy.y, toy.fair, None, None)
            return replace(self, weighted=False)
        return self

    def _stand_in(self, y: Array, prediction: Array, threshold: float | Array | None) -> tuple[Any, Array]:
        prediction = prediction.astype(np.float64)
        if self.kind == "regression":
            if self.least is not None:
                prediction = np.maximum(prediction, self.least)
            one = y.ndim == 2 and y.shape[1] == 1
            return (_Values(prediction[:, 0]), y[:, 0]) if one else (_Values(prediction), y)
        decisions = decide(prediction, self.kind, threshold)
        if self.kind == "multilabel":
            return _Decisions([np.arange(2)] * y.shape[1], decisions, prediction), y
        n_classes = prediction.shape[1]
        labels = np.arange(n_classes) if self.labels is None else self.labels[:n_classes]  # a toy has fewer
        probabilities = prediction / prediction.sum(axis=1, keepdims=True)
        return _Decisions(labels, labels[decisions], probabilities), labels[y]


@dataclass(frozen=True)
class Toy:
    """A small task of a kind, on which scorers are tried before any training."""

    y: Array
    fair: Array
    perfect: Array
    wrong: Array

    @classmethod
    def make(cls, kind: TaskKind, n_outputs: int) -> "Toy":
        """Make one of `n_outputs` classes, labels or targets (at most 20, which are enough to see what fails)."""
        m = min(n_outputs, 20)
        rng = np.random.default_rng(0)
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
    """Make a `Scorer` of the user's callable, tried on a toy task.

    Parameters
    ----------
    function : callable
        ``f(estimator, X, y)``, as `sklearn.metrics.make_scorer` makes them, or ``f(y_true, y_pred)`` on labels or
        values, greater is better.
    patience : float
        Seconds: a callable that takes longer is not tried any further.

    Returns
    -------
    scorer : Scorer
    seconds : float
        What a call takes.

    Raises
    ------
    InvalidOption
        The callable fails, returns no number, or scores a wrong prediction above a perfect one.
    """
    scorer = Scorer(function if _required(function) >= 3 else make_scorer(function), kind, labels)
    try:
        began = time.perf_counter()
        scorer = scorer.tried(toy)
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
            f"The metric {name} was tried on a small {kind} and failed: {type(error).__name__}: {error}. "
            "Give a name, a scorer of make_scorer, or a function f(y_true, y_pred) whose result is better when greater."
        ) from error
    if np.isnan([fair, perfect, wrong]).any():
        raise InvalidOption(f"The metric {name} was tried on a small {kind} and is not a number (NaN).")
    if np.isinf([fair, perfect, wrong]).all():
        raise InvalidOption(f"The metric {name} was tried on a small {kind} and is infinite; expected a finite score.")
    if wrong > perfect:
        raise InvalidOption(
            f"The metric {name} gives {wrong:.4g} to wrong predictions and {perfect:.4g} to perfect ones, but greater "
            "must be better; use sklearn.metrics.make_scorer(..., greater_is_better=False) for an error."
        )
    return scorer, seconds


def _required(function: Callable[..., Any]) -> int:
    """Return how many positional arguments a callable needs."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some compiled functions have no signature
        return 2
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
