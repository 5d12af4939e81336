"""Tables of every brand, and what becomes of them when they are read."""

import datetime
from typing import Any

import numpy as np

from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from tests.data.reading.frames import BRANDS, CATEGORY_BRANDS

EVERY_BRAND = {**BRANDS, **CATEGORY_BRANDS}
DAY = datetime.datetime(2024, 2, 29, 13, 30, 15)
MIXED = {
    "size": [1.5, None, -3.0, 4.0],
    "count": [1, 2, 70_000, 4],
    "color": ["red", None, "blue", "red"],
    "old": [True, False, None, True],
    "sold": [DAY, None, DAY + datetime.timedelta(1), DAY],
    "took": [datetime.timedelta(hours=1), None, datetime.timedelta(seconds=-2), datetime.timedelta(0)],
}
TEXTS = [f"the number {i} is not the number {i + 1}" for i in range(40)]


def fit(X: Any, **options: Any) -> tuple[Schema, Table]:
    schema = Schema.detect(X, **options)
    return schema, schema.read(X)


def kinds(schema: Schema) -> list[str]:
    return [column.kind for column in schema.columns]


def one(values: Any, **options: Any) -> Any:
    """Detect a column of objects."""
    array = np.empty((len(values), 1), object)
    array[:, 0] = values
    return Schema.detect(array, **options).columns[0]


def assert_same(a: Table, b: Table) -> None:
    np.testing.assert_array_equal(a.numbers, b.numbers)
    np.testing.assert_array_equal(a.codes, b.codes)
    assert a.numbers.dtype == b.numbers.dtype
    assert a.n_codes == b.n_codes
    assert len(a.texts) == len(b.texts)
    for left, right in zip(a.texts, b.texts, strict=True):
        np.testing.assert_array_equal(left.toarray(), right.toarray())
