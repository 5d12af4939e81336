"""A table as it is: taxi fares
============================

Predict fares of taxis in New York from numbers, 200 zones, boroughs and missing values.

Run it with ``AUTONET_DATA=folder python examples/taxi_fares.py``, where ``folder/nyc_taxis.parquet`` has the rides. It
needs pandas and pyarrow.
"""

import os
from pathlib import Path

import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from autonet import AutoNetRegression


def main(max_runtime: float = 30) -> float:
    rides = pd.read_parquet(Path(os.environ.get("AUTONET_DATA", "../shared/data")) / "nyc_taxis.parquet")
    X, y = rides.drop(columns=["target"]), rides["target"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

    auto = AutoNetRegression(max_runtime=max_runtime, optimize_metric="neg_mean_absolute_error", random_state=0)
    auto.fit(X_train, y_train)

    for column in auto.columns_:
        print(f"{column.name:16} {column.kind:12} {len(column.levels):4} levels, {column.missing:.1%} missing")
    fares = pd.DataFrame({"paid": y_test, "predicted": auto.predict(X_test).round(2)})
    print(fares.head())
    error = (fares["paid"] - fares["predicted"]).abs().mean()
    print(f"Mean absolute error {error:.2f} dollars, R2 {auto.score(X_test, y_test):.3f}")

    matters = permutation_importance(auto, X_test, y_test, n_repeats=3, random_state=0)
    for i in matters.importances_mean.argsort()[::-1][:5]:
        print(f"{X.columns[i]:16} {matters.importances_mean[i]:.3f} of R2 lost without it")
    return error


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/fares.png"
