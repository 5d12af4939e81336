"""Draws from spaces of Hyperopt."""

from typing import Any

import numpy as np

from autonet.search.hyperopt.pyll.base import CompiledSpace
from autonet.search.seeds import resolve_seed

__all__ = ["sample"]


def sample(space: Any, rng: Any = None) -> Any:
    """Draw a value of a space from its priors.

    Parameters
    ----------
    space : object
    rng : int, Generator or RandomState, optional
    """
    compiled = CompiledSpace(space)
    return compiled.point(compiled.assign(compiled.sample(np.random.default_rng(resolve_seed(rng)))))
