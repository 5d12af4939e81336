"""Time limits: read the clock once, pass the limit on as an object."""

import math
import time
from dataclasses import dataclass

__all__ = ["TimeLimit"]


@dataclass(frozen=True, order=True)
class TimeLimit:
    """The time by which some work must have ended; by default there is no limit.

    Make it once, where the number of seconds is known, and pass it on: code that receives one asks for `left` or
    `passed`, and never adds or subtracts readings of the clock.  Limits can be compared: `min` returns the earlier one.

    Parameters
    ----------
    at : float
        Reading of ``time.monotonic()``; infinite without a limit.

    Examples
    --------
    >>> limit = TimeLimit.after(60.0)
    >>> limit.passed(), limit.share(3).left() <= 20.0
    (False, True)
    >>> min(limit, TimeLimit()) == limit
    True
    """

    at: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> "TimeLimit":
        """Make the limit that many seconds from now; None is no limit."""
        return cls() if seconds is None else cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds left, negative once the limit has passed."""
        return self.at - time.monotonic()

    def passed(self, reserve: float = 0.0) -> bool:
        """Return whether at most `reserve` seconds are left."""
        return time.monotonic() + reserve >= self.at

    def share(self, n_parts: int) -> "TimeLimit":
        """Return the limit of the first of `n_parts` parts that share the time left equally."""
        now = time.monotonic()
        return TimeLimit(now + (self.at - now) / n_parts)

    def shift(self, seconds: float) -> "TimeLimit":
        """Return a limit that is later by `seconds`, or earlier if they are negative."""
        return TimeLimit(self.at + seconds)
