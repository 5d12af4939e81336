"""Tables, targets and splits that are odd and all the same must work (table B of the faults; see test_tables too)."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import DataWarning, ValidationReused

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

BOTH = (AutoNetClassification, AutoNetRegression)
SMALLEST: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 1,
    "max_trials": 1,
    "random_state": 0,
}

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
LABELS = np.arange(60) % 3
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
GROUPS = np.repeat(np.arange(6), 10)


def targets(cls: type, n: int = 60) -> np.ndarray:
    return np.arange(n) % 3 if cls is AutoNetClassification else np.linspace(0, 1, n)


def fitted(cls: Any, table: Any, y: Any = None, fit: Any = None, **options: Any) -> Any:
    y = targets(cls) if y is None else y
    return cls("tiny_cs", **{**SMALLEST, **options}).fit(table, y, **(fit or {}))


@cache
def plain_answer(cls: Any) -> np.ndarray:
    """What a fit of nothing but X and its targets says."""
    return answer(fitted(cls, X), X)


def answer(auto: Any, table: Any) -> np.ndarray:
    """What the network says, to the last bit."""
    return auto.predict_proba(table) if isinstance(auto, AutoNetClassification) else auto.predict(table)


# ---- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", BOTH)
def test_missing_values_where_there_were_none(cls: Any) -> None:
    table = X.copy()
    table[::7, 2] = np.nan
    for train in (X, table):
        auto = fitted(cls, train)
        assert np.isfinite(answer(auto, np.full((4, 3), np.nan))).all()


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_handful_of_rows(n: int, cls: Any) -> None:
    with pytest.warns(ValidationReused, match=f"{n} rows? (is|are) too few for a holdout"):
        auto = fitted(cls, X[:n], targets(cls, n))
    assert auto.predict(X).shape == (60,)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize("n_columns", [1, 10_000])
def test_very_few_and_very_many_columns(n_columns: int, cls: Any) -> None:
    table = np.random.default_rng(0).normal(size=(60, n_columns))
    assert fitted(cls, table).predict(table).shape == (60,)


@pytest.mark.parametrize("cls", BOTH)
def test_columns_without_information_do_not_reach_the_network(cls: Any) -> None:
    plain = fitted(cls, FRAME)
    auto = fitted(cls, FRAME.assign(one=1.0, nothing=np.nan, twin=FRAME["a"], none=None, word="same"))
    assert auto.get_pytorch_model()[0].in_features == plain.get_pytorch_model()[0].in_features == 3


@pytest.mark.parametrize("cls", BOTH)
def test_arrays_after_frames_and_frames_after_arrays(cls: Any) -> None:
    by_name, by_place = fitted(cls, FRAME), fitted(cls, X)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but AutoNet"):
        np.testing.assert_allclose(answer(by_name, X), answer(by_name, FRAME), rtol=1e-5)  # read as another float
    with pytest.warns(UserWarning, match="X has feature names, but AutoNet"):
        np.testing.assert_allclose(answer(by_place, FRAME), answer(by_place, X), rtol=1e-5)


@pytest.mark.parametrize("cls", BOTH)
def test_numbers_in_other_types_at_predict(cls: Any) -> None:
    table = FRAME.round(1).assign(flag=LABELS == 1)
    auto = fitted(cls, table)
    expected = answer(auto, table)
    for other in (
        table.astype({"a": str}),
        table.astype({"a": "float32", "b": object}),
        table.convert_dtypes(),
        table.assign(flag=table["flag"].astype(int)),
    ):
        np.testing.assert_allclose(answer(auto, other), expected, rtol=1e-5)


def test_twenty_thousand_categories() -> None:
    n = 24_000
    table = pd.DataFrame({"id": [f"user {i}" for i in np.arange(n) % 20_000], "x": np.linspace(0, 1, n)})
    auto = fitted(AutoNetRegression, table, table["x"])
    assert len(auto.columns_[0].levels) == 20_000
    assert auto.get_pytorch_model()[0].in_features <= 65
    with pytest.warns(DataWarning, match="No value of column 'id' \\(now 'nobody', in fit 'user 0'\\) was seen in fit"):
        assert np.isfinite(auto.predict(pd.DataFrame({"id": ["nobody"], "x": [0.5]}))).all()


@pytest.mark.parametrize("cls", BOTH)
def test_arrays_of_objects(cls: Any) -> None:
    np.testing.assert_array_equal(
        answer(fitted(cls, X.astype(object)), X.astype(object)), answer(fitted(cls, FRAME), FRAME)
    )
    words = np.array([["red", "x"], ["green", "y"], ["blue", "x"]] * 20, dtype=object)
    auto = fitted(cls, words)
    assert [column.kind for column in auto.columns_] == ["categorical", "categorical"]
    assert auto.predict(words).shape == (60,)


@pytest.mark.parametrize("cls", BOTH)
def test_sparse_matrices_in_odd_shape(cls: Any) -> None:
    table = np.where(X > 0, X, 0.0)
    expected = answer(fitted(cls, sparse.csr_array(table)), table)
    rows, columns = np.indices(X.shape)
    explicit = sparse.csr_array((table.ravel(), (rows.ravel(), columns.ravel())))
    halves = sparse.coo_array((np.tile(table.ravel() / 2, 2), (np.tile(rows.ravel(), 2), np.tile(columns.ravel(), 2))))
    long = sparse.csr_matrix(table)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert explicit.nnz == table.size
    for other in (explicit, halves, long, sparse.dok_array(table), sparse.bsr_array(table)):
        np.testing.assert_allclose(answer(fitted(cls, other), other), expected, atol=1e-6)


# ---- targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        np.array([b"a", b"b", b"c"])[LABELS],
        np.array([7, 8, 255], np.uint8)[LABELS],
        np.array([-1, 0, 1], ">i4")[LABELS],
        np.array([1.0, 2.0, 3.0], np.float32)[LABELS],
        np.array(["2024", "2025", "2026"], "M8[Y]")[LABELS],
        pd.Series(["c", "b", "a"] * 20, dtype="category").to_numpy(),
    ],
    ids=lambda y: str(y.dtype),
)
def test_labels_come_back_in_their_type(y: np.ndarray) -> None:
    auto = fitted(AutoNetClassification, X, y)
    assert auto.predict(X).dtype == y.dtype
    assert set(auto.predict(X).tolist()) <= set(y.tolist())
    assert auto.classes_.tolist() == sorted(set(y.tolist()))
    assert auto.score(X, y) == np.mean(auto.predict(X) == y)


@pytest.mark.parametrize("make", [list, tuple, pd.Series, pd.Index, lambda y: pd.Series(y, dtype="category")])
def test_containers_of_labels(make: Any) -> None:
    words = np.array(["c", "b", "a"])[LABELS].tolist()
    predicted = fitted(AutoNetClassification, X, make(words)).predict(X)
    assert predicted.shape == (60,)
    assert set(predicted) <= {"a", "b", "c"}


def test_labels_that_are_tuples() -> None:
    y = np.empty(60, dtype=object)
    y[:] = [(int(i), "x") for i in LABELS]
    auto = fitted(AutoNetClassification, X, y)
    assert set(auto.predict(X)) <= {(0, "x"), (1, "x"), (2, "x")}
    assert auto.score(X, y) == np.mean(auto.predict(X) == y)


@pytest.mark.parametrize("words", [["c", "b", "a"], [b"c", b"b", b"a"]])
def test_labels_are_scored_in_a_column_and_must_be_as_many_as_rows(words: list[Any]) -> None:
    y = np.array(words, object if isinstance(words[0], str) else None)[LABELS]
    auto = fitted(AutoNetClassification, X, y)
    assert auto.score(X, pd.DataFrame({"y": y})) == auto.score(X, y) == np.mean(auto.predict(X) == y)
    for wrong in (y[:1], y[:9]):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            auto.score(X, wrong)


def test_a_column_of_labels_is_taken_with_a_single_warning() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed") as warned:
        auto = fitted(AutoNetClassification, X, LABELS[:, None])
    assert len([w for w in warned if w.category is DataConversionWarning]) == 1
    assert auto.predict(X).shape == (60,)


@pytest.mark.parametrize("scale", [1e12, 1e-12])
def test_targets_in_any_unit(scale: float) -> None:
    y = X[:, 0] + 5
    plain = fitted(AutoNetRegression, X, y, max_budget=3).predict(X)
    scaled = fitted(AutoNetRegression, X, y * scale, max_budget=3).predict(X)
    np.testing.assert_allclose(scaled / scale, plain, rtol=1e-3)


def test_shapes_and_types_of_numbers_to_predict() -> None:
    assert fitted(AutoNetRegression, X, LABELS.astype(np.int8)).predict(X).dtype == np.float64
    assert fitted(AutoNetRegression, X, X[:, :1]).predict(X).shape == (60, 1)
    assert fitted(AutoNetRegression, X, pd.DataFrame(X)).predict(X).shape == (60, 3)
    both = fitted(AutoNetRegression, X, np.column_stack([X[:, 0], np.full(60, 3e12)])).predict(X)
    np.testing.assert_allclose(both[:, 1], 3e12)


# ---- classes few and far between ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cross_validator", ["none", 3, "stratified_k_fold", "k_fold", StratifiedKFold(3), KFold(3)])
@pytest.mark.parametrize("members", [1, 2])
def test_classes_of_one_and_of_two_members(members: int, cross_validator: Any) -> None:
    y = np.array(["many"] * 40 + ["some"] * (20 - members) + ["few"] * members)
    auto = fitted(AutoNetClassification, X, y, cross_validator=cross_validator)
    assert auto.predict_proba(X).shape == (60, 3)
    assert np.isfinite(auto.predict_proba(X)).all()


def test_a_thousand_classes() -> None:
    y = np.repeat(np.arange(1000), 3)
    table = np.column_stack([y, np.random.default_rng(0).normal(size=3000)])
    auto = fitted(AutoNetClassification, table, y, cross_validator=3)
    assert auto.predict_proba(table[:5]).shape == (5, 1000)


def test_every_row_a_class_of_its_own() -> None:
    auto = fitted(AutoNetClassification, X, np.arange(60))
    assert auto.predict_proba(X).shape == (60, 60)


@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
def test_one_in_ten_thousand(metric: str) -> None:
    n = 20_000
    y = (np.arange(n) % 10_000 == 0).astype(int)
    table = np.random.default_rng(0).normal(size=(n, 2)) + 4.0 * y[:, None]
    three = {"min_budget": 3, "max_budget": 3}  # epochs: the one positive row to train on must be seen more than once
    auto = fitted(AutoNetClassification, table, y, optimize_metric=metric, **three)
    assert np.isfinite(auto.fit_result["info"][f"val_{metric}"])
    positive = auto.predict_proba(table)[:, 1]
    assert positive[y == 1].min() > np.median(positive)


# ---- weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    "weights",
    [
        np.ones(60, int),
        [1] * 60,
        2.0,
        np.ones(60, bool),
        np.full(60, 1e300),
        np.full(60, 1e-300),
        pd.Series([0.5] * 60),
    ],
)
def test_equal_weights_are_no_weights(weights: Any, cls: Any) -> None:
    np.testing.assert_array_equal(answer(fitted(cls, X, fit={"sample_weight": weights}), X), plain_answer(cls))


@pytest.mark.parametrize("cls", BOTH)
def test_all_of_the_weight_in_one_row(cls: Any) -> None:
    with pytest.warns(ValidationReused):
        auto = fitted(cls, X, fit={"sample_weight": np.eye(60)[7]})
    expected = targets(cls)[7]
    np.testing.assert_allclose(auto.predict(X).astype(float), expected, atol=0.5)


# ---- splits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("options", "n_members"),
    [
        ({"cross_validator": KFold(3)}, 3),
        ({"cross_validator": 4}, 4),
        ({"cross_validator": "k_fold"}, 3),
        ({"cross_validator": "stratified_k_fold", "cross_validator_args": {"n_splits": 2}}, 2),
        ({"cross_validator": [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]}, 2),
        ({"cross_validator": "time_series_split", "shuffle": False}, 3),
        ({"cross_validator": "time_series_split"}, 3),
        ({"cross_validator": "repeated_k_fold", "cross_validator_args": {"n_splits": 2}}, 4),
        ({"shuffle": False}, 1),
    ],
)
def test_validation_in_every_way(options: dict[str, Any], n_members: int, cls: Any) -> None:
    auto = fitted(cls, X, **options)
    assert len(auto.model_.best) == n_members or auto.fit_result["budget"] == 0  # one, if the baseline has won
    assert all(trial.last is not None for trial in auto.history_)
    assert auto.predict(X).shape == (60,)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize("options", [{}, {"cross_validator": "group_k_fold"}, {"cross_validator": GroupKFold(3)}])
def test_groups_of_any_type(options: dict[str, Any], cls: Any) -> None:
    expected = answer(fitted(cls, X, fit={"groups": GROUPS}, **options), X)
    for groups in (GROUPS.astype(str), GROUPS.tolist(), pd.Series(GROUPS, dtype="category")):
        np.testing.assert_array_equal(answer(fitted(cls, X, fit={"groups": groups}, **options), X), expected)


def test_groups_never_stand_on_both_sides() -> None:
    """Rows of a group are copies: a split that tore them apart would find an accuracy of one."""
    names = np.repeat(np.arange(40), 5)
    table = np.random.default_rng(0).normal(size=(40, 8))[names]
    y = np.random.default_rng(1).integers(0, 2, 40)[names]
    options = {"max_budget": 27, "cross_validator": "group_k_fold"}
    auto = fitted(AutoNetClassification, table + 1e-9 * np.arange(200)[:, None], y, {"groups": names}, **options)
    assert auto.fit_result["info"]["val_accuracy"] < 0.8


# ---- what the caller handed over ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "cls"),
    [
        (np.array, AutoNetClassification),
        (np.asfortranarray, AutoNetRegression),
        (sparse.csr_array, AutoNetClassification),
        (sparse.csc_array, AutoNetRegression),
        (sparse.coo_array, AutoNetClassification),
    ],
)
def test_arrays_of_the_caller_are_left_as_they_are(make: Any, cls: Any) -> None:
    table = np.where(X > 0, X, 0.0)
    table[5, 0] = np.nan
    given = {
        "X": make(table),
        "y": targets(cls).copy(),
        "sample_weight": np.arange(60.0),
        "X_valid": make(table),
        "y_valid": targets(cls).copy(),
    }

    def arrays() -> list[np.ndarray]:
        parts = [vars(v).values() if sparse.issparse(v) else [v] for v in given.values()]
        return [a for part in parts for a in part if isinstance(a, np.ndarray)]

    before = [(a.tobytes(), str(a.flags)) for a in arrays()]
    cls("medium_cs", **SMALLEST).fit(**given).predict(given["X"])
    assert [(a.tobytes(), str(a.flags)) for a in arrays()] == before


@pytest.mark.parametrize("cls", BOTH)
def test_read_only_arrays(cls: Any) -> None:
    given = {"X": X.copy(), "y": targets(cls).copy(), "sample_weight": np.ones(60)}
    for array in given.values():
        array.setflags(write=False)
    auto = cls("medium_cs", **SMALLEST).fit(**given)
    np.testing.assert_array_equal(answer(auto, given["X"]), answer(auto, X))


def test_rows_in_another_order_than_those_of_the_table_are_warned_of() -> None:
    shuffled = FRAME.sample(frac=1, random_state=0).index
    y, other = pd.Series(LABELS), pd.Series(LABELS)[shuffled]
    for kind, data in (("y", {"y": other}), ("sample_weight", {"y": y, "sample_weight": other + 1})):
        with pytest.warns(DataWarning, match=f"{kind} has the index of X in another order, but rows are matched by"):
            AutoNetClassification("tiny_cs", **SMALLEST).fit(FRAME, **data)
    with pytest.warns(DataWarning, match="'b' has the index of 'a' in another order"):
        fitted(AutoNetClassification, {"a": FRAME["a"], "b": FRAME["b"][shuffled]})
    mixed = FRAME.set_axis([*range(59), "last"])  # has no order of its own
    with pytest.warns(DataWarning, match="y has the index of X in another order"):
        fitted(AutoNetClassification, mixed, y.set_axis(mixed.index[::-1]))
    pairs = pd.MultiIndex.from_product([range(6), range(10)])
    for unlike in (y.set_axis(pairs), y.to_numpy(), y.set_axis(y.index + 1), y.set_axis([0] * 60), y.tolist()):
        assert fitted(AutoNetClassification, FRAME, unlike).classes_.tolist() == [0, 1, 2]


def test_a_list_of_records_is_a_table_with_names() -> None:
    records = list(np.rec.fromarrays(X.T, names="a,b,c"))
    auto = fitted(AutoNetClassification, records)
    assert auto.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(auto.predict(FRAME), auto.predict(records))


def test_names_in_an_array_are_names() -> None:
    auto = fitted(AutoNetClassification, X, networks=np.array(["mlpnet"]))
    assert auto.history_.best is not None
