"""Shares of the time that is left."""

import time

__all__ = ["share_until"]


def share_until(deadline: float, n_parts: int) -> float:
    """Return the deadline of the first of some parts that share the time left equally.

    Parameters
    ----------
    deadline : float
        Reading of ``time.monotonic()`` at which the last part must have ended.
    n_parts : int
        Parts that have not begun.

    Returns
    -------
    float
        Reading of ``time.monotonic()``; infinite if `deadline` is.
    """
    now = time.monotonic()
    return now + (deadline - now) / n_parts
