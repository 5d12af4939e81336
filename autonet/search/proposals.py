"""From a sampler's proposal to a new configuration: checked, and never one that was tried before."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from autonet.core.errors import InvalidOption
from autonet.search.history import History
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.random import random_row
from autonet.search.spaces.encoding import Encoding, plain

__all__ = ["Proposal", "propose"]

Proposal = tuple[Mapping[str, Any], str]  # a configuration and who proposed it


def propose(sampler: Sampler, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Proposal | None:
    """Return a configuration that was not tried yet: what the user asked for, the default, or the sampler's.

    Returns
    -------
    Proposal or None
        None if the space is exhausted.
    """
    if history.queue:
        return history.queue[0], "enqueued"
    if not len(history):
        default = space.get_default_configuration() if len(space) else {}
        return {name: plain(value) for name, value in default.items()}, "default"
    with _blas().limit(limits=1):  # on a busy machine the threads of small products wait for each other
        config = sampler.propose(space, history, rng)
    if config is None:
        return None
    table = history.table(space)
    if table.has(_checked(sampler, table.encoding, config)):
        row = random_row(table, rng)
        return None if row is None else (table.encoding.config(row), "sampler")
    return config, "sampler"


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def _checked(sampler: Sampler, encoding: Encoding, config: Mapping[str, Any]) -> NDArray[np.float64]:
    """Encode what a sampler proposed.

    Raises
    ------
    InvalidOption
        If it is not legal in the space.
    """
    try:
        row = encoding.row(config)
        complete = np.array_equal(row, encoding.canonical(row[None])[0], equal_nan=True)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidOption(f"{type(sampler).__name__} proposed {dict(config)}: {error}.") from error
    if not complete or not encoding.is_legal(row):
        raise InvalidOption(
            f"{type(sampler).__name__} proposed {dict(config)}, which is not legal in the space; propose every active "
            "hyperparameter, no inactive one, and break no forbidden clause."
        )
    return row
