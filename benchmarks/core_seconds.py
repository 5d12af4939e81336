"""Share of the core-seconds of a fit that trains models: networks, tree ensembles, and the refit.

    python benchmarks/core_seconds.py --seconds 60

Jobs of networks count from their start in a worker to their end, with validations; the rest is reading, imports, the
baseline, waiting, selection and closing.
"""

import argparse
import logging
import re
import time
import warnings
from typing import Any

import pandas as pd
from common import environment
from tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.cores import available_cores
from autonet.core.errors import AutonetWarning

TABLES = ("phoneme", "vehicle", "california_housing", "bank_marketing")
TREES = re.compile(r"\w+: validation .* in ([\d.]+) s$")
ENDED = "trained on all rows"


class Log(logging.Handler):
    """Keep the lines of a fit with their times."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = list[tuple[float, str]]()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append((time.time(), record.getMessage()))


def fit(table: str, seconds: float) -> tuple[float, ...]:
    """Fit; return the core-seconds, those of networks and of trees, and the seconds until the first job began."""
    X, y, *_ = load(table, 0)
    kind: Any = AutoNetClassification if isinstance(y.dtype, pd.CategoricalDtype) else AutoNetRegression
    log = Log()
    logging.getLogger("autonet").addHandler(log)
    began = time.time()
    auto = kind(max_runtime=seconds, random_state=0, log_level="info").fit(X, y)
    took = time.time() - began
    logging.getLogger("autonet").removeHandler(log)
    reports = [report for trial in auto.history_ for report in trial.reports]
    networks = sum(report.seconds for report in reports)
    trees = sum(float(found[1]) for _, line in log.lines if (found := TREES.search(line)))
    ended = [at for at, line in log.lines if ENDED in line]
    last = max(report.began + report.seconds for report in reports)
    refit = available_cores() * (ended[0] - last) if ended else 0.0
    return available_cores() * took, networks, trees, refit, min(report.began for report in reports) - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    given = parser.parse_args()
    warnings.simplefilter("ignore", AutonetWarning)
    print("| table | core-seconds | networks | trees | refit, at most | share | first job after, s |")
    print("|---|---|---|---|---|---|---|")
    for table in given.tables:
        total, networks, trees, refit, first = fit(table, given.seconds)
        share = (networks + trees + refit) / total
        print(
            f"| {table} | {total:.0f} | {networks:.0f} | {trees:.0f} | {refit:.0f} | {share:.2f} | {first:.1f} |",
            flush=True,
        )
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()
