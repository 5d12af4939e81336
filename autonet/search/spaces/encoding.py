"""Configurations as rows of numbers and back, in ConfigSpace's own vector form, many rows at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ConfigSpace import Configuration, ConfigurationSpace, Constant, OrConjunction
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.exceptions import ForbiddenValueError
from ConfigSpace.hyperparameters import (
    CategoricalHyperparameter,
    NumericalHyperparameter,
    OrdinalHyperparameter,
)
from numpy.typing import NDArray

__all__ = ["Encoding", "plain"]

Rows = NDArray[np.float64]

MAX_DRAWS = 100  # rounds of drawing before a space counts as having no legal configuration left


def plain(value: Any) -> Any:
    """Turn a numpy scalar into the Python value that it stands for."""
    return value.item() if isinstance(value, np.generic) else value


class Encoding:
    """The columns of a space.

    A *row* has one entry per hyperparameter in the order of the space: numbers lie in [0, 1], categories are
    indices, inactive hyperparameters are NaN.  *Features* are the columns that a model can learn from: the
    hyperparameters with more than one value, inactive ones at a fixed place.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace
    """

    def __init__(self, space: ConfigurationSpace) -> None:
        self.space = space
        self.hyperparameters = list(space.values())
        self._index = {hp.name: i for i, hp in enumerate(self.hyperparameters)}
        # In the order of the space, which lists parents before their children.
        self._conditions = sorted(
            ((self._index[condition.child.name], condition) for condition in space.conditions), key=lambda pair: pair[0]
        )
        free = [i for i, hp in enumerate(self.hyperparameters) if _n_values(hp) > 1]
        self.free = np.array(free, dtype=int)
        self.categorical = np.array(
            [isinstance(self.hyperparameters[i], CategoricalHyperparameter) for i in free], bool
        )
        self.numeric = np.array([isinstance(self.hyperparameters[i], NumericalHyperparameter) for i in free], bool)
        self._n_values = np.array([_n_values(self.hyperparameters[i]) for i in free])

    @property
    def n_features(self) -> int:
        """Number of hyperparameters with more than one value."""
        return len(self.free)

    @property
    def n_categories(self) -> NDArray[np.int_]:
        """Number of categories of each feature; 0 for numbers and ordinals."""
        return np.where(self.categorical, self._n_values, 0).astype(int)

    @property
    def size(self) -> float:
        """Upper bound on the number of different configurations; infinite with a continuous one."""
        return float(np.prod(self._n_values)) if len(self.free) else 1.0

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw `n` rows from the space's own priors; forbidden ones are among them."""
        return self.canonical(self.redraw(n, rng))

    def sample_legal(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw up to `n` rows that break no forbidden clause; fewer, down to none, if these are rare."""
        found: list[Rows] = []
        for _ in range(MAX_DRAWS):
            found += [row for row in self.sample(n, rng) if self.is_legal(row)]
            if len(found) >= n:
                break
        return np.array(found[:n]).reshape(-1, len(self.hyperparameters))

    def key(self, row: Rows) -> bytes:
        """Return what tells a configuration from all others."""
        return np.asarray(np.round(np.nan_to_num(row, nan=-1.0), 9)).tobytes()

    def row(self, config: Mapping[str, Any]) -> Rows:
        """Encode one configuration."""
        row = np.full(len(self.hyperparameters), np.nan)
        for name, value in config.items():
            row[self._index[name]] = self.hyperparameters[self._index[name]].to_vector(value)
        return row

    def active_names(self, config: Mapping[str, Any]) -> set[str]:
        """Return which hyperparameters are active, given the values of those that others depend on."""
        default = {name: plain(hp.default_value) for name, hp in self.space.items()}
        values = {name: value for name, value in config.items() if name in self._index}
        row = self.row({**default, **values})[None]
        return {self.hyperparameters[i].name for i in np.flatnonzero(~np.isnan(self.canonical(row)[0]))}

    def config(self, row: Rows) -> dict[str, Any]:
        """Decode one row; inactive hyperparameters are absent."""
        return {
            hp.name: plain(hp.to_value(v)) for hp, v in zip(self.hyperparameters, row, strict=True) if not np.isnan(v)
        }

    def canonical(self, rows: Rows) -> Rows:
        """Move every row to the nearest legal one: integers on their grid, inactive entries NaN, active ones set."""
        rows = rows.copy()
        for i, hp in enumerate(self.hyperparameters):
            if isinstance(hp, NumericalHyperparameter):
                set_ = ~np.isnan(rows[:, i])
                column = np.clip(rows[set_, i], hp.lower_vectorized, hp.upper_vectorized)
                rows[set_, i] = hp.to_vector(hp.to_value(column)) if np.isfinite(hp.size) else column
        for child, condition in self._conditions:
            met = condition.satisfied_by_vector_array(rows.T)
            if not isinstance(condition, OrConjunction):  # "not equal" would hold for an inactive parent
                parents = [self._index[parent.name] for parent in _parents(condition)]
                met = met & ~np.isnan(rows[:, parents]).any(axis=1)
            rows[~met, child] = np.nan
        return rows

    def is_legal(self, row: Rows) -> bool:
        """Whether a canonical row breaks no forbidden clause."""
        if not self.space.forbidden_clauses:
            return True
        try:
            Configuration(self.space, values=self.config(row))
        except ForbiddenValueError:
            return False
        return True

    def features(self, rows: Rows) -> Rows:
        """Return the free columns of `rows`, ordinals scaled to [0, 1], inactive entries at a fixed place."""
        features = np.atleast_2d(rows)[:, self.free].copy()
        for j, i in enumerate(self.free):
            if isinstance(self.hyperparameters[i], OrdinalHyperparameter):
                features[:, j] /= self._n_values[j] - 1
        # Constant inside a branch, hence without influence there; the parent's column tells branches apart.
        return np.where(np.isnan(features), np.where(self.categorical, -1.0, 0.5), features)

    def mutate(self, rows: Rows, scale: Rows, share: float, rng: np.random.Generator) -> Rows:
        """Change about `share` of the active free columns of each row, 1.5 on average if that is more, at least one.

        Numbers take a normal step of standard deviation `scale`; categories, ordinals and what was inactive are
        drawn anew.  `scale` has one entry per row.
        """
        n = len(rows)
        now, fresh = rows[:, self.free], self.redraw(n, rng)
        active = ~np.isnan(now)
        probability = np.maximum(share, 1.5 / np.maximum(active.sum(axis=1), 1))
        lots = np.where(active, rng.random(now.shape), np.inf)
        change = lots <= np.maximum(probability, lots.min(axis=1))[:, None]
        step = now + scale[:, None] * rng.standard_normal(now.shape)
        new = np.where(change, np.where(self.numeric, step, fresh[:, self.free]), now)
        # Constants and hyperparameters that the change switches on stay as drawn.
        fresh[:, self.free] = np.where(np.isnan(new), fresh[:, self.free], new)
        return self.canonical(fresh)

    def redraw(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw each hyperparameter by itself from its prior, whether active or not."""
        state = np.random.RandomState(int(rng.integers(2**31)))
        return np.column_stack([np.asarray(hp.sample_vector(n, seed=state), float) for hp in self.hyperparameters])


def _parents(condition: Condition | Conjunction) -> Sequence[Any]:
    return [condition.parent] if isinstance(condition, Condition) else condition.parents


def _n_values(hp: Any) -> float:
    return 1 if isinstance(hp, Constant) else float(hp.size)
