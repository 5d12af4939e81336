"""Grid search."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import NumericalHyperparameter
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.search.history import History
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.priors import PriorHyperparameter
from autonet.search.spaces.ranges import RangeHyperparameter
from autonet.search.spaces.seeds import list_seeds

__all__ = ["GridSampler"]

Row = NDArray[np.float64]


@dataclass(frozen=True)
class GridSampler:
    """Enumerate all configurations of a space without continuous hyperparameters; the last one varies fastest.

    Each proposal is the successor of the latest one, so that a resumed study continues where it stopped.
    """

    def check(self, space: ConfigurationSpace) -> None:
        """Check that a space has a grid; a study calls it before any trial.

        Raises
        ------
        InvalidOption
            If the space has a continuous hyperparameter, or a seed.
        """
        seeds = list_seeds(space)
        if seeds:
            raise InvalidOption(
                f"{seeds[0]!r} is a seed, which is drawn and not enumerated; use a list of seeds, the repeats of "
                "optimize, or another sampler."
            )
        continuous = next((hp.name for hp in space.values() if not np.isfinite(hp.size)), None)
        if continuous is not None:
            raise InvalidOption(
                f"{continuous!r} is continuous, and a grid requires finitely many values; use a list of values instead "
                "of a range, or another sampler."
            )

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler` and `check`."""
        del rng
        self.check(space)
        table = history.table(space)
        if table.encoding.size <= table.n_distinct:
            return None
        latest = next((t for t in reversed(history.trials) if t.origin == "sampler"), None)
        start = _get_first(table.encoding) if latest is None else table.encoding.encode(latest.config)
        row = table.first_new(_cycle_from(table.encoding, start))
        return None if row is None else table.encoding.decode(row)


def _cycle_from(encoding: Encoding, start: Row) -> Iterator[Row]:
    """Iterate once over all rows, cyclically from `start`."""
    row = start
    while True:
        yield row
        following = _increment(encoding, row)
        row = _get_first(encoding) if following is None else following
        if encoding.key(row) == encoding.key(start):
            return


def _get_first(encoding: Encoding) -> Row:
    return np.asarray(encoding.canonicalize(_get_lowest(encoding)[None])[0])


def _get_lowest(encoding: Encoding) -> Row:
    """Return the first value of every hyperparameter, active or not."""
    return np.array([float(hp.lower_vectorized) for hp in encoding.hyperparameters])


def _increment(encoding: Encoding, row: Row) -> Row | None:
    """Return the successor of a row: increment the last active entry that can be, reset those after it."""
    for i in reversed(encoding.free):
        value = np.nan if np.isnan(row[i]) else _next_value(encoding.hyperparameters[i], row[i])
        if not np.isnan(value):
            new = np.r_[row[:i], value, _get_lowest(encoding)[i + 1 :]]
            return np.asarray(encoding.canonicalize(new[None])[0])
    return None


def _next_value(hyperparameter: Any, value: float) -> float:
    """Return the vector form of the value after `value`; NaN after the last."""
    if not isinstance(hyperparameter, NumericalHyperparameter):
        return value + 1 if value + 1 < hyperparameter.size else np.nan
    if isinstance(hyperparameter, RangeHyperparameter):
        n_steps = hyperparameter.size - 1
        following = (round(value * n_steps) + 1) / n_steps
        return following if following <= 1 else np.nan
    if isinstance(hyperparameter, PriorHyperparameter):
        step = hyperparameter.q or 0.0
        following = hyperparameter.to_value(value) + step
        return float(hyperparameter.to_vector(following)) if following < hyperparameter.upper + step / 2 else np.nan
    number = int(hyperparameter.to_value(value)) + 1
    return float(hyperparameter.to_vector(number)) if number <= hyperparameter.upper else np.nan
