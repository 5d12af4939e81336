"""What `run_dir` costs: seconds of a search with a run directory, as a share of those without.

Budgets are epochs, so that both train the same; they take turns on each table.

    python benchmarks/run_directory.py
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from common import environment
from tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import AutonetWarning

TABLES = ("phoneme", "vehicle", "california_housing")
EPOCHS: dict[str, Any] = {"budget_type": "epochs", "min_budget": 3, "max_budget": 27, "max_trials": 6, "n_jobs": 1}


def fit(X: Any, y: Any, run_dir: Path | None) -> tuple[float, int, float]:
    """Fit; return the seconds, the number of jobs, and the MiB of the files."""
    kind = AutoNetClassification if isinstance(y.dtype, pd.CategoricalDtype) else AutoNetRegression
    began = time.monotonic()
    auto = kind(random_state=0, run_dir=run_dir, **EPOCHS).fit(X, y)
    took = time.monotonic() - began
    files = sum(file.stat().st_size for file in run_dir.rglob("*")) / 2**20 if run_dir else 0.0
    return took, len(auto.history_.reports), files


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    warnings.simplefilter("ignore", AutonetWarning)
    print("| table | jobs | seconds without | with | ratio: median of pairs (lowest, highest) | MiB of files |")
    print("|---|---|---|---|---|---|")
    for table in TABLES:
        X, y, *_ = load(table, 0)
        pairs, n_jobs, files = list[tuple[float, float]](), 0, 0.0
        for turn in range(given.turns):
            seconds = dict[bool, float]()
            for saves in (turn % 2 == 1, turn % 2 == 0):
                with tempfile.TemporaryDirectory() as folder:
                    seconds[saves], n_jobs, size = fit(X[:5000], y[:5000], Path(folder, "run") if saves else None)
                files = max(files, size)
            pairs.append((seconds[False], seconds[True]))
        ratios = sorted(kept / without for without, kept in pairs)
        without, kept = (median(column) for column in zip(*pairs, strict=True))
        print(
            f"| {table} | {n_jobs} | {without:.1f} | {kept:.1f} | "
            f"{median(ratios):.3f} ({ratios[0]:.3f}, {ratios[-1]:.3f}) | {files:.1f} |",
            flush=True,
        )
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
