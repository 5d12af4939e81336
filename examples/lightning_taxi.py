"""Taxi fares with PyTorch Lightning
=================================

A callback tells the trial how training goes, and ends it.

Run it with ``AUTONET_DATA=folder python examples/lightning_taxi.py``, where ``folder/nyc_taxis.parquet`` has 6,433
rides in New York. It needs pandas and pyarrow; where Lightning is not installed, a trainer of twenty lines takes its
place.
"""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from autonet.search import RunningTrial, Study, TrialPruned

try:
    from lightning.pytorch import LightningModule, Trainer
except ImportError:

    class LightningModule(nn.Module):
        def log(self, name: str, value: Tensor) -> None:
            self.metrics[name] = value.detach()

    class Trainer:
        """The part of Lightning's protocol that this example uses."""

        sanity_checking = False

        def __init__(self, max_epochs: int, callbacks: list[Any], gradient_clip_val: float, **_: Any) -> None:
            self.max_epochs, self.callbacks, self.clip = max_epochs, callbacks, gradient_clip_val
            self.current_epoch, self.callback_metrics = 0, {}

        def fit(self, model: LightningModule, train: DataLoader, valid: DataLoader) -> None:
            model.metrics, optimizer = self.callback_metrics, model.configure_optimizers()
            while self.current_epoch < self.max_epochs:
                model.train()
                for i, batch in enumerate(train):
                    optimizer.zero_grad()
                    model.training_step(batch, i).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), self.clip)
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    for i, batch in enumerate(valid):
                        model.validation_step(batch, i)
                for callback in self.callbacks:
                    callback.on_validation_end(self, model)
                self.current_epoch += 1


class ReportToTrial:
    """A callback for Lightning's trainer that imports nothing of Lightning."""

    def __init__(self, trial: RunningTrial, monitor: str) -> None:
        self.trial, self.monitor, self.state_key = trial, monitor, "ReportToTrial"

    def on_validation_end(self, trainer: Any, model: Any) -> None:
        if trainer.sanity_checking:
            return
        self.trial.report(trainer.callback_metrics[self.monitor].item(), trainer.current_epoch)
        if self.trial.should_prune():  # the others did better, or the time is up
            raise TrialPruned

    def __getattr__(self, hook: str) -> Any:  # Lightning calls many more
        return lambda *_, **__: {}


class TaxiModel(LightningModule):
    def __init__(self, n_features: int, widths: list[int], batch_norm: bool, optimizer: str, lr: float) -> None:
        super().__init__()
        self.optimizer, self.lr = optimizer, lr
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise([n_features, *widths]):
            layers += [nn.BatchNorm1d(n_in)] * batch_norm + [nn.Linear(n_in, n_out), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        x, fare = batch
        return nn.functional.mse_loss(self(x), fare)

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        x, fare = batch
        self.log("val_rmse", nn.functional.mse_loss(self(x), fare).sqrt())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return getattr(torch.optim, self.optimizer)(self.parameters(), lr=self.lr)


def load_rides() -> TensorDataset:
    rides = pd.read_parquet(Path(os.environ.get("AUTONET_DATA", "../shared/data")) / "nyc_taxis.parquet")
    fares = torch.tensor(rides.pop("target").to_numpy(), dtype=torch.float32)
    features = pd.get_dummies(rides.drop(columns=["pickup_zone", "dropoff_zone"]), dtype=float)
    features = (features - features.mean()) / features.std()
    return TensorDataset(torch.tensor(features.to_numpy(), dtype=torch.float32), fares)


def main(max_trials: int = 50, timeout: float = 300, max_epochs: int = 10) -> Study:
    train, valid = random_split(load_rides(), [0.8, 0.2], torch.Generator().manual_seed(0))
    n_features = train.dataset.tensors[0].shape[1]

    def objective(trial: RunningTrial) -> float:
        torch.manual_seed(trial.suggest_int("seed", 0, 2**31 - 2))
        n_layers = trial.suggest_int("n_layers", 1, 4)
        model = TaxiModel(
            n_features,
            widths=[trial.suggest_int(f"width_{i}", 8, 128, log=True) for i in range(n_layers)],
            batch_norm=trial.suggest_categorical("batch_norm", [True, False]),
            optimizer=trial.suggest_categorical("optimizer", ["Adam", "SGD"]),
            lr=trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        )
        trainer = Trainer(
            max_epochs=max_epochs,
            callbacks=[ReportToTrial(trial, "val_rmse")],
            gradient_clip_val=0.5,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        batch_size = trial.suggest_categorical("batch_size", [2**i for i in range(5, 9)])
        trainer.fit(model, DataLoader(train, batch_size, shuffle=True), DataLoader(valid, len(valid)))
        return trainer.callback_metrics["val_rmse"].item()

    study = Study(direction="minimize", random_state=42)
    study.optimize(objective, max_trials=max_trials, timeout=timeout)
    print(study.best)
    print(study.trials_dataframe().sort_values("value")[["number", "value", "params_seed", "state"]].head())
    return study


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/fares.png"
