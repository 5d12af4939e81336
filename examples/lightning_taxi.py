"""Taxi fares with PyTorch Lightning
=================================

A callback tells the trial how training goes, and ends it.

Run it with ``AUTONET_DATA=folder python examples/lightning_taxi.py``, where ``folder/nyc_taxis.parquet`` has 6,433
rides in New York. It needs lightning, pandas and pyarrow.
"""

import os
from itertools import pairwise
from pathlib import Path

import pandas as pd
import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from autonet.search import RunningTrial, Study
from autonet.search.lightning import LightningReport


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
            callbacks=[LightningReport(trial, "val_rmse")],
            default_root_dir=trial.directory,
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
