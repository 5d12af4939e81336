"""Importance of hyperparameters as bars, with the noise floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer
from autonet.inspection.hyperparameters import HyperparameterImportance, hyperparameter_importance
from autonet.inspection.plots.figures import BLUE, GREY, RED, SKY, import_pyplot, make_axes, shorten_names, strip_axes
from autonet.inspection.plots.results import SearchResults

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from matplotlib.axes import Axes

__all__ = ["HyperparameterImportanceDisplay"]

MAX_CHARACTERS = 42  # of a name


@dataclass
class HyperparameterImportanceDisplay:
    """Plot of the importance of hyperparameters; see `hyperparameter_importance`.

    Create it with `from_study` or `from_estimator`.

    Parameters
    ----------
    importance : HyperparameterImportance

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    total_bars_, main_bars_ : matplotlib.container.BarContainer
        Total and main effects, the most important hyperparameter first.
    noise_line_ : matplotlib.lines.Line2D
        The noise floor.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> space = {"x": (-1.0, 1.0), "unused": (0, 9)}
    >>> study = minimize(lambda trial: trial["x"] ** 2, space, max_trials=20, random_state=0)
    >>> display = HyperparameterImportanceDisplay.from_study(study)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['x', 'unused']
    """

    importance: HyperparameterImportance

    @classmethod
    def from_study(
        cls,
        study: Any,
        *,
        space: ConfigurationSpace | None = None,
        max_hyperparameters: int = 12,
        random_state: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Compute and plot the importance of the hyperparameters of a search.

        Parameters
        ----------
        study : Study, SavedRun or History
        space : ConfigSpace.ConfigurationSpace, optional
            Required for a `History`.
        max_hyperparameters : int, default=12
            Largest number of bars.
        random_state : int, default=0
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        HyperparameterImportanceDisplay

        Raises
        ------
        NoFinishedTrial
            If no trial has a value.
        InvalidOption
            If fewer than four configurations were tried.
        MissingPackage
            If matplotlib is not installed.
        """
        import_pyplot(cls.__name__)  # before the forests are fitted
        results = SearchResults.from_study(study, space)
        importance = hyperparameter_importance(results.history, results.space, random_state=random_state)
        return cls(importance).plot(max_hyperparameters=max_hyperparameters, ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, max_hyperparameters: int = 12, random_state: int = 0, ax: Axes | None = None
    ) -> Self:
        """Compute and plot the importance of the hyperparameters of a fitted estimator; see `from_study`."""
        results = SearchResults.from_estimator(estimator)
        options: Any = {"max_hyperparameters": max_hyperparameters, "random_state": random_state, "ax": ax}
        return cls.from_study(results.history, space=results.space, **options)

    def plot(self, *, max_hyperparameters: int = 12, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        max_hyperparameters : int, default=12
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        HyperparameterImportanceDisplay
            The display itself.
        """
        found = self.importance
        if not (is_integer(max_hyperparameters) and max_hyperparameters >= 1):
            raise InvalidOption(
                f"max_hyperparameters must be a whole number of at least 1; got {max_hyperparameters!r:.60}."
            )
        names, n = found.names[:max_hyperparameters], min(len(found.names), max_hyperparameters)
        ax = make_axes(type(self).__name__, ax, (7, 1.2 + 0.3 * n))
        places, totals, mains = np.arange(n), found.total_effects[:n], found.main_effects[:n]
        above = totals > found.noise_floor
        self.total_bars_ = ax.barh(places, totals, height=0.7, label="with interactions (total effect)")
        self.main_bars_ = ax.barh(places, np.minimum(mains, totals), height=0.7, label="alone (main effect)")
        for bars, color in ((self.total_bars_, SKY), (self.main_bars_, BLUE)):
            for bar, is_above in zip(bars, above, strict=True):
                bar.set(facecolor=color if is_above else GREY, alpha=1.0 if is_above else 0.5)
        self.noise_line_ = ax.axvline(found.noise_floor, color=RED, linestyle="--", label="noise floor")
        labels = shorten_names(names, found.names, MAX_CHARACTERS)
        ax.set_yticks(places, [labels[name] for name in names])
        ax.invert_yaxis()
        ax.set(xlabel="share of the variance of the loss", xlim=(0, None))
        style: Any = {"handlelength": 1.4, "columnspacing": 1.2, "frameon": False}
        ax.legend(handles=self._legend_handles(), loc="lower right", bbox_to_anchor=(1.02, 1.0), ncols=3, **style)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _legend_handles(self) -> list[Any]:
        """Return handles in the colours of the bars above the noise floor."""
        from matplotlib.patches import Patch  # noqa: PLC0415 - an extra

        bars = ((SKY, self.total_bars_), (BLUE, self.main_bars_))
        return [*(Patch(color=color, label=bar.get_label()) for color, bar in bars), self.noise_line_]
