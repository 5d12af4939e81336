"""Gradient boosting of scikit-learn, LightGBM and CatBoost: as they come, and tuned by Optuna for the time given.

Tuning: TPE over the space of each, the defaults first; early stopping on the validation rows (5 folds below 2,500 rows,
a quarter held out from there on), then the best configuration once more on all rows with the mean number of rounds.
"""

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

import numpy as np
import optuna
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from lightgbm.callback import EarlyStopException
from peer import Fitted, Job, main, ordered
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold

THREADS = 2
ROUNDS, PATIENCE = 2000, 50  # of tuned ones
FOLDS, SMALL, HELD_OUT = 5, 2500, 4
USED = 0.9  # of the time, by one trial and its refit at most
HGB_LEVELS = 255  # the most that scikit-learn takes

Rows = tuple[pd.DataFrame, pd.Series]
Rounds = tuple[int, np.ndarray | None]


@dataclass(frozen=True)
class TreeLearner:
    """A library of gradient boosting.

    `model(job, **params)` makes an unfitted one with its defaults; `fit(model, rounds, train, valid, deadline)` fits it
    with up to so many rounds, and returns the best number of them and what so many predict for the validation rows.
    """

    prepare: Callable[[pd.DataFrame], pd.DataFrame]
    model: Callable[..., Any]
    suggest: Callable[[optuna.Trial], dict[str, Any]]
    fit: Callable[[Any, int, Rows, Rows | None, float], Rounds]


def plain(X: pd.DataFrame) -> pd.DataFrame:
    """LightGBM refuses some characters in names."""
    return X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)


def few_levels(X: pd.DataFrame) -> pd.DataFrame:
    """Columns of too many levels become numbers."""
    many = [c for c in X if isinstance(X[c].dtype, pd.CategoricalDtype) and len(X[c].cat.categories) > HGB_LEVELS]
    return X.assign(**{c: X[c].cat.codes for c in many})


def strings(X: pd.DataFrame) -> pd.DataFrame:
    """CatBoost wants categories without missing values."""
    categories = [c for c in X if isinstance(X[c].dtype, pd.CategoricalDtype)]
    return X.assign(**{c: X[c].astype(object).where(X[c].notna(), "missing").astype(str) for c in categories})


# --- scikit-learn


def hgb(job: Job, **params: Any) -> Any:
    model = HistGradientBoostingClassifier if job.classification else HistGradientBoostingRegressor
    return model(random_state=job.seed, **params)


def suggest_hgb(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.5, log=True),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 255, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 100, log=True),
        "l2_regularization": trial.suggest_float("l2_regularization", 1e-6, 100, log=True),
        "max_features": trial.suggest_float("max_features", 0.3, 1.0),
    }


def fit_hgb(model: Any, rounds: int, train: Rows, valid: Rows | None, deadline: float) -> Rounds:
    """In steps, because it stops by no clock."""
    model.set_params(warm_start=True, early_stopping=False, max_iter=0)
    best, kept, step = 0, None, min(20, rounds)
    while step > 0 and (valid is None or model.max_iter - best < PATIENCE):
        began = time.monotonic()
        model.set_params(max_iter=model.max_iter + step).fit(*train)
        per_round = (time.monotonic() - began) / step
        if valid is not None:
            staged = model.staged_predict_proba if hasattr(model, "classes_") else model.staged_predict
            best, kept = min(enumerate(staged(valid[0]), start=1), key=lambda pair: loss(model, pair[1], valid[1]))
        step = int(min(2 * step, rounds - model.max_iter, (deadline - time.monotonic()) / per_round))
    return best or model.max_iter, kept


# --- LightGBM


def lightgbm(job: Job, **params: Any) -> Any:
    model = LGBMClassifier if job.classification else LGBMRegressor
    return model(random_state=job.seed, n_jobs=THREADS, verbosity=-1, **params)


def suggest_lightgbm(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 256, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 2, 100, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "subsample_freq": 1,
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-8, 10, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-8, 10, log=True),
    }


def fit_lightgbm(model: Any, rounds: int, train: Rows, valid: Rows | None, deadline: float) -> Rounds:
    def clock(env: Any) -> None:
        if time.monotonic() > deadline:
            raise EarlyStopException(env.iteration, env.evaluation_result_list or [])

    callbacks = [clock] if valid is None else [early_stopping(PATIENCE, verbose=False), clock]
    model.set_params(n_estimators=rounds)
    model.fit(*train, eval_set=None if valid is None else [valid], callbacks=callbacks)
    return model.best_iteration_ or model.n_estimators_, None if valid is None else predict(model, valid[0])


# --- CatBoost


def catboost(job: Job, **params: Any) -> Any:
    model = CatBoostClassifier if job.classification else CatBoostRegressor
    options = {"thread_count": THREADS, "verbose": False, "allow_writing_files": False}
    return model(random_seed=job.seed, cat_features=job.categories, **options, **params)


def suggest_catboost(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
        "depth": trial.suggest_int("depth", 3, 10),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.1, 30, log=True),
        "random_strength": trial.suggest_float("random_strength", 0.1, 10, log=True),
        "bagging_temperature": trial.suggest_float("bagging_temperature", 0.0, 1.0),
        "leaf_estimation_iterations": trial.suggest_int("leaf_estimation_iterations", 1, 10),
    }


def fit_catboost(model: Any, rounds: int, train: Rows, valid: Rows | None, deadline: float) -> Rounds:
    class Clock:
        def after_iteration(self, info: Any) -> bool:
            return time.monotonic() < deadline

    stopping = {} if valid is None else {"early_stopping_rounds": PATIENCE, "eval_set": valid}
    model.set_params(iterations=rounds)
    model.fit(*train, callbacks=[Clock()], **stopping)
    return model.tree_count_, None if valid is None else predict(model, valid[0])


LEARNERS = {
    "hgb": TreeLearner(few_levels, hgb, suggest_hgb, fit_hgb),
    "lightgbm": TreeLearner(plain, lightgbm, suggest_lightgbm, fit_lightgbm),
    "catboost": TreeLearner(strings, catboost, suggest_catboost, fit_catboost),
}


# --- tuning


def loss(model: Any, prediction: np.ndarray, y: pd.Series) -> float:
    """Log-loss or RMSE."""
    if not hasattr(model, "classes_") or len(model.classes_) == 0:  # CatBoost's regressor has an empty list
        return float(root_mean_squared_error(y, prediction))
    p = np.clip(prediction, 1e-15, 1)
    truth = y.to_numpy()[:, None] == np.asarray(model.classes_, dtype=object)  # CatBoost has an order of its own
    return float(-np.log(p[truth] / p.sum(axis=1)).mean())


def predict(model: Any, X: pd.DataFrame) -> np.ndarray:
    return np.asarray(model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X))


def splits(job: Job) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions to fit on and to validate on; classes that are not there to fit are not validated."""
    n_folds = FOLDS if len(job.y) < SMALL else HELD_OUT
    splitter = StratifiedKFold if job.classification else KFold
    pairs = list(splitter(n_folds, shuffle=True, random_state=job.seed).split(job.X, job.y))
    pairs = pairs if len(job.y) < SMALL else pairs[:1]
    if not job.classification:
        return pairs
    y = job.y.to_numpy()
    return [(fit, valid[np.isin(y[valid], y[fit])]) for fit, valid in pairs]


def tune(job: Job, learner: TreeLearner, X: pd.DataFrame) -> tuple[Any, dict[str, Any]]:
    pairs = splits(job)
    ready = job.began + job.seconds  # the best trial's refit comes before it
    more = len(job.y) / len(pairs[0][0]) / len(pairs)  # what a refit costs, in trials
    limit = USED * job.seconds / (1 + more) / len(pairs)  # of the fit on a fold
    took: list[float] = []

    def objective(trial: optuna.Trial) -> float:
        params = learner.suggest(trial) if trial.number else {}  # first the defaults
        began, losses, rounds = time.monotonic(), [], []
        latest = min(
            ready - reserve(study), began + USED * (ready - began) / (1 + more)
        )  # then its own refit fits, too
        for fit, valid in pairs:
            deadline = min(time.monotonic() + limit, latest)
            train, held_out = (X.iloc[fit], job.y.iloc[fit]), (X.iloc[valid], job.y.iloc[valid])
            model = learner.model(job, **params)
            best, predictions = learner.fit(model, ROUNDS, train, held_out, deadline)
            rounds.append(best)
            losses.append(loss(model, predictions, held_out[1]))
        took.append(time.monotonic() - began)
        trial.set_user_attr("params", params)
        trial.set_user_attr("rounds", round(mean(rounds)))
        trial.set_user_attr("refit", more * took[-1])
        if time.monotonic() + median(took) / 2 > ready - reserve(study):  # late trials are cut short
            study.stop()
        return mean(losses)

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=job.seed))
    study.optimize(objective)
    best = study.best_trial.user_attrs
    model = learner.model(job, **best["params"])
    # To its end: what Optuna takes between trials, more than such a refit after a thousand of them, is not kept back.
    refitted, _ = learner.fit(model, best["rounds"], (X, job.y), None, math.inf)
    notes = {"trials": len(study.trials), "params": best["params"], "rounds": best["rounds"]}
    return model, notes | {"rounds_refitted": refitted}


def reserve(study: optuna.Study) -> float:
    """Seconds to keep for the refit of the best trial."""
    done = any(t.state.is_finished() for t in study.trials)
    return float(study.best_trial.user_attrs["refit"]) if done else 0.0


def fit(job: Job) -> Fitted:
    name, _, tuned = job.system.partition("_")
    learner = LEARNERS[name]
    X, notes = learner.prepare(job.X), {}
    if tuned:
        model, notes = tune(job, learner, X)
    else:
        model = learner.model(job).fit(X, job.y)

    def predictions(rows: pd.DataFrame) -> np.ndarray:
        values = predict(model, learner.prepare(rows))
        return ordered(values, model.classes_, job.y) if job.classification else values

    return Fitted(predictions, model, notes=notes)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    main(fit, ["scikit-learn", "lightgbm", "catboost", "optuna", "numpy"])
