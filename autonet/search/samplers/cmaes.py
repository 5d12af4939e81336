"""CMA-ES, with the library ``cmaes``; needs the extra ``cmaes``.

Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), arXiv 1604.00772, with the restarts of Auger & Hansen,
"A restart CMA evolution strategy with increasing population size" (2005).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.typing import FloatArray
from autonet.core.validation import is_integer, is_real
from autonet.search.extrapolation import LARGEST, losses_by_rung, raise_to_top
from autonet.search.history import History
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import is_legal
from autonet.search.spaces.values import safe_repr
from autonet.search.table import TrialTable

__all__ = ["CmaEsSampler"]

MIN_POPSIZE = 4  # below, no covariance is learned
MAX_ASKS = 100  # points drawn for a legal, untried configuration; then a random one is proposed
MAX_GROWTH = 3.0  # of the largest step from one generation to the next
MIN_REACH = 1e-9  # of the largest step, as a share of the range

Told = list[tuple[int, float]]  # number and loss of trials, in the order of their first results


@dataclass(frozen=True)
class CmaEsSampler:
    """Covariance matrix adaptation evolution strategy on the numerical hyperparameters.

    It proposes the numerical hyperparameters that are always active; another sampler proposes the others.  The state
    is computed from the history: the trials in the order of their first results, in generations of `popsize`, each
    with the loss that is expected at the highest budget.  It thus may be resumed, and needs not wait for running
    trials.  When it has converged, it begins anew at a random point with a larger population.

    Attributes
    ----------
    sigma0 : float
        Initial standard deviation, in units of a hyperparameter's range.
    popsize : int, optional
        Number of trials in a generation, at least 4; by default ``4 + floor(3 * log(n))`` for n hyperparameters.
    inc_popsize : int
        Factor by which the population grows when it begins anew.
    x0 : mapping of str to value, optional
        Initial mean of some hyperparameters; by default, that of the default configuration.
    independent_sampler : Sampler
        Proposes categorical, ordinal and conditional hyperparameters, and those of spaces without numbers.
    """

    sigma0: float = 1 / 6
    popsize: int | None = None
    inc_popsize: int = 2
    x0: Mapping[str, Any] | None = None
    independent_sampler: Sampler = field(default_factory=KernelDensitySampler)

    def __post_init__(self) -> None:
        if not (is_real(self.sigma0) and 0 < self.sigma0 < np.inf):
            raise InvalidOption(f"sigma0 must be a positive number; got {self.sigma0!r}.")
        if self.popsize is not None and not (is_integer(self.popsize) and self.popsize >= MIN_POPSIZE):
            raise InvalidOption(f"popsize must be an integer of at least {MIN_POPSIZE}, or None; got {self.popsize!r}.")
        if not (is_integer(self.inc_popsize) and self.inc_popsize >= 1):
            raise InvalidOption(f"inc_popsize must be an integer of at least 1; got {self.inc_popsize!r}.")
        if self.x0 is not None and not isinstance(self.x0, Mapping):
            raise InvalidOption(f"x0 must be a mapping from names to values, or None; got {self.x0!r}.")

    def check(self, space: ConfigurationSpace) -> None:
        """Check that the library is installed and that `x0` is of the space; a study calls it before any trial.

        Raises
        ------
        MissingPackage
            If ``cmaes`` is not installed.
        InvalidOption
            If the space has no hyperparameter of `x0`, or not its value.
        """
        _import_cma()
        unknown = [name for name in self.x0 or () if name not in space]
        if unknown:
            raise InvalidOption(f"x0 has {unknown[0]!r}; the space has {', '.join(map(repr, space))}.")
        self._check_start(space)

    def _check_start(self, space: ConfigurationSpace) -> None:
        """Raise if a value of `x0` is not in its range."""
        for name, value in (self.x0 or {}).items():
            if name in space and not is_legal(space[name], value):
                raise InvalidOption(f"x0 has {name!r} = {safe_repr(value)}, which is not in its range: {space[name]}.")

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        encoding = table.encoding
        columns = _find_columns(encoding)
        if not len(columns):
            proposed = self.independent_sampler.propose(space, history, rng)
            return None if proposed is None else dict(proposed)
        others: Mapping[str, Any] | None = {}
        if len(columns) < encoding.n_features:
            others = self.independent_sampler.propose(space, history, rng)
        if others is None:
            return None
        strategy = self._replay(table, history, columns)
        return table.choose(_draw_rows(encoding, columns, encoding.encode(others), strategy, rng), rng)

    def _replay(self, table: TrialTable, history: History, columns: NDArray[np.intp]) -> "_Strategy":
        """Return the strategy after all complete generations of the history, continued from the latest proposal's."""
        told, X = _list_results(history), table.rows[:, columns]
        told = [(number, loss) for number, loss in told if np.isfinite(X[number]).all()]
        strategy: _Strategy | None = table.memory.get("cmaes")
        if strategy is None or strategy.sampler != self or strategy.told != told[: len(strategy.told)]:
            strategy = _Strategy(self, self._get_start(table.encoding, columns))
        while len(generation := told[len(strategy.told) :][: strategy.popsize]) == strategy.popsize:
            strategy.tell(generation, X)
        table.memory["cmaes"] = strategy
        return strategy

    def _get_start(self, encoding: Encoding, columns: NDArray[np.intp]) -> FloatArray:
        """Return the initial mean, of shape (n_columns,)."""
        self._check_start(encoding.space)  # of an objective that defines it
        default = encoding.encode(dict(encoding.space.get_default_configuration()))
        given = encoding.encode(self.x0 or {}, strict=False)
        return np.asarray(np.clip(np.where(np.isnan(given), default, given)[columns], 0.0, 1.0))


class _Strategy:
    """CMA-ES on the unit cube after some generations.

    Attributes
    ----------
    told : list of (int, float)
        Number and loss of the trials of these generations.
    """

    def __init__(self, sampler: CmaEsSampler, start: FloatArray) -> None:
        self.sampler, self.told = sampler, Told()
        self._begin(start, sampler.popsize)

    def _begin(self, mean: FloatArray, popsize: int | None) -> None:
        bounds = np.tile([0.0, 1.0], (len(mean), 1))
        self._cma = _import_cma()(mean=mean, sigma=self.sampler.sigma0, bounds=bounds, population_size=popsize, seed=0)
        self._reach = np.inf

    @property
    def popsize(self) -> int:
        """Number of trials in the next generation."""
        return int(self._cma.population_size)

    def tell(self, generation: Told, X: FloatArray) -> None:
        """Tell the next generation, given the points of all trials, of shape (n_trials, n_columns).

        Points that the distribution did not propose, such as those of enqueued trials, may lie so far away that the
        step size would explode; they are moved towards the mean.  After Hansen, "Injecting external solutions into
        CMA-ES" (2011).
        """
        steps = X[[number for number, _ in generation]] - self._cma.mean
        sizes = np.abs(steps).max(axis=1)
        shares = np.minimum(1.0, MAX_GROWTH * self._reach / np.maximum(sizes, MIN_REACH))
        self._reach = max(float((shares * sizes).max()), MIN_REACH)
        points = self._cma.mean + shares[:, None] * steps
        self._cma.tell([(point, loss) for point, (_, loss) in zip(points, generation, strict=True)])
        self.told += generation
        if self._cma.should_stop():
            random = np.random.default_rng(len(self.told))
            self._begin(random.random((X.shape[1],)), self.sampler.inc_popsize * self.popsize)

    def ask(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """Draw points of shape (n_columns,)."""
        self._cma.reseed_rng(int(rng.integers(2**31)))
        return (self._cma.ask() for _ in range(MAX_ASKS))


def _import_cma() -> Any:
    """Return the class of the library."""
    try:
        from cmaes import CMA  # noqa: PLC0415 - an extra
    except ImportError as problem:
        raise MissingPackage("CMA-ES", "cmaes", "cmaes") from problem
    return CMA


def _find_columns(encoding: Encoding) -> NDArray[np.intp]:
    """Return the columns of the numerical hyperparameters that are always active."""
    conditional = {condition.child.name for condition in encoding.space.conditions}
    numeric = encoding.free[encoding.numeric]
    return np.array([i for i in numeric if encoding.hyperparameters[i].name not in conditional], dtype=np.intp)


def _list_results(history: History) -> Told:
    """Return number and loss of the trials that have a result, in the order of their first ones."""
    trials = {trial.number: trial for trial, _ in history.reports}
    curves = {number: curve for number, trial in trials.items() if (curve := losses_by_rung(trial, history.rungs))}
    losses = np.minimum(raise_to_top(list(curves.values()), len(history.rungs)), LARGEST)
    return list(zip(curves, losses.tolist(), strict=True))


def _draw_rows(
    encoding: Encoding, columns: NDArray[np.intp], others: FloatArray, strategy: _Strategy, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Draw rows of shape (n_hyperparameters,) with the points of a strategy and the values of another sampler."""
    for point in strategy.ask(rng):
        row = encoding.redraw(1, rng)[0]  # for what the point makes active
        row = np.where(np.isnan(others), row, others)
        row[columns] = point
        yield encoding.canonicalize(row[None])[0]
