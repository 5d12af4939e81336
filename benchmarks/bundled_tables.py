"""Tables that scikit-learn and statsmodels bundle: nothing is downloaded.

statsmodels is needed for its own tables only, and is not a dependency: `pip install statsmodels`.
"""

import importlib

import pandas as pd
from generated_tables import Table
from sklearn import datasets

SCIKIT_LEARN = {
    "breast_cancer": "classification",
    "digits": "classification",
    "wine": "classification",
    "diabetes": "regression",
}
STATSMODELS = {"anes96": "classification", "fair": "regression", "randhie": "regression"}
TARGETS = {"anes96": "vote", "fair": "affairs", "randhie": "mdvis"}  # visits to a doctor


def bundled(name: str) -> Table:
    """Load one of `SCIKIT_LEARN` or `STATSMODELS`."""
    if name in SCIKIT_LEARN:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
        return finished(name, SCIKIT_LEARN[name], X, y)
    table = importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
    return finished(name, STATSMODELS[name], table.drop(columns=TARGETS[name]), table[TARGETS[name]])


def finished(name: str, kind: str, X: pd.DataFrame, y: pd.Series) -> Table:
    """The table with names of classes, or numbers, as its target."""
    return Table(name, kind, X, y.astype(str).astype("category") if kind == "classification" else y.astype(float))
