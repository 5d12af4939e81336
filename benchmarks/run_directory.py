"""What `run_dir` costs: jobs and epochs of a fit with a run directory, as a share of those without.

The two take turns on each table.

    python benchmarks/run_directory.py --seconds 60
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from common import environment
from tables import load

from autonet import AutoNetClassification, AutoNetRegression

TABLES = ("phoneme", "vehicle", "california_housing")


def fit(X: Any, y: Any, seconds: float, seed: int, run_dir: Path | None) -> dict[str, float]:
    """Fit, and count what was trained."""
    kind = AutoNetClassification if isinstance(y.dtype, pd.CategoricalDtype) else AutoNetRegression
    began = time.monotonic()
    auto = kind(max_runtime=seconds, random_state=seed, run_dir=run_dir).fit(X, y)
    took = time.monotonic() - began
    reports = [report for _, report in auto.history_.reports]
    return {
        "jobs": len(reports),
        "trained": sum(report.budget - report.start for report in reports),
        "seconds": took,
        "files": sum(file.stat().st_size for file in run_dir.rglob("*")) / 2**20 if run_dir else 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--turns", type=int, default=2)
    given = parser.parse_args()
    print("| table | jobs without | jobs with | ratio | seconds of training, ratio | seconds of fit | MiB of files |")
    print("|---|---|---|---|---|---|---|")
    for table in TABLES:
        X, y, *_ = load(table, 0)
        totals = {False: dict[str, float](), True: dict[str, float]()}
        for turn in range(given.turns):
            for saves in (turn % 2 == 0, turn % 2 == 1):
                with tempfile.TemporaryDirectory() as folder:
                    found = fit(X, y, given.seconds, turn, Path(folder, "run") if saves else None)
                for name, value in found.items():
                    totals[saves][name] = totals[saves].get(name, 0.0) + value
        without, kept = totals[False], totals[True]
        print(
            f"| {table} | {without['jobs']:.0f} | {kept['jobs']:.0f} | {kept['jobs'] / without['jobs']:.3f} | "
            f"{kept['trained'] / without['trained']:.3f} | {kept['seconds'] / given.turns:.1f} | "
            f"{kept['files'] / given.turns:.1f} |",
            flush=True,
        )
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
