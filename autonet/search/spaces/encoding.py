"""Encode configurations as rows of numbers, in ConfigSpace's vector form, and decode them."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace, Constant, ForbiddenLessThanEqualsClause, OrConjunction
from ConfigSpace.conditions import Condition, Conjunction
from ConfigSpace.forbidden import ForbiddenAndConjunction, ForbiddenConjunction
from ConfigSpace.hyperparameters import CategoricalHyperparameter, NumericalHyperparameter, OrdinalHyperparameter
from numpy.typing import NDArray

from autonet.search.spaces.priors import PriorHyperparameter
from autonet.search.spaces.ranges import RangeHyperparameter
from autonet.search.spaces.seeds import is_seed
from autonet.search.spaces.values import find_index, to_plain

__all__ = ["MAX_LISTED", "Encoding", "get_choices"]

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_LISTED = 50_000  # size of a space up to which all configurations are enumerated, which takes 0.1 s
MAX_DRAWN = 4_000  # number of rows in rejection sampling, enough if one in a thousand is legal
WALK_STEPS = 20  # steps of a random walk per hyperparameter, enough to forget its start


class Encoding:
    """Encoding of the configurations of a space.

    A *row* is an ndarray of shape (n_hyperparameters,), in the order of the space: numbers lie in [0, 1], categories
    are indices, inactive hyperparameters are NaN.  *Rows* have shape (n_rows, n_hyperparameters).  *Features* are the
    columns for models, of shape (n_rows, n_features): hyperparameters with more than one value except seeds, with a
    fixed value where they are inactive.

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
        free = [i for i, hp in enumerate(self.hyperparameters) if _n_values(hp) > 1 and not is_seed(hp)]
        self.free = np.array(free, dtype=int)
        self.categorical = np.array(
            [isinstance(self.hyperparameters[i], CategoricalHyperparameter) for i in free], bool
        )
        self.numeric = np.array([isinstance(self.hyperparameters[i], NumericalHyperparameter) for i in free], bool)
        self._n_values = np.array([_n_values(self.hyperparameters[i]) for i in free])
        self._to_vector = [_make_encoder(hp) for hp in self.hyperparameters]
        self._to_value = [_make_decoder(hp) for hp in self.hyperparameters]

    @property
    def n_features(self) -> int:
        """Number of hyperparameters with more than one value, except seeds."""
        return len(self.free)

    @property
    def n_categories(self) -> NDArray[np.int_]:
        """Number of categories of each feature; 0 for numbers and ordinals."""
        return np.where(self.categorical, self._n_values, 0).astype(int)

    @property
    def size(self) -> float:
        """Upper bound on the number of configurations; infinite with a continuous hyperparameter."""
        return math.prod(map(_n_values, self.hyperparameters), start=1.0)

    def sample(self, n: int, rng: np.random.Generator) -> Rows:
        """Draw rows of shape (n, n_hyperparameters) from the priors of the space, forbidden ones included."""
        return self.canonicalize(self.redraw(n, rng))

    def sample_legal(self, n: int, rng: np.random.Generator, known: Rows | None = None) -> Rows:
        """Draw up to `n` legal rows, by rejection sampling, or by Gibbs sampling if legal rows are rare.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator
        known : ndarray of shape (n_rows, n_hyperparameters), optional
            Starts of Gibbs sampling, besides the default configuration; illegal ones are ignored.

        Returns
        -------
        ndarray of shape (n_found, n_hyperparameters)
        """
        if not self.space.forbidden_clauses:
            return self.sample(n, rng)
        found, n_drawn, n_next = np.empty((0, len(self.hyperparameters))), 0, n
        while n_drawn < MAX_DRAWN:
            rows = self.sample(n_next, rng)
            found, n_drawn = np.vstack([found, rows[self.legal(rows)]]), n_drawn + n_next
            if len(found) >= n:
                return found[:n]
            # Probably enough for the rest.
            n_next = min(int(1.5 * (n - len(found)) * n_drawn / max(len(found), 1)) + 1, MAX_DRAWN)
        default = self.encode(dict(self.space.get_default_configuration()))[None]
        starts = default if known is None else np.vstack([known, default])
        starts = starts[self.legal(starts)]
        walked = self._walk(starts[rng.integers(len(starts), size=n)], rng) if len(starts) else starts
        return np.vstack([found, walked])[:n]

    def _walk(self, rows: Rows, rng: np.random.Generator) -> Rows:
        """Resample some hyperparameters repeatedly; steps to illegal rows are rejected."""
        for _ in range(WALK_STEPS * max(self.n_features, 1)):
            fresh = self.redraw(len(rows), rng)
            lots = rng.random((len(rows), self.n_features))
            change = lots <= np.maximum(1 / max(self.n_features, 1), lots.min(axis=1))[:, None]
            new = self._replace(np.where(change, fresh[:, self.free], rows[:, self.free]), fresh)
            rows = np.where(self.legal(new)[:, None], new, rows)
        return rows

    def all_legal(self) -> Rows | None:
        """Return all legal rows, of shape (n_legal, n_hyperparameters); None if `size` exceeds `MAX_LISTED`."""
        if self.size > MAX_LISTED:
            return None
        rows = np.array(list(product(*(_list_vectors(hp) for hp in self.hyperparameters))), float)
        rows = self.canonicalize(rows.reshape(-1, len(self.hyperparameters)))
        rows = rows[self.legal(rows)]
        return rows[np.unique(self._rounded(rows), axis=0, return_index=True)[1]]

    def key(self, row: Rows) -> bytes:
        """Return a hashable key of a row of shape (n_hyperparameters,), equal for equal configurations."""
        return self._rounded(row).tobytes()

    @staticmethod
    def _rounded(rows: Rows) -> Rows:
        return np.asarray(np.round(np.nan_to_num(rows, nan=-1.0), 9))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the space only."""
        return type(self), (self.space,)

    def encode(self, config: Mapping[str, Any], *, strict: bool = True) -> Rows:
        """Encode a configuration as a row of shape (n_hyperparameters,).

        Raises
        ------
        KeyError, TypeError, ValueError
            If `strict`, and the space lacks a name or value; otherwise these are left out.
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
        """Return the names of the hyperparameters that are active in a configuration, which may be incomplete."""
        default = {name: to_plain(hp.default_value) for name, hp in self.space.items()}
        row = self.encode({**default, **config}, strict=False)[None]
        return {self.hyperparameters[i].name for i in np.flatnonzero(~np.isnan(self.canonicalize(row)[0]))}

    def decode(self, row: Rows) -> dict[str, Any]:
        """Decode a row of shape (n_hyperparameters,) to a configuration without inactive hyperparameters."""
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
        """Round integers and set inactive entries to NaN, in rows of shape (n_rows, n_hyperparameters)."""
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
        """Return whether a canonical row of shape (n_hyperparameters,) satisfies all forbidden clauses."""
        return bool(self.legal(row[None])[0])

    def legal(self, rows: Rows) -> Mask:
        """Return a mask of shape (n_rows,): which canonical rows satisfy all forbidden clauses."""
        forbidden = np.zeros(len(rows), bool)
        for clause in self.space.forbidden_clauses:
            forbidden |= _is_forbidden(clause, rows.T)
        return ~forbidden

    def features(self, rows: Rows) -> Rows:
        """Return the features of shape (n_rows, n_features) of rows: ordinals in [0, 1], inactive entries fixed."""
        features = np.atleast_2d(rows)[:, self.free].copy()
        for j, i in enumerate(self.free):
            if isinstance(self.hyperparameters[i], OrdinalHyperparameter):
                features[:, j] /= self._n_values[j] - 1
        # The parent's column distinguishes branches.
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
        """Draw rows of shape (n, n_hyperparameters), each entry from its prior, whether active or not."""
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


def _list_vectors(hp: Any) -> Sequence[float]:
    """Return the vector forms of all values of a finite hyperparameter."""
    if isinstance(hp, Constant):
        return [float(hp.lower_vectorized)]
    if isinstance(hp, RangeHyperparameter):
        return list(np.linspace(0, 1, int(hp.size)))
    if isinstance(hp, PriorHyperparameter):
        return list(hp.list_vectors())
    if isinstance(hp, NumericalHyperparameter):
        return list(hp.to_vector(np.arange(hp.lower, hp.upper + 1)))
    return [float(k) for k in range(int(hp.size))]


def _make_encoder(hp: Any) -> Callable[[Any], float]:
    """Return the function from a value to its vector form."""
    values = getattr(hp, "choices", getattr(hp, "sequence", None))
    if values is None:
        return lambda value: float(hp.to_vector(value))
    try:
        codes = {value: float(i) for i, value in enumerate(values)}
    except TypeError:  # lists and other values without a hash
        return lambda value: float(tuple(values).index(value))
    return codes.__getitem__


def _make_decoder(hp: Any) -> Callable[[float], Any]:
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
