"""Section of a report about the columns that matter: permutation importance beside what noise would reach."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from autonet.core.resulttable import ResultTable
from autonet.inspection.report.blocks import Bar, Block, Code, Fold, Section, Text, make_table
from autonet.inspection.report.scores import HeldOut
from autonet.inspection.report.words import count
from autonet.inspection.scoring import ScoredRows, optimized_name
from autonet.models.model import one_thread

__all__ = ["choose_sample", "count_sample", "describe_features"]

SAMPLES = ((1000, 5), (500, 5), (200, 5), (200, 3))  # rows of which the importance is computed, and shuffles
SECONDS = 4.0
MAX_SHOWN = 25


def describe_features(estimator: Any, tested: HeldOut) -> Section:
    """Show the permutation importance of the columns, of a sample of rows that takes a few seconds.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    tested : HeldOut
    """
    columns = getattr(estimator.model_.schema, "columns", ())
    n_used = sum(column.is_used for column in columns)
    sample = choose_sample(estimator.model_, tested.rows, n_used)
    if sample is None or not n_used:
        why = f"it would take long for {count(n_used, 'column')}" if n_used else "the data are not a table with columns"
        text = f"The importance of columns is left out: {why}."
        code = [Code("auto.feature_importance(X_test, y_test)")] if n_used else []
        return Section("features", "Columns that matter", (Text(text, is_caution=True), *code))
    n_rows, n_repeats = sample
    table = estimator.feature_importance(tested.X, tested.y, n_repeats=n_repeats, max_rows=n_rows)
    metric = optimized_name(estimator.fit_result_)
    above = sum(row["above_noise"] for row in table)
    text = (
        f"How much worse {metric} gets when the values of a column are shuffled: the mean of {n_repeats} shuffles of "
        f"{count_sample(n_rows, len(tested))}. {_count_above(above, len(table))} The mark is what a column of pure "
        "noise would stay below in 19 of 20 cases. Columns that tell the same share their importance, and each may "
        "seem unimportant. Importance does not say what a change of the column would cause."
    )
    return Section("features", "Columns that matter", (Text(text), *_tabulate_features(table)))


def choose_sample(
    model: Any, rows: ScoredRows, n_columns: int, samples: Sequence[tuple[int, int]] | None = None
) -> tuple[int, int] | None:
    """Return the largest sample, and its shuffles, that takes a few seconds; None if even the smallest takes longer."""
    for n_rows, n_repeats in SAMPLES if samples is None else samples:
        part = rows.data.rows(slice(0, min(n_rows, len(rows.data))))
        with one_thread():
            began = time.perf_counter()
            model.ensemble.predict(part)
        if (time.perf_counter() - began) * n_columns * n_repeats <= SECONDS:
            return n_rows, n_repeats
    return None


def count_sample(n_rows: int, n_tested: int, noun: str = "test row") -> str:
    """Return how many of the test rows a sample has, in words."""
    return f"{n_rows:,} of {n_tested:,} {noun}s" if n_rows < n_tested else f"all {count(n_tested, noun)}"


def _count_above(above: int, n: int) -> str:
    if not above:
        return "No column exceeds the noise."
    return f"{above:,} of {count(n, 'column')} {'exceeds' if above == 1 else 'exceed'} the noise."


def _tabulate_features(table: ResultTable) -> list[Block]:
    top = max((max(row["importance"], row["noise"]) for row in table), default=0.0) or 1.0
    rows = [
        {
            **row,
            **{name: round(row[name], 12) for name in ("importance", "std", "noise")},  # no rounding errors
            "bar": Bar(max(row["importance"], 0.0) / top, row["noise"] / top, not row["above_noise"]),
        }
        for row in table
    ]
    titles = {"feature": "column", "bar": "importance", "importance": "worse by", "std": "spread", "noise": "noise"}
    titles["above_noise"] = "above noise"
    first = make_table(rows[:MAX_SHOWN], titles, "Permutation importance, the most important first")
    if len(rows) <= MAX_SHOWN:
        return [first]
    rest = rows[MAX_SHOWN : 20 * MAX_SHOWN]
    return [first, Fold(f"The next {len(rest):,} of {len(rows):,} columns", (make_table(rest, titles, first.caption),))]
