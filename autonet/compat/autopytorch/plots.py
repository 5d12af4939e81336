"""Plot of the performance over time, with the settings of Auto-PyTorch 0.2.1; needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.compat.autopytorch.results import SearchResults
from autonet.core.errors import InvalidOption
from autonet.core.typing import Array
from autonet.core.validation import check_choice
from autonet.inspection.plots.figures import import_pyplot, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ColorLabelSettings", "PlotSettingParams", "plot_performance"]

SCALES = ("linear", "log")
FIGURE = (7.0, 4.5)  # inches

ColorAndLabel = tuple[str | None, str | None] | None


@dataclass(frozen=True)
class PlotSettingParams:
    """Settings of the axes and of the file.

    Examples
    --------
    >>> from autonet.compat.autopytorch import PlotSettingParams
    >>> PlotSettingParams(xscale="log", title="Toy").xscale
    'log'
    """

    n_points: int = 20  # not used: every improvement is drawn
    xscale: str = "linear"
    yscale: str = "linear"
    xlabel: str | None = None
    ylabel: str | None = None
    title: str | None = None
    title_kwargs: Mapping[str, Any] = field(default_factory=dict)
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    grid: bool = True
    legend: bool = True
    legend_kwargs: Mapping[str, Any] = field(default_factory=dict)
    show: bool = False
    figname: str | None = None
    figsize: tuple[float, float] | None = None
    savefig_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ColorLabelSettings:
    """Color and label of each line; a line of None is left out, a label of None is the line's name.

    Examples
    --------
    >>> from autonet.compat.autopytorch import ColorLabelSettings
    >>> ColorLabelSettings(single_test=None).single_opt
    ('blue', None)
    """

    single_train: ColorAndLabel = ("red", None)
    single_opt: ColorAndLabel = ("blue", None)
    single_test: ColorAndLabel = ("green", None)
    ensemble_train: ColorAndLabel = ("brown", None)
    ensemble_test: ColorAndLabel = ("purple", None)


def plot_performance(
    results: SearchResults,
    metric: str,
    *,
    larger_is_better: bool,
    ensemble: Mapping[str, float],
    ax: Axes | None,
    settings: PlotSettingParams,
    colors: ColorLabelSettings,
    **line: Any,
) -> Axes:
    """Plot the best value so far over the seconds of the search, and the ensemble at its end.

    Parameters
    ----------
    results : SearchResults
    metric : str
        Name of a metric of the results.
    larger_is_better : bool
    ensemble : mapping of str to float
        Value of the final ensemble by part: "train", "test".
    ax : matplotlib.axes.Axes, optional
    settings : PlotSettingParams
    colors : ColorLabelSettings
    **line
        Arguments of ``ax.plot``.

    Raises
    ------
    InvalidOption
        If no run has a value of the metric.
    UnknownName
        If a scale does not exist.
    MissingPackage
        If matplotlib is not installed.
    """
    for scale in (settings.xscale, settings.yscale):
        check_choice("scale", scale, SCALES)
    order = np.argsort(results.end_times, kind="stable")
    seconds = results.end_times[order] - (results.end_times - results.fit_times).min()
    lines = {f"single_{part}": _accumulate(results, part, metric, order, larger=larger_is_better) for part in _PARTS}
    if all(np.isnan(values).all() for values in lines.values()):
        raise InvalidOption(f"No run has a value of {metric!r}; search with it, or with all_supported_metrics=True.")
    axes = make_axes("plot_perf_over_time", ax, settings.figsize or FIGURE)
    for name, values in lines.items():
        known = ~np.isnan(values)
        _draw(axes, name, getattr(colors, name), seconds[known], values[known], metric, drawstyle="steps-post", **line)
    for part, value in ensemble.items():
        name = f"ensemble_{part}"
        _draw(axes, name, getattr(colors, name), seconds[-1:], np.array([value]), metric, **{"marker": "o", **line})
    _finish(axes, settings, metric)
    return axes


_PARTS = ("train", "opt", "test")


def _accumulate(results: SearchResults, part: str, metric: str, order: Array, *, larger: bool) -> Array:
    values = getattr(results, f"{part}_metric_dict").get(metric, [None] * len(order))
    found = np.array(values, dtype=float)[order]
    return np.fmax.accumulate(found) if larger else np.fmin.accumulate(found)


def _draw(axes: Axes, name: str, setting: ColorAndLabel, x: Array, y: Array, metric: str, **line: Any) -> None:
    if setting is None or not len(x):
        return
    color, label = setting
    axes.plot(x, y, color=color, label=label or f"{name.replace('_', ' ')} {metric}", **line)


def _finish(axes: Axes, settings: PlotSettingParams, metric: str) -> None:
    axes.set_xscale(settings.xscale)
    axes.set_yscale(settings.yscale)
    axes.set_xlabel(settings.xlabel or "seconds")
    axes.set_ylabel(settings.ylabel or metric)
    if settings.title:
        axes.set_title(settings.title, **settings.title_kwargs)
    if settings.xlim:
        axes.set_xlim(*settings.xlim)
    if settings.ylim:
        axes.set_ylim(*settings.ylim)
    axes.grid(settings.grid)
    if settings.legend:
        axes.legend(**settings.legend_kwargs)
    if settings.figname:
        axes.figure.savefig(settings.figname, **settings.savefig_kwargs)  # type: ignore[union-attr]  # of a subfigure
    elif settings.show:
        import_pyplot("plot_perf_over_time").show()
