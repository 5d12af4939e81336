"""How often intervals and sets of classes hold the truth on test rows, and how large they are.

python benchmarks/coverage.py --seconds 20
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from common import environment
from tables import TABLES, load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import AutonetWarning

COVERAGES = (0.8, 0.9, 0.95)
MAX_ROWS = 20_000


def measure(table: str, seconds: float) -> list[str]:
    """Fit a table; return cells of coverage and size by coverage."""
    X, y, X_test, y_test = load(table, 0)
    X, y, X_test = X[:MAX_ROWS], y[:MAX_ROWS], X_test[:MAX_ROWS]
    truth = np.asarray(y_test)[:MAX_ROWS]
    classes = isinstance(getattr(y, "dtype", None), pd.CategoricalDtype) or np.asarray(y).dtype.kind != "f"
    kind = AutoNetClassification if classes else AutoNetRegression
    auto = kind(max_runtime=seconds, random_state=0).fit(X, y)
    cells = []
    for coverage in COVERAGES:
        if isinstance(auto, AutoNetClassification):
            sets = auto.predict_set(X_test, coverage)
            held = sets[np.arange(len(truth)), pd.Index(auto.classes_).get_indexer(truth)]
            cells.append(f"{held.mean():.3f}, {sets.sum(axis=1).mean():.2f} classes")
        else:
            ends = auto.predict_interval(X_test, coverage)
            held = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
            width = (ends[:, 1] - ends[:, 0]).mean() / truth.std()
            cells.append(f"{held.mean():.3f}, {width:.2f} deviations")
    return [str(len(truth)), *cells]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    given = parser.parse_args()
    warnings.simplefilter("ignore", AutonetWarning)
    print(f"| table | test rows | {' | '.join(f'{coverage:.0%}' for coverage in COVERAGES)} |")
    print("|---|---|---|---|---|")
    for table in given.tables:
        print(f"| {table} | {' | '.join(measure(table, given.seconds))} |", flush=True)
    print(f"\nWidths are in standard deviations of the target.  {environment()}")


if __name__ == "__main__":
    main()
