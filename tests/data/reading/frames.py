"""Tables of every brand and kind of column, for hypothesis."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

Columns = Mapping[str, Sequence[Any]]


def _pandas(columns: Columns) -> Any:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(list(values)) for name, values in columns.items()})


def _pandas_nullable(columns: Columns) -> Any:
    return _pandas(columns).convert_dtypes()


def _pandas_arrow(columns: Columns) -> Any:
    return _pandas(columns).convert_dtypes(dtype_backend="pyarrow")


def _pandas_categories(columns: Columns) -> Any:
    import pandas as pd

    frame = _pandas(columns)
    strings = [name for name in frame if any(isinstance(value, str) for value in columns[name])]
    return frame.astype(dict.fromkeys(strings, pd.CategoricalDtype()))


def _polars(columns: Columns) -> Any:
    return pytest.importorskip("polars").DataFrame(dict(columns), strict=False)


def _polars_categories(columns: Columns) -> Any:
    import polars as pl

    frame = _polars(columns)
    return frame.with_columns(pl.col(pl.String).cast(pl.Categorical))


def _pyarrow(columns: Columns) -> Any:
    return pytest.importorskip("pyarrow").table(dict(columns))


def _pyarrow_chunks(columns: Columns) -> Any:
    import pyarrow as pa

    table = _pyarrow(columns)
    table = pa.concat_tables([table[:1], table[1:]])
    for i, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(i, field.name, table.column(i).dictionary_encode())
    return table


def _rows(columns: Columns) -> list[list[Any]]:
    return [list(row) for row in zip(*columns.values(), strict=True)]


def _objects(columns: Columns) -> Any:
    array = np.empty((len(next(iter(columns.values()))), len(columns)), dtype=object)
    for i, values in enumerate(columns.values()):
        array[:, i] = values
    return array


BRANDS: dict[str, Callable[[Columns], Any]] = {
    "pandas": _pandas,
    "pandas nullable": _pandas_nullable,
    "pandas arrow": _pandas_arrow,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "lists": _rows,
    "objects": _objects,
}
CATEGORY_BRANDS: dict[str, Callable[[Columns], Any]] = {  # strings are categories by their type
    "pandas categories": _pandas_categories,
    "polars categories": _polars_categories,
    "pyarrow dictionaries": _pyarrow_chunks,
}

MOMENTS = st.datetimes(datetime.datetime(1905, 1, 1), datetime.datetime(2105, 1, 1))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(-1e30, 1e30, allow_subnormal=False),
    "integer": st.integers(-(2**31), 2**31),
    "boolean": st.booleans(),
    "category": st.sampled_from(["red", "green", "blue", "", "ÄÖ"]),
    "string": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    "text": st.lists(st.sampled_from(["the", "cat", "sat", "on", "a", "mat"]), min_size=4).map(" ".join),
    "datetime": MOMENTS,
    "date": MOMENTS.map(datetime.datetime.date),
    "duration": st.timedeltas(datetime.timedelta(-1000), datetime.timedelta(1000)),
}


@st.composite
def columns(
    draw: st.DrawFn, *, kinds: Sequence[str] = tuple(VALUES), missing: bool = True, max_rows: int = 30
) -> dict[str, list[Any]]:
    """Draw columns of Python values, None where missing; no column is empty.

    The name of a column begins with its kind.
    """
    n_rows = draw(st.integers(1, max_rows))
    chosen = draw(st.lists(st.sampled_from(list(kinds)), min_size=1, max_size=5))
    drawn = {}
    for i, kind in enumerate(chosen):
        cells = st.one_of(st.none(), VALUES[kind]) if missing else VALUES[kind]
        values = draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
        values[0] = values[0] if values[0] is not None else draw(VALUES[kind])
        drawn[f"{kind} {i}"] = values
    return drawn


@st.composite
def frames(draw: st.DrawFn, **restrictions: Any) -> Any:
    """Draw a table of any brand; the restrictions are those of `columns`."""
    brand = draw(st.sampled_from(sorted({**BRANDS, **CATEGORY_BRANDS})))
    return {**BRANDS, **CATEGORY_BRANDS}[brand](draw(columns(**restrictions)))
