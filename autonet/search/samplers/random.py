"""Configurations at random, from the space's own priors."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.search.history import History
from autonet.search.spaces.encoding import MAX_DRAWS
from autonet.search.table import Table

__all__ = ["RandomSampler", "first_new", "random_row"]

N_AT_ONCE = 200  # drawn at once if the first few were no good
N_FIRST = 4


@dataclass(frozen=True)
class RandomSampler:
    """Draw from the priors of the space."""

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        row = random_row(table, rng)
        return None if row is None else table.encoding.config(row)


def random_row(table: Table, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Draw a legal row that no trial has; None if none is found."""
    if table.encoding.size <= table.n_distinct:
        return None
    for draw in range(MAX_DRAWS):
        row = first_new(table, table.encoding.sample(N_AT_ONCE if draw else N_FIRST, rng))
        if row is not None:
            return row
    return None


def first_new(table: Table, rows: Iterable[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Return the first of `rows` that is legal and that no trial has."""
    return next((row for row in rows if not table.has(row) and table.encoding.is_legal(row)), None)
