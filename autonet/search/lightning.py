"""Callback for the trainers of Lightning, whose package is not imported."""

from collections.abc import Callable
from typing import Any

from autonet.core.errors import TrialPruned, UnknownName

__all__ = ["LightningReport"]


class LightningReport:
    """Callback for a Lightning ``Trainer`` that reports a metric to a trial after each validation.

    A metric of the training, and any without a validation, is reported at the end of each epoch.
    It raises ``TrialPruned`` when the trial is to be stopped.  In a study with budgets it saves model, optimizers and
    learning-rate schedulers at the end of training, and a promoted trial resumes from there: pass
    ``max_epochs=int(trial.budget)``.  Training is expected to run in one process.

    Parameters
    ----------
    trial : RunningTrial
    monitor : str
        Name of the metric, as in ``self.log(name, value)`` of the model; other metrics are reported beside it.

    Examples
    --------
    >>> def objective(trial):
    ...     model = Model(trial["width"])
    ...     callback = LightningReport(trial, "val_loss")
    ...     trainer = Trainer(max_epochs=9, callbacks=[callback], default_root_dir=trial.directory)
    ...     trainer.fit(model, train_loader, valid_loader)
    ...     return trainer.callback_metrics["val_loss"]
    """

    def __init__(self, trial: Any, monitor: str) -> None:
        self.trial, self.monitor = trial, monitor
        self._of_training = False  # whether the metric is there at the end of an epoch only

    @property
    def state_key(self) -> str:
        """Name of the callback in checkpoints of Lightning."""
        return f"{type(self).__name__}({self.monitor!r})"

    def state_dict(self) -> dict[str, Any]:
        """Return nothing to save; the study has it."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing."""

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Go on from the checkpoint of the trial, if there is one."""
        trial = self.trial
        state = None if trial.budget is None else trial.checkpoint.load()
        if state is None:
            return
        pl_module.load_state_dict(state["model"])
        for part, saved in zip(_optimization(trainer), state["optimization"], strict=True):
            part.load_state_dict(saved)
        progress = trainer.fit_loop.epoch_progress.current
        progress.processed = progress.completed = state["epoch"]

    def on_train_batch_end(self, *_: Any) -> None:
        """End the trial after its time limit."""
        if self.trial.should_stop:
            raise TrialPruned

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the metrics; end the trial if it is to be stopped."""
        del pl_module
        if trainer.sanity_checking:
            return
        if self.monitor in trainer.callback_metrics and not self._of_training:
            self._report(trainer)
        else:
            self._of_training = True

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Report the metrics, if no validation has; end the trial if it is to be stopped.

        Raises
        ------
        UnknownName
            If the model does not log the metric.
        """
        del pl_module
        if self._of_training or not trainer.enable_validation:
            self._report(trainer)

    def _report(self, trainer: Any) -> None:
        """Report the metrics; raise if the trial is to be stopped."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if self.monitor not in metrics:
            raise UnknownName("metric", self.monitor, metrics)
        value = metrics.pop(self.monitor)
        others = {name: other for name, other in metrics.items() if name not in ("value", "step")}
        self.trial.report(value, trainer.current_epoch, **others)
        if self.trial.should_prune():
            raise TrialPruned

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Save a checkpoint, from which a promoted trial continues."""
        if self.trial.budget is not None:
            states = [part.state_dict() for part in _optimization(trainer)]
            state = {"model": pl_module.state_dict(), "optimization": states, "epoch": trainer.current_epoch}
            self.trial.checkpoint.save(state)

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Return a hook that does nothing, of those that Lightning calls."""
        if name.startswith("on_") or name in ("setup", "teardown"):
            return _do_nothing
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)


def _optimization(trainer: Any) -> list[Any]:
    """Return the optimizers and learning-rate schedulers of a trainer."""
    return [*trainer.optimizers, *(config.scheduler for config in trainer.lr_scheduler_configs)]


def _do_nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""
