"""Encode configurations as rows of numbers, in ConfigSpace's vector form, and decode them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace, Constant, ForbiddenLessThanEqualsClause, OrConjunction
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.forbidden import ForbiddenAndConjunction, ForbiddenConjunction
from ConfigSpace.hyperparameters import (
    CategoricalHyperparameter,
    NumericalHyperparameter,
    OrdinalHyperparameter,
)
from numpy.typing import NDArray

from autonet.search.spaces.ranges import RangeHyperparameter
from autonet.search.spaces.values import find_index, to_plain

__all__ = ["MAX_LISTED", "Encoding", "get_choices"]

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Configurations of a finite space up to which all are enumerated: a tenth of a second.
MAX_LISTED = 50_000
# Rows drawn from the priors before a random walk through legal rows starts: enough if one in a thousand is legal.
MAX_DRAWN = 4_000
# Steps of a walk per hyperparameter, enough to forget its start.
WALK_STEPS = 20


class Encoding:
    """Encoding of the configurations of a space.

    A *row* has one entry per hyperparameter in the order of the space: numbers lie in [0, 1], categories are
    indices, inactive hyperparameters are NaN.  *Features* are the columns for models:
    the hyperparameters with more than one value, inactive ones at a fixed value.

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
        self._to_vector = [_encoder(hp) for hp in self.hyperparameters]
        self._to_value = [_decoder(hp) for hp in self.hyperparameters]

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
        """Upper bound on the number of configurations; infinite with a continuous hyperparameter."""
        return float(np.prod(self._n_values)) if len(self.free) else 1.0

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw `n` rows from the priors of the space, forbidden ones included.

        Returns
        -------
        ndarray of shape (n, n_hyperparameters)
        """
        return self.canonicalize(self.redraw(n, rng))

    def sample_legal(self, n: int, rng: np.random.Generator, known: Rows | None = None) -> Rows:
        """Draw up to `n` rows that break no forbidden clause.

        If legal rows are too rare for rejection sampling, they come from a random walk that changes some
        hyperparameters at a time (Gibbs sampling), so that they depend on each other and on its start.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator
        known : ndarray of shape (n_rows, n_hyperparameters), optional
            Starts of the walk, besides the default configuration; illegal ones are ignored.

        Returns
        -------
        ndarray of shape (at most n, n_hyperparameters)
        """
        if not self.space.forbidden_clauses:
            return self.sample(n, rng)
        found, n_drawn, n_next = np.empty((0, len(self.hyperparameters))), 0, n
        while n_drawn < MAX_DRAWN:
            rows = self.sample(n_next, rng)
            found, n_drawn = np.vstack([found, rows[self.legal(rows)]]), n_drawn + n_next
            if len(found) >= n:
                return found[:n]
            # As many as will probably give the rest.
            n_next = min(int(1.5 * (n - len(found)) * n_drawn / max(len(found), 1)) + 1, MAX_DRAWN)
        default = self.encode(dict(self.space.get_default_configuration()))[None]
        starts = default if known is None else np.vstack([known, default])
        starts = starts[self.legal(starts)]
        walked = self._walk(starts[rng.integers(len(starts), size=n)], rng) if len(starts) else starts
        return np.vstack([found, walked])[:n]

    def _walk(self, rows: Rows, rng: np.random.Generator) -> Rows:
        """Resample some hyperparameters repeatedly; steps that break a forbidden clause are rejected."""
        for _ in range(WALK_STEPS * max(self.n_features, 1)):
            fresh = self.redraw(len(rows), rng)
            lots = rng.random((len(rows), self.n_features))
            change = lots <= np.maximum(1 / max(self.n_features, 1), lots.min(axis=1))[:, None]
            new = self._replace(np.where(change, fresh[:, self.free], rows[:, self.free]), fresh)
            rows = np.where(self.legal(new)[:, None], new, rows)
        return rows

    def all_legal(self) -> Rows | None:
        """Return all legal rows of a space of up to `MAX_LISTED` configurations; None for a larger one.

        Returns
        -------
        ndarray of shape (n_legal, n_hyperparameters) or None
        """
        if self.size > MAX_LISTED:
            return None
        rows = np.array(list(product(*(_all_vectors(hp) for hp in self.hyperparameters))), float)
        rows = self.canonicalize(rows.reshape(-1, len(self.hyperparameters)))
        rows = rows[self.legal(rows)]
        return rows[np.unique(self._rounded(rows), axis=0, return_index=True)[1]]

    def key(self, row: Rows) -> bytes:
        """Return a hashable key of a row of shape (n_hyperparameters,), equal for equal configurations."""
        return self._rounded(row).tobytes()

    @staticmethod
    def _rounded(rows: Rows) -> Rows:
        return np.asarray(np.round(np.nan_to_num(rows, nan=-1.0), 9))

    def encode(self, config: Mapping[str, Any], *, strict: bool = True) -> Rows:
        """Encode a configuration.

        Parameters
        ----------
        config : mapping of str to value
        strict : bool
            Whether to raise on unknown names and values instead of leaving them out.

        Returns
        -------
        ndarray of shape (n_hyperparameters,)

        Raises
        ------
        KeyError, TypeError, ValueError
            If the space has no such hyperparameter or value.
        """
        row = np.full(len(self.hyperparameters), np.nan)
        for name, value in config.items():
            try:
                i = self._index[name]
                row[i] = self._to_vector[i](value)
            except (KeyError, TypeError, ValueError):
                if strict:
                    raise
        return row

    def active_names(self, config: Mapping[str, Any]) -> set[str]:
        """Return which hyperparameters are active, given the values of those that others depend on."""
        default = {name: to_plain(hp.default_value) for name, hp in self.space.items()}
        row = self.encode({**default, **config}, strict=False)[None]
        return {self.hyperparameters[i].name for i in np.flatnonzero(~np.isnan(self.canonicalize(row)[0]))}

    def decode(self, row: Rows) -> dict[str, Any]:
        """Decode a row.

        Parameters
        ----------
        row : ndarray of shape (n_hyperparameters,)

        Returns
        -------
        dict of str to value
            Without inactive hyperparameters.
        """
        return {
            hp.name: to_value(v)
            for hp, to_value, v in zip(self.hyperparameters, self._to_value, row, strict=True)
            if not np.isnan(v)
        }

    def restore_choices(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Replace values by the equal choices of the space, such as members of an enumeration."""
        result = dict(config)
        for name, value in config.items():
            choices = get_choices(self.hyperparameters[self._index[name]])
            index = find_index(value, choices)
            if index is not None:
                result[name] = to_plain(choices[index])
        return result

    def canonicalize(self, rows: Rows) -> Rows:
        """Round integers to their grid and set inactive entries to NaN.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_hyperparameters)

        Returns
        -------
        ndarray of shape (n_rows, n_hyperparameters)
        """
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
        """Return whether a canonical row of shape (n_hyperparameters,) breaks no forbidden clause."""
        return bool(self.legal(row[None])[0])

    def legal(self, rows: Rows) -> Mask:
        """Return which canonical rows break no forbidden clause.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_hyperparameters)

        Returns
        -------
        ndarray of bool, shape (n_rows,)
        """
        forbidden = np.zeros(len(rows), bool)
        for clause in self.space.forbidden_clauses:
            forbidden |= _is_forbidden(clause, rows.T)
        return ~forbidden

    def features(self, rows: Rows) -> Rows:
        """Return the features of rows: free columns, ordinals scaled to [0, 1], inactive entries at a fixed value.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_hyperparameters) or (n_hyperparameters,)

        Returns
        -------
        ndarray of shape (n_rows, n_features)
        """
        features = np.atleast_2d(rows)[:, self.free].copy()
        for j, i in enumerate(self.free):
            if isinstance(self.hyperparameters[i], OrdinalHyperparameter):
                features[:, j] /= self._n_values[j] - 1
        # Constant inside a branch, hence without influence there; the parent's column tells branches apart.
        return np.where(np.isnan(features), np.where(self.categorical, -1.0, 0.5), features)

    def mutate(self, rows: Rows, scale: Rows, share: float, rng: np.random.Generator) -> Rows:
        """Mutate about `share` of the active free columns of each row, 1.5 on average if that is more, at least one.

        Numbers take a normal step; categories, ordinals and inactive entries are resampled.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_hyperparameters)
        scale : ndarray of shape (n_rows,)
            Standard deviations of the steps.
        share : float
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (n_rows, n_hyperparameters)
        """
        n = len(rows)
        now, fresh = rows[:, self.free], self.redraw(n, rng)
        active = ~np.isnan(now)
        probability = np.maximum(share, 1.5 / np.maximum(active.sum(axis=1), 1))
        lots = np.where(active, rng.random(now.shape), np.inf)
        change = lots <= np.maximum(probability, lots.min(axis=1))[:, None]
        step = now + scale[:, None] * rng.standard_normal(now.shape)
        new = np.where(change, np.where(self.numeric, step, fresh[:, self.free]), now)
        return self._replace(new, fresh)

    def _replace(self, new: Rows, fresh: Rows) -> Rows:
        """Return rows with `new` free columns; constants and newly active entries are taken from `fresh`."""
        fresh[:, self.free] = np.where(np.isnan(new), fresh[:, self.free], new)
        return self.canonicalize(fresh)

    def redraw(self, n: int, rng: np.random.Generator) -> Rows:
        """Sample each hyperparameter independently from its prior, whether active or not.

        Returns
        -------
        ndarray of shape (n, n_hyperparameters)
        """
        state = np.random.RandomState(int(rng.integers(2**31)))
        return np.column_stack([np.asarray(hp.sample_vector(n, seed=state), float) for hp in self.hyperparameters])


def get_choices(hp: Any) -> Sequence[Any]:
    """Return the choices of a categorical, ordinal or constant hyperparameter; empty for numbers."""
    if isinstance(hp, Constant):
        return (hp.value,)
    return tuple(getattr(hp, "choices", getattr(hp, "sequence", ())))


def _parents(condition: Condition | Conjunction) -> Sequence[Any]:
    return [condition.parent] if isinstance(condition, Condition) else condition.parents


def _n_values(hp: Any) -> float:
    return 1 if isinstance(hp, Constant) else float(hp.size)


def _all_vectors(hp: Any) -> Sequence[float]:
    """Return the vector forms of all values of a finite hyperparameter."""
    if isinstance(hp, Constant):
        return [float(hp.lower_vectorized)]
    if isinstance(hp, RangeHyperparameter):
        return list(np.linspace(0, 1, int(hp.size)))
    if isinstance(hp, NumericalHyperparameter):
        return list(hp.to_vector(np.arange(hp.lower, hp.upper + 1)))
    return [float(k) for k in range(int(hp.size))]


def _encoder(hp: Any) -> Callable[[Any], float]:
    """Return the function from a value to its vector form."""
    values = getattr(hp, "choices", getattr(hp, "sequence", None))
    if values is None:
        return lambda value: float(hp.to_vector(value))
    try:
        codes = {value: float(i) for i, value in enumerate(values)}
    except TypeError:  # lists and other values without a hash
        return lambda value: float(tuple(values).index(value))
    return codes.__getitem__


def _decoder(hp: Any) -> Callable[[float], Any]:
    """Return the function from a vector form to its value, of the original type."""
    values = getattr(hp, "choices", getattr(hp, "sequence", None))
    if values is None:
        return lambda vector: to_plain(hp.to_value(vector))
    return lambda vector: to_plain(values[round(vector)])


def _is_forbidden(clause: Any, columns: Rows) -> Mask:
    """Return which columns of an array a forbidden clause forbids."""
    if isinstance(clause, ForbiddenConjunction):
        parts = [_is_forbidden(part, columns) for part in clause.components]
        return np.asarray((np.all if isinstance(clause, ForbiddenAndConjunction) else np.any)(parts, axis=0))
    if isinstance(clause, ForbiddenLessThanEqualsClause):  # ConfigSpace 1.2 compares the wrong way round here
        return np.asarray(columns[clause.vector_id] <= clause.vector_value)
    return np.asarray(clause.is_forbidden_vector_array(columns), bool)
