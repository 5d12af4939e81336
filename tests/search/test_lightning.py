"""The callback for trainers of Lightning, in real ones."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from autonet.core.errors import UnknownName
from autonet.search import RunningTrial, Status, Study, minimize
from autonet.search.lightning import LightningReport
from autonet.search.optuna.integration import PyTorchLightningPruningCallback
from tests.clocks import FakeClock

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning warns about itself

X = torch.linspace(-1, 1, 32)[:, None]
DATA = TensorDataset(X, 2 * X)
SILENT = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}

Fit = Callable[..., Any]


@pytest.fixture(scope="module")
def fit() -> Fit:
    """Train a line with a schedule; return the trainer."""
    lightning = pytest.importorskip("lightning.pytorch", reason="needs lightning")

    class Line(lightning.LightningModule):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(1, 1)

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            loss = nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("train/loss", loss, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch: list[Tensor], _: int) -> None:
            loss = nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log_dict({"val/loss": loss, "rmse": loss.sqrt(), "value": 1.0})

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.Adam(self.parameters(), 0.3)
            return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]

    def run(
        trial: RunningTrial, epochs: int, monitor: str = "val/loss", kind: Any = LightningReport, validates: bool = True
    ) -> Any:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = Line()
        folder = trial.directory
        trainer = lightning.Trainer(
            max_epochs=epochs, callbacks=[kind(trial, monitor)], default_root_dir=folder, **SILENT
        )
        trainer.fit(model, DataLoader(DATA, 8), DataLoader(DATA, 32) if validates else None)
        return trainer

    return run


def test_a_promoted_trial_goes_on_as_if_it_had_never_stopped(fit: Fit) -> None:
    def objective(trial: RunningTrial) -> Any:
        return fit(trial, int(trial.budget or 6)).callback_metrics["val/loss"]

    promoted = Study({"x": (0.0, 1.0)}, min_budget=2, max_budget=6, random_state=0)
    best = promoted.optimize(objective, max_trials=3, on_error="raise").best
    assert [report.target for report in best.reports] == [2, 6]
    whole = minimize(objective, {"x": (0.0, 1.0)}, max_trials=1).best
    assert best.curve == whole.curve
    assert [step for step, _ in best.curve] == list(range(6))
    assert best.value == whole.value == best.curve[-1][1]
    assert best.metrics["rmse"] == pytest.approx(whole.value**0.5)
    assert [step for step, _ in whole.reports[-1].details["curves"]["rmse"]] == list(range(6))


def test_trials_end_when_others_are_better_and_when_their_time_is_up(fit: Fit, clock: FakeClock) -> None:
    class Slow(PyTorchLightningPruningCallback):
        def on_train_epoch_start(self, trainer: Any, _: Any) -> None:
            if trainer.current_epoch == 1:
                clock.sleep(3)

    def objective(trial: RunningTrial) -> Any:
        trial.job.bounds[0] = trial["x"]  # type: ignore[index] # as if five trials had ended with this
        return fit(trial, 3, kind=Slow if trial["x"] == 9 else PyTorchLightningPruningCallback)

    points = [{"x": 0.0}, {"x": 9.0}]
    study = minimize(objective, {"x": (0.0, 9.0)}, enqueue=points, max_trials=2, timeout=2)
    assert [trial.status for trial in study.trials] == [Status.PRUNED, Status.CUT]
    assert [len(trial.curve) for trial in study.trials] == [1, 1]


def test_a_metric_of_the_training_is_reported_after_each_epoch(fit: Fit) -> None:
    def objective(trial: RunningTrial) -> float:
        trainer = fit(trial, 2, "train/loss", validates=trial["validates"])
        return float(trainer.callback_metrics["train/loss"])

    study = minimize(objective, {"validates": [True, False]}, max_trials=2, on_error="raise")
    for trial in study.trials:
        assert [step for step, _ in trial.curve] == [0, 1]
        assert trial.curve[-1][1] == trial.value


def test_a_metric_that_the_model_does_not_log_is_refused(fit: Fit) -> None:
    with pytest.raises(UnknownName, match=r"Unknown metric 'val_loss'\. Did you mean 'val/loss'"):
        minimize(lambda t: fit(t, 1, "val_loss"), {"x": (0.0, 1.0)}, max_trials=1, on_error="raise")
