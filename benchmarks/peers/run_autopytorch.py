"""Auto-PyTorch 0.0.2 with its presets tiny_cs and medium_cs, in the environment that `autopytorch_shim` lets it run in.

It reads numbers alone: categories go in as codes that are named to it.  Budgets are a fifteenth and a fifth of the
time, without the ten seconds that its budgets of time keep back; the refit, as long as the winner's budget, comes out
of the time, too.  It knows no log-loss that it could optimize (its "cross_entropy" is turned around), so it optimizes
accuracy, or the mean distance of targets, which are standardized here because it does not do it.  `tiny_cs` names no
loss for regression: it gets the only one.
"""

import logging
import os
import warnings

import autopytorch_shim  # noqa: F401 - makes the next import work
import numpy as np
import pandas as pd
from autoPyTorch import AutoNetClassification, AutoNetRegression
from peer import Fitted, Job, main

THREADS = 2
SHORTEST, LONGEST = 1 / 15, 1 / 5  # budgets, as shares of the time


def fit(job: Job) -> Fitted:
    os.chdir(job.folder)  # it writes its results where it is
    levels = {c: list(job.X[c].cat.categories) for c in job.categories}

    def numbers(X: pd.DataFrame) -> np.ndarray:
        codes = {c: X[c].cat.set_categories(values).cat.codes.replace(-1, np.nan) for c, values in levels.items()}
        return X.assign(**codes).to_numpy(float)

    preset = job.system.partition("_")[2] + "_cs"
    options = {
        "budget_type": "training_time",
        "min_budget": SHORTEST * job.seconds,
        "max_budget": LONGEST * job.seconds,
        "max_runtime": (1 - LONGEST) * job.seconds,
        "use_pynisher": False,
        "network_interface_name": "lo",
        "torch_num_threads": THREADS,
        "random_seed": job.seed,
        "log_level": "error",
        "validation_split": 0.3,
        "categorical_features": [c in levels for c in job.X],
    }
    if job.classification:
        classes, y = np.unique(job.y, return_inverse=True)
        auto = AutoNetClassification(preset, **options)
    else:
        center, scale = float(np.mean(job.y)), float(np.std(job.y))
        y = (job.y.to_numpy() - center) / scale
        auto = AutoNetRegression(preset, loss_modules=["l1_loss"], **options)
    result = auto.fit(numbers(job.X), y)

    def predict(X: pd.DataFrame) -> np.ndarray:
        if job.classification:
            probabilities = np.asarray(auto.predict(numbers(X), return_probabilities=True)[1])
            return probabilities.reshape(len(X), len(classes))
        return np.asarray(auto.predict(numbers(X))).ravel() * scale + center

    return Fitted(predict, auto, notes={"budget": result["budget"]})


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(fit, ["autoPyTorch", "hpbandster", "ConfigSpace", "torch", "scikit-learn", "numpy"])
