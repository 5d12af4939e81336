"""Metrics: validation scores, and the loss that the search minimizes.

A metric is a fast formula (`autonet.metrics.measures`), the name of a scikit-learn scorer, or a callable
(`autonet.metrics.scorers`).  All support weights, and are resolved and tried on a toy task before any training.
"""

import functools
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.metrics.formulas import accuracy, f1
from autonet.metrics.measures import BINARY, PINBALL, Decision, Measure, own_measures
from autonet.metrics.scorers import Scorer, Toy, as_scorer
from autonet.metrics.thresholds import best_of_candidates

__all__ = ["METRICS", "Metric", "get_metric", "metric_names"]

# Metrics of `register_metric`; a fit copies those that it names.
METRICS: Node[Any] = Node("MetricSelector", option="optimize_metric")

CLUSTERING = frozenset(
    [
        "adjusted_mutual_info_score",
        "adjusted_rand_score",
        "completeness_score",
        "fowlkes_mallows_score",
        "homogeneity_score",
        "mutual_info_score",
        "normalized_mutual_info_score",
        "rand_score",
        "v_measure_score",
    ]
)
REGRESSION = re.compile("r2$|explained_variance$|d2_absolute|d2_pinball|d2_tweedie|(neg_)?(mean|root|median|max)_")
MINIMIZED = frozenset(["cross_entropy", "mean_distance", "rmse"])
UNBOUNDED = frozenset(["positive_likelihood_ratio"])
# Smallest predictions for which deviances and logarithms are defined; smaller ones are clipped.
MIN_PREDICTIONS = {
    "neg_mean_squared_log_error": 0.0,
    "neg_root_mean_squared_log_error": 0.0,
    "neg_mean_poisson_deviance": 1e-9,
    "neg_mean_gamma_deviance": 1e-9,
}
# Seconds per call above which a metric is slow: it is tried once, its threshold is not optimized, and networks are
# validated less often.
SLOW_SECONDS = 0.1


class _TooSlow(Exception):
    pass


@dataclass
class Cost:
    """Duration of the calls of a metric.

    Attributes
    ----------
    seconds : float
        Duration of the faster of the last two calls: a single one may have waited for other processes.
    """

    seconds: float = 0.0
    _latest: float = 0.0

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Measure the duration of a ``with`` block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            before, self._latest = self._latest, time.perf_counter() - began
            self.seconds = min(before, self._latest)


@dataclass(frozen=True)
class Metric:
    """A score of predictions against true targets.

    Attributes
    ----------
    name : str
    optimum : float or None
        The best possible score, or 0 if there is none, if greater is better: the loss is its difference from the score.
        None if smaller is better.
    decides : bool
        Whether the score depends on decisions whose threshold should be optimized.
    kind : {"classification", "multilabel", "regression"}
    measure : callable
        ``measure(y_true, prediction, sample_weight, threshold)``.
    positive : int or None
        Code of the positive class; None for scores of all classes, and for callables.
    """

    name: str
    optimum: float | None
    decides: bool
    kind: TaskKind
    measure: Measure
    positive: int | None = None
    cost: Cost = field(default_factory=Cost, compare=False, repr=False)

    @property
    def seconds(self) -> float:
        """Duration of a call, in seconds."""
        return self.cost.seconds

    @property
    def is_slow(self) -> bool:
        """Whether a call takes more than `SLOW_SECONDS`."""
        return self.seconds > SLOW_SECONDS

    @property
    def is_accuracy(self) -> bool:
        """Whether it is the accuracy of classes; a custom function may have that name, too."""
        return isinstance(self.measure, Decision) and self.measure.of_counts is accuracy

    def score(
        self,
        y_true: Array,
        prediction: Array,
        sample_weight: Array | None = None,
        threshold: float | Array | None = None,
    ) -> float:
        """Compute the score, in the metric's own direction.

        Parameters
        ----------
        y_true : ndarray
            Class codes (n,), binary labels (n, n_labels), or targets (n, n_targets) in their units.
        prediction : ndarray
            Probabilities (n, n_classes) or (n, n_labels), values (n, n_targets), or quantiles (n, n_quantiles).
        sample_weight : ndarray of shape (n,), optional
        threshold : float or ndarray of shape (n_labels,), optional
            As for `decide`; ignored by probability metrics.

        Returns
        -------
        float
            NaN if the score is undefined: a total weight of zero, predictions that are not finite, or a ranking with a
            single class.

        Raises
        ------
        InvalidData
            If the metric is undefined for the targets, such as a logarithm of negative ones.
        """
        if not np.isfinite(prediction).all() or (sample_weight is not None and not sample_weight.sum() > 0):
            return float("nan")
        try:
            with self.cost.measure():
                return float(self.measure(y_true, prediction, sample_weight, threshold)) + 0.0  # no -0.0
        except ValueError as error:
            raise InvalidData(f"The metric {self.name!r} cannot score these targets: {error}") from error

    def score_sample(
        self,
        y_true: Array,
        prediction: Array,
        sample_weight: Array | None = None,
        threshold: float | Array | None = None,
    ) -> float:
        """Compute the score of a sample of rows; arguments as for `score`, shapes (n, ...).

        NaN also where the metric is undefined for the targets: the sample may lack a class.
        """
        try:
            return self.score(y_true, prediction, sample_weight, threshold)
        except InvalidData:
            return float("nan")

    def loss(self, score: float) -> float:
        """Convert a score to a loss: its difference from the optimum, or the score itself if smaller is better."""
        return score if self.optimum is None else self.optimum - score

    def to_score(self, loss: float) -> float:
        """Convert a loss to the score."""
        return loss if self.optimum is None else self.optimum - loss

    def best_threshold(
        self, y_true: Array, prediction: Array, sample_weight: Array | None = None
    ) -> float | Array | None:
        """Find the decision threshold that optimizes the metric on the given rows.

        Parameters
        ----------
        y_true, prediction, sample_weight : ndarray
            See `score`.

        Returns
        -------
        float, ndarray of shape (n_labels,) or None
            Two classes: threshold on the probability of the second.  Multilabel: one per label.  None, the default
            decision, for metrics that do not decide or are slow, and for more than two classes.
        """
        if not self.decides or self.is_slow or not len(y_true) or not np.isfinite(prediction).all():
            return None
        if self.kind == "classification" and prediction.shape[1] != 2:
            return None
        if isinstance(self.measure, Decision):
            return self.measure.best_threshold(y_true, prediction, sample_weight)
        if self.kind == "multilabel":  # scores per row: optimize the F1 of each label instead
            return Decision(partial(f1, average="labels"), "multilabel").best_threshold(
                y_true, prediction, sample_weight
            )
        return self._best_of_candidates(y_true, prediction, sample_weight)

    def best_score(self, y_true: Array, prediction: Array, sample_weight: Array | None = None) -> float:
        """Compute the score at the best threshold for the given rows; arguments as for `score`, shapes (n, ...)."""
        threshold = self.best_threshold(y_true, prediction, sample_weight)
        return self.score(y_true, prediction, sample_weight, threshold)

    def best_loss(self, y_true: Array, prediction: Array, sample_weight: Array | None = None) -> float:
        """Convert `best_score` of rows (n, ...) to a loss; infinite if it is undefined."""
        loss = self.loss(self.best_score(y_true, prediction, sample_weight))
        return loss if math.isfinite(loss) else math.inf

    def _best_of_candidates(self, y_true: Array, prediction: Array, sample_weight: Array | None) -> float | None:
        """Try several thresholds; return None if the metric turns out to be slow."""

        def score(cut: float) -> float:
            if self.is_slow:
                raise _TooSlow
            return self.score(y_true, prediction, sample_weight, cut)

        try:
            return best_of_candidates(y_true, prediction[:, 1], score)
        except _TooSlow:
            return None


def metric_names(kind: TaskKind, quantiles: Sequence[float] = ()) -> list[str]:
    """Return the names of all metrics of a kind of task: autonet's own, then scikit-learn's.

    Several quantiles have metrics of their own only; a single one has those of values, too.
    """
    if quantiles:
        return [*own_measures(kind, 1, quantiles=quantiles), *(metric_names(kind) if len(quantiles) == 1 else ())]
    subject = "numbers" if kind == "regression" else "classes"
    return list(dict.fromkeys([*own_measures(kind, 2), *(n for n in get_scorer_names() if _subject(n) == subject)]))


def get_metric(
    metric: str | Callable[..., Any] | Component[Any],
    kind: TaskKind,
    classes: Array | None = None,
    n_outputs: int | None = None,
    positive: int | None = None,
    quantiles: Sequence[float] = (),
) -> Metric:
    """Resolve a metric, and try it on a toy task.

    Parameters
    ----------
    metric : str, callable or Component
        A name (see `metric_names`), also of a registered metric; or a scorer ``f(estimator, X, y)``, as made by
        `sklearn.metrics.make_scorer`, for which `X` has no columns; or a function ``f(y_true, y_pred)`` of labels or
        values.  Greater must be better for callables; they get the original labels, and the weights if they have a
        parameter ``sample_weight``.
    kind : {"classification", "multilabel", "regression"}
    classes : ndarray of shape (n_classes,), optional
        The labels of the classes in the order of their codes, or the names of the labels; default: two classes, or
        three labels.
    n_outputs : int, optional
        Number of labels or targets.
    positive : {0, 1}
        Code of the positive class of binary metrics such as "f1".  Default: the label 1 if it is a class, as in
        scikit-learn; else the second class.
    quantiles : sequence of float
        Levels that a regression predicts; default: means.

    Raises
    ------
    InvalidOption
        For unknown names, metrics of another kind of task, and callables that fail.
    """
    if classes is not None:
        n_outputs = len(classes)
    n_outputs = n_outputs or {"classification": 2, "multilabel": 3, "regression": 1}[kind]
    toy = Toy.make(kind, n_outputs, quantiles=bool(quantiles))
    metric = METRICS.components.get(metric, metric) if isinstance(metric, str) else metric
    if isinstance(metric, Component):
        return replace(_wrap_callable(metric.build, kind, classes, toy), name=metric.name)
    if not isinstance(metric, str):
        return _wrap_callable(metric, kind, classes, toy)
    if metric not in metric_names(kind, quantiles):
        raise _unknown_of_quantiles(metric, quantiles) if quantiles else _unknown(metric, kind)
    if positive is None:
        positive = 0 if classes is not None and bool(classes[0] == 1) else 1
    positive = 0 if n_outputs == 1 else positive
    own = own_measures(kind, n_outputs, positive)
    if quantiles:
        own |= own_measures(kind, n_outputs, quantiles=quantiles)
    optimum = (
        None
        if metric in MINIMIZED or metric.startswith(PINBALL)
        else 0.0
        if metric.startswith("neg_") or metric in UNBOUNDED
        else 1.0
    )
    if metric in own:
        of_class = positive if kind == "classification" and n_outputs <= 2 and metric in BINARY else None
        return Metric(metric, optimum, own[metric][1], kind, own[metric][0], of_class)
    try:
        if metric == "top_k_accuracy":  # own for more classes
            raise ValueError("k = 2 includes all classes")
        scorer = Scorer(get_scorer(metric), kind, min_prediction=MIN_PREDICTIONS.get(metric)).try_on(toy)
    except ValueError as error:
        raise _unfit(metric, kind, n_outputs, error) from error
    return Metric(metric, optimum, metric in ("f1_samples", "jaccard_samples"), kind, scorer)


def _wrap_callable(function: Callable[..., Any], kind: TaskKind, classes: Array | None, toy: Toy) -> Metric:
    """Make a metric of a callable; it decides if its score changes with the decisions alone."""
    if not callable(function):
        raise InvalidOption(f"A metric must be a name or a callable; got {function!r:.60}.")
    found = re.match(r"make_scorer\((\w+)", repr(function))
    named = function.func if isinstance(function, functools.partial) else function
    name = found[1] if found else getattr(named, "__name__", type(named).__name__)
    scorer, seconds = as_scorer(function, kind, classes, toy, name, patience=SLOW_SECONDS)
    cost, decides = Cost(seconds, seconds), False
    if kind == "classification" and toy.fair.shape[1] == 2 and seconds <= SLOW_SECONDS:
        decides = len({scorer(toy.y, toy.fair, None, threshold) for threshold in (0.0, None, 1.0)}) > 1
    return Metric(name, 0.0, decides, kind, scorer, cost=cost)


def _subject(scorer_name: str) -> str:
    if scorer_name in CLUSTERING:
        return "clusters"
    return "numbers" if REGRESSION.match(scorer_name) else "classes"


def _unknown_of_quantiles(metric: str, quantiles: Sequence[float]) -> InvalidOption:
    """Return the error for an unknown name, or a metric of means where several quantiles are predicted."""
    names = metric_names("regression", quantiles)
    if metric in metric_names("regression"):
        return InvalidOption(
            f"{metric!r} is a metric of a single value per row, but several quantiles are predicted; use {names[0]!r}, "
            f"{names[1]!r} of one of them, or a function f(y_true, y_pred)."
        )
    return UnknownName("metric of quantiles", metric, names)


def _unknown(metric: str, kind: TaskKind) -> InvalidOption:
    """Return the error for an unknown name, or a metric of another kind of task."""
    if metric.startswith(PINBALL):
        return InvalidOption(
            f"{metric!r} is a metric of quantiles; pass those to predict, such as quantiles=[0.05, 0.5, 0.95], to "
            "AutoNetRegression."
        )
    for other in ("classification", "multilabel", "regression"):
        if metric in metric_names(other) or metric in CLUSTERING:
            theirs = "clustering" if metric in CLUSTERING else other
            return InvalidOption(
                f"{metric!r} is a {theirs} metric, but the task is {kind}; {_choices(metric, kind, 2)}."
            )
    return UnknownName(f"{kind} metric", metric, [*metric_names(kind), *METRICS.components])


def _unfit(metric: str, kind: TaskKind, n_outputs: int, error: Exception) -> InvalidOption:
    """Return the error for a metric that does not support the number of classes, labels or targets."""
    outputs = {"classification": "classes", "multilabel": "labels", "regression": "targets"}[kind]
    return InvalidOption(
        f"The metric {metric!r} cannot score {n_outputs} {outputs} ({str(error).split('. ')[0]}); "
        f"{_choices(metric, kind, n_outputs)}."
    )


def _choices(metric: str, kind: TaskKind, n_outputs: int) -> str:
    """Suggest valid metrics, those of similar names first."""
    names = [n for n in own_measures(kind, n_outputs) if n != metric]
    family = [n for n in names if n.startswith(f"{metric}_")]
    chosen = family or get_close_matches(metric, names, n=2, cutoff=0.6) or names[:3]
    return f"use {', '.join(map(repr, chosen[:-1]))} or {chosen[-1]!r}" if len(chosen) > 1 else f"use {chosen[0]!r}"
