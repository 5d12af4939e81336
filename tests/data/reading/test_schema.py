import datetime
import decimal
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData, UnknownName
from autonet.data.reading.convert import DATE_PARTS
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from tests.data.reading.frames import BRANDS, CATEGORY_BRANDS, columns, frames

pd = pytest.importorskip("pandas")

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


# Every brand


@pytest.mark.parametrize("brand", EVERY_BRAND)
def test_every_brand_reads_alike(brand: str) -> None:
    schema, table = fit(EVERY_BRAND[brand](MIXED))
    assert kinds(schema) == ["numeric", "numeric", "categorical", "boolean", "datetime", "duration"]
    assert [column.missing for column in schema.columns] == [0.25, 0, 0.25, 0.25, 0.25, 0.25]
    assert [column.levels for column in schema.columns] == [(), (), ("blue", "red"), (False, True), (), ()]
    names = range(6) if brand in ("lists", "objects") else MIXED
    assert [column.name for column in schema.columns] == list(names)
    assert table.codes.tolist() == [[3, 3], [0, 2], [2, 0], [3, 3]]
    assert table.n_codes == (4, 4)
    assert table.codes.dtype == np.int32
    assert table.numbers.dtype == np.float32
    assert table.numbers.flags.f_contiguous
    np.testing.assert_array_equal(table.numbers[:, :2], [[1.5, 1], [np.nan, 2], [-3, 70_000], [4, 4]])
    np.testing.assert_array_equal(table.numbers[:, -1], [3600, np.nan, -2, 0])
    sold = dict(zip(DATE_PARTS, table.numbers[:, 2:-1].T, strict=True))
    np.testing.assert_array_equal(sold["day number"], [8825, np.nan, 8826, 8825])
    np.testing.assert_array_equal(sold["second of day"][[0, 2]], 13 * 3600 + 30 * 60 + 15)


@settings(max_examples=40)
@given(drawn=columns())
def test_drawn_tables_read_alike_in_every_brand(drawn: dict[str, list[Any]]) -> None:
    schema, table = fit(BRANDS["pandas"](drawn))
    for make in BRANDS.values():
        same_schema, same_table = fit(make(drawn))
        assert [(c.kind, c.levels, c.missing) for c in same_schema.columns] == [
            (c.kind, c.levels, c.missing) for c in schema.columns
        ]
        if all(column.kind == "numeric" for column in schema.columns) and make is BRANDS["lists"]:
            np.testing.assert_allclose(same_table.numbers, table.numbers, rtol=1e-7)  # an array, not rounded to float32
        else:
            assert_same(same_table, table)


@settings(max_examples=30)
@given(X=frames())
def test_drawn_frames_of_every_brand_make_tables(X: Any) -> None:
    schema, table = fit(X)
    assert len(table) == len(X)
    assert not np.isinf(table.numbers).any()
    assert (table.codes >= 0).all()
    assert (table.codes < np.array(table.n_codes, int)).all()
    assert not (table.codes == 1).any()
    assert len(schema.columns) == (len(X[0]) if isinstance(X, list) else X.shape[1])


@settings(max_examples=30)
@given(drawn=columns(), data=st.data())
def test_order_and_number_of_rows_change_nothing(drawn: dict[str, list[Any]], data: st.DataObject) -> None:
    frame = BRANDS["pandas"](drawn)
    schema, table = fit(frame)
    order = np.array(data.draw(st.permutations(range(len(frame)))))
    assert Schema.detect(frame.iloc[order]) == schema
    assert_same(schema.read(frame.iloc[order]), table.rows(order))
    assert_same(schema.read(frame.iloc[order[:1]]), table.rows(order[:1]))


@settings(max_examples=30)
@given(drawn=columns(kinds=("category", "boolean", "string", "integer", "float", "datetime")))
def test_codes_are_places_among_the_levels(drawn: dict[str, list[Any]]) -> None:
    for make in (BRANDS["objects"], BRANDS["polars"]):
        X = make(drawn)
        schema, table = fit(X, categorical_features=[True] * len(drawn))
        for j, values in enumerate(drawn.values()):
            levels = schema.columns[j].levels
            assert list(levels) == sorted(set(values) - {None})
            back = [None if code == 0 else levels[code - 2] for code in table.codes[:, j].tolist()]
            assert back == values


def test_frames_and_arrays_may_follow_each_other() -> None:
    frame, array = BRANDS["pandas"](MIXED), BRANDS["objects"](MIXED)
    for first, then in itertools.permutations([frame, array, BRANDS["polars"](MIXED)], 2):
        schema, table = fit(first)
        assert_same(schema.read(then), table)


def test_integers_are_names_of_columns_too() -> None:
    schema, table = fit(pd.DataFrame({3: [1.0, 2.0], 0: ["a", "b"]}))
    assert [(column.name, column.kind) for column in schema.columns] == [(3, "numeric"), (0, "categorical")]
    assert table.codes.tolist() == [[2], [3]]


def test_arrow_streams_are_tables() -> None:
    class Stream:
        def __init__(self, table: Any) -> None:
            self.table = table

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return self.table.__arrow_c_stream__(requested_schema)

    frame = BRANDS["pyarrow"](MIXED)
    for stream in (Stream(frame), frame.to_batches()[0]):
        assert fit(stream)[0] == fit(frame)[0]
        assert_same(fit(stream)[1], fit(frame)[1])


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


# Arrays of numbers


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "u1", "i8", ">i2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_of_numbers_is_not_copied(dtype: str, order: Any) -> None:
    X = np.asarray(np.arange(12).reshape(4, 3), dtype, order=order)
    X.flags.writeable = False
    schema, table = fit(X)
    assert table.numbers is X
    assert kinds(schema) == ["numeric"] * 3
    assert [column.name for column in schema.columns] == [0, 1, 2]
    assert table.codes.shape == (4, 0)


def test_a_memory_map_is_not_copied(tmp_path: Any) -> None:
    np.arange(12.0).reshape(4, 3).tofile(tmp_path / "x")
    X = np.memmap(tmp_path / "x", mode="r", shape=(4, 3))
    assert np.shares_memory(fit(X)[1].numbers, X)


def test_missing_numbers_are_counted() -> None:
    X = np.array([[np.nan, 1.0, np.nan], [np.nan, 2.0, 3.0]])
    schema = Schema.detect(X)
    assert [column.missing for column in schema.columns] == [1, 0, 0.5]
    assert schema.columns[0].note == "no value at all"
    assert [column.missing for column in Schema.detect(sparse.csr_array(X)).columns] == [1, 0, 0.5]


def test_an_array_of_booleans_is_ones_and_zeros() -> None:
    X = np.array([[True, False], [False, False]])
    schema, table = fit(X)
    assert table.numbers.tolist() == [[1, 0], [0, 0]]
    assert np.shares_memory(table.numbers, X)
    assert kinds(schema) == ["numeric", "numeric"]


def test_a_mask_of_an_array_is_missing() -> None:
    X = np.ma.masked_array([[1, 2], [3, 4]], [[True, False], [False, False]])
    np.testing.assert_array_equal(fit(X)[1].numbers, [[np.nan, 2], [3, 4]])


def test_rows_of_numbers_are_an_array() -> None:
    assert fit([[1, 2.5], (3, 4)])[1].numbers.tolist() == [[1, 2.5], [3, 4]]
    assert fit([np.array([1.0, 2.0]), np.array([3.0, 4.0])])[1].numbers.tolist() == [[1, 2], [3, 4]]


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


# Sparse matrices


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i8", "?"])
def test_sparse_matrices_stay_sparse(container: Any, dtype: str) -> None:
    dense = np.array([[0, 1, 0], [1, 0, 1]], dtype)
    X = container(dense)
    schema, table = fit(X)
    assert table.is_sparse
    assert table.numbers.format == "csr"
    assert table.numbers.dtype == (np.float32 if dtype in ("f4", "i1", "?") else np.float64)
    np.testing.assert_array_equal(table.numbers.toarray(), dense.astype(float))
    assert kinds(schema) == ["numeric"] * 3


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
def test_the_callers_sparse_matrix_stays_as_it_is(container: Any) -> None:
    entries, rows, places = np.array([1.0, 2.0, 0.0, 4.0]), np.array([0, 0, 1, 1]), np.array([1, 1, 0, 2])
    if container is sparse.coo_array:
        X = container((entries, (rows, places)), shape=(2, 3))
        held = [X.data, *X.coords]
    else:  # two entries for one cell, an explicit zero, indices of 64 bits
        pointers = {sparse.csr_array: [0, 2, 4], sparse.csc_array: [0, 1, 3, 4]}[container]
        indices = {sparse.csr_array: [1, 1, 0, 2], sparse.csc_array: [1, 0, 0, 1]}[container]
        X = container((entries, np.array(indices, np.int64), np.array(pointers, np.int64)), shape=(2, 3))
        held = [X.data, X.indices, X.indptr]
    before = [array.copy() for array in held]
    for array in held:
        array.flags.writeable = False
    table = fit(X)[1]
    np.testing.assert_array_equal(table.numbers.toarray(), X.toarray())
    assert table.numbers.has_canonical_format
    for array, copy in zip(held, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_sparse_matrices_are_never_categories() -> None:
    with pytest.raises(InvalidData, match=r"^categorical_features does not support sparse matrices; pass X as"):
        Schema.detect(sparse.csr_array(np.eye(3)), categorical_features=[0])
    schema = Schema.detect([["a"], ["b"]])
    with pytest.raises(InvalidData, match=r"^X is sparse, but not all columns were numeric in fit"):
        schema.read(sparse.csr_array(np.eye(1)))


# Kinds


def test_few_strings_are_categories_in_order() -> None:
    assert one(["b", "c", "a", None, "b"]).levels == ("a", "b", "c")
    assert one(["1", "2"] * 30).kind == "categorical"


def test_many_strings_that_are_numbers_are_numeric() -> None:
    values = [f"{i}.5" for i in range(30)]
    column = one([*values, None])
    assert (column.kind, column.note) == ("numeric", "numbers written as text")
    assert fit([[value] for value in [*values, None]])[1].numbers[:30, 0].tolist() == [i + 0.5 for i in range(30)]


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([f"{i:05}" for i in range(30)], "numbers with leading zeros: taken as codes"),
        ([*map(str, range(30)), "n/a", "inf", "-inf"], "numbers written as text, except for values such as '-inf'"),
        ([*map(str, range(30)), "1_0", "1_1"], "numbers written as text, except for values such as '1_0'"),
        ([f"user {i}" for i in range(30)], "a distinct text in almost every row: an identifier?"),
        ([None, None], "no value at all"),
        ([f"group {i % 25}" for i in range(50)], ""),
    ],
)
def test_notes_say_what_is_strange(values: list[Any], note: str) -> None:
    column = one(values)
    assert column.kind == "categorical"
    assert column.note.startswith(note)
    assert bool(column.note) == bool(note)


def test_long_and_various_strings_are_texts() -> None:
    column = one(TEXTS)
    assert (column.kind, column.levels, column.note) == ("text", (), "8 words in the mean")
    assert one(TEXTS[:20]).kind == "categorical"  # few
    assert one(TEXTS[:21] * 10).kind == "categorical"  # the same again and again
    assert one([f"short text {i}" for i in range(40)]).kind == "categorical"


@pytest.mark.parametrize("brand", BRANDS)
def test_texts_are_counts_of_words(brand: str) -> None:
    schema = Schema.detect(BRANDS[brand]({"text": TEXTS}))
    table = schema.read(BRANDS[brand]({"text": ["The the cat", None, "dog"]}))
    (counts,) = table.texts
    assert counts.shape == (3, 4096)
    assert counts.dtype == np.float32
    assert sorted(counts.toarray()[0][counts.toarray()[0] > 0]) == [1, 2]
    assert counts.sum(axis=1).tolist() == [3, 0, 1]


def test_objects_are_what_their_values_are() -> None:
    assert one([1, 2.5, decimal.Decimal("3.5"), np.float32(1), None]).kind == "numeric"
    assert one([True, np.bool_(False), None]).kind == "boolean"
    assert one([datetime.date(2020, 1, 1), DAY, pd.NaT, np.datetime64("2020-01-01")]).kind == "datetime"
    assert one([datetime.timedelta(1), np.timedelta64(1, "s"), pd.Timedelta(1)]).kind == "duration"
    assert one([DAY.replace(tzinfo=datetime.UTC), None]).kind == "datetime"
    assert one(["a", np.nan, pd.NA, None]).levels == ("a",)
    assert one([np.nan, None]).kind == "numeric"


def test_levels_of_several_types_have_an_order() -> None:
    values = ["b", 2, "a", 1.5, True, None]
    assert one(values, categorical_features=[0]).levels == one(values[::-1], categorical_features=[0]).levels
    assert one(values, categorical_features=[0]).levels == (True, 1.5, 2, "a", "b")


@pytest.mark.parametrize("chosen", [["b"], "b", [1], np.array([1]), [False, True, False], np.array([0, 1, 0], bool)])
def test_categorical_features_are_names_indices_or_a_mask(chosen: Any) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [10, 5], "c": [True, False]})
    schema, table = fit(frame, categorical_features=chosen)
    assert kinds(schema) == ["numeric", "categorical", "boolean"]
    assert schema.columns[1].levels == (5, 10)
    assert table.codes[:, 0].tolist() == [3, 2]


def test_columns_of_arrays_can_be_categories() -> None:
    X = np.array([[1.0, 7.0, np.nan], [2.0, 8.0, 3.0]])
    schema, table = fit(X, categorical_features=[1, 2])
    assert table.numbers.tolist() == [[1], [2]]
    assert table.codes.tolist() == [[2, 0], [3, 2]]
    with pytest.warns(DataWarning, match="No value of column 2 \\(now 4, in fit 3.0\\) was seen in fit"):
        assert schema.read(np.array([[1, 8, 4]])).codes.tolist() == [[3, 1]]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (["heigth"], "Unknown column 'heigth'. Did you mean 'height'?"),
        ([2], "categorical_features names column 2, but X has columns 0 to 1."),
        ([-1], "categorical_features names column -1, but X has columns 0 to 1."),
        ([True], "categorical_features is a mask of 1 columns, but X has 2."),
        ([0.5], "categorical_features must be names, indices or a mask of booleans; got 0.5."),
        ([True, 1], "categorical_features must be names, indices or a mask of booleans; got True."),
    ],
)
def test_wrong_categorical_features(chosen: Any, message: str) -> None:
    with pytest.raises((InvalidData, UnknownName)) as raised:
        Schema.detect(pd.DataFrame({"height": [1, 2], "b": [1, 2]}), categorical_features=chosen)
    assert str(raised.value) == message


# Precision


def test_float32_where_it_is_precise_enough() -> None:
    rng = np.random.default_rng(0)
    precise = {
        "normal": rng.normal(size=1000),
        "money": rng.integers(0, 10_000_000, 1000) / 100,
        "tail": np.exp(rng.normal(size=1000) * 5),
        "constant": np.full(1000, 1e9 + 1),
        "small": np.arange(1000, dtype=np.int16),
    }
    assert Schema.detect(pd.DataFrame(precise)).dtype == "float32"
    for values in (1_700_000_000 + np.arange(1000), 1e6 + rng.normal(size=1000) / 100, [2**24, 2**24 + 1] * 500):
        frame = pd.DataFrame({**precise, "stamp": values})
        schema, table = fit(frame)
        assert schema.dtype == "float64"
        np.testing.assert_array_equal(table.numbers[:, -1], values)


# Later tables


def test_unseen_values_are_code_one_and_missing_ones_zero() -> None:
    schema = Schema.detect(pd.DataFrame({"a": ["x", "y"], "b": [True, False]}))
    table = schema.read(pd.DataFrame({"a": ["z", None, "x"], "b": [None, True, False]}))
    assert table.codes.tolist() == [[1, 0], [0, 3], [2, 2]]
    assert table.n_codes == (4, 4)


@pytest.mark.parametrize("now", [[1, 0, 2], [1.0, 0.0, 2.0], [True, False, 2], pd.Categorical([1, 0, 2])])
def test_equal_values_of_another_type_are_the_same_level(now: Any) -> None:
    for then in ([1, 0], [1.0, 0.0]):
        schema = Schema.detect(pd.DataFrame({"a": then}), categorical_features=["a"])
        assert schema.read(pd.DataFrame({"a": now})).codes[:, 0].tolist() == [3, 2, 1]
    booleans = Schema.detect(pd.DataFrame({"a": [True, False]}), categorical_features=["a"])
    assert booleans.read(pd.DataFrame({"a": now[:2]})).codes[:, 0].tolist() == [3, 2]


@pytest.mark.parametrize(
    "now", [["1.5", "2"], [True, False], pd.Categorical([1, 2]), pd.array([1, None], "Int64"), [None, None]]
)
def test_what_can_be_a_number_is_read_as_one(now: Any) -> None:
    schema = Schema.detect(pd.DataFrame({"a": [0.5, 1.5]}))
    expected = pd.Series(now).astype(object).map(lambda value: float(value) if pd.notna(value) else np.nan)
    np.testing.assert_array_equal(schema.read(pd.DataFrame({"a": now})).numbers[:, 0], expected.to_numpy(float))


@pytest.mark.parametrize(
    ("then", "now", "message"),
    [
        (
            [1.0],
            ["one"],
            "Column 'a' had numbers in fit, but now has strings, such as 'one'; convert it to numbers",
        ),
        ([1.0], [DAY], "Column 'a' had numbers in fit, but now has datetimes, such as"),
        ([DAY], ["2020-01-01"], "Column 'a' had datetimes in fit, but now has strings, such as '2020-01-01'"),
        ([DAY], [5], "Column 'a' had datetimes in fit, but now has numbers, such as 5"),
        ([datetime.timedelta(1)], [5], "Column 'a' had durations in fit, but now has numbers, such as 5"),
        (TEXTS, [5], "Column 'a' had texts in fit, but now has numbers, such as 5"),
    ],
)
def test_columns_that_became_something_else(then: Any, now: Any, message: str) -> None:
    schema = Schema.detect(pd.DataFrame({"a": then}))
    with pytest.raises(InvalidData) as raised:
        schema.read(pd.DataFrame({"a": now}))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("then", [[1.0], [DAY], [datetime.timedelta(1)], ["a"], [True], TEXTS])
@pytest.mark.parametrize("brand", BRANDS)
def test_columns_may_lose_all_their_values(then: list[Any], brand: str) -> None:
    schema = Schema.detect(BRANDS[brand]({"a": then}))
    table = schema.read(BRANDS[brand]({"a": [None, None]}))
    assert len(table) == 2
    assert np.isnan(table.numbers).all()
    assert not table.codes.any()


def test_columns_without_values_take_anything_later() -> None:
    schema = Schema.detect(pd.DataFrame({"a": [None, None], "b": [1, 2]}))
    assert schema.read(pd.DataFrame({"a": ["x", 1], "b": [1, 2]})).codes.shape == (2, 0)


def test_another_number_of_columns() -> None:
    with pytest.raises(InvalidData, match=r"^X has 3 columns; expected the 2 columns of fit\.$"):
        Schema.detect(np.ones((2, 2))).read(np.ones((2, 3)))


# Tables that cannot be read


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e39])
def test_infinities_and_numbers_beyond_float32_are_named(bad: float) -> None:
    X = np.ones((5, 3))
    fitted = Schema.detect(X)
    X[2, 1] = X[3, 1] = bad
    message = "X contains infinity or a value too large for float32, in column {} (2 of 5 rows, such as {})."
    for table, name in ((X, 1), (np.asfortranarray(X), 1), (sparse.csr_array(X), 1), (X.astype(object), 1)):
        with pytest.raises(InvalidData) as raised:
            fitted.read(table)
        assert str(raised.value).startswith(message.format(name, bad))
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    with pytest.raises(InvalidData, match="in column 'b' "):
        Schema.detect(frame).read(frame)
    with pytest.raises(InvalidData, match=r"in columns 'a' .*, 'b' .*, 'c' .*"):
        Schema.detect(frame).read(frame * np.inf)


def test_infinity_in_halves_is_found_and_missing_is_none() -> None:
    X = np.array([[np.inf, np.nan]], np.float16)
    with pytest.raises(InvalidData, match=r"in column 0 \(1 of 1 rows"):
        Schema.detect(X).read(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), "Reshape your data"),
        ([1.0, 2.0], "Reshape your data"),
        (pd.Series([1.0]), "Expected a 2-dimensional container"),
        (np.ones((2, 2, 2)), "Found array with dim 3"),
        ([[[1], [2]], [[3], [4]]], "Found array with dim 3"),
        (np.ones((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
        (pd.DataFrame(index=range(3)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
        (np.ones((0, 3)), r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
        (pd.DataFrame({"a": []}), r"0 sample\(s\) \(shape=\(0, 1\)\) while a minimum of 1 is required"),
        (np.ones((2, 2), complex), "Complex data not supported"),
        (pd.DataFrame({"a": [1j]}), "Complex data not supported: column 'a'"),
        ([[1, 2], [3]], "The rows of X have different lengths: 1, 2"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Columns of X have the same name: 'a'"),
        (pd.DataFrame([[1, 2]], columns=["a", 1]), r"Names of columns are of different types: 1 \(int\), 'a' \(str\)"),
    ],
)
def test_tables_that_are_none(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schema.detect(X)


@pytest.mark.parametrize("cell", [{"foo": "bar"}, [1, 2], object(), datetime.time(1), np.array([1, 2])])
def test_cells_that_no_network_reads(cell: Any) -> None:
    X = np.ones((3, 2), object)
    X[1, 1] = cell
    with pytest.raises(TypeError, match=r"^Column 1: argument must be a string or a real number, not '\w+'"):
        Schema.detect(X)
    with pytest.raises(TypeError, match=r"^Column 1: argument must be .* string.* number"):
        Schema.detect(np.ones((3, 2))).read(X)


def test_lazy_frames_are_asked_to_be_collected() -> None:
    lazy = pytest.importorskip("polars").LazyFrame({"a": [1]})
    with pytest.raises(TypeError, match="X is a lazy LazyFrame; collect it into a data frame first"):
        Schema.detect(lazy)


def test_mixed_columns_are_named_with_counts_and_examples() -> None:
    for frame in (pd.DataFrame({"a": [1.5, "few", 2, None]}), pd.DataFrame({"a": ["few"] * 200 + [1.5, 2]})):
        n, n_strings = len(frame), frame["a"].isin(["few"]).sum()
        with pytest.raises(InvalidData) as raised:
            Schema.detect(frame)
        assert str(raised.value) == (
            f"Column 'a' mixes numbers (2 of {n} rows, for example 1.5) and strings ({n_strings} of {n} rows, "
            "for example 'few'). Convert its values to one type, the others to NaN, or name the column in "
            "categorical_features."
        )
        assert "few" in Schema.detect(frame, categorical_features=["a"]).columns[0].levels


# Size


def test_many_levels_stay_small() -> None:
    n = 200_000
    frame = pd.DataFrame({"id": [f"user-{i * 7919 % (n // 2)}" for i in range(n)]})
    schema, table = fit(frame)
    assert len(schema.columns[0].levels) == n // 2
    assert table.n_codes == (n // 2 + 2,)
    assert table.numbers.shape == (n, 0)
    assert sorted(table.codes[:, 0]) == sorted([*range(2, n // 2 + 2)] * 2)
    assert len(repr(schema)) < 1000


def test_columns_that_are_not_used_keep_no_levels() -> None:
    n = 200
    frame = pd.DataFrame(
        {
            "name": [f"user {i % 190}" for i in range(n)],
            "code": np.arange(n),
            "label": pd.Categorical([f"user {i}" for i in range(n)]),
            "same": "x",
            "one": 1.0,
            "day": pd.Timestamp("2024-01-01"),
            "flag": True,
            "none": None,
            "a": ["x", "y"] * 100,
        }
    )
    schema, table = fit(frame, categorical_features=["code"])
    assert [column.name for column in schema.columns if column.is_used] == ["a"]
    assert [column.levels for column in schema.columns[:4]] == [(), (), (), ("x",)]
    notes = {column.name: column.note for column in schema.columns}
    assert notes["name"].startswith("a distinct text in almost every row: an identifier? Not used unless named in")
    assert notes["code"] == notes["label"] == "no value occurs twice, an identifier? Not used"
    assert {notes[name] for name in ("same", "one", "day", "flag")} == {"constant: not used"}
    assert notes["none"] == "no value at all"
    assert table.n_codes == (3, 4, 4)
    assert schema.columns[0] == Schema.detect(frame[["name"]], categorical_features=[False]).columns[0]
    assert len(Schema.detect(frame, categorical_features=["name"]).columns[0].levels) == 190


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_columns_of_arrays_that_are_not_used_are_told(make: Any) -> None:
    X = np.array([[0, 1, np.nan, 2.0], [0, 1, np.nan, 3.0]])
    notes = [(column.is_used, column.note) for column in Schema.detect(make(X)).columns]
    constant = (False, "constant: not used")
    second = (True, "") if make is not np.asarray else constant  # nobody looks at every entry of a sparse matrix
    assert notes == [constant, second, (False, "no value at all"), (True, "")]


def test_reading_a_frame_needs_little_more_than_the_table() -> None:
    import tracemalloc

    n, rng = 50_000, np.random.default_rng(0)
    values: dict[str, Any] = {f"x{i}": rng.normal(size=n) for i in range(35)}
    values |= {f"s{i}": np.array(["red", "green", "blue"], object)[rng.integers(0, 3, n)] for i in range(12)}
    values |= {"b0": rng.random(n) < 0.5, "b1": rng.random(n) < 0.5}
    frame = pd.DataFrame({**values, "t": np.datetime64("2020-01-01", "s") + rng.integers(0, 10**8, n)})
    schema = Schema.detect(frame)
    schema.read(frame[:10])
    tracemalloc.start()
    table = schema.read(frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    parts = 65_536 * 8 * 20  # what is made some rows at a time
    assert table.numbers.dtype == np.float32
    assert peak < 1.6 * n * frame.shape[1] * 4 + parts
