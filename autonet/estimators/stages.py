"""Stages of a fit: shown by the progress bar, and timed."""

import time

from autonet.search.progress import ProgressBar

__all__ = ["FitStages"]


class FitStages:
    """Stages of a fit, one after the other.

    Parameters
    ----------
    bar : ProgressBar
        Shows the name of the current stage.

    Attributes
    ----------
    bar : ProgressBar
    seconds : dict of str to float
        Of the stages that have ended, in their order.
    """

    def __init__(self, bar: ProgressBar) -> None:
        self.seconds: dict[str, float] = {}
        self.bar, self._current, self._began = bar, "", 0.0

    def begin(self, stage: str) -> None:
        """End the current stage, and begin another one."""
        self.end()
        self._current, self._began = stage, time.monotonic()
        self.bar.begin(stage)

    def end(self) -> None:
        """End the current stage."""
        if self._current:
            self.seconds[self._current] = time.monotonic() - self._began
        self._current = ""
