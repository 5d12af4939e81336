"""What a sampler is: a function from space and history to a configuration."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.search.history import History

__all__ = ["Sampler"]


class Sampler(Protocol):
    """Propose configurations; holds settings only, what it knows it reads from the history.

    A sampler that cannot work in every space may also have ``check(space)``, which raises `InvalidOption`; a study
    calls it before any trial.
    """

    def propose(
        self, space: ConfigurationSpace, history: History, rng: np.random.Generator
    ) -> Mapping[str, Any] | None:
        """Propose a configuration to try next.

        Parameters
        ----------
        space : ConfigSpace.ConfigurationSpace
        history : History
            All trials so far, those that are still running included.  ``history.table(space)`` gives them as arrays.
        rng : numpy.random.Generator
            The only source of randomness; it belongs to the trial that will be made.

        Returns
        -------
        mapping of str to value, or None
            A legal configuration that no trial has, without inactive hyperparameters; None if there is none left.
            A configuration that was tried before is replaced by a random one.
        """
