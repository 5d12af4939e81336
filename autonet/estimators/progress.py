"""The progress bar of a fit."""

import sys
import threading
from multiprocessing import current_process

from autonet.metrics.metric import Metric
from autonet.search.progress import ProgressBar

__all__ = ["describe_best", "show_progress"]


def show_progress(option: bool | str, seconds: float | None, max_trials: int | None) -> ProgressBar:
    """Return the bar of a fit.

    Parameters
    ----------
    option : bool or "auto"
        "auto" shows it in a terminal and in a notebook, to fits of the main thread of the main process.
    seconds, max_trials : float and int, or None
        Limits of the fit.
    """
    return ProgressBar(seconds, max_trials, shown=_is_interactive() if option == "auto" else bool(option))


def describe_best(metric: Metric, loss: float) -> str:
    """Say how good the best trial is, in the metric's own direction."""
    return f"best {metric.name} {metric.score_of(loss):.4g}"


def _is_interactive() -> bool:
    if threading.current_thread() is not threading.main_thread() or current_process().name != "MainProcess":
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())
