"""Metrics of a fitted model, and its predictions for rows to score."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.modality import Data
from autonet.core.typing import Array
from autonet.data.targets.targets import Targets
from autonet.data.weights import check_sample_weight
from autonet.metrics.measures import own_measures
from autonet.metrics.metric import Metric, get_metric, metric_names
from autonet.models.model import FittedModel, one_thread

__all__ = ["ScoredRows", "find_metrics", "find_optimized_metric", "optimized_name"]

Given = str | Callable[..., Any] | None


@dataclass(frozen=True)
class ScoredRows:
    """Rows to score, read by a fitted model.

    Attributes
    ----------
    data : Data
    y : ndarray
        Class codes (n,), labels (n, n_labels) or values (n, n_targets).
    weights : ndarray of shape (n,) or None
    """

    data: Data
    y: Array
    weights: Array | None = None

    @classmethod
    def read(cls, model: FittedModel, X: Any, y: Any, sample_weight: Any = None, owner: str = "") -> Self:
        """Read rows and targets.

        Raises
        ------
        InvalidData
            If columns, targets or weights do not fit the model, or one another.
        """
        data, truth = model.read(X, owner), model.targets.encode(y)
        if len(truth) != len(data):
            raise InvalidData(f"X has {len(data)} rows and y {len(truth)} entries; pass one entry per row.")
        if not len(data):
            raise InvalidData("X has no rows; pass at least one to score.")
        return cls(data, truth, check_sample_weight(sample_weight, len(data)))

    def predict(self, model: FittedModel) -> Array:
        """Predict probabilities (n, n_outputs), or values (n, n_targets)."""
        with one_thread():
            return model.ensemble.predict(self.data)


def find_optimized_metric(fit_result: Mapping[str, Any], targets: Targets, given: Given, pos_label: Any) -> Metric:
    """Return the metric that a fit optimized.

    Parameters
    ----------
    fit_result : mapping
        It names the metric.
    targets : Targets
    given : str, callable or None
        The estimator's ``optimize_metric``, for a custom metric.
    pos_label : label or None
        Of the estimator.

    Raises
    ------
    InvalidOption
        If it is a custom metric that is not given.
    """
    name = optimized_name(fit_result)
    found = _find(name, [given], targets, _positive_code(fit_result, targets, pos_label))
    if found is None:
        raise InvalidOption(
            f"The fit optimized {name!r}, a custom metric, which the estimator has no more; pass it: "
            "estimator.set_params(optimize_metric=...)."
        )
    return found


def find_metrics(
    fit_result: Mapping[str, Any],
    targets: Targets,
    given: Iterable[Given],
    pos_label: Any,
    names: Sequence[str] | None = None,
) -> list[Metric]:
    """Return every metric of a task: the optimized one, the additional ones, and those with a fast formula.

    Parameters
    ----------
    fit_result : mapping
        It names the first ones.
    targets : Targets
    given : iterable of str, callable or None
        ``optimize_metric`` and ``additional_metrics`` of the estimator, for custom metrics; those that are
        not among them are left out.
    pos_label : label or None
        Of the estimator.
    names : sequence of str, optional
        Metrics to return instead.

    Raises
    ------
    InvalidOption, UnknownName
        If `names` is not a sequence with a metric, or one of them does not exist or suit the task.
    """
    if names is not None and (isinstance(names, str) or not isinstance(names, Collection) or not len(names)):
        raise InvalidOption(f"metrics must list names, such as ['accuracy'], or be None for all; got {names!r:.60}.")
    given, positive = list(given), _positive_code(fit_result, targets, pos_label)
    recorded = [name.removeprefix("val_") for name in fit_result["info"] if name.startswith("val_")]
    fast = own_measures(targets.kind, targets.n_outputs, quantiles=targets.quantiles)
    wanted = [optimized_name(fit_result), *recorded, *fast] if names is None else names
    found = [_find(name, given, targets, positive, strict=names is not None) for name in dict.fromkeys(wanted)]
    return [metric for metric in found if metric is not None]


def optimized_name(fit_result: Mapping[str, Any]) -> str:
    """Return the name of the metric that a fit optimized."""
    names: Iterable[str] = fit_result["best_network"]
    return next(name.removeprefix("val_") for name in names if name.startswith("val_"))


def _find(
    name: str, given: Sequence[Given], targets: Targets, positive: int | None, *, strict: bool = False
) -> Metric | None:
    """Return the metric of a name: a custom one if one has it, else one of autonet or scikit-learn.

    None, or if `strict` an exception, if there is none.
    """
    classes = getattr(targets, "labels", None)
    for function in given:
        if callable(function):
            own = get_metric(function, targets.kind, classes, targets.n_outputs, positive, targets.quantiles)
            if own.name == name:
                return own
    if not strict and name not in metric_names(targets.kind, targets.quantiles):
        return None
    return get_metric(name, targets.kind, classes, targets.n_outputs, positive, targets.quantiles)


def _positive_code(fit_result: Mapping[str, Any], targets: Targets, pos_label: Any) -> int | None:
    """Return the code of the positive class; None for the default."""
    wanted = fit_result.get("pos_label")
    wanted = pos_label if wanted is None else wanted
    labels = [] if targets.kind != "classification" or targets.labels is None else list(targets.labels)
    if len(labels) != 2 or wanted is None:
        return None
    return next((code for code, label in enumerate(labels) if label == wanted or str(label) == str(wanted)), None)
