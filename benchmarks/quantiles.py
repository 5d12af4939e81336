"""Pinball loss and coverage of predicted quantiles, against HistGradientBoosting with a model for each level.

python benchmarks/quantiles.py --seconds 20
"""

import argparse
import time
import warnings

import numpy as np
from common import environment
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss
from tables import load

from autonet import AutoNetRegression
from autonet.core.errors import AutonetWarning

LEVELS = (0.05, 0.5, 0.95)
TABLES = ("california_housing", "colleges", "protein")
MAX_ROWS = 20_000
STEP = 20  # iterations of boosting between two looks at the clock


class Boosting:
    """A model for each level, grown until early stopping or the end of its time; predictions are sorted."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def fit(self, X: object, y: np.ndarray) -> "Boosting":
        """Fit the models one after the other."""
        options = {"early_stopping": True, "warm_start": True, "random_state": 0, "categorical_features": "from_dtype"}
        self.models = [
            HistGradientBoostingRegressor(loss="quantile", quantile=q, max_iter=0, **options) for q in LEVELS
        ]
        for model in self.models:
            end = time.monotonic() + self.seconds / len(LEVELS)
            while time.monotonic() < end and model.max_iter == getattr(model, "n_iter_", 0):
                model.set_params(max_iter=model.max_iter + STEP).fit(X, y)
        return self

    def predict(self, X: object) -> np.ndarray:
        """Predict quantiles (n, 3)."""
        return np.sort(np.column_stack([model.predict(X) for model in self.models]), axis=1)


def describe(predicted: np.ndarray, truth: np.ndarray) -> str:
    """Return cells: pinball loss over the standard deviation, coverage and width of the outer quantiles."""
    losses = [mean_pinball_loss(truth, p, alpha=q) for q, p in zip(LEVELS, predicted.T, strict=True)]
    held = (predicted[:, 0] <= truth) & (truth <= predicted[:, -1])
    width = (predicted[:, -1] - predicted[:, 0]).mean() / truth.std()
    return f"{np.mean(losses) / truth.std():.4f} | {held.mean():.3f} | {width:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    given = parser.parse_args()
    warnings.simplefilter("ignore", AutonetWarning)
    print("| table | model | fit | pinball loss | inside [5%, 95%] | width |")
    print("|---|---|---|---|---|---|")
    for table in given.tables:
        X, y, X_test, y_test = load(table, 0)
        X, y, X_test, truth = (
            X[:MAX_ROWS],
            np.asarray(y, float)[:MAX_ROWS],
            X_test[:MAX_ROWS],
            np.asarray(y_test, float),
        )
        models = {
            "autonet": AutoNetRegression(quantiles=LEVELS, max_runtime=given.seconds, random_state=0),
            "HistGradientBoosting": Boosting(given.seconds),
        }
        for name, model in models.items():
            began = time.monotonic()
            model.fit(X, y)
            seconds = time.monotonic() - began
            cells = describe(model.predict(X_test), truth[:MAX_ROWS])
            print(f"| {table} | {name} | {seconds:.1f} s | {cells} |", flush=True)
            if isinstance(model, AutoNetRegression):
                ends = model.predict_interval(X_test, LEVELS[-1] - LEVELS[0])
                cells = describe(np.insert(ends, 1, model.predict(X_test)[:, 1], axis=1), truth[:MAX_ROWS])
                print(f"| {table} | its `predict_interval` | | {cells} |", flush=True)
    print(f"\nLosses and widths are in standard deviations of the target.  {environment()}")


if __name__ == "__main__":
    main()
