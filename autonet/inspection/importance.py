"""Permutation importance of the columns of a table, with the importance that noise would reach as yardstick."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import t as student

from autonet.core.errors import InvalidOption
from autonet.core.resulttable import ResultTable
from autonet.core.typing import Array
from autonet.core.validation import is_integer
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from autonet.inspection.randomness import make_rng
from autonet.inspection.scoring import ScoredRows
from autonet.metrics.metric import Metric
from autonet.models.model import FittedModel

__all__ = ["NOISE_LEVEL", "check_options", "draw_rows", "feature_importance", "measure_drop", "score", "shuffle_column"]

MIN_REPEATS = 2  # to know how scores vary from shuffle to shuffle
NOISE_LEVEL = 0.95  # share of columns of noise that stay below the yardstick

COLUMNS = ("feature", "importance", "std", "noise", "above_noise")


def feature_importance(
    model: FittedModel,
    metric: Metric,
    rows: ScoredRows,
    *,
    n_repeats: int = 5,
    max_rows: int | None = 1000,
    random_state: int = 0,
) -> ResultTable:
    """Return how much worse a model scores when the values of a column are shuffled, a row per column.

    After Breiman, "Random forests" (2001).  A column of noise scores the same before and after a shuffle, up to chance;
    how much that is shows in the scores of several shuffles.

    Parameters
    ----------
    model : FittedModel
        Of tables.
    metric : Metric
    rows : ScoredRows
    n_repeats : int
        Shuffles of each column.
    max_rows : int or None
        Rows that are drawn if there are more; None for all.
    random_state : int

    Raises
    ------
    InvalidOption
        If the model is not of tables, or an option is out of range.
    """
    schema = _check(model, n_repeats, max_rows)
    rng = make_rng(random_state)
    rows = draw_rows(rows, max_rows, rng)
    sign = -1.0 if metric.optimum is None else 1.0
    whole = score(model, metric, rows)
    orders = [rng.permutation(len(rows.data)) for _ in range(n_repeats)]
    found = [
        {"feature": name}
        | measure_drop(whole, [score(model, metric, replace(rows, data=d)) for d in _shuffle(rows.data, at, orders)])
        for name, at in _columns(schema)
    ]
    found.sort(key=lambda row: -row["importance"])
    caption = (
        f"{'rise' if sign < 0 else 'drop'} of {metric.name} when a column is shuffled, mean of {n_repeats} shuffles of "
        f"{len(rows.data):,} row{'' if len(rows.data) == 1 else 's'}; "
        f"noise: what a column of noise stays below in {NOISE_LEVEL:.0%} of cases"
    )
    return ResultTable(found, COLUMNS, caption)


def shuffle_column(table: Table, at: Mapping[str, Any], order: NDArray[np.intp]) -> Table:
    """Return a table in which the entries of a column are in another order.

    Parameters
    ----------
    table : Table
    at : mapping
        Where the column is: an entry of `Schema.describe_inputs`.
    order : ndarray of shape (n,)
    """
    kind = at["input"]
    if kind == "numbers":
        return replace(table, numbers=_shuffle_numbers(table.numbers, at["index"], order))
    if kind == "codes":
        codes = table.codes.copy()
        codes[:, at["index"]] = codes[order, at["index"]]
        return replace(table, codes=codes)
    texts = list(table.texts)
    number = int(kind.removeprefix("text_"))
    texts[number] = sparse.csr_array(texts[number][order])
    return replace(table, texts=tuple(texts))


def _shuffle_numbers(
    numbers: Array | sparse.csr_array, columns: list[int], order: NDArray[np.intp]
) -> Array | sparse.csr_array:
    if not sparse.issparse(numbers):
        shuffled: Array = numbers.copy()
        shuffled[:, columns] = numbers[order][:, columns]
        return shuffled
    by_column, place = sparse.csc_array(numbers), np.argsort(order)  # row i goes to place[i]
    for column in columns:
        part = slice(by_column.indptr[column], by_column.indptr[column + 1])
        moved = place[by_column.indices[part]]
        sorting = np.argsort(moved)
        by_column.indices[part], by_column.data[part] = moved[sorting], by_column.data[part][sorting]
    return sparse.csr_array(by_column)


def _check(model: FittedModel, n_repeats: Any, max_rows: Any) -> Schema:
    """Check the options; return the schema of the table."""
    if not isinstance(model.schema, Schema):
        raise InvalidOption("feature_importance is for models of tables; this one is of another modality.")
    check_options(n_repeats, max_rows)
    return model.schema


def check_options(n_repeats: Any, max_rows: Any) -> None:
    """Check the number of shuffles, and of rows.

    Raises
    ------
    InvalidOption
    """
    if not (is_integer(n_repeats) and n_repeats >= MIN_REPEATS):
        raise InvalidOption(f"n_repeats must be a whole number of at least {MIN_REPEATS}; got {n_repeats!r:.60}.")
    if max_rows is not None and not (is_integer(max_rows) and max_rows >= 1):
        raise InvalidOption(f"max_rows must be a whole number of at least 1, or None; got {max_rows!r:.60}.")


def draw_rows(rows: ScoredRows, max_rows: int | None, rng: np.random.Generator) -> ScoredRows:
    """Return rows, if there are more some of them, drawn at random."""
    n = len(rows.data)
    if max_rows is None or n <= max_rows:
        return rows
    chosen = np.sort(rng.choice(n, max_rows, replace=False))
    weights = None if rows.weights is None else rows.weights[chosen]
    return ScoredRows(rows.data.rows(chosen), rows.y[chosen], weights)


def score(model: FittedModel, metric: Metric, rows: ScoredRows) -> float:
    """Score rows by a metric, of which greater is better: an error is negative."""
    sign = -1.0 if metric.optimum is None else 1.0
    return sign * metric.score(rows.y, rows.predict(model), rows.weights, model.threshold)


def _columns(schema: Schema) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield the name of each column and where it is in the arrays of a table; None if it is not used."""
    for i, entry in enumerate(schema.describe_inputs()):
        name = str(entry["name"]) if schema.are_named else f"x{i}"
        yield name, entry if "input" in entry else None


def _shuffle(table: Any, at: Mapping[str, Any] | None, orders: list[NDArray[np.intp]]) -> Iterator[Table]:
    """Yield tables with a shuffled column; none for a column that is not used."""
    for order in orders if at is not None else ():
        yield shuffle_column(table, at or {}, order)


def measure_drop(whole: float, shuffled: Sequence[float]) -> dict[str, Any]:
    """Compare the score of rows with the scores after shuffles of a part of them; none if the part is not used.

    Parameters
    ----------
    whole : float
        Greater is better.
    shuffled : sequence of float

    Returns
    -------
    dict
        ``importance``, ``std``, ``noise`` and ``above_noise``.
    """
    if not shuffled:
        return {"importance": 0.0, "std": 0.0, "noise": 0.0, "above_noise": False}
    drops = whole - np.array(shuffled)  # exactly zero where nothing changes
    n, std, importance = len(drops), float(np.std(drops, ddof=1)), float(np.mean(drops))
    # Of noise, the score before is one more draw of those after a shuffle: its distance to their mean is known.
    noise = float(student.ppf(NOISE_LEVEL, n - 1)) * std * math.sqrt(1 + 1 / n)
    return {"importance": importance, "std": std, "noise": noise, "above_noise": importance > noise}
