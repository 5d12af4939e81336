"""Callbacks of a fit: told about its trials while it continues, and able to end the search."""

import inspect
from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet
    from autonet.pipeline.context import TrialContext
    from autonet.search.records import Trial
    from autonet.search.study import Study

__all__ = ["Callback", "FitCallbacks", "check_callbacks"]

# Methods that a fit calls, with what it passes to them.
METHODS = {
    "on_trial_end": ("estimator", "trial"),
    "on_incumbent": ("estimator", "trial"),
    "on_epoch_end": ("estimator", "trial", "epoch", "score"),
}
PLAIN = ("study", "trial")  # what a function gets
FITTED = ("model_", "best_config_", "fit_result_")


class Callback:
    """Base class of callbacks, which an estimator gets as ``callbacks=[...]``; its methods do nothing.

    Any object with one of the methods will do.  A function is called as ``function(study, trial)`` at the end of each
    job, as by `Study.optimize`; `NoProgress` is one.

    A method that returns True ends the search: the final model is made of what was trained.  Callbacks are called in
    the process and the thread of the fit, and their time is part of `max_runtime`.  An exception in one ends the fit
    and leaves the estimator as it was.

    ``estimator`` is a copy of the one that is fitted, with its parameters, the `history_` so far and the
    `search_space_`.

    Examples
    --------
    >>> from autonet import AutoNetClassification, Callback
    >>> from sklearn.datasets import load_iris
    >>> class StopAt(Callback):
    ...     def __init__(self, accuracy):
    ...         self.accuracy = accuracy
    ...
    ...     def on_incumbent(self, estimator, trial):
    ...         return trial.last.metrics["val_accuracy"] >= self.accuracy
    >>> auto = AutoNetClassification("tiny_cs", budget_type="epochs", max_budget=27, callbacks=[StopAt(0.8)])
    >>> len(auto.fit(*load_iris(return_X_y=True), max_trials=100).history_) < 100
    True
    """

    def on_trial_end(self, estimator: "AutoNet", trial: "Trial") -> bool | None:
        """Call at the end of each job of a trial, failed ones included.

        Parameters
        ----------
        estimator : AutoNet
        trial : Trial
            Its last report has status, budget, seconds and scores: ``trial.reports[-1].metrics``.
        """

    def on_incumbent(self, estimator: "AutoNet", trial: "Trial") -> bool | None:
        """Call when another trial is the best of the search, or the best one has another score.

        Parameters
        ----------
        estimator : AutoNet
        trial : Trial
            The best one.
        """

    def on_epoch_end(self, estimator: "AutoNet", trial: "Trial", epoch: int, score: float) -> bool | None:
        """Call after each validation of a network: after each epoch, or less often for budgets in seconds.

        Values come from worker processes as they are validated; executors that return nothing before the end of a job,
        such as those of dask, pass on none.  True ends the search at the end of a job.

        Parameters
        ----------
        estimator : AutoNet
        trial : Trial
            It is running.
        epoch : int
            Epochs of the network so far; of several folds, each counts its own.
        score : float
            Score of the moving average of its weights by `optimize_metric`, on the validation rows of the fold.
        """


def check_callbacks(name: str, value: Any) -> None:
    """Check a list of callbacks.

    Raises
    ------
    InvalidOption
    """
    if value is None:
        return
    expected = f"a list of functions or of objects with {', '.join(METHODS)}, or None"
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidOption(f"{name} must be {expected}; got {value!r:.60}.")
    for callback in value:
        methods = list(_methods(callback))
        if isinstance(callback, type) or not (methods or callable(callback)):
            raise InvalidOption(f"{name} must be {expected}; one of them is {callback!r:.60}.")
        for called in methods or [""]:
            arguments = METHODS.get(called, PLAIN)
            if not _takes(getattr(callback, called) if called else callback, len(arguments)):
                what = f"{called} of {callback!r:.60}" if called else f"{callback!r:.60}"
                raise InvalidOption(f"{name}: {what} must take ({', '.join(arguments)}).")


def _methods(callback: Any) -> Iterator[str]:
    """Yield the names of the methods that a callback has of its own."""
    for name in METHODS:
        method = getattr(callback, name, None)
        if callable(method) and getattr(method, "__func__", method) is not getattr(Callback, name):
            yield name


def _takes(function: Any, n: int) -> bool:
    """Return whether a function takes `n` positional arguments; True where that cannot be found out."""
    try:
        inspect.signature(function).bind(*range(n))
    except TypeError:
        return False
    except ValueError:  # of a function of C
        return True
    return True


class FitCallbacks:
    """The callbacks of a fit, called by its study.

    Parameters
    ----------
    callbacks : sequence of callable or object, or None
    estimator : AutoNet
    study : Study
    context : TrialContext
        Notifies of epochs if one of them asks for it.

    Attributes
    ----------
    ended : bool
        Whether one of them has ended the search.
    """

    def __init__(
        self, callbacks: Sequence[Any] | None, estimator: "AutoNet", study: "Study", context: "TrialContext"
    ) -> None:
        self._plain = [callback for callback in callbacks or () if not list(_methods(callback))]
        self._by_method = {name: [c for c in callbacks or () if name in _methods(c)] for name in METHODS}
        self._estimator, self._study, self._metric = copy(estimator), study, context.metric
        for name in FITTED:  # of an earlier fit
            self._estimator.__dict__.pop(name, None)
        self._estimator.history_, self._estimator.search_space_ = study.history, study.space
        self._best: tuple[int, float | None] | None = None
        self._error: Exception | None = None
        self.ended = False
        context.notifies = bool(self._by_method["on_epoch_end"])
        study.on_report = self._end_epoch if context.notifies else None

    def __call__(self, study: "Study", trial: "Trial") -> bool:
        """Tell them that a job has ended; return whether the search ends."""
        try:
            if self._error is not None:
                return True
            ends = [callback(study, trial) is True for callback in self._plain]
            ends.append(self._tell("on_trial_end", trial))
            best = study.history.best
            if best is not None and (best.number, best.value) != self._best:
                self._best = best.number, best.value
                ends.append(self._tell("on_incumbent", best))
        except Exception as error:  # noqa: BLE001 - raised by `raise_error`, whatever else happens to the search
            self._error = error
            return True
        self.ended |= any(ends)
        return any(ends)

    def raise_error(self) -> None:
        """Raise what one of them has raised."""
        if self._error is not None:
            raise self._error

    def _end_epoch(self, trial: "Trial", epoch: int, loss: float) -> None:
        try:
            if self._tell("on_epoch_end", trial, epoch, self._metric.to_score(loss)):
                self._study.stop()
        except Exception as error:  # in this process, it would only fail the trial
            self._error = error
            raise

    def _tell(self, method: str, *arguments: Any) -> bool:
        """Call a method of all that have it; return whether any of them ends the search."""
        ends = [getattr(c, method)(self._estimator, *arguments) is True for c in self._by_method[method]]
        return any(ends)
