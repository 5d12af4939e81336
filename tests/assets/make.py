"""Make files of an estimator that later versions must open: ``python -m tests.assets.make``, once per format.

Those of earlier formats stay as they are.
"""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates
from autonet.core.specfile import FORMAT

FOLDER = Path(__file__).parent
N = 40


def table() -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Return numbers with missing values, towns and dates, and labels that the town decides."""
    numbers = np.where(np.arange(N) % 7, np.sin(np.arange(N)), np.nan)
    town = np.array(["Bern", "Lima", "Oslo"])[np.arange(N) % 3]
    dates = pd.date_range("2024-01-01", periods=N)
    return pd.DataFrame({"size": numbers, "town": town, "when": dates}), np.where(town == "Lima", "buy", "skip")


def main() -> None:
    """Fit, and write the pickle, the model file and what they predict."""
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:max_units", [8, 16])
    options: dict[str, Any] = {"budget_type": "epochs", "max_trials": 3, "min_budget": 3, "max_budget": 27}
    auto = AutoNetClassification("tiny_cs", **options, optimize_metric="f1", pos_label="buy", random_state=0)
    X, y = table()
    auto.fit(X, y, hyperparameter_search_space_updates=updates)
    path = FOLDER / f"format{FORMAT}.pickle"
    path.write_bytes(pickle.dumps(auto, protocol=4))
    auto.save(path.with_suffix(".autonet"))
    expected = {
        "probabilities": auto.predict_proba(X).tolist(),
        "threshold": auto.threshold_,
        "best_config": auto.best_config_,
        "trials": [dict(trial.config) for trial in auto.history_],
        "space": sorted(auto.search_space_),
    }
    path.with_suffix(".json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
