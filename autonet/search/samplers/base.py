"""Protocol of samplers: functions from space and history to a configuration."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.search.history import History

__all__ = ["Sampler"]


class Sampler(Protocol):
    """Protocol of samplers, which propose configurations.

    A sampler holds settings only and reads everything else from the history.  One that does not support every space
    may also have ``check(space)``, which raises `InvalidOption`; a study calls it before any trial.
    `autonet.testing.samplers.check_sampler` tests an implementation.

    Examples
    --------
    >>> from autonet.search import Study
    >>> class Random:
    ...     def propose(self, space, history, rng):
    ...         table = history.table(space)  # trials and reports as arrays
    ...         row = table.sample_new(rng)  # legal and untried
    ...         return None if row is None else table.encoding.decode(row)
    >>> study = Study({"x": (0.0, 1.0)}, sampler=Random(), random_state=0)
    >>> len(study.optimize(lambda trial: trial["x"], max_trials=5).trials)
    5
    """

    def propose(
        self, space: ConfigurationSpace, history: History, rng: np.random.Generator
    ) -> Mapping[str, Any] | None:
        """Propose a configuration to try next.

        Parameters
        ----------
        space : ConfigSpace.ConfigurationSpace
        history : History
            All trials so far, running ones included.  ``history.table(space)`` returns them as arrays, with
            ``first_new`` and ``sample_new`` to choose an untried row.
        rng : numpy.random.Generator
            The only source of randomness, one per trial.

        Returns
        -------
        mapping of str to value, or None
            A legal, untried configuration without inactive hyperparameters; None if none is left.  A configuration
            that was tried before is replaced by a random one.
        """
