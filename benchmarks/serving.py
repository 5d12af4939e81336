"""Time of a prediction in a service: of one row, a dictionary, from one and from eight threads, and of a million rows.

    python benchmarks/serving.py --models /tmp/models

For each table one network, the first trial of `tiny_cs`, and the ensemble of a fit of a minute are saved as model
files, or read from the folder if they are there, and loaded.  The million rows are those of the test part, again and
again.  On two cores; a busy machine doubles percentiles, and triples the time of many rows: look at several runs.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import environment
from public_tables import load

import autonet

CORES, MILLION = 2, 1_000_000
CALLS, FIRST = 800, 50  # predictions of a row that are timed, and those before, which are not
THREADS = (1, 8)
PERCENTILES = (50, 90, 99)
FITS = {
    "one network": {"preset": "tiny_cs", "max_trials": 1, "budget_type": "epochs", "max_budget": 9, "ensemble_size": 1},
    "ensemble": {},
}


def model_of(path: Path, train: pd.DataFrame, options: dict[str, Any]) -> Any:
    """The model in a file, which is fitted before if there is none."""
    if not path.exists():
        y = train.pop("target")
        is_class = isinstance(y.dtype, pd.CategoricalDtype)
        estimator = autonet.AutoNetClassification if is_class else autonet.AutoNetRegression
        estimator(random_state=0, **options).fit(train, y).save(path)
    return autonet.load(path).model_


def milliseconds(predict: Callable[[Any], Any], rows: list[Any], threads: int) -> np.ndarray:
    """Percentiles of a call for one of the rows, while as many threads call."""

    def call(part: list[Any]) -> list[float]:
        took = []
        for row in part:
            began = time.perf_counter()
            predict(row)
            took.append(time.perf_counter() - began)
        return took

    call(rows[:FIRST])
    with ThreadPoolExecutor(threads) as pool:
        took = list(pool.map(call, [rows[i::threads] for i in range(threads)]))
    return 1e3 * np.percentile(np.concatenate(took), PERCENTILES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=["bank_marketing", "california_housing"])
    parser.add_argument("--seconds", type=float, default=60, help="of the fit of the ensemble")
    parser.add_argument("--models", type=Path, default=tempfile.mkdtemp(), help="folder of the model files")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    arguments.models.mkdir(exist_ok=True)
    print("| table | model | members | weights | threads | 50% | 90% | 99% | a million rows |")
    print("|---|---|---|---|---|---|---|---|---|")
    for table in arguments.tables:
        train, test = load(table, 0, None)
        test = test.drop(columns="target")
        many = pd.concat([test] * (MILLION // len(test) + 1), ignore_index=True).head(MILLION)
        rows = test.sample(CALLS, replace=True, random_state=0).to_dict("records")
        for name, options in FITS.items():
            path = arguments.models / f"{table} {name}.autonet"
            model = model_of(path, train.copy(), {"max_runtime": arguments.seconds, **options})
            predict = model.predict if model.targets.kind == "regression" else model.predict_proba
            size = sum(p.numel() for member in model.networks for p in member.network.parameters())
            about = f"{table} | {name} | {len(model.ensemble.members)} | {size:,}"
            for threads in THREADS:
                took = " | ".join(f"{value:.2f} ms" for value in milliseconds(predict, rows, threads))
                began = time.perf_counter()
                all_rows = predict(many) if threads == 1 else None
                seconds = "" if all_rows is None else f"{time.perf_counter() - began:.1f} s"
                print(f"| {about} | {threads} | {took} | {seconds} |", flush=True)
    print(f"\n{environment()}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
