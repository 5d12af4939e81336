"""Losses of trials at the highest rung, expected from those at lower ones."""

from collections.abc import Sequence

import numpy as np

from autonet.core.typing import FloatArray
from autonet.search.records import Status, Trial
from autonet.search.rungs import Rungs

__all__ = ["LARGEST", "losses_by_rung", "raise_to_top"]

LARGEST = 1e150  # its square is finite: some objectives return the largest float for a failure


def losses_by_rung(trial: Trial, rungs: Rungs) -> dict[int, float]:
    """Return the loss of a trial by the index of the rung; infinite at the lowest if it crashed or diverged there.

    Empty for trials that have no result because the search ended, or is still running.
    """
    losses = {
        rungs.level(report.target): min(max(report.loss, -LARGEST), LARGEST)
        for report in trial.reports
        if np.isfinite(report.loss)
    }
    if losses or not trial.reports or trial.status is Status.TIMEOUT:
        return losses
    return {0: np.inf}


def raise_to_top(curves: Sequence[dict[int, float]], n_rungs: int) -> FloatArray:
    """Return the losses of trials, of shape (n_trials,), that are expected at the highest rung.

    A trial that was not promoted gets the median change of those that were.  A model with the budget as a column would
    see only good configurations at the highest rung, and know nothing of what makes others bad.

    Parameters
    ----------
    curves : sequence of dict of int to float
        Losses of each trial by the index of the rung.
    n_rungs : int
    """
    changes = np.zeros(n_rungs)  # from each rung to the next
    for level in range(n_rungs - 1):
        pairs = [losses[level + 1] - losses[level] for losses in curves if {level, level + 1} <= losses.keys()]
        changes[level] = np.median(pairs) if pairs else 0.0
    return np.array([losses[max(losses)] + changes[max(losses) :].sum() for losses in curves])
