"""What the scripts of the peers have in common: a table in two files comes in, predictions and costs go out.

    python run_trees.py --system hgb --train train.parquet --test test.parquet --kind classification
        --seconds 60 --seed 0 --out result.json

Each runs in the environment of its peer, so this module needs only numpy, pandas and pyarrow, of whatever age.
The clock starts when the tables are read and the peer is imported.
"""

import argparse
import importlib.metadata
import json
import pickle
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LATENCY_SECONDS, LATENCY_REPEATS = 2.0, (3, 50)
ONCE = 100_000  # from so many rows on a call is timed once, the first one
Predict = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Job:
    """What is asked of a peer; `y` holds strings for classes and numbers for regression."""

    system: str
    kind: str
    seconds: float
    seed: int
    options: dict[str, Any]
    X: pd.DataFrame
    y: pd.Series
    folder: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def classification(self) -> bool:
        return self.kind == "classification"

    @property
    def left(self) -> float:
        """Seconds that are left to fit."""
        return self.began + self.seconds - time.monotonic()

    @property
    def categories(self) -> list[str]:
        """Names of the columns of categories; all others are numbers."""
        return [c for c in self.X if isinstance(self.X[c].dtype, pd.CategoricalDtype)]


@dataclass(frozen=True)
class Fitted:
    """A model: `predict` gives probabilities, a column for each of the sorted classes, or values.

    `save` writes what predictions need into a folder; by default `model` is pickled.
    """

    predict: Predict
    model: Any = None
    save: Callable[[Path], Any] | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def n_bytes(self) -> int:
        """Bytes of the model on disk."""
        with tempfile.TemporaryDirectory() as folder:
            if self.save:
                self.save(Path(folder))
            else:
                (Path(folder) / "model").write_bytes(pickle.dumps(self.model))
            return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def ordered(probabilities: Any, classes: Sequence[Any], y: pd.Series) -> np.ndarray:
    """Columns in the order of the sorted classes of `y`; a class that a model does not know has probability 0."""
    columns = {str(c): i for i, c in enumerate(classes)}
    values, wanted = np.asarray(probabilities, dtype=float), sorted(set(y))
    return np.column_stack([values[:, columns[c]] if c in columns else np.zeros(len(values)) for c in wanted])


def seconds_to_predict(predict: Predict, X: pd.DataFrame, n_rows: int) -> float:
    """Median seconds of a call with so many rows of `X`, different ones each time; the first call does not count."""
    took: list[float] = []
    low, high = LATENCY_REPEATS if n_rows < ONCE else (0, 0)
    while len(took) <= low or (len(took) <= high and sum(took) < LATENCY_SECONDS):
        rows = X.iloc[(np.arange(n_rows) + len(took)) % len(X)]
        began = time.perf_counter()
        predict(rows)
        took.append(time.perf_counter() - began)
    return float(np.median(took[1:] or took))


def main(fit: Callable[[Job], Fitted], packages: Sequence[str]) -> None:
    """Fit on the training rows, predict the test rows, and write both down beside each other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--kind", choices=["classification", "regression"], required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--options", type=json.loads, default={}, help="keywords of the estimator, in JSON")
    parser.add_argument("--latencies", type=int, nargs="+", default=[1, 1000], help="rows of the calls that are timed")
    parser.add_argument("--out", type=Path, required=True, help="predictions come beside it, in .npz")
    given = parser.parse_args()
    train, X_test = pd.read_parquet(given.train), pd.read_parquet(given.test).drop(columns="target", errors="ignore")
    y = train.pop("target")
    y = y.astype(str).astype(object) if given.kind == "classification" else y.astype(float)

    with tempfile.TemporaryDirectory() as folder:
        job = Job(given.system, given.kind, given.seconds, given.seed, given.options, train, y, Path(folder))
        fitted = fit(job)
        fit_seconds = time.monotonic() - job.began
        began = time.perf_counter()
        predictions = np.asarray(fitted.predict(X_test), dtype=float)
        test_seconds = time.perf_counter() - began
        np.savez(given.out.with_suffix(".npz"), predictions=predictions)
        result = {
            "fit_seconds": round(fit_seconds, 2),
            "test_seconds": round(test_seconds, 4),
            **{f"predict_{n}": seconds_to_predict(fitted.predict, X_test, n) for n in given.latencies},
            "bytes": fitted.n_bytes(),
            "versions": {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in packages},
            "notes": fitted.notes,
        }
    given.out.write_text(json.dumps(result), encoding="utf-8")
