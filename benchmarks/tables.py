"""Real tables as they are, without a line of preparation, against scikit-learn's linear models.

Numbers, categories, missing values; the published split where there is one, a random quarter for testing otherwise.

    python benchmarks/tables.py --seeds 0 1 2
"""

import argparse
import time
from collections.abc import Iterator
from statistics import mean

import numpy as np
import pandas as pd
from common import DATA, environment, fingerprints
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from autonet import AutoNetClassification, AutoNetRegression

TABLES = [
    *("arrhythmia", "bank_marketing", "california_housing", "cmc", "colleges", "credit_g", "kc1", "letter"),
    *("magic_telescope", "naval", "nyc_taxis", "online_shoppers", "phoneme", "protein", "splice", "vehicle"),
    *("hiv", "esol", "dc_taxi_849", "dc_taxi"),
]
Split = tuple[pd.DataFrame | np.ndarray, pd.Series | np.ndarray, pd.DataFrame | np.ndarray, pd.Series | np.ndarray]


def load(name: str, seed: int) -> Split:
    """X_train, y_train, X_test, y_test."""
    if (DATA / f"{name}.npz").is_file():  # molecules: fingerprints of 1024 bits
        X, y, part = fingerprints(name)
        return X[part < 2], y[part < 2], X[part == 2], y[part == 2]
    table = pd.read_parquet(DATA / f"{name}.parquet")
    X, y = table.drop(columns=["target", "split"], errors="ignore"), table["target"]
    if "split" in table:
        test = table["split"] == "test"
        return X[~test], y[~test], X[test], y[test]
    counts = y.value_counts()
    stratify = y if isinstance(y.dtype, pd.CategoricalDtype) and counts[counts > 0].min() > 1 else None
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=stratify)
    return X_train, y_train, X_test, y_test


def linear(X: pd.DataFrame | np.ndarray, *, classes: bool) -> object:
    """What the documentation of scikit-learn makes of mixed columns, before LogisticRegression or Ridge."""
    model = LogisticRegression(max_iter=2000) if classes else Ridge()
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    if isinstance(X, np.ndarray):
        return make_pipeline(numbers, model)
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include=np.number)),
            ("categories", categories, make_column_selector(dtype_exclude=np.number)),
        ]
    )
    return make_pipeline(columns, model)


def runs(name: str, seeds: list[int], seconds: float, preset: str) -> Iterator[tuple[str, float, float, float]]:
    """Metric, score of autonet, score of the linear model and seconds of fit, for every seed."""
    for seed in seeds:
        X, y, X_test, y_test = load(name, seed)
        classes = name == "hiv" or (isinstance(y, pd.Series) and isinstance(y.dtype, pd.CategoricalDtype))
        metric = ("roc_auc" if len(np.unique(y)) == 2 else "accuracy") if classes else "r2"
        estimator = AutoNetClassification if classes else AutoNetRegression
        auto = estimator(preset, max_runtime=seconds, optimize_metric=metric, random_state=seed)
        began = time.monotonic()
        auto.fit(X, y)
        took = time.monotonic() - began
        scorer = get_scorer(metric)
        peer = linear(X, classes=classes).fit(X, y)
        yield metric, scorer(auto, X_test, y_test), scorer(peer, X_test, y_test), took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--max-runtime", type=float, default=30)
    parser.add_argument("--preset", default="medium_cs")
    arguments = parser.parse_args()
    print("| table | metric | autonet | linear | | fit took at most |")
    print("|---|---|---|---|---|---|")
    better = 0
    for name in arguments.tables:
        results = list(runs(name, arguments.seeds, arguments.max_runtime, arguments.preset))
        ours, theirs = mean(r[1] for r in results), mean(r[2] for r in results)
        better += ours > theirs
        word = "better" if ours > theirs else "equal" if ours == theirs else "worse"
        took = max(r[3] for r in results)
        print(f"| {name} | {results[0][0]} | {ours:.4f} | {theirs:.4f} | {word} | {took:.1f} s |", flush=True)
    print(f"\nBetter on {better} of {len(arguments.tables)} tables; seeds {arguments.seeds}; {environment()}")


if __name__ == "__main__":
    main()
