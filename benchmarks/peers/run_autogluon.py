"""AutoGluon's presets medium_quality and best_quality, and its networks alone, with a time limit and two cores.

The size of a model is that of its clone for deployment, and models are held in memory before calls are timed.
"""

import logging
import warnings
from typing import Any

import pandas as pd
from autogluon.tabular import TabularPredictor
from peer import Fitted, Job, main, ordered

CORES = 2
SYSTEMS: dict[str, dict[str, Any]] = {
    "autogluon_medium": {"presets": "medium_quality"},
    "autogluon_best": {"presets": "best_quality"},
    "autogluon_networks": {"hyperparameters": {"NN_TORCH": {}, "FASTAI": {}}},
}


def fit(job: Job) -> Fitted:
    kind = ("binary" if job.y.nunique() == 2 else "multiclass") if job.classification else "regression"
    predictor = TabularPredictor(
        label="target",
        problem_type=kind,
        eval_metric="log_loss" if job.classification else "root_mean_squared_error",
        path=str(job.folder / "models"),
        verbosity=0,
    )
    predictor.fit(job.X.assign(target=job.y), time_limit=job.seconds, num_cpus=CORES, **SYSTEMS[job.system])
    names = predictor.model_names()
    predictor.persist()

    def predict(X: pd.DataFrame) -> Any:
        if not job.classification:
            return predictor.predict(X, as_pandas=False)
        probabilities = predictor.predict_proba(X)
        return ordered(probabilities, probabilities.columns, job.y)

    notes = {"models": len(names), "best": predictor.model_best}
    return Fitted(predict, save=lambda folder: predictor.clone_for_deployment(str(folder / "clone")), notes=notes)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(fit, ["autogluon.tabular", "torch", "lightgbm", "catboost", "xgboost-cpu", "fastai", "scikit-learn", "numpy"])
