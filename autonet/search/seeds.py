"""Seeds of random streams."""

from numbers import Integral
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption

__all__ = ["resolve_seed"]


def resolve_seed(random_state: Any) -> int:
    """Return the seed from which all random streams are spawned."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        if random_state < 0:
            raise InvalidOption(f"random_state must be non-negative; got {random_state}.")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidOption(f"random_state must be an integer, a Generator or a RandomState; got {random_state!r}.")
