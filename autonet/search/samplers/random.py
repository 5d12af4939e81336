"""Configurations at random, from the space's own priors."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.search.history import History
from autonet.search.table import TrialTable

__all__ = ["RandomSampler", "first_new", "random_row"]

# Rows drawn first; most spaces need no more.
N_FIRST = 4
# Rows drawn at once after these, and how often.
N_AT_ONCE = 200
MAX_DRAWS = 20


@dataclass(frozen=True)
class RandomSampler:
    """Draw from the priors of the space."""

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        table = history.table(space)
        row = random_row(table, rng)
        return None if row is None else table.encoding.config(row)


def random_row(table: TrialTable, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """Draw a legal row that no trial has; None if none is found."""
    encoding = table.encoding
    if encoding.size <= table.n_distinct:
        return None
    row = first_new(table, encoding.sample(N_FIRST, rng))
    if row is None and (everything := encoding.all_legal()) is not None:
        return first_new(table, rng.permutation(everything))
    for _ in range(MAX_DRAWS):
        if row is not None:
            break
        row = first_new(table, encoding.sample_legal(N_AT_ONCE, rng, known=table.rows))
    return row


def first_new(table: TrialTable, rows: Iterable[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Return the first of `rows` that is legal and that no trial has."""
    return next((row for row in rows if not table.has(row) and table.encoding.is_legal(row)), None)
