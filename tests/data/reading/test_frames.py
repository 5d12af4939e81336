"""Tables of every brand, arrays and sparse matrices are opened, without a copy where that can be."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.reading.convert import DATE_PARTS
from autonet.data.reading.frames import warn_if_index_order_differs
from autonet.data.reading.schema import Schema
from tests.data.reading.frames import BRANDS, columns, frames
from tests.data.reading.tables import EVERY_BRAND, MIXED, assert_same, fit, kinds

pd = pytest.importorskip("pandas")


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


def test_an_array_of_booleans_is_ones_and_zeros() -> None:
    X = np.array([[True, False], [False, False]])
    schema, table = fit(X)
    assert table.numbers.tolist() == [[1, 0], [0, 0]]
    assert np.shares_memory(table.numbers, X)
    assert kinds(schema) == ["numeric", "numeric"]


def test_rows_of_numbers_are_an_array() -> None:
    assert fit([[1, 2.5], (3, 4)])[1].numbers.tolist() == [[1, 2.5], [3, 4]]
    assert fit([np.array([1.0, 2.0]), np.array([3.0, 4.0])])[1].numbers.tolist() == [[1, 2], [3, 4]]


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


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), "Reshape your data"),
        ([1.0, 2.0], "Reshape your data"),
        (pd.Series([1.0]), "Expected a 2-dimensional container"),
        (
            np.ones((2, 2, 2)),
            r"X has shape \(2, 2, 2\), but a table has rows and columns; .* AutoNetImage",
        ),
        ([[[1], [2]], [[3], [4]]], r"X has shape \(2, 2, 1\), but a table has rows and columns"),
        (["1.png", "2.png"], "X has 2 texts in one dimension, .* or use AutoNetImageClassification .* for paths"),
        ("train", "X is a str: 'train'; pass an array, .* or use AutoNetImageClassification .* for a folder"),
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


def test_lazy_frames_are_asked_to_be_collected() -> None:
    lazy = pytest.importorskip("polars").LazyFrame({"a": [1]})
    with pytest.raises(TypeError, match="X is a lazy LazyFrame; collect it into a data frame first"):
        Schema.detect(lazy)


def test_integers_are_names_of_columns_too() -> None:
    schema, table = fit(pd.DataFrame({3: [1.0, 2.0], 0: ["a", "b"]}))
    assert [(column.name, column.kind) for column in schema.columns] == [(3, "numeric"), (0, "categorical")]
    assert table.codes.tolist() == [[2], [3]]


def test_rows_whose_index_is_in_another_order_are_warned_of() -> None:
    X, y = pd.DataFrame({"a": [1, 2, 3]}, index=[5, 6, 7]), pd.Series([1, 2, 3], index=[7, 6, 5])
    with pytest.warns(DataWarning, match=r"y has the index of X in another order.*; to match them.*pass y\.loc\[X"):
        warn_if_index_order_differs("X", X, {"y": y})
    for other in (y.loc[X.index], y.set_axis([1, 2, 3]), y[:2], y.set_axis([5, 5, 7]), y.tolist(), None):
        warn_if_index_order_differs("X", X, {"y": other})  # a warning would be an error


ROWS = [dict(zip(MIXED, row, strict=True)) for row in zip(*MIXED.values(), strict=True)]


@pytest.mark.parametrize(
    "X",
    [
        ROWS,
        tuple(ROWS),
        np.array(ROWS, object),
        MIXED,
        {name: pd.Series(values) for name, values in MIXED.items()},
        pd.DataFrame(MIXED).astype(object).to_records(index=False),
        np.asarray(pd.DataFrame(MIXED).astype(object).to_records(index=False))[:, None],
    ],
    ids=["list", "tuple", "array", "lists", "columns", "records", "structured"],
)
def test_rows_and_columns_under_their_names_read_as_a_frame(X: Any) -> None:
    schema, table = fit(BRANDS["pandas"](MIXED))
    assert kinds(fit(X)[0]) == kinds(schema)
    assert [column.name for column in fit(X)[0].columns] == list(MIXED)
    assert_same(fit(X)[1], table)


def test_keys_have_no_order() -> None:
    schema, table = fit(MIXED)
    for again in ([dict(reversed(row.items())) for row in ROWS], dict(reversed(MIXED.items()))):
        assert_same(schema.read(again, "It"), table)


ARRAY = np.array([[1.0, 5.0, 9.0], [2.0, 4.0, 8.0]])


@pytest.mark.parametrize("names", [["x0", "x1", "x2"], ["0", "1", "2"], [0, 1, 2]], ids=["x0", "text", "numbers"])
@pytest.mark.parametrize("owner", ["", "It"])
def test_keys_of_columns_of_an_array_are_their_numbers(names: list[Any], owner: str) -> None:
    schema, table = fit(ARRAY)
    rows = [dict(zip(reversed(names), reversed(row), strict=True)) for row in ARRAY.tolist()]
    columns = {name: [row[name] for row in rows] for name in reversed(names)}
    for X in (rows, columns):
        np.testing.assert_array_equal(schema.read(X, owner).numbers, table.numbers)
    np.testing.assert_array_equal(schema.read(rows[1], owner).numbers, table.numbers[1:])


def test_columns_of_an_array_are_selected_by_their_numbers() -> None:
    schema, table = fit(ARRAY)
    rows = [{"x2": row[2], "id": i, "x1": row[1], "x0": row[0]} for i, row in enumerate(ARRAY)]
    np.testing.assert_array_equal(schema.read(rows).numbers, table.numbers)
    np.testing.assert_array_equal(schema.read(pd.DataFrame(rows)).numbers, table.numbers)
    frame = pd.DataFrame(ARRAY, columns=["size", "age", "x0"])  # an order, and names of their own
    np.testing.assert_array_equal(schema.read(frame).numbers, table.numbers)
    with (
        pytest.warns(UserWarning, match="X has feature names, but It was fitted without"),
        pytest.raises(InvalidData, match="X has 4 features, but It is expecting 3 features as input"),
    ):
        schema.read(rows, "It")


def test_other_keys_than_those_of_an_array_are_refused() -> None:
    schema, _ = fit(ARRAY)
    for owner in ("", "It"):
        with pytest.raises(InvalidData) as raised:
            schema.read([{"b": 1.0, "a": 2.0, "c": 3.0}], owner)
        assert str(raised.value) == (
            "X has keys such as 'b', but fit had an array, whose columns have no names; use the keys 'x0', 'x1', 'x2', "
            "or pass rows as lists."
        )
    with pytest.raises(InvalidData, match="X lacks columns of fit: 'x2'; use None where a value is missing"):
        schema.read({"x0": 1.0, "x1": 2.0, "c": 3.0})


@pytest.mark.parametrize("owner", ["", "It"])
def test_numbers_as_names_may_have_become_text(owner: str) -> None:
    frame = pd.DataFrame(ARRAY, columns=[3, 1, 2])
    schema, table = fit(frame)
    rows = [{"1": r[1], "2": r[2], "3": r[0]} for r in ARRAY.tolist()]
    np.testing.assert_array_equal(schema.read(rows, owner).numbers, table.numbers)
    with pytest.raises(InvalidData, match="X lacks columns of fit: 3; use None"):
        schema.read([{"1": 1.0, "2": 2.0}])


def test_rows_may_differ_in_what_is_ignored() -> None:
    schema, table = fit([{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}])
    rows = [{"a": 1.0, "b": 2.0}, {"id": 7, "b": 4.0, "a": 3.0}]
    np.testing.assert_array_equal(schema.read(rows).numbers, table.numbers)
    np.testing.assert_array_equal(schema.read(rows[::-1]).numbers, table.numbers[::-1])
    with pytest.raises(InvalidData, match="Row 1 of X lacks 'b', unlike row 0; use the same keys in every row"):
        schema.read([{"a": 1.0, "b": 2.0}, {"id": 7, "a": 3.0}])
    with pytest.raises(InvalidData, match="Row 1 of X also has 'id', unlike row 0; use the same keys in every row"):
        schema.read(rows, "It")


def test_columns_of_other_shapes_are_refused() -> None:
    with pytest.raises(InvalidData, match=r"Column 'a' of X has shape \(2, 1\); expected one dimension\."):
        fit({"a": np.ones((2, 1))})
    with pytest.raises(InvalidData, match="Row 1 of X lacks 'a' and also has 'b', unlike row 0; use the same keys"):
        fit([{"a": 1}, {"b": 1}])


def test_a_mask_of_an_array_is_missing() -> None:
    X = np.ma.masked_array([[1, 2], [3, 4]], [[True, False], [False, False]])
    np.testing.assert_array_equal(fit(X)[1].numbers, [[np.nan, 2], [3, 4]])


def test_masked_integers_beyond_float_stay_whole() -> None:
    X = np.ma.masked_array(np.array([[2**53 + 1], [2**53 + 2], [0]]), [[False], [False], [True]])
    assert fit(X, categorical_features=[0])[0].columns[0].levels == (2**53 + 1, 2**53 + 2)
