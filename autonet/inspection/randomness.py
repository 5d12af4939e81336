"""Random numbers of the functions of inspection."""

from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption

__all__ = ["make_rng"]


def make_rng(random_state: Any) -> np.random.Generator:
    """Make a generator of random numbers.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        None for other numbers each time.

    Raises
    ------
    InvalidOption
        If it is none of these.
    """
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise InvalidOption(
            "random_state must be a whole number of at least 0, a generator of NumPy or None; "
            f"got {random_state!r:.60}."
        ) from error
