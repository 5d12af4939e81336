"""Clocks for tests: of deadlines, tests assert what does not depend on how busy the machine is."""

__all__ = ["FakeClock"]


class FakeClock:
    """Stands in for ``time.monotonic``: stands still, but for what sleeps by it and for `tick` seconds a reading.

    Parameters
    ----------
    tick : float
        With a tick, whoever looks at the clock between small pieces of work is charged for the work by its looks.
    """

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 1000.0, tick

    def __call__(self) -> float:
        """Read the clock."""
        self.now += self.tick
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
