"""Numbers in columns of text, as people export them."""

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidData
from tests.data.reading.written import AMOUNTS, SIGNED, fit, read, swap

WRITTEN: dict[str, tuple[Any, list[float]]] = {
    "plain": ("{:.2f}".format, SIGNED),
    "thousands": ("{:,.2f}".format, SIGNED),
    "whole thousands": (lambda x: f"{round(x):,}", [float(round(x)) for x in AMOUNTS]),
    "whole thousands with points": (lambda x: swap(f"{round(x):,}"), [float(round(x)) for x in AMOUNTS]),
    "decimal comma": (lambda x: swap(f"{x:.2f}"), SIGNED),
    "comma and points": (lambda x: swap(f"{x:,.2f}"), SIGNED),
    "three decimals": ("{:.3f}".format, SIGNED),
    "comma, three decimals": (lambda x: swap(f"{x:.3f}"), [round(x / 1000, 3) for x in SIGNED]),
    "spaces": (lambda x: f"{x:,.2f}".replace(",", " "), SIGNED),
    "no-break spaces and euros": (lambda x: swap(f"{x:,.2f}").replace(".", "\u202f") + "\u00a0€", SIGNED),
    "apostrophes": (lambda x: f"CHF {x:,.2f}".replace(",", "\u2019"), SIGNED),
    "India": (
        lambda x: f"₹{x // 1e5:.0f},{x // 1e3 % 100:02.0f},{x % 1e3:03.0f}",
        [1e5 * i + 12345 for i in range(1, 60)],
    ),
    "dollars": ("${:,.2f}".format, AMOUNTS),
    "signed dollars": (lambda x: f"{'-' * (x < 0)}${abs(x):.2f}", SIGNED),
    "code before": ("EUR {:.2f}".format, SIGNED),
    "code after": ("{:.2f} USD".format, SIGNED),
    "accounting": (lambda x: f"({-x:,.2f})" if x < 0 else f"{x:,.2f}", SIGNED),
    "accounting with dollars": (lambda x: f"(${-x:,.2f})" if x < 0 else f"${x:,.2f}", SIGNED),
    "minus after": (lambda x: f"{abs(x):.2f}" + "-" * (x < 0), SIGNED),
    "minus sign": (lambda x: f"{x:.2f}".replace("-", "\u2212"), SIGNED),
    "plus": ("{:+.2f}".format, SIGNED),
    "percent": ("{:.2f}%".format, SIGNED),
    "percent and comma": (lambda x: swap(f"{x:.2f} %"), SIGNED),
    "exponents": ("{:.8e}".format, SIGNED),
    "white space": (" {:.2f}  ".format, SIGNED),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_however_they_are_written(name: str) -> None:
    write, values = WRITTEN[name]
    column, numbers = fit([write(value) for value in values])
    assert column.kind == "numeric"
    assert column.note.startswith("numbers written as text")
    assert not column.is_doubtful
    np.testing.assert_allclose(numbers[:, 0], values, rtol=1e-6)


@pytest.mark.parametrize("name", WRITTEN)
def test_single_numbers_are_read_as_when_fitted(name: str) -> None:
    write, values = WRITTEN[name]
    texts = [write(value) for value in values]
    np.testing.assert_allclose([read(texts, [text])[0] for text in texts[:5]], values[:5], rtol=1e-6)


@settings(max_examples=30)
@given(
    values=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=30, max_size=60, unique=True),
    decimal=st.sampled_from(".,"),
    unit=st.sampled_from(["", "$", "€ ", "GBP "]),
)
def test_any_amounts_are_read(values: list[Any], decimal: str, unit: str) -> None:
    texts = [unit + (f"{x:,.2f}" if decimal == "." else swap(f"{x:,.2f}")) for x in values]
    column, numbers = fit(texts)
    assert column.kind == "numeric"
    np.testing.assert_allclose(numbers[:, 0], np.array(values, float), rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "1" + " " * 5000 + "x",
        "(" * 3000,
        "1," * 5000 + "x",
        "1 " * 5000 + "x",
        "9" * 20_000,
        "Jan " * 2000,
        "1:" * 3000,
    ],
)
def test_long_texts_take_no_polynomial_time_to_be_told_from_numbers(text: str) -> None:
    column, _ = fit([*(f"{text}{i}" for i in range(20)), *(f"{i}.5" for i in range(40))])
    assert column.kind in ("categorical", "text", "numeric")


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("{:,.2f}".format, "1.234,50"),
        (lambda x: swap(f"{x:,.2f}"), "1,234.50"),
        ("${:,.2f}".format, "€5.00"),
        ("{:.1f}%".format, "0.45"),
        ("{:.1f}%".format, 0.45),
        ("{:,.2f}".format, "2015-01-31"),
        ("{:,.2f}".format, datetime.datetime(2015, 1, 31)),
    ],
)
def test_columns_that_are_written_in_another_way_are_refused(then: Any, now: Any) -> None:
    with pytest.raises(InvalidData, match="Column 'c' had numbers written as text"):
        read([then(x) for x in AMOUNTS], [now])
