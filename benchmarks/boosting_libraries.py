"""What CatBoost and LightGBM would add to the ensemble of a fit, if they took no time of it.

    pip install catboost lightgbm
    python benchmarks/boosting_libraries.py --seconds 60

Each is fitted on the folds of the fit, with early stopping on their validation rows, and becomes a further candidate of
the selection.  Errors on the test rows, log loss or RMSE, are relative to those of the ensemble without it.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from common import environment
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from sklearn.metrics import log_loss, root_mean_squared_error
from tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.clock import TimeLimit
from autonet.pipeline import selection
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate, rank_candidates
from autonet.pipeline.validation_scores import score_fold

TABLES = ("cmc", "colleges", "credit_g", "kc1", "nyc_taxis", "phoneme", "vehicle")
ROUNDS = {"catboost": 600, "lightgbm": 500}
PATIENCE = 50  # rounds without a better validation loss
SIZE = 25  # of the ensemble


class Boosted:
    """Models of one library, one for each fold; a member of the ensemble."""

    def __init__(self, library: str, is_regression: bool, X: pd.DataFrame) -> None:
        self.library, self.is_regression = library, is_regression
        self.levels = {c: sorted(set(X[c].dropna()), key=str) for c in X if not pd.api.types.is_numeric_dtype(X[c])}
        self.models = list[Any]()

    def prepare(self, X: pd.DataFrame) -> pd.DataFrame:
        """Show the categories to the library as it wants them."""
        if self.library == "catboost":
            return X.assign(**{c: X[c].astype(object).where(X[c].notna(), "missing").astype(str) for c in self.levels})
        columns = {c: pd.Categorical(X[c], categories=levels) for c, levels in self.levels.items()}
        return X.assign(**columns).set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)

    def fit(self, X: pd.DataFrame, y: np.ndarray, X_valid: pd.DataFrame, y_valid: np.ndarray) -> np.ndarray:
        """Fit on a fold, and predict its validation rows."""
        train, valid = self.prepare(X), self.prepare(X_valid)
        rounds: dict[str, Any] = {"n_estimators": ROUNDS[self.library]}
        if self.library == "catboost":
            quiet = {"verbose": 0, "thread_count": 1, "allow_writing_files": False, "cat_features": list(self.levels)}
            kind = CatBoostRegressor if self.is_regression else CatBoostClassifier
            model = kind(**rounds, **quiet, early_stopping_rounds=PATIENCE)
            model.fit(train, y, eval_set=(valid, y_valid))
        else:
            kind = LGBMRegressor if self.is_regression else LGBMClassifier
            model = kind(**rounds, learning_rate=0.05, n_jobs=1, verbose=-1)
            model.fit(train, y, eval_set=[(valid, y_valid)], callbacks=[early_stopping(PATIENCE, verbose=False)])
        self.models.append(model)
        return self._predict(model, valid)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Predict the mean over the folds, shape (n, n_outputs)."""
        return np.mean([self._predict(model, self.prepare(X)) for model in self.models], axis=0)

    def _predict(self, model: Any, X: pd.DataFrame) -> np.ndarray:
        return model.predict(X).reshape(-1, 1) if self.is_regression else model.predict_proba(X)


def add_candidate(context: TrialContext, found: Sequence[Candidate], boosted: Boosted, X: pd.DataFrame) -> list:
    """Fit a library on the folds, and rank it among the candidates."""
    y, predictions = context.y.reshape(len(context.y)), list[np.ndarray]()
    for fold in context.folds:
        train, valid = fold.train, fold.valid
        predictions.append(boosted.fit(X.iloc[train], y[train], X.iloc[valid], y[valid]))
    pairs = zip(context.folds, predictions, strict=True)
    losses = np.mean([score_fold(context, fold.valid, prediction) for fold, prediction in pairs], axis=0)
    rank = (float(losses[0]), float(losses[1]))
    own = Candidate(boosted.library, {}, 0.0, rank, predictions, lambda: [boosted])
    return rank_candidates([*found, own], context)


def measure(table: str, seconds: float) -> list[str]:
    """Return the cells of a row."""
    X, y, X_test, y_test = load(table, 0)
    X, y = X.reset_index(drop=True), y.reset_index(drop=True)
    is_regression = not isinstance(y.dtype, pd.CategoricalDtype)
    metric = "neg_root_mean_squared_error" if is_regression else "neg_log_loss"
    kind: Any = AutoNetRegression if is_regression else AutoNetClassification
    calls = list[tuple[TrialContext, Sequence[Candidate]]]()
    plain = selection.select

    def select(context: TrialContext, found: Sequence[Candidate], *, size: int, limit: TimeLimit) -> Any:
        calls.append((context, found))
        return plain(context, found, size=size, limit=limit)

    with patch("autonet.estimators.selection.select", select):
        auto = kind(max_runtime=seconds, random_state=0, optimize_metric=metric, refit_on_all_rows=False).fit(X, y)
    (context, found), test = calls[0], auto.model_.read(X_test)

    def error(chosen: Sequence[tuple[float, Candidate]]) -> float:
        members = [(share / len(c.members()), m) for share, c in chosen for m in c.members()]
        parts = [
            w * (m.predict(X_test) if isinstance(m, Boosted) else m.predict(m.encoder.inputs(test, context.device)))
            for w, m in members
        ]
        mean = np.sum(parts, axis=0)
        return root_mean_squared_error(y_test, mean) if is_regression else log_loss(y_test, mean, labels=auto.classes_)

    without = error(plain(context, found, size=SIZE, limit=TimeLimit())[2])
    cells = [table, f"{without:.4g}"]
    for library in ROUNDS:
        boosted, began = Boosted(library, is_regression, X), time.monotonic()
        ranked = add_candidate(context, found, boosted, X)
        took = time.monotonic() - began
        alone = next(candidate for candidate in ranked if candidate.name == library)
        chosen = plain(context, ranked, size=SIZE, limit=TimeLimit())[2]
        weight = sum(share for share, candidate in chosen if candidate.name == library)
        cells += [
            f"{error([(1.0, alone)]) / without:.3f}",
            f"{error(chosen) / without:.3f}",
            f"{weight:.2f}",
            f"{took:.0f}",
        ]
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(environment())
    print("| table | error |" + "".join(f" {library} alone | with it | its weight | s |" for library in ROUNDS))
    print("|---|---|" + "---|" * 4 * len(ROUNDS))
    for table in args.tables:
        print(f"| {' | '.join(measure(table, args.seconds))} |", flush=True)


if __name__ == "__main__":
    main()
