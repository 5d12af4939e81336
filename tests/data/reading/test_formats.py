"""Numbers, dates and times in columns of text, as people export them."""

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.reading.convert import DATE_PARTS
from autonet.data.reading.schema import Column, Schema

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


CODES: dict[str, list[str]] = {
    "zip": [f"{i * 331 % 100000:05}" for i in range(60)],
    "phone": [f"+1 555 {100 + i} {1000 + 7 * i}" for i in range(60)],
    "phone in one": [f"+4930{100000 + 7 * i}" for i in range(60)],
    "phone with hyphens": [f"555-{100 + i}-{1000 + 7 * i}" for i in range(60)],
    "grouped": [f"{100 + i} {999 - i} {100 + 7 * i}" for i in range(60)],
    "version": [f"{i % 3}.{i % 7}.{i}" for i in range(60)],
    "version like a date": [f"1.{i % 12}.{10 + i}" for i in range(60)],
    "address": [f"192.168.{i}.{i + 1}" for i in range(60)],
    "social security": [f"{100 + i}-{10 + i}-{1000 + i}" for i in range(60)],
    "article": [f"A-{1000 + i}" for i in range(60)],
    "hexadecimal": [f"{i * 7919:06x}" for i in range(60)],
    "plate": [f"{10 + i} AB {999 - i}" for i in range(60)],
    "range": [f"{i}-{i + 5}" for i in range(60)],
    "ordinal": [f"{i}th" for i in range(60)],
    "few numbers": ["1", "2", "3"] * 20,
    "few amounts": ["$1", "$2"] * 30,
    "several currencies": [f"{'$€£'[i % 3]}{x}" for i, x in enumerate(AMOUNTS)],
}


@pytest.mark.parametrize("name", CODES)
def test_codes_are_no_numbers_and_no_dates(name: str) -> None:
    assert fit(CODES[name])[0].kind in ("categorical", "text")


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m/%d/%y",
        "%d %B %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%B %d, %Y",
        "%b %d %Y",
        "%A, %d %B %Y",
        "%Y年%m月%d日",
        "%Y-%b-%d",
    ],
)
@pytest.mark.parametrize(
    "clock", ["", " %H:%M", " %H:%M:%S", " %I:%M:%S %p", ", %H:%M:%S.%f", " at %I:%M %p", "T%H:%M:%S"]
)
def test_dates_are_read_however_they_are_written(form: str, clock: str) -> None:
    column, numbers = fit([moment.strftime(form + clock) for moment in MOMENTS])
    assert (column.kind, column.is_doubtful) == ("datetime", False)
    assert column.note.startswith("dates written as text")
    expected = [datetime.datetime.strptime(m.strftime("%Y-%m-%d" + clock), "%Y-%m-%d" + clock) for m in MOMENTS]
    np.testing.assert_array_equal(numbers, fit(expected)[1])


@pytest.mark.parametrize("form", ["%b %Y", "%B %Y", "%Y-%m"])
def test_months_are_their_first_days(form: str) -> None:
    column, numbers = fit([day.strftime(form) for day in DAYS])
    assert column.kind == "datetime"
    np.testing.assert_array_equal(numbers, fit([day.replace(day=1) for day in DAYS])[1])


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+02:00", "-0530", " UTC"])
def test_dates_in_one_time_zone_show_its_clock(zone: str) -> None:
    column, numbers = fit([moment.isoformat() + zone for moment in MOMENTS])
    assert column.kind == "datetime"
    np.testing.assert_array_equal(numbers, fit(MOMENTS)[1])
    utc = MOMENTS[3].replace(tzinfo=datetime.UTC)
    offset = datetime.datetime.fromisoformat(f"2000-01-01T00:00{zone.replace(' UTC', 'Z')}").tzinfo
    now = pd.DataFrame(
        {"c": [MOMENTS[3].isoformat() + zone, MOMENTS[3].replace(tzinfo=offset).astimezone(utc.tzinfo).isoformat()]}
    )
    then = pd.DataFrame({"c": [moment.isoformat() + zone for moment in MOMENTS]})
    first, second = Schema.detect(then).read(now).numbers
    np.testing.assert_array_equal(first, second)  # one moment in two zones


@pytest.mark.parametrize(
    "values",
    [
        [f"{1 + i % 12:02}/{1 + i % 11:02}/{1 + i % 9:02}" for i in range(60)],
        [day.strftime("%d/%m/%Y") for day in DAYS if day.day <= 12],
        [day.strftime(form) for day in DAYS for form in ("%d/%m/%Y", "%m/%d/%Y")],
        [day.strftime("%d.%m.%y") for day in DAYS],
    ],
    ids=["01/02/03", "no day after the 12th", "both orders", "years like days"],
)
def test_ambiguous_dates_remain_categories_with_a_doubtful_note(values: list[str]) -> None:
    column, _ = fit(values)
    assert column.kind == "categorical"
    assert column.note.startswith("ambiguous dates, for example")
    assert column.is_doubtful


def test_few_dates_are_dates() -> None:
    assert fit(["2015-01-31", "2015-02-28"] * 10)[0].kind == "datetime"


@pytest.mark.parametrize(
    ("form", "unit"), [("%H:%M", 60), ("%H:%M:%S", 1), ("%I:%M %p", 60), ("%I:%M:%S%p", 1), ("%H:%M:%S.%f", 1)]
)
def test_times_of_day_are_durations_since_midnight(form: str, unit: int) -> None:
    column, numbers = fit([moment.strftime(form) for moment in MOMENTS])
    assert (column.kind, column.note) == ("duration", "times written as text")
    seconds = np.array([m.hour * 3600 + m.minute * 60 + m.second for m in MOMENTS])
    np.testing.assert_array_equal(numbers[:, 0], seconds // unit * unit)


def test_durations_are_read() -> None:
    durations = [datetime.timedelta(seconds=9770 * i) for i in range(40)]
    _, numbers = fit([str(pd.Timedelta(duration)) for duration in durations])
    np.testing.assert_array_equal(numbers[:, 0], [duration.total_seconds() for duration in durations])
    assert fit([f"{30 + i}:15:00" for i in range(40)])[1][0, 0] == 30.25 * 3600


# Missing values


@pytest.mark.parametrize(
    "marker", ["?", "-", "n/a", "N/A", "NULL", "", " ", "NaN", "None", "#N/A", "—", "\u00a0", "nan"]
)
@pytest.mark.parametrize("written", ["{:,.2f}", "${:,.2f}", "{:.1f}%"])
def test_markers_of_missing_numbers(marker: str, written: str) -> None:
    texts = [written.format(x) for x in AMOUNTS]
    column, numbers = fit([*texts, marker, None, marker])
    assert (column.kind, column.is_doubtful) == ("numeric", False)
    assert column.note.endswith(f"; missing: {marker!r}")
    assert column.missing == 3 / 63
    assert np.isnan(numbers[-3:]).all()
    assert not np.isnan(numbers[:-3]).any()
    assert np.isnan(read(texts, [marker, "TBD"])).all()  # also where there was none when fitted


def test_markers_among_dates_and_times() -> None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%H:%M"):
        column, numbers = fit([*(moment.strftime(form) for moment in MOMENTS), "unknown", "?"])
        assert column.kind in ("datetime", "duration")
        assert np.isnan(numbers[-2:]).all()
        assert not np.isnan(numbers[:-2]).any()


def test_markers_in_a_column_of_numbers() -> None:
    column, numbers = fit([1.5, "n/a", 2, None, "?"])
    assert (column.kind, column.missing) == ("numeric", 0.6)
    assert column.note == "numbers and texts; missing: '?', 'n/a'"
    np.testing.assert_array_equal(numbers[:, 0], [1.5, np.nan, 2, np.nan, np.nan])
    np.testing.assert_array_equal(read([1.5, 2.5], np.array([1.0, "n/a"], object)), [1, np.nan])


def test_up_to_a_twentieth_of_other_values_is_missing_and_told() -> None:
    texts = [f"{x:,.2f}" for x in AMOUNTS]
    column, numbers = fit([*texts, "see below"])
    assert column.kind == "numeric"
    assert column.is_doubtful
    assert column.note == "numbers written as text; 1 of 61 distinct values are none, such as 'see below': missing"
    assert np.isnan(numbers[-1])
    column, _ = fit([*texts, *(f"see {i}" for i in range(5))])
    assert column.kind == "categorical"
    assert column.is_doubtful
    assert column.note.startswith("numbers written as text, except for values such as 'see 0'")


def test_codes_of_which_most_are_numbers_are_no_doubtful_categories() -> None:
    column, _ = fit([f"{i}{'a' * (i % 3 == 0)}" for i in range(60)])
    assert (column.kind, column.format) == ("categorical", None)
    assert not column.note.startswith("numbers")


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


@pytest.mark.parametrize("ends", [["0001-01-01", "9999-12-31"], ["0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"]])
def test_the_ends_of_the_calendar_are_dates(ends: list[str]) -> None:
    zone = "+00:00" if "T" in ends[0] else ""
    column, numbers = fit([*(day.isoformat() + zone for day in DAYS), *ends])
    assert column.kind == "datetime"
    assert not np.isnan(numbers).any()


# Later tables


def test_single_values_that_do_not_parse_are_missing_with_a_warning() -> None:
    for texts in ([f"{x:,.2f}" for x in AMOUNTS], [day.strftime("%d/%m/%Y") for day in DAYS]):
        with pytest.warns(
            DataWarning, match="Column 'c' had .* written as text.* 1 distinct values in other formats, such as 'so"
        ):
            assert np.isnan(read(texts, ["soon"])[0])
        with pytest.warns(DataWarning, match="such as 'soon'"):
            assert np.isnan(read(texts, ["soon", *texts])).tolist() == [True] + [False] * len(texts)


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


@pytest.mark.parametrize("now", ["01/31/2015", "5.25", 5.25, "2015-01-31T00:00:00Z"])
def test_dates_that_are_written_in_another_way_are_refused(now: Any) -> None:
    with pytest.raises(InvalidData, match="Column 'c' had dates written as text, day first"):
        read([day.strftime("%d/%m/%Y") for day in DAYS], [now])


def test_typed_values_and_texts_are_the_same() -> None:
    np.testing.assert_array_equal(read([f"${x:,.2f}" for x in AMOUNTS], [5, 1234.5]), [5, 1234.5])
    np.testing.assert_array_equal(read([f"{x:,.2f}" for x in AMOUNTS], ["1,234.5", 5, True]), [1234.5, 5, 1])
    texts = [day.strftime("%d/%m/%Y") for day in DAYS]
    np.testing.assert_array_equal(read(texts, DAYS), read(texts, texts))
    assert read(texts, pd.Categorical(texts)).tolist() == read(texts, texts).tolist()
    assert np.isnan(read(texts, [None, None])).all()


def test_the_order_of_dates_is_that_of_fit() -> None:
    then = [day.strftime("%m/%d/%Y") for day in DAYS]
    assert read(then, ["02/03/2015"])[0] == (datetime.date(2015, 2, 3) - datetime.date(2000, 1, 1)).days
    frame = pd.DataFrame({"c": ["02/03/2015"]})
    assert Schema.detect(pd.DataFrame({"c": then})).read(frame).numbers[0, DATE_PARTS.index("month")] == 2
