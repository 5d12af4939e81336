"""autonet as it comes; `--options` changes keywords of the constructor."""

import warnings

import torch
from peer import Fitted, Job, main, ordered

from autonet import AutoNetClassification, AutoNetRegression


def fit(job: Job) -> Fitted:
    metric = "neg_log_loss" if job.classification else "neg_root_mean_squared_error"
    estimator = AutoNetClassification if job.classification else AutoNetRegression
    options = {"max_runtime": job.seconds, "optimize_metric": metric, "random_state": job.seed, **job.options}
    auto = estimator(**options)
    auto.fit(job.X, job.y)
    notes = {"trials": len(auto.history_), "torch_threads": torch.get_num_threads()}
    if job.classification:
        return Fitted(lambda X: ordered(auto.predict_proba(X), auto.classes_, job.y), auto, notes=notes)
    return Fitted(auto.predict, auto, notes=notes)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(fit, ["torch", "scikit-learn", "ConfigSpace", "numpy"])
