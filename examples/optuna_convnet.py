"""An objective written for Optuna
===============================

A convolutional network that suggests its own shape, run by autonet.

It takes half an hour and a copy of MNIST: ``AUTONET_DATA=folder python examples/optuna_convnet.py``, with
``folder/mnist.npz``; without one it learns the small digits of scikit-learn. ``make_objective`` knows nothing of
autonet: ``optuna.create_study(direction="maximize").optimize(make_objective(*data), n_trials=10)`` runs as well.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn, optim

from autonet.search import Study
from autonet.search.pruners import SuccessiveHalvingPruner

try:
    from optuna import TrialPruned
except ImportError:
    from autonet.search import TrialPruned

Data = tuple[Tensor, Tensor]

PRUNED_FROM = 1  # epochs are counted from 0


class ConvNet(nn.Sequential):
    """1 to 4 convolutional layers and 1 or 2 linear ones, of the widths that a trial suggests."""

    def __init__(self, trial: Any, images: Tensor, n_classes: int) -> None:
        convolutions = nn.Sequential()
        channels = images.shape[1]
        for i in range(trial.suggest_int("conv_layers", 1, 4)):
            filters = trial.suggest_int(f"filters_{i}", 16, 64)
            convolutions.extend(
                [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
            )
            channels = filters
        convolutions.extend([nn.Dropout(trial.suggest_float("conv_dropout", 0.1, 0.4)), nn.Flatten()])

        linear = nn.Sequential()
        width = convolutions(images[:1]).shape[1]  # one image tells how many numbers are left
        for i in range(trial.suggest_int("linear_layers", 1, 2)):
            units = trial.suggest_int(f"units_{i}", 16, 64)
            dropout = trial.suggest_float(f"dropout_{i}", 0.1, 0.4)
            linear.extend([nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)])
            width = units
        super().__init__(convolutions, linear, nn.Linear(width, n_classes), nn.LogSoftmax(dim=1))


def make_objective(train: Data, valid: Data, epochs: int, batch_size: int) -> Callable[[Any], float]:
    def objective(trial: Any) -> float:
        torch.manual_seed(trial.number)
        images, labels = train
        model = ConvNet(trial, images, n_classes=10)
        name = trial.suggest_categorical("optimizer", ["Adam", "Adadelta", "RMSprop", "SGD"])
        optimizer = getattr(optim, name)(model.parameters(), lr=trial.suggest_float("lr", 0.1, 0.5, log=True))

        accuracy = 0.0
        for epoch in range(epochs):
            model.train()
            for batch in torch.randperm(len(images)).split(batch_size):
                optimizer.zero_grad()
                nn.functional.nll_loss(model(images[batch]), labels[batch]).backward()
                optimizer.step()
            accuracy = accuracy_of(model, valid)
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise TrialPruned
        return accuracy

    return objective


@torch.no_grad()
def accuracy_of(model: nn.Module, data: Data) -> float:
    model.eval()
    batches = zip(data[0].split(1000), data[1].split(1000), strict=True)
    return sum((model(x).argmax(1) == y).sum().item() for x, y in batches) / len(data[1])


def load_images(rows: int | None) -> tuple[Data, Data, Data]:
    """Images to train on, to choose by, and to test with."""
    path = Path(os.environ.get("AUTONET_DATA", "../shared/data")) / "mnist.npz"
    if path.is_file():
        mnist = np.load(path)
        X, y, X_test, y_test = (mnist[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    else:
        digits = load_digits()
        X, X_test, y, y_test = train_test_split(
            (digits.images * 255 / 16).astype("uint8"), digits.target, random_state=0
        )
    X, X_valid, y, y_valid = train_test_split(X[:rows], y[:rows], test_size=0.15, random_state=0)
    parts = ((X, y), (X_valid, y_valid), (X_test[:rows], y_test[:rows]))
    return tuple((torch.tensor(X[:, None]) / 255, torch.tensor(y).long()) for X, y in parts)


def main(arguments: Sequence[str] | None = None) -> Study:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--timeout", type=float, default=2000, help="seconds")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rows", type=int, help="of the images, use only so many")
    options = parser.parse_args(arguments)

    train, valid, test = load_images(options.rows)
    batch_size = 64 if len(train[0]) > 10_000 else 16  # a few steps at least
    # Of ten trials few are good: most end after two epochs, the best third continues.
    study = Study(direction="maximize", random_state=0, pruner=SuccessiveHalvingPruner(PRUNED_FROM, reduction_factor=3))
    objective = make_objective(train, valid, options.epochs, batch_size)
    study.optimize(objective, max_trials=options.trials, timeout=options.timeout)
    print(f"Of {len(study.trials)} trials: {dict(Counter(str(trial.status) for trial in study.trials))}")
    print(f"Best validation accuracy {study.best.value:.4f}, by {study.best.params}")

    again = Study(direction="maximize")  # the same objective once more, trained on all and tested
    again.enqueue(study.best.params)
    everything = tuple(torch.cat(parts) for parts in zip(train, valid, strict=True))
    again.optimize(make_objective(everything, test, options.epochs, batch_size), max_trials=1)
    print(f"Test accuracy {again.best.value:.4f}")
    return study


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/digits.png"
