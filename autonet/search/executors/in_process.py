"""Run jobs in this process, one at a time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autonet.core.alarms import Alarm
from autonet.core.interrupts import current_interrupt
from autonet.search.evaluation import Objective, Outcome, evaluate
from autonet.search.executors.base import hard_deadline
from autonet.search.records import Job
from autonet.search.running_trial import Observer

__all__ = ["InProcess", "interrupt_at"]


class InProcess:
    """Run a job when it is waited for.

    An objective that runs past its deadline is interrupted, in the main thread even while it sleeps; in another
    thread at its next line of Python.  What never comes back from compiled code needs worker processes.

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
        """Do nothing: any objective will do; see `Executor`."""

    def submit(self, objective: Objective, job: Job, observe: Observer | None = None) -> None:
        """Note the job; see `Executor`."""
        self._next = (objective, job, observe)

    def wait(self) -> list[Outcome]:
        """Run the job; see `Executor`."""
        if self._next is None:
            return []
        (objective, job, observe), self._next = self._next, None
        with current_interrupt().raising():
            return [evaluate(objective, job, observe, interrupt_at(hard_deadline(job.deadline)))]

    def cancel(self) -> None:
        """Forget the job; see `Executor`."""
        self._next = None

    def close(self) -> None:
        """Forget the job; see `Executor`."""
        self.cancel()


@contextmanager
def interrupt_at(moment: float) -> Iterator[None]:
    """Raise `DeadlinePassed` in the body when ``time.monotonic()`` reads `moment`.

    It comes at any bytecode: global modes of torch are put back afterwards.
    """
    restore = _save_torch_modes()
    try:
        with Alarm(moment):
            yield
    except BaseException:
        restore()
        raise


def _save_torch_modes() -> Callable[[], None]:
    """Save the global modes of torch; return a function that restores them.

    An exception at any bytecode may leave gradients, autocast, default dtype and threads changed.  torch is not
    imported here: if nobody has, there is nothing to save.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):  # not there, or about to be imported
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
