"""Numbers, dates and times in columns of text, as people export them."""

import numpy as np
import pytest

from autonet.core.errors import DataWarning
from tests.data.reading.written import AMOUNTS, DAYS, MOMENTS, fit, read

pd = pytest.importorskip("pandas")


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


# Later tables


def test_single_values_that_do_not_parse_are_missing_with_a_warning() -> None:
    for texts in ([f"{x:,.2f}" for x in AMOUNTS], [day.strftime("%d/%m/%Y") for day in DAYS]):
        with pytest.warns(
            DataWarning, match="Column 'c' had .* written as text.* 1 distinct values in other formats, such as 'so"
        ):
            assert np.isnan(read(texts, ["soon"])[0])
        with pytest.warns(DataWarning, match="such as 'soon'"):
            assert np.isnan(read(texts, ["soon", *texts])).tolist() == [True] + [False] * len(texts)


def test_typed_values_and_texts_are_the_same() -> None:
    np.testing.assert_array_equal(read([f"${x:,.2f}" for x in AMOUNTS], [5, 1234.5]), [5, 1234.5])
    np.testing.assert_array_equal(read([f"{x:,.2f}" for x in AMOUNTS], ["1,234.5", 5, True]), [1234.5, 5, 1])
    texts = [day.strftime("%d/%m/%Y") for day in DAYS]
    np.testing.assert_array_equal(read(texts, DAYS), read(texts, texts))
    assert read(texts, pd.Categorical(texts)).tolist() == read(texts, texts).tolist()
    assert np.isnan(read(texts, [None, None])).all()
