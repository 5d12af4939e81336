"""Registration of custom metrics by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from autonet.core.component import Component
from autonet.core.errors import InvalidOption
from autonet.core.registration import check_name, register
from autonet.core.task import TaskKind
from autonet.metrics.metric import METRICS, get_metric, metric_names

__all__ = ["make_custom_metric", "register_metric"]


def register_metric(name: str, metric: Callable[..., float], *, overwrite: bool = False) -> None:
    """Add a metric to those that `optimize_metric`, `additional_metrics` and the tables of scores know by name.

    Parameters
    ----------
    name : str
    metric : callable
        A function ``f(y_true, y_pred)`` of labels or values, with ``sample_weight`` as a further parameter if it can
        weight rows, or a scorer of ``sklearn.metrics.make_scorer``.  Greater is better.
    overwrite : bool, default=False
        Whether to replace a registered metric of this name.

    Raises
    ------
    InvalidOption
        If it fails on toy data of each kind of task, or if the name is taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from autonet import unregister_component
    >>> register_metric("half_right", lambda y_true, y_pred: (y_true == y_pred).mean() / 2)
    >>> unregister_component("optimize_metric", "half_right")
    """
    register(METRICS, make_custom_metric(name, metric), what="metric", overwrite=overwrite)


def make_custom_metric(name: str, metric: Any, space: None = None) -> Component[Any]:
    """Make a component of a metric, after a try on each kind of task; see `register_metric`."""
    check_name(METRICS, name, "metric")
    if any(name in metric_names(kind) for kind in get_args(TaskKind)):
        raise InvalidOption(f"{name!r} is a metric of autonet or scikit-learn; use another name.")
    errors, fits = list[InvalidOption](), list[TaskKind]()
    for kind in get_args(TaskKind):
        try:
            get_metric(metric, kind)
            fits.append(kind)
        except InvalidOption as error:
            errors.append(error)
    if not fits:
        raise InvalidOption(f"Metric {name!r} fails on toy data: {errors[0]}") from errors[0]
    return Component(name, metric, tasks=tuple(fits))
