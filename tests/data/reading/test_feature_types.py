"""What columns are taken for."""

from typing import Any

import numpy as np
import pytest

from autonet.core.errors import DataWarning, InvalidData
from autonet.data.reading.schema import Schema
from tests.data.reading.tables import TEXTS, fit, one

pd = pytest.importorskip("pandas")


def test_few_strings_are_categories_in_order() -> None:
    assert one(["b", "c", "a", None, "b"]).levels == ("a", "b", "c")
    assert one(["1", "2"] * 30).kind == "categorical"


def test_ordered_categories_are_positions_in_their_order() -> None:
    sizes = pd.Categorical(["S", "L", None, "M", "S"], categories=["XS", "S", "M", "L"], ordered=True)
    frame = pd.DataFrame({"size": sizes, "range": pd.cut(np.arange(5.0), 3)})
    schema, table = Schema.detect_and_read(frame)
    assert [column.kind for column in schema.columns] == ["ordinal", "ordinal"]
    assert schema.columns[0].levels == ("S", "M", "L")  # those that occur
    np.testing.assert_array_equal(table.numbers, np.array([[0, 2, np.nan, 1, 0], [0, 0, 1, 2, 2]]).T)
    assert table.codes.shape == (5, 0)
    new = schema.read(pd.DataFrame({"size": ["L", "XS", None], "range": frame["range"][2:]}))
    np.testing.assert_array_equal(new.numbers[:, 0], [2, np.nan, np.nan])
    assert schema.missing_row().numbers.shape == (1, 2)
    assert schema.describe_inputs()[0] == {
        "name": "size",
        "kind": "ordinal",
        "input": "numbers",
        "index": [0],
        "codes": [["S", 0], ["M", 1], ["L", 2]],
    }


def test_what_has_no_order_is_categorical() -> None:
    three, two = pd.Categorical(["a", "b", "c"] * 4), pd.Categorical(["a", "b"] * 6, ordered=True)
    frame = pd.DataFrame({"three": three, "two": two, "chosen": three.as_ordered()})
    assert [column.kind for column in fit(frame, categorical_features=["chosen"])[0].columns] == ["categorical"] * 3


def test_ordered_categories_of_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    values = pa.DictionaryArray.from_arrays(pa.array([2, 0, 1, None]), pa.array(["z", "y", "x"]), ordered=True)
    table = fit(pa.table({"a": values}))[1]
    np.testing.assert_array_equal(table.numbers[:, 0], [2, 0, 1, np.nan])


def test_ordered_categories_of_another_type_are_refused_and_unseen_ones_warn() -> None:
    schema, _ = fit(pd.DataFrame({"size": pd.Categorical(["S", "M", "L"], ordered=True), "n": [1, 2, 3]}))
    with pytest.raises(InvalidData, match="Column 'size' had ordered categories such as 'L' in fit, but now has numb"):
        schema.read(pd.DataFrame({"size": [1.5, 2.5], "n": [1, 2]}))
    with pytest.warns(DataWarning, match=r"No value of column 'size' \(now 'XL', in fit 'L'\) was seen in fit"):
        assert np.isnan(schema.read(pd.DataFrame({"size": ["XL"], "n": [1]})).numbers[0, 0])


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


def test_levels_of_several_types_have_an_order() -> None:
    values = ["b", 2, "a", 1.5, True, None]
    assert one(values, categorical_features=[0]).levels == one(values[::-1], categorical_features=[0]).levels
    assert one(values, categorical_features=[0]).levels == (True, 1.5, 2, "a", "b")


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
