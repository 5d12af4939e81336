"""Random search."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.search.history import History

__all__ = ["RandomSampler"]


@dataclass(frozen=True)
class RandomSampler:
    """Sample configurations from the priors of the space."""

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> dict[str, Any] | None:
        """Propose a configuration; see `Sampler`."""
        return history.table(space).choose((), rng)
