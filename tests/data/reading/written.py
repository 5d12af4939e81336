"""Columns that are written as text."""

import datetime
from typing import Any

import numpy as np
import pytest

from autonet.data.reading.columns import Column
from autonet.data.reading.schema import Schema

pd = pytest.importorskip("pandas")

AMOUNTS = [round(float(x), 2) for x in np.random.default_rng(0).lognormal(7, 2, 60)]
SIGNED = [x * (-1) ** i for i, x in enumerate(AMOUNTS)]
MOMENTS = [datetime.datetime(2015, 1, 1) + datetime.timedelta(days=17 * i, seconds=977 * i) for i in range(60)]
DAYS = [moment.replace(hour=0, minute=0, second=0) for moment in MOMENTS]


def fit(values: Any) -> tuple[Column, np.ndarray]:
    frame = pd.DataFrame({"c": values})
    schema = Schema.detect(frame)
    return schema.columns[0], schema.read(frame).numbers


def read(then: Any, now: Any) -> np.ndarray:
    """Fit on one column and read another."""
    return Schema.detect(pd.DataFrame({"c": then})).read(pd.DataFrame({"c": now})).numbers[:, 0]


def swap(text: str) -> str:
    """Write a number as on the continent: 1.234,50."""
    return text.translate(str.maketrans(",.", ".,"))
