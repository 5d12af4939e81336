"""RealMLP-TD and TabM of pytabkit with their defaults, told the metric as pytabkit's README advises for log-loss.

TabM knows no time limit and RealMLP would be cut in the middle of its schedule, so the time that an epoch takes is
measured first, and there are as many epochs as end in time, up to the default number.  Missing numbers become medians
with an indicator, which pytabkit leaves to its users.  `--options '{"val_metric_name": null, "use_ls": null}'` leaves
the defaults without a metric.
"""

import logging
import warnings
from typing import Any

import pandas as pd
from peer import Fitted, Job, main, ordered
from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor, TabM_D_Classifier, TabM_D_Regressor

THREADS = 2
MARGIN = 0.9  # of the time that is left: epochs vary
TIMING = 0.25  # of the time, for short fits that are timed
SHORT = (1, 2, 8, 32, 128)  # their epochs; in the first, things happen that happen once

MODELS = {
    "realmlp": (RealMLP_TD_Classifier, RealMLP_TD_Regressor),
    "tabm": (TabM_D_Classifier, TabM_D_Regressor),
}
MOST_EPOCHS = {"realmlp": 256, "tabm": 1_000_000_000}
FOR_LOG_LOSS: dict[str, dict[str, Any]] = {
    "realmlp": {"val_metric_name": "cross_entropy", "use_ls": False},
    "tabm": {"val_metric_name": "cross_entropy"},
}


class Medians:
    """Medians for missing numbers, and an indicator for each column that has some in training."""

    def __init__(self, X: pd.DataFrame) -> None:
        numbers = X.select_dtypes("number")
        self.medians = numbers.median().fillna(0.0)
        self.missing = list(numbers.columns[numbers.isna().any()])

    def __call__(self, X: pd.DataFrame) -> pd.DataFrame:
        indicators = {f"{c} is missing": X[c].isna().astype(float) for c in self.missing}
        return X.fillna(self.medians).assign(**indicators)


def fit_in_time(job: Job, X: pd.DataFrame) -> tuple[Any, int]:
    """A model that was fitted within the time, and its number of epochs; one epoch there is in any case."""
    classifier, regressor = MODELS[job.system]
    params = {"device": "cpu", "n_threads": THREADS, "random_state": job.seed}
    params |= FOR_LOG_LOSS[job.system] if job.classification else {}
    params |= job.options

    def fitted(n_epochs: int) -> tuple[Any, float]:
        before = job.left
        model = (classifier if job.classification else regressor)(n_epochs=n_epochs, **params).fit(X, job.y)
        return model, before - job.left

    most = MOST_EPOCHS[job.system]
    timed: list[tuple[int, float]] = []
    took = 0.0
    for n_epochs in SHORT:
        expected = took * n_epochs / timed[-1][0] if len(timed) > 1 else took
        if timed and job.seconds - job.left + expected > TIMING * job.seconds * (2 if len(timed) == 1 else 1):
            break
        model, took = fitted(n_epochs)
        timed.append((n_epochs, took))
    in_time = min(epochs_in(MARGIN * job.left, timed), most)
    return (fitted(in_time)[0], in_time) if in_time > timed[-1][0] else (model, timed[-1][0])


def epochs_in(seconds: float, timed: list[tuple[int, float]]) -> int:
    """Number of epochs that end in so many seconds, by the last two short fits after the first one."""
    n, took = timed[-1]
    before = timed[-2] if len(timed) > 2 else (0, 0.0)
    each = max((took - before[1]) / (n - before[0]), 0.1 * took / n)  # noise can make it negative
    return int((seconds - max(took - n * each, 0.0)) / each)


def fit(job: Job) -> Fitted:
    prepare = Medians(job.X)
    model, n_epochs = fit_in_time(job, prepare(job.X))

    def predict(X: pd.DataFrame) -> Any:
        if job.classification:
            return ordered(model.predict_proba(prepare(X)), model.classes_, job.y)
        return model.predict(prepare(X))

    return Fitted(predict, model, notes={"epochs": n_epochs})


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(fit, ["pytabkit", "torch", "scikit-learn", "numpy"])
