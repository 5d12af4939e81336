"""Tables as people have them, through the public API (rows B9 to B18 of the fault table)."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import DataWarning
from autonet.nets.embedding import CategoryEmbedding
from autonet.nets.numeric import NumericEmbedding

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture
def one_trial(quick: dict[str, Any]) -> dict[str, Any]:
    """Options of a single configuration, for what does not depend on a search."""
    return {**quick, "max_trials": 1, "min_budget": 3, "max_budget": 3}


def mixed(n: int = 120, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A column of every kind; the label depends on a category and a number."""
    rng = np.random.default_rng(seed)
    color, size = rng.choice(["red", "green", "blue"], n), rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.1, np.nan, size),
            "count": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "color": pd.Series(color, dtype="category"),
            "city": [f"city {i}" for i in rng.integers(0, 30, n)],
            "paid": rng.random(n) < 0.5,
            "asked": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s"),
            "constant": 1.0,
            "nothing": np.nan,
            "remark": [
                " ".join(rng.choice(["late", "early", "kind", "rude", "never", "again", "x"], 6)) for _ in range(n)
            ],
        }
    )
    return frame, np.where((color == "red") ^ (size > 1), "yes", "no")


def test_a_table_with_columns_of_every_kind(quick: dict[str, Any]) -> None:
    X, y = mixed()
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_budget": 27}).fit(X, y)
    assert auto.score(X, y) > 0.8
    assert set(auto.predict(X)) <= {"yes", "no"}
    assert auto.n_features_in_ == X.shape[1]
    assert list(auto.feature_names_in_) == list(X)
    kinds = {column.name: column.kind for column in auto.columns_}
    assert kinds == {
        "size": "numeric",
        "count": "numeric",
        "color": "categorical",
        "city": "categorical",
        "paid": "boolean",
        "asked": "boolean",
        "when": "datetime",
        "constant": "numeric",
        "nothing": "numeric",
        "remark": "text",
    }


def test_rows_to_predict_may_hold_what_no_row_of_fit_held(quick: dict[str, Any]) -> None:
    X, y = mixed()
    auto = AutoNetClassification("medium_cs", **quick).fit(X, y)
    new = X.head(9).copy()
    new["color"] = "violet"
    new["city"] = None
    new["size"] = np.nan
    new["count"] = pd.array([None] * 9, dtype="Int64")
    new["when"] = pd.NaT
    new["remark"] = None
    with pytest.warns(DataWarning, match="No value of column 'color' .* was seen in fit"):
        probabilities = auto.predict_proba(new)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def brands(X: pd.DataFrame) -> dict[str, Any]:
    pa = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    return {
        "pyarrow": pa.Table.from_pandas(X),
        "polars": polars.from_pandas(X),
        "arrow dtypes": X.convert_dtypes(dtype_backend="pyarrow"),
        "nullable dtypes": X.convert_dtypes(),
    }


def test_every_brand_of_frame_gives_the_same_predictions(one_trial: dict[str, Any]) -> None:
    X, y = mixed()
    X = X.drop(columns=["nothing"])  # a column without values has no type in some brands
    expected = AutoNetClassification("tiny_cs", **one_trial).fit(X, y).predict_proba(X)
    for brand, frame in brands(X).items():
        auto = AutoNetClassification("tiny_cs", **one_trial).fit(frame, y)
        np.testing.assert_allclose(auto.predict_proba(frame), expected, rtol=1e-5, err_msg=brand)


def test_a_sparse_table_gives_the_predictions_of_a_dense_one(digits: Any, one_trial: dict[str, Any]) -> None:
    X, y = digits[0][:300], digits[1][:300]
    expected = AutoNetClassification("tiny_cs", **one_trial).fit(X, y).predict_proba(X)
    for container in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.lil_array, sparse.csr_matrix):
        table = container(X)
        auto = AutoNetClassification("tiny_cs", **one_trial).fit(table, y)
        np.testing.assert_allclose(auto.predict_proba(table), expected, atol=1e-6, err_msg=container.__name__)
        np.testing.assert_allclose(auto.predict_proba(X), expected, atol=1e-6, err_msg=container.__name__)


def test_a_wide_sparse_table_is_never_dense(one_trial: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    n, p = 300, 200_000  # 480 MB if it were dense
    y = rng.integers(0, 2, n)
    X = sparse.random_array((n, p), density=1e-4, format="csr", random_state=rng, dtype=np.float32)
    X = sparse.hstack([X, sparse.csr_array(y[:, None].astype(np.float32) * 5)], format="csr")
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    auto = AutoNetClassification("tiny_cs", **one_trial).fit(X, y)
    assert auto.predict(X).shape == (n,)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 240_000  # kB


def test_the_memory_layout_of_numbers_does_not_matter(digits: Any, one_trial: dict[str, Any]) -> None:
    X, y = digits[0][:200], digits[1][:200]
    plain = AutoNetClassification("tiny_cs", **one_trial).fit(X, y).predict_proba(X)
    for other in (np.asfortranarray(X), X.astype(">f8"), X.astype(np.float16), X.astype(object), X.tolist()):
        auto = AutoNetClassification("tiny_cs", **one_trial).fit(other, y)
        what = str(getattr(other, "dtype", type(other)))
        np.testing.assert_allclose(auto.predict_proba(other), plain, atol=1e-6, err_msg=what)


def test_a_read_only_memory_map_is_read_and_left_as_it_is(
    digits: Any, one_trial: dict[str, Any], tmp_path: Any
) -> None:
    X, y = digits[0][:200], digits[1][:200]
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    plain = AutoNetClassification("tiny_cs", **one_trial).fit(X, y).predict_proba(X)
    auto = AutoNetClassification("tiny_cs", **one_trial).fit(mapped, y)
    np.testing.assert_array_equal(auto.predict_proba(mapped), plain)
    np.testing.assert_array_equal(np.load(tmp_path / "X.npy"), X)


def test_what_the_caller_handed_over_is_unchanged(quick: dict[str, Any]) -> None:
    X, y = mixed(60)
    weights = np.ones(60)
    copies = X.copy(deep=True), y.copy(), weights.copy()
    AutoNetClassification("medium_cs", **quick).fit(X, y, sample_weight=weights).predict(X)
    pd.testing.assert_frame_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])
    np.testing.assert_array_equal(weights, copies[2])


def test_columns_of_codes_are_categories_when_told_so(quick: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    code = rng.integers(0, 12, 300)
    X, y = np.column_stack([rng.normal(size=300), code]), np.array([1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1])[code]
    options = {**quick, "max_budget": 27}
    for told in ([1], np.array([False, True])):
        auto = AutoNetClassification("tiny_cs", **options, categorical_features=told).fit(X, y)
        assert [column.kind for column in auto.columns_] == ["numeric", "categorical"]
        assert auto.score(X, y) > 0.95
    frame = pd.DataFrame(X, columns=["a", "b"])
    auto = AutoNetClassification("tiny_cs", **options, categorical_features=["b"]).fit(frame, y)
    assert auto.score(frame, y) > 0.95


def test_very_many_categories_do_not_widen_the_network(quick: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"id": [f"u{i}" for i in rng.integers(0, 5000, 10_000)], "x": rng.normal(size=10_000)})
    for choice in ("learned", "none"):
        auto = AutoNetRegression("tiny_cs", **{**quick, "max_trials": 1, "max_budget": 1}, embeddings=[choice])
        auto.fit(X, X["x"])
        first = auto.get_pytorch_model()[0]
        assert first.in_features <= 66


@pytest.mark.parametrize("choice", ["none", "pbld", "periodic", "piecewise_linear"])
def test_numbers_of_a_mixed_table_are_embedded(choice: str, quick: dict[str, Any]) -> None:
    X, y = mixed(300)
    options = {**quick, "max_trials": 1, "max_budget": 27, "min_budget": 27}
    auto = AutoNetClassification("tiny_cs", **options, numeric_embeddings=[choice]).fit(X, y)
    assert auto.best_config_["NumericEmbeddingSelector:numeric_embedding"] == choice
    network = auto.get_pytorch_model()
    assert isinstance(network[0], NumericEmbedding) == (choice != "none")
    assert [isinstance(layer, CategoryEmbedding) for layer in network].count(True) == 1  # the cities
    again = pickle.loads(pickle.dumps(auto))
    np.testing.assert_array_equal(again.predict_proba(X), auto.predict_proba(X))
    assert auto.score(X, y) > 0.8


def test_rows_in_another_order_give_the_same_network(one_trial: dict[str, Any]) -> None:
    X, y = mixed()
    order = np.random.default_rng(1).permutation(len(X))
    plain = AutoNetClassification("tiny_cs", **one_trial).fit(X, y).predict_proba(X)
    shuffled = AutoNetClassification("tiny_cs", **one_trial).fit(X.iloc[order], y[order]).predict_proba(X)
    np.testing.assert_array_equal(shuffled, plain)


def test_ids_and_twin_columns_are_left_out(one_trial: dict[str, Any]) -> None:
    X, y = mixed()
    X = X[["size", "color"]].assign(twin=X["size"], id=[f"row {i}" for i in range(len(X))])
    with pytest.warns(
        DataWarning, match="^Column 'id': a distinct text in almost every row: an identifier\\? Not used"
    ):
        auto = AutoNetClassification("tiny_cs", **one_trial).fit(X, y)
    plain = AutoNetClassification("tiny_cs", **one_trial).fit(X[["size", "color"]], y)
    assert auto.get_pytorch_model()[0].in_features == plain.get_pytorch_model()[0].in_features


def test_the_log_says_what_was_detected(quick: dict[str, Any], caplog: Any) -> None:
    X, y = mixed()
    auto = AutoNetClassification("tiny_cs", **quick, log_level="info")
    with pytest.warns(DataWarning, match="Column 'id': a distinct text in almost every row: an identifier"):
        auto.fit(X.assign(id=[f"row {i}" for i in range(len(X))]), y)
    log = "\n".join(caplog.messages)
    assert "11 columns: 4 numeric, 3 categorical, 2 boolean, 1 datetime, 1 text" in log
    assert "column 'nothing' (numeric): no value at all" in log
    assert "column 'id' (categorical): " in log
