"""The tree ensembles that stand beside a portfolio, on the tables that it is chosen from."""

from typing import Any

import numpy as np
from portfolio_tables import Source
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from autonet.pipeline.tree_learners import LEARNERS, TreeLearner
from autonet.pipeline.trees import EARLY_STOPPING_ROUNDS, FOREST_SIZE, MAX_ITERATIONS

MAX_LEVELS = 250  # of a category, for boosting
VALIDATION = 0.15  # of the rows, to end boosting by


def fit_trees(source: Source) -> dict[str, np.ndarray]:
    """Fit every tree ensemble of autonet on a table, and return the predictions for the test rows by name."""
    train, test = source.load()
    is_number = [dtype.kind in "fiub" for dtype in train.X.dtypes]
    numbers, categories = ([c for c, n in zip(train.X, is_number, strict=True) if n is kind] for kind in (True, False))
    encoder = make_column_transformer(
        (
            OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                encoded_missing_value=np.nan,
                max_categories=MAX_LEVELS,
            ),
            categories,
        ),
        ("passthrough", numbers),
    )
    x, x_test = encoder.fit_transform(train.X).astype(float), encoder.transform(test.X).astype(float)
    y = train.y.astype(str) if source.kind == "classification" else train.y
    found = dict[str, np.ndarray]()
    for name, learner in LEARNERS.items():
        model = _build(learner, source.kind, len(categories)).fit(x, y)
        found[name] = model.predict_proba(x_test) if source.kind == "classification" else model.predict(x_test)
    return found


def _build(learner: TreeLearner, kind: str, n_categories: int) -> Any:
    classes = kind == "classification"
    if learner.kind == "forest":
        forest = ExtraTreesClassifier if classes else ExtraTreesRegressor
        return make_pipeline(SimpleImputer(), forest(FOREST_SIZE, n_jobs=1, random_state=0, **learner.parameters))
    boosting = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return boosting(
        max_iter=MAX_ITERATIONS,
        early_stopping=True,
        n_iter_no_change=EARLY_STOPPING_ROUNDS,
        validation_fraction=VALIDATION,
        categorical_features=list(range(n_categories)) or None,
        random_state=0,
        **learner.parameters,
    )
