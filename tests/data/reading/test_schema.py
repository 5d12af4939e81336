import datetime
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from autonet.core.errors import DataWarning, InvalidData, UnknownName
from autonet.data.reading.schema import Schema
from tests.data.reading.frames import BRANDS, columns
from tests.data.reading.tables import DAY, MIXED, TEXTS, assert_same, fit, kinds

pd = pytest.importorskip("pandas")


@settings(max_examples=30)
@given(drawn=columns(), data=st.data())
def test_order_and_number_of_rows_change_nothing(drawn: dict[str, list[Any]], data: st.DataObject) -> None:
    frame = BRANDS["pandas"](drawn)
    schema, table = fit(frame)
    order = np.array(data.draw(st.permutations(range(len(frame)))))
    assert Schema.detect(frame.iloc[order]) == schema
    assert_same(schema.read(frame.iloc[order]), table.rows(order))
    assert_same(schema.read(frame.iloc[order[:1]]), table.rows(order[:1]))


def test_frames_and_arrays_may_follow_each_other() -> None:
    frame, array = BRANDS["pandas"](MIXED), BRANDS["objects"](MIXED)
    for first, then in itertools.permutations([frame, array, BRANDS["polars"](MIXED)], 2):
        schema, table = fit(first)
        assert_same(schema.read(then), table)


def test_missing_numbers_are_counted() -> None:
    X = np.array([[np.nan, 1.0, np.nan], [np.nan, 2.0, 3.0]])
    schema = Schema.detect(X)
    assert [column.missing for column in schema.columns] == [1, 0, 0.5]
    assert schema.columns[0].note == "no value at all"
    assert [column.missing for column in Schema.detect(sparse.csr_array(X)).columns] == [1, 0, 0.5]


def test_sparse_matrices_are_never_categories() -> None:
    with pytest.raises(InvalidData, match=r"^categorical_features does not support sparse matrices; pass X as"):
        Schema.detect(sparse.csr_array(np.eye(3)), categorical_features=[0])
    schema = Schema.detect([["a"], ["b"]])
    with pytest.raises(InvalidData, match=r"^X is sparse, but not all columns were numeric in fit"):
        schema.read(sparse.csr_array(np.eye(1)))


# Kinds


@pytest.mark.parametrize("brand", BRANDS)
def test_texts_are_counts_of_words(brand: str) -> None:
    schema = Schema.detect(BRANDS[brand]({"text": TEXTS}))
    table = schema.read(BRANDS[brand]({"text": ["The the cat", None, "dog"]}))
    (counts,) = table.texts
    assert counts.shape == (3, 4096)
    assert counts.dtype == np.float32
    assert sorted(counts.toarray()[0][counts.toarray()[0] > 0]) == [1, 2]
    assert counts.sum(axis=1).tolist() == [3, 0, 1]


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


# Later tables


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
        (
            [DAY],
            ["2020-01-01", "soon"],
            "Column 'a' had datetimes in fit, but now has strings, such as 'soon'; convert it to datetimes or text in "
            "ISO 8601, with NaN for unknown values.",
        ),
        ([datetime.timedelta(1)], ["P1Y"], "Column 'a' had durations in fit, but now has strings, such as 'P1Y'"),
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


NAMES = st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=6, unique=True)


def row(*names: Any) -> Any:
    return pd.DataFrame([range(len(names))], columns=pd.Index(names, dtype=object), dtype=float)


@settings(max_examples=30)
@given(NAMES, st.data())
def test_names_of_fit_pass_in_their_order_and_in_no_other(names: list[str], data: st.DataObject) -> None:
    schema, shuffled = Schema.detect(row(*names)), data.draw(st.permutations(names))
    if shuffled == names:
        assert schema.read(row(*names), "It").numbers.tolist() == [list(range(len(names)))]
    else:
        with pytest.raises(InvalidData, match=r"Feature names must be in the same order as they were in fit\.\n$"):
            schema.read(row(*shuffled), "It")


def test_names_that_are_missing_and_unknown_are_listed_up_to_five() -> None:
    with pytest.raises(InvalidData) as caught:
        Schema.detect(row("a", "b")).read(row("a", *"zyxwvu"), "It")
    assert str(caught.value) == (
        "The feature names should match those that were passed during fit.\n"
        "Feature names unseen at fit time:\n- u\n- v\n- w\n- x\n- y\n- ...\n"
        "Feature names seen at fit time, yet now missing:\n- b\n"
    )


def test_tables_without_names_are_compared_by_their_number_of_columns() -> None:
    array, named, numbered = np.zeros((1, 2)), row("a", "b"), row(0, 1)
    Schema.detect(numbered).read(array, "It")
    Schema.detect(array).read(row("0", "1"), "It")
    with pytest.raises(InvalidData, match="X has 3 features, but It is expecting 2 features as input"):
        Schema.detect(array).read(np.zeros((1, 3)), "It")
    with pytest.warns(UserWarning, match="X has feature names, but It was fitted without feature names"):
        Schema.detect(array).read(named, "It")
    with pytest.warns(UserWarning, match="X does not have valid feature names, but It was fitted with feature names"):
        Schema.detect(named).read(array, "It")


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


# Columns that are not used


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
