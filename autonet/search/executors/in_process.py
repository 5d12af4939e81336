"""Run jobs in this process, one at a time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autonet.core.alarms import Alarm
from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.search.evaluation import Objective, Outcome, evaluate
from autonet.search.executors.base import extend_limit
from autonet.search.records import Job
from autonet.search.running_trial import Observer

__all__ = ["InProcess", "interrupt_at"]


class InProcess:
    """Run jobs one at a time in this process, inside `wait`.

    An objective that exceeds its time limit is interrupted: in the main thread even while it sleeps, in other threads
    at its next line of Python.  Compiled code is only interrupted in worker processes.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=5, executor=InProcess())
    >>> len(study.trials)
    5
    """

    n_slots = 1

    def __init__(self) -> None:
        self._next: tuple[Objective, Job, Observer | None] | None = None

    def prepare(self, objective: Objective) -> None:
        """Do nothing; see `Executor`."""

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Keep the job until `wait`; see `Executor`."""
        self._next = (objective, job, observe)

    def wait(self) -> list[Outcome]:
        """Run the job; see `Executor`."""
        if self._next is None:
            return []
        (objective, job, observe), self._next = self._next, None
        with current_interrupt().raising():
            return [evaluate(objective, job, observe, interrupt_at(extend_limit(job)))]

    def cancel(self) -> None:
        """Drop the job; see `Executor`."""
        self._next = None

    def close(self) -> None:
        """Drop the job; see `Executor`."""
        self.cancel()


@contextmanager
def interrupt_at(limit: TimeLimit) -> Iterator[None]:
    """Raise `TimedOut` in the ``with`` block when a time limit has passed.

    The exception may come at any bytecode; the global modes of torch are restored.
    """
    restore = _save_torch_modes()
    try:
        with Alarm(limit.at):
            yield
    except BaseException:
        restore()
        raise


def _save_torch_modes() -> Callable[[], None]:
    """Save gradient mode, autocast, default dtype and threads of torch; return a function that restores them.

    torch is not imported for it: without torch there is nothing to save.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):  # not imported, or only in part
        return lambda: None
    grad, dtype, threads = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads()
    autocast = {device: torch.is_autocast_enabled(device) for device in ("cpu", "cuda")}

    def restore() -> None:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        for device, enabled in autocast.items():
            torch.set_autocast_enabled(device, enabled)

    return restore
