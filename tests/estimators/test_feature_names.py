"""Names of columns, of any type, are compared with the fitted ones; the sentences are those of scikit-learn."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from autonet import AutoNetRegression
from autonet.core.errors import InvalidData

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

FAST: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 1, "random_state": 0}
rng = np.random.default_rng(0)
VALUES = rng.normal(size=(60, 3)) * [1, 3, 9] + [0, 5, -5]
Y = VALUES[:, 0]
NAMES: dict[str, Any] = {
    "strings": ["a", "b", "c"],
    "years": [2022, 2023, 2024],
    "positions": [0, 1, 2],
    "numbers": [0.5, 1.5, 2.5],
    "tuples": pd.MultiIndex.from_tuples([("sales", "mean"), ("sales", "max"), ("costs", 1)]),
    "timestamps": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
    "zones": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]).tz_localize("Asia/Tokyo"),
    "periods": pd.period_range("2024-01", periods=3, freq="M"),
    "intervals": pd.interval_range(0, 3),
    "several types": pd.Index([2022, ("a", 1), pd.Timestamp("2024-03-01")], tupleize_cols=False),
}


def batch(values: np.ndarray, names: list[str]) -> Any:
    return pa.RecordBatch.from_arrays([pa.array(column) for column in values.T], names)


def structured(values: np.ndarray, names: list[str]) -> np.ndarray:
    return np.rec.fromarrays(list(values.T), names=names)


def fit(X: Any, **data: Any) -> AutoNetRegression:
    return AutoNetRegression("tiny_cs", **FAST).fit(X, Y, **data)


def sentence_of_scikit_learn(fitted: list[str], names: list[str]) -> str:
    """What scikit-learn says of tables with these names."""
    frames = [pd.DataFrame(np.zeros((2, len(some))), columns=some) for some in (fitted, names)]
    with pytest.raises(ValueError, match="feature names") as caught:
        StandardScaler().fit(frames[0]).transform(frames[1])
    return str(caught.value)


@pytest.mark.parametrize("kind", NAMES)
def test_columns_in_another_order_are_refused_in_the_words_of_scikit_learn(kind: str) -> None:
    X = pd.DataFrame(VALUES, columns=NAMES[kind])
    auto = fit(X)
    swapped = X.iloc[:, [1, 0, 2]]
    expected = sentence_of_scikit_learn(["a", "b"], ["b", "a"])
    for refused in (lambda: auto.predict(swapped), lambda: fit(X, X_valid=swapped, y_valid=Y)):
        with pytest.raises(InvalidData) as caught:
            refused()
        assert str(caught.value) == expected
    assert auto.predict(X.copy()).shape == (60,)
    assert hasattr(auto, "feature_names_in_") == (kind == "strings")


@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind != "positions"])
def test_other_columns_are_named(kind: str) -> None:
    names = list(NAMES[kind])
    auto = fit(pd.DataFrame(VALUES, columns=NAMES[kind]))
    other = pd.DataFrame(VALUES[:, :2], columns=pd.Index(names[:2], tupleize_cols=False))
    with pytest.raises(InvalidData) as caught:
        auto.predict(other)
    assert str(caught.value) == sentence_of_scikit_learn(list(map(str, names)), list(map(str, names[:2])))


@pytest.mark.parametrize(
    "make", [batch, structured, lambda values, names: pl.DataFrame(dict(zip(names, values.T, strict=True)))]
)
def test_tables_of_every_brand_are_compared_by_name(make: Any) -> None:
    X, names = make(VALUES, ["a", "b", "c"]), ["b", "a", "c"]
    auto = fit(X)
    assert auto.feature_names_in_.tolist() == ["a", "b", "c"]
    expected = auto.predict(X)
    np.testing.assert_array_equal(auto.predict(pd.DataFrame(VALUES, columns=["a", "b", "c"])), expected)
    with pytest.raises(InvalidData, match="must be in the same order as they were in fit"):
        auto.predict(make(VALUES[:, [1, 0, 2]], names))


@pytest.mark.parametrize("kind", ["years", "tuples", "timestamps"])
def test_names_that_another_brand_turned_into_strings_are_the_same(kind: str) -> None:
    X = pd.DataFrame(VALUES, columns=NAMES[kind])
    auto = fit(X)
    for convert in (pa.Table.from_pandas, lambda frame: pl.from_pandas(frame.rename(columns=str))):
        if kind == "tuples" and convert is not pa.Table.from_pandas:
            continue
        same = convert(X.set_axis(map(str, X.columns), axis=1))
        np.testing.assert_array_equal(auto.predict(same), auto.predict(X))
        with pytest.raises(InvalidData, match="The feature names should match"):
            auto.predict(convert(X.iloc[:, ::-1].set_axis(map(str, X.columns[::-1]), axis=1)))


def test_arrays_have_no_names_and_numbered_columns_count_as_none() -> None:
    plain, frame = fit(VALUES), fit(pd.DataFrame(VALUES))
    for auto in (plain, frame):
        for X in (VALUES.tolist(), pd.DataFrame(VALUES)):
            np.testing.assert_allclose(auto.predict(X), auto.predict(VALUES), rtol=1e-4)
        with pytest.raises(InvalidData, match="must be in the same order"):
            auto.predict(pd.DataFrame(VALUES)[[1, 0, 2]])
        with pytest.warns(UserWarning, match="X has feature names, but AutoNetRegression was fitted without"):
            auto.predict(pd.DataFrame(VALUES, columns=["a", "b", "c"]))
    for names in (["a", "b", "c"], [2022, 2023, 2024]):
        auto = fit(pd.DataFrame(VALUES, columns=names))
        with pytest.warns(UserWarning, match="X does not have valid feature names, but AutoNetRegression was fitted"):
            auto.predict(VALUES)


def test_numbered_columns_that_became_strings_are_compared() -> None:
    auto = fit(pd.DataFrame(VALUES))
    for make in (structured, batch, lambda values, names: pd.DataFrame(values, columns=names)):
        np.testing.assert_allclose(auto.predict(make(VALUES, ["0", "1", "2"])), auto.predict(VALUES), rtol=1e-4)
        with pytest.raises(InvalidData, match="Feature names must be in the same order as they were in fit"):
            auto.predict(make(VALUES[:, [1, 0, 2]], ["1", "0", "2"]))


def test_a_second_fit_forgets_the_names_of_the_first() -> None:
    auto = fit(pd.DataFrame(VALUES, columns=["a", "b", "c"]))
    auto.fit(VALUES[:, :2], Y)
    assert not hasattr(auto, "feature_names_in_")
    assert auto.n_features_in_ == 2
    assert auto.predict(VALUES[:, :2]).shape == (60,)


def test_categorical_features_may_be_names_of_any_type() -> None:
    X = pd.DataFrame(np.round(VALUES), columns=NAMES["tuples"])
    auto = AutoNetRegression("tiny_cs", **FAST, categorical_features=[("sales", "max")]).fit(X, Y)
    assert [column.kind for column in auto.columns_] == ["numeric", "categorical", "numeric"]


def test_categorical_features_by_names_that_are_numbers() -> None:
    for value in ([2023], [np.int64(2023)], 2023, [1], [False, True, False]):
        X = pd.DataFrame(np.round(VALUES), columns=[2022, 2023, 2024])
        auto = AutoNetRegression("tiny_cs", **FAST, categorical_features=value).fit(X, Y)
        assert [column.kind for column in auto.columns_] == ["numeric", "categorical", "numeric"]
    X = pd.DataFrame(np.round(VALUES), columns=[1, 2, 3])
    with pytest.raises(
        InvalidData, match="has 1, which is the name of column 0 and the index of column 2; pass a mask"
    ):
        AutoNetRegression("tiny_cs", **FAST, categorical_features=[1]).fit(X, Y)
