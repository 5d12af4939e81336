"""What the values of a column are, before anyone knows what they mean."""

import datetime
import decimal
from typing import Any

import numpy as np
import pytest

from autonet.data.reading.convert import DATE_PARTS
from autonet.data.reading.schema import Schema
from tests.data.reading.tables import DAY, fit, kinds, one

pd = pytest.importorskip("pandas")


def test_rare_types_of_pandas_and_arrow() -> None:
    pa = pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "decimal": pd.array([decimal.Decimal("1.5"), None], pd.ArrowDtype(pa.decimal128(5, 2))),
            "sparse": pd.arrays.SparseArray([0.0, 2.0]),
            "interval": pd.cut([1, 5], 2),
            "numbers as categories": pd.Categorical([7, None]),
            "bytes": [b"x", None],
            "zone": pd.Series([DAY, None]).dt.tz_localize("Asia/Tokyo"),
        }
    )
    schema, table = fit(frame)
    assert kinds(schema) == ["numeric", "numeric", "categorical", "categorical", "categorical", "datetime"]
    assert schema.columns[3].levels == (7,)
    assert schema.columns[4].levels == ("x",)
    assert table.codes.tolist() == [[2, 2, 2], [3, 0, 0]]
    np.testing.assert_array_equal(table.numbers[:, :2], [[1.5, 0], [np.nan, 2]])
    assert table.numbers[0, 2 + DATE_PARTS.index("hour")] == DAY.hour  # what the clock on the wall showed
    views = pa.table({"view": pa.array(["a", None, "b"], pa.string_view())})
    assert Schema.detect(views).columns[0].levels == ("a", "b")


def test_numbers_and_strings_in_rows_stay_what_they_are() -> None:
    schema, table = fit([[1, "a", 2.5], [2, "b", None]])
    assert kinds(schema) == ["numeric", "categorical", "numeric"]
    np.testing.assert_array_equal(table.numbers, [[1, 2.5], [2, np.nan]])


@pytest.mark.parametrize("dtype", ["U", "S", np.dtypes.StringDType()])
def test_arrays_of_strings_are_categories(dtype: Any) -> None:
    schema, table = fit(np.array([["b", "x"], ["a", "x"]], dtype))
    assert [column.levels for column in schema.columns] == [("a", "b"), ("x",)]
    assert table.codes.tolist() == [[3, 2], [2, 2]]


def test_arrays_of_datetimes_and_durations() -> None:
    schema, table = fit(np.array([["2000-01-02"], ["NaT"]], "datetime64[D]"))
    assert kinds(schema) == ["datetime"]
    assert schema.columns[0].missing == 0.5
    assert table.numbers[0, 0] == 1
    assert np.isnan(table.numbers[1]).all()
    assert fit(np.array([[2]], "timedelta64[m]"))[1].numbers.tolist() == [[120]]


def test_objects_are_what_their_values_are() -> None:
    assert one([1, 2.5, decimal.Decimal("3.5"), np.float32(1), None]).kind == "numeric"
    assert one([True, np.bool_(False), None]).kind == "boolean"
    assert one([datetime.date(2020, 1, 1), DAY, pd.NaT, np.datetime64("2020-01-01")]).kind == "datetime"
    assert one([datetime.timedelta(1), np.timedelta64(1, "s"), pd.Timedelta(1)]).kind == "duration"
    assert one([DAY.replace(tzinfo=datetime.UTC), None]).kind == "datetime"
    assert one(["a", np.nan, pd.NA, None]).levels == ("a",)
    assert one([np.nan, None]).kind == "numeric"


@pytest.mark.parametrize("cell", [{"foo": "bar"}, [1, 2], object(), datetime.time(1), np.array([1, 2])])
def test_cells_that_no_network_reads(cell: Any) -> None:
    X = np.ones((3, 2), object)
    X[1, 1] = cell
    with pytest.raises(TypeError, match=r"^Column 1: argument must be a string or a real number, not '\w+'"):
        Schema.detect(X)
    with pytest.raises(TypeError, match=r"^Column 1: argument must be .* string.* number"):
        Schema.detect(np.ones((3, 2))).read(X)
