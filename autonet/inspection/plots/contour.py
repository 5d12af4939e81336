"""Contour: the mean loss over two hyperparameters, and the trials as dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.typing import FloatArray
from autonet.inspection.marginals import MarginalLosses
from autonet.inspection.plots.figures import (
    BLACK,
    ORANGE,
    ValueScale,
    add_colorbar,
    import_pyplot,
    make_axes,
    shorten_names,
    value_colormap,
)
from autonet.inspection.plots.hyperparameter_axis import HyperparameterAxis, choose_hyperparameters
from autonet.inspection.plots.results import SearchResults
from autonet.inspection.surrogate import LossTable

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from matplotlib.axes import Axes

__all__ = ["ContourDisplay"]

N_POINTS = 25  # of each axis
N_LEVELS = 12
N_CANDIDATES = 6  # most important hyperparameters among which the two are chosen
MANY = 150  # trials from which dots are small


@dataclass
class ContourDisplay:
    """Plot of the values of a search over two hyperparameters.

    Colours are the mean of a random forest over all other hyperparameters, at the highest budget; dots are trials, the
    best one a star.  Create it with `from_study` or `from_estimator`.

    Parameters
    ----------
    results : SearchResults
    x, y : HyperparameterAxis
    x_grid : ndarray of shape (n_x,)
    y_grid : ndarray of shape (n_y,)
        Positions of the predicted means.
    means : ndarray of shape (n_y, n_x)
        NaN where one of the hyperparameters is inactive.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    surface_ : matplotlib.contour.QuadContourSet or matplotlib.collections.QuadMesh
        Of two numbers, or with choices.
    dots_ : matplotlib.collections.PathCollection
        The trials in which both hyperparameters are active.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> space = {"x": (-1.0, 1.0), "y": (-1.0, 1.0)}
    >>> study = minimize(lambda t: t["x"] ** 2 + t["y"] ** 2, space, max_trials=20, random_state=0)
    >>> ContourDisplay.from_study(study, ("x", "y")).ax_.get_xlabel()
    'x'
    """

    results: SearchResults
    x: HyperparameterAxis
    y: HyperparameterAxis
    x_grid: FloatArray
    y_grid: FloatArray
    means: FloatArray

    @classmethod
    def from_study(
        cls,
        study: Any,
        hyperparameters: Sequence[str] | None = None,
        *,
        space: ConfigurationSpace | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Plot a search.

        Parameters
        ----------
        study : Study, SavedRun or History
        hyperparameters : (str, str), optional
            Those of the horizontal and the vertical axis.  Default: the two most important ones that occur together.
        space : ConfigSpace.ConfigurationSpace, optional
            Required for a `History`.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        ContourDisplay

        Raises
        ------
        NoFinishedTrial
            If no trial has a value.
        UnknownName
            If the space has no such hyperparameter.
        InvalidOption
            If not two names are given, if these hyperparameters are never active together, or if fewer than four
            configurations were tried.
        MissingPackage
            If matplotlib is not installed.
        """
        return cls._from_results(SearchResults.from_study(study, space), hyperparameters, ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, hyperparameters: Sequence[str] | None = None, *, ax: Axes | None = None
    ) -> Self:
        """Plot the search of a fitted estimator, with its metric; see `from_study`."""
        return cls._from_results(SearchResults.from_estimator(estimator), hyperparameters, ax)

    @classmethod
    def _from_results(cls, results: SearchResults, names: Sequence[str] | None, ax: Axes | None) -> Self:
        import_pyplot(cls.__name__)  # before the forests are fitted
        table = LossTable(results.history, results.space)
        x, y = (HyperparameterAxis(results.space[name]) for name in _choose_pair(results, names))
        (x_vectors, x_grid), (y_vectors, y_grid) = x.grid(N_POINTS), y.grid(N_POINTS)
        points = np.stack([a.ravel() for a in np.meshgrid(x_vectors, y_vectors)], axis=1)
        means = results.to_values(MarginalLosses(table).predict([x.name, y.name], points))
        return cls(results, x, y, x_grid, y_grid, means.reshape(len(y_grid), len(x_grid))).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        ContourDisplay
            The display itself.
        """
        ax = make_axes(type(self).__name__, ax, (6, 4.4))
        higher_is_better, trials = self.results.higher_is_better, self.results.trials
        scale = ValueScale.fit(self.means.ravel(), higher_is_better=higher_is_better)
        norm, levels = scale.make_norm(self.means, N_LEVELS)
        style: Any = {"cmap": value_colormap(higher_is_better=higher_is_better), "norm": norm}
        labels = shorten_names([self.x.name, self.y.name], self.results.space)
        self.x.apply(ax, "x", labels[self.x.name])
        self.y.apply(ax, "y", labels[self.y.name])
        masked = np.ma.masked_invalid(self.means)
        if self.x.is_numeric and self.y.is_numeric and masked.count() == masked.size:
            self.surface_: Any = ax.contourf(self.x_grid, self.y_grid, masked, levels, extend="both", **style)
            ax.set(xlim=self.x_grid[[0, -1]], ylim=self.y_grid[[0, -1]])
        else:
            self.surface_ = ax.pcolormesh(self.x_grid, self.y_grid, masked, shading="nearest", **style)
        places = [axis.scatter(axis.positions(trials.configs)) for axis in (self.x, self.y)]
        shown = np.isfinite(places).all(axis=0) & ~trials.failed
        x, y = (place[shown] for place in places)
        size = 26 if len(trials.values) <= MANY else 9
        self.dots_ = ax.scatter(x, y, s=size, color=BLACK, edgecolors="white", linewidths=0.6, clip_on=False, zorder=3)
        self._draw_best(ax, places)
        add_colorbar(ax, self.surface_, self.results.label, levels[::3])
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _draw_best(self, ax: Axes, places: list[FloatArray]) -> None:
        """Draw the best trial as a star, if both hyperparameters are active in it."""
        best, trials = self.results.history.best, self.results.trials
        index = next((i for i, config in enumerate(trials.configs) if best and config is best.config), None)
        if index is not None and np.isfinite([place[index] for place in places]).all():
            x, y = (place[index] for place in places)
            ax.scatter(x, y, marker="*", s=170, color=ORANGE, edgecolors=BLACK, label="best", clip_on=False, zorder=4)


def _choose_pair(results: SearchResults, names: Sequence[str] | None) -> tuple[str, str]:
    """Return the names that were given, or the two most important ones that most trials have together."""
    if names is not None:
        if isinstance(names, str) or len(names) != 2 or len(set(names)) != 2:
            raise InvalidOption(f"hyperparameters must be two different names; got {names!r}.")
        first, second = choose_hyperparameters(results, names, 2)
        return first, second
    candidates = choose_hyperparameters(results, None, N_CANDIDATES)
    if len(candidates) < 2:
        raise InvalidOption("The space has a single hyperparameter with several values; plot it with SliceDisplay.")
    ancestors = {name: _find_ancestors(results.space, name) for name in candidates}
    pairs = [(a, b) for a, b in combinations(candidates, 2) if a not in ancestors[b] and b not in ancestors[a]]
    pairs = pairs or list(combinations(candidates, 2))
    configs = results.trials.configs
    together = [sum(a in config and b in config for config in configs) for a, b in pairs]
    return next(pair for pair, n in zip(pairs, together, strict=True) if n >= max(together) / 2)


def _find_ancestors(space: ConfigurationSpace, name: str) -> set[str]:
    """Return the names of the hyperparameters that decide whether one is active."""
    parents = {hp.name for hp in space.parents_of.get(name, ())}
    return parents.union(*(_find_ancestors(space, parent) for parent in parents))
