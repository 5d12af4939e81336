"""A value is the same value in whatever type, unit, zone, spelling and table it comes at predict.

``DRIFT_EXAMPLES=1000 pytest tests/estimators/test_drift.py`` draws more examples than the suite does.
"""

import datetime
import os
import unicodedata
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import DataWarning, InvalidData

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

FAST: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 1, "random_state": 0}
N_ROWS, N_LEVELS = 60, 6
Convert = Callable[[Any], Any]

NUMBER: dict[str, Convert] = {
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "string": str,
    "string of a float": lambda value: str(float(value)),
    "bytes": lambda value: str(value).encode(),
    "spaces": lambda value: f" {value}\t",
    "int64": np.int64,
}
BOOLEAN: dict[str, Convert] = {
    "bool": bool,
    "int": int,
    "float": float,
    "numpy": np.bool_,
    "Decimal": lambda value: Decimal(int(value)),
    **{
        name: lambda value, name=name: name.split("/")[not value]
        for name in ("True/False", "true/false", "TRUE/FALSE", "1/0", "1.0/0.0")
    },
}
WORD: dict[str, Convert] = {
    "string": str,
    "decomposed": lambda value: unicodedata.normalize("NFD", value),
    "spaces": lambda value: f"  {value}\u00a0",
    "bytes": str.encode,
    "numpy": np.str_,
}
DAY: dict[str, Convert] = {
    "date": lambda value: value,
    "datetime": lambda value: datetime.datetime.combine(value, datetime.time()),
    "string": str,
    "string with time": "{} 00:00:00".format,
    "ISO string with time": "{}T00:00:00".format,
    "days": lambda value: np.datetime64(value, "D"),
    "seconds": lambda value: np.datetime64(value, "s"),
    "Timestamp": pd.Timestamp,
}
MOMENT: dict[str, Convert] = {
    **{
        zone: lambda value, zone=zone: value.astimezone(ZoneInfo(zone))
        for zone in ("UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin")
    },
    "offset": lambda value: value.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
    "Timestamp": pd.Timestamp,
    "without zone": lambda value: value.replace(tzinfo=None),
    "string": str,
    "ISO string": datetime.datetime.isoformat,
}
DURATION: dict[str, Convert] = {
    "timedelta": lambda value: value,
    "seconds": lambda value: np.timedelta64(value, "s"),
    "milliseconds": lambda value: np.timedelta64(value, "ms"),
    "Timedelta": pd.Timedelta,
    "string": str,
    "number": datetime.timedelta.total_seconds,
}
CODES = st.integers(1, 99_999)
IDENTIFIERS = st.integers(2**53, 2**63 - 1).flatmap(lambda first: st.integers(first, min(first + 9, 2**63 - 1)))
KINDS: dict[str, tuple[st.SearchStrategy[Any], dict[str, Convert]]] = {
    "code": (CODES, NUMBER | {"zeros": "{:07d}".format, "int32": np.int32}),
    "negative": (st.integers(-999, 999), NUMBER),
    "identifier": (IDENTIFIERS, NUMBER),
    "decimal": (
        st.integers(-99, 99).map(lambda value: value / 10),
        {name: NUMBER[name] for name in ("float", "string", "spaces", "bytes")}
        | {"float32": np.float32, "Decimal": lambda value: Decimal(str(value))},
    ),
    "boolean": (st.booleans(), BOOLEAN),
    "word": (st.text(st.characters(codec="utf-8", categories=["L", "Zs", "P"]), min_size=1, max_size=5), WORD),
    "day": (st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)), DAY),
    "moment": (
        st.datetimes(datetime.datetime(1971, 1, 1), datetime.datetime(2037, 1, 1), timezones=st.just(datetime.UTC)).map(
            lambda value: value.replace(microsecond=0)
        ),
        MOMENT,
    ),
    "duration": (st.integers(-(10**6), 10**6).map(lambda value: datetime.timedelta(seconds=value)), DURATION),
}


def _pandas(values: list[Any]) -> Any:
    return pd.DataFrame({"x": pd.Series(values), "z": np.arange(len(values)) / N_ROWS})


def _objects(values: list[Any]) -> Any:
    return pd.DataFrame({"x": pd.Series(values, dtype=object), "z": np.arange(len(values)) / N_ROWS})


def _arrow(values: list[Any]) -> Any:
    return pa.table({"x": pa.array(values), "z": np.arange(len(values)) / N_ROWS})


def _dictionary(values: list[Any]) -> Any:
    table = _arrow(values)
    return table.set_column(0, "x", table["x"].dictionary_encode())


def _polars(values: list[Any]) -> Any:
    return pl.DataFrame({"x": pl.Series(values), "z": np.arange(len(values)) / N_ROWS})


def _polars_categorical(values: list[Any]) -> Any:
    return _polars(values).with_columns(pl.col("x").cast(pl.Categorical))


def _records(values: list[Any]) -> Any:
    return [{"x": value, "z": z} for value, z in zip(values, (np.arange(len(values)) / N_ROWS).tolist(), strict=True)]


TABLES: dict[str, Callable[[list[Any]], Any]] = {
    "pandas": _pandas,
    "pandas objects": _objects,
    "pandas nullable": lambda values: _pandas(values).convert_dtypes(),
    "pandas arrow": lambda values: _pandas(values).convert_dtypes(dtype_backend="pyarrow"),
    "pandas categories": lambda values: _pandas(values).astype({"x": "category"}),
    "polars": _polars,
    "polars categorical": _polars_categorical,
    "pyarrow": _arrow,
    "pyarrow dictionary": _dictionary,
    "list of dictionaries": _records,
    "dictionary of lists": lambda values: {"x": values, "z": (np.arange(len(values)) / N_ROWS).tolist()},
}


@st.composite
def drifted(draw: st.DrawFn) -> tuple[str, Any, Any, bool]:
    """Draw a column and the same column in another representation, after the names of both."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    strategy, converters = KINDS[kind]
    levels = draw(st.lists(strategy, min_size=2, max_size=2 if kind == "boolean" else N_LEVELS, unique=True))
    values = (levels * N_ROWS)[:N_ROWS]
    step = draw(st.sampled_from([None, None, 4, 5]))
    values = [None if step and i % step == 0 else value for i, value in enumerate(values)]
    tables, names = [], [kind]
    for n_rows in (N_ROWS, draw(st.sampled_from([1, 7, N_ROWS]))):
        spelling, brand = draw(st.sampled_from(sorted(converters))), draw(st.sampled_from(sorted(TABLES)))
        convert = converters[spelling]
        names.append(f"{spelling} in {brand}")
        try:
            tables.append(TABLES[brand]([None if value is None else convert(value) for value in values[:n_rows]]))
        except (TypeError, ValueError, OverflowError, pa.ArrowException, pl.exceptions.PolarsError):
            assume(False)  # the library has no such table
    return ", ".join(names), *tables, draw(st.booleans())


@pytest.mark.filterwarnings("ignore::autonet.core.errors.DataWarning")
@settings(max_examples=int(os.environ.get("DRIFT_EXAMPLES", "25")), suppress_health_check=list(HealthCheck))
@given(drifted())
def test_a_value_in_another_representation_gets_the_same_prediction_or_is_refused(case: Any) -> None:
    name, X, now, is_category = case
    kind = name.split(",")[0]
    auto = AutoNetClassification("tiny_cs", **FAST, categorical_features=["x"] if is_category else None)
    try:
        auto.fit(X, np.arange(N_ROWS) % N_LEVELS % 2)
    except (InvalidData, TypeError):
        assume(False)  # such as a column of numbers and strings
    expected = auto.predict_proba(X)
    try:
        found = auto.predict_proba(now)
    except (InvalidData, TypeError) as error:
        event(f"{kind}: refused")
        assert str(error).startswith("Column 'x'")  # noqa: PT017 - an error is not what is expected
        return
    event(f"{kind}: same")
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-4, err_msg=name)


def fit(values: Any, *, is_category: bool = False) -> AutoNetClassification:
    """Fit on a column x beside another one, with targets that follow the levels."""
    X = pd.DataFrame({"x": values, "z": np.arange(len(values)) / len(values)})
    y = pd.factorize(X["x"].map(repr))[0] % 2
    return AutoNetClassification("tiny_cs", **FAST, categorical_features=["x"] if is_category else None).fit(X, y)


def rows(*values: Any) -> pd.DataFrame:
    """Return a table of rows that differ in column x only."""
    return pd.DataFrame({"x": pd.Series(values, dtype=object), "z": 0.5})


@pytest.mark.parametrize(
    "levels",
    [["01", "1", "2"], ["10115", 10115, 2], ["a", "a ", "\u00e9", "e\u0301"], ["1.0", "1", "x"], [b"a", "A", "nan"]],
)
def test_levels_that_look_alike_stay_apart(levels: list[Any]) -> None:
    auto = fit(pd.Series(levels * 20, dtype=object), is_category=True)
    found = [auto.predict_proba(rows(level))[0, 0] for level in levels]
    assert len(np.unique(found)) == len(levels)
    np.testing.assert_allclose(auto.predict_proba(rows(*levels))[:, 0], found, rtol=1e-5)


@pytest.mark.parametrize(
    ("levels", "value", "message"),
    [
        (["01", "1"], 1, "cannot tell whether 1.0 is the level '01' or '1'. Use the type and spelling"),
        (["a ", "a"], b"a\t", "cannot tell whether 'a\\t' is the level 'a' or 'a '"),
        ([2**60 + 1, 2**60 + 2], float(2**60), "a float beyond 2**53 stands for several integers; read the column as"),
        ([2**60 + 1, 2**60 + 2], str(float(2**60)), "cannot tell which level '1.152921504606847e+18' is"),
        (
            ["10115", "20095"],
            pd.Timestamp("2024-01-01"),
            "had categories such as '10115' in fit, but now has datetimes",
        ),
        (["10115", "20095"], True, "had categories such as '10115' in fit, but now has booleans, such as True"),
        ([1, 2, 3], True, "had categories such as 1 in fit, but now has booleans, such as True"),
        (["red", "blue"], 7, "had categories such as 'blue' in fit, but now has numbers, such as 7"),
        ([True, False], "maybe", "had booleans in fit, but now has strings, such as 'maybe'"),
    ],
)
def test_values_that_cannot_be_matched_safely_are_refused(levels: list[Any], value: Any, message: str) -> None:
    auto = fit(levels * 30, is_category=not isinstance(levels[0], bool))
    with pytest.raises(InvalidData, match=r"^Column 'x'") as caught:
        auto.predict(rows(value))
    assert message in str(caught.value)


def test_floats_that_stand_for_several_integers_are_warned_of_and_never_matched() -> None:
    with pytest.warns(DataWarning, match=r"'x': floats beyond 2\*\*53, which may be several integers each"):
        auto = fit([float(2**60), 1.0] * 30, is_category=True)
    with pytest.raises(InvalidData, match="cannot tell which level 1152921504606846977 is"):
        auto.predict(rows(2**60 + 1))


@pytest.mark.parametrize("make", [np.array, pd.Categorical, lambda values: pd.Series(values, dtype="object")])
def test_booleans_and_numbers_that_are_not_0_and_1_are_never_mixed_up(make: Any) -> None:
    for levels in ([True, False], ["True", "False"]):
        auto = fit(levels * 30)
        expected = auto.predict_proba(rows(*levels))
        np.testing.assert_allclose(auto.predict_proba(rows(*make([1, 0]))), expected, rtol=1e-5)
        for values in ([1, 2], [2, 2], [-1, 0], [0.5, 1]):
            with pytest.raises(InvalidData, match=r"'x' had (booleans|categories such as 'False') in fit, but"):
                auto.predict(pd.DataFrame({"x": make(values), "z": 0.5}))
    numbers = fit([0, 1, 2, 5] * 15, is_category=True)
    with pytest.raises(InvalidData, match="'x' had categories such as 0 in fit, but now"):
        numbers.predict(pd.DataFrame({"x": make([True, False]), "z": 0.5}))


@pytest.mark.parametrize("dtype", ["float16", "float32", "Float32"])
def test_identifiers_that_a_short_float_rounds_are_refused(dtype: str) -> None:
    identifiers = [2**24 + 1 + 2 * i for i in range(6)] if dtype != "float16" else [2049, 2051, 2053]
    auto = fit(pd.Series(identifiers * (60 // len(identifiers))), is_category=True)
    X = pd.DataFrame({"x": pd.Series(identifiers, dtype=dtype), "z": 0.5})
    with pytest.raises(InvalidData, match=r"'x': cannot tell which level \d+ is, because a float\d\d beyond"):
        auto.predict(X)
    with pytest.warns(DataWarning, match=r"'x': floats beyond 2\*\*(11|24), which may be several integers each"):
        short = fit(pd.Series(identifiers * (60 // len(identifiers)), dtype=dtype.lower()), is_category=True)
    np.testing.assert_allclose(
        short.predict_proba(X.astype({"x": dtype.lower()})), short.predict_proba(X.astype({"x": int})), rtol=1e-5
    )


def test_datetimes_with_and_without_a_time_zone_are_not_mixed_up() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=60))
    auto, local = fit(days), fit(days.dt.tz_localize("Asia/Tokyo"))
    with pytest.raises(
        InvalidData, match=r"'x' had datetimes without time zone in fit, but now has datetimes in time zone UTC"
    ):
        auto.predict(rows(pd.Timestamp("2024-01-01", tz="UTC")))
    with pytest.raises(
        InvalidData, match=r"'x' had datetimes in time zone Asia/Tokyo in fit, but now has datetimes without"
    ):
        local.predict(rows(pd.Timestamp("2024-01-01")))
    with pytest.raises(InvalidData, match="'x' mixes datetimes with and without a time zone"):
        fit(pd.Series([pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01", tz="UTC")] * 30, dtype=object))


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "nan", "None", "<NA>", "NaT"])
def test_missing_values_that_were_written_as_text_are_missing(missing: Any) -> None:
    auto = fit(["a", "b", None] * 20)
    np.testing.assert_allclose(auto.predict_proba(rows("a", missing)), auto.predict_proba(rows("a", None)), rtol=1e-5)
    as_text = fit(["a", "b", "None"] * 20)
    np.testing.assert_allclose(
        as_text.predict_proba(rows("a", missing)), as_text.predict_proba(rows("a", "None")), rtol=1e-5
    )


def test_a_column_without_any_known_value_is_named_in_a_warning() -> None:
    auto = fit(["red", "blue"] * 30)
    with pytest.warns(DataWarning, match=r"No value of column 'x' \(now 'Red', in fit 'blue'\) was seen in fit"):
        unknown = auto.predict_proba(rows("Red", None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(auto.predict_proba(rows("red", "green", None))[1:], unknown, rtol=1e-5)
        auto.predict(rows(None))


@pytest.mark.parametrize("make", [_pandas, _polars, _arrow, _objects, _records])
def test_identifiers_beyond_float_stay_apart_beside_a_missing_value(make: Any) -> None:
    levels = [2**60 + i for i in range(6)]
    values = [None, *levels * 10]
    as_integers = pd.DataFrame({"x": pd.array(values, "Int64"), "z": np.arange(61) / N_ROWS})
    X = as_integers if make is _pandas else make(values)
    auto = AutoNetClassification("tiny_cs", **FAST, categorical_features=["x"]).fit(X, np.arange(61) % 2)
    assert auto.columns_[0].levels == tuple(levels)
    found = auto.predict_proba(rows(*levels))
    assert len(np.unique(found[:, 0])) == len(levels)
    for form in (rows(*map(str, levels)), rows(*map(Decimal, levels)), as_integers[1:7].assign(z=0.5)):
        np.testing.assert_allclose(auto.predict_proba(form), found, rtol=1e-5)


def test_texts_are_the_same_in_every_normal_form() -> None:
    texts = [f"un caf\u00e9 tr\u00e8s fort \u00e0 la table num\u00e9ro {i}" for i in range(60)]
    auto = fit(texts)
    decomposed = [unicodedata.normalize("NFD", text) for text in texts]
    assert decomposed != texts
    np.testing.assert_allclose(auto.predict_proba(rows(*decomposed)), auto.predict_proba(rows(*texts)), rtol=1e-5)


@pytest.mark.parametrize("container", [np.asarray, lambda x: pd.DataFrame({"a": x[:, 0], "b": x[:, 1]})])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_numbers_that_a_short_float_rounds_to_one_another_are_refused(
    container: Any, dtype: Any, quick: dict[str, Any]
) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=80), 1e4 + rng.normal(size=80) * (1e-3 if dtype is np.float32 else 1.0)])
    auto = AutoNetRegression("tiny_cs", **quick).fit(container(x), x[:, 1])
    column = "'b'" if isinstance(container(x), pd.DataFrame) else "1"
    with pytest.raises(InvalidData, match=f"Column {column} has numbers that float.* rounds to one another"):
        auto.predict(container(x.astype(dtype)))
    auto.predict(container(np.column_stack([x[:, 0].astype(dtype), x[:, 1]])))  # what is not rounded visibly


def test_short_floats_in_fit_are_taken_at_predict(quick: dict[str, Any]) -> None:
    x = (1e4 + np.random.default_rng(0).normal(size=(80, 1)) * 1e-3).astype(np.float32)
    auto = AutoNetRegression("tiny_cs", **quick).fit(x, np.arange(80.0))
    assert auto.predict(x).shape == auto.predict(x.astype(np.float64)).shape
