"""Imputation, normalization and changes of features, one by one, against scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn import decomposition, kernel_approximation, preprocessing
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from torch import nn

from autonet.core.task import Task
from autonet.data.encoding.modules import apply_module
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS

TASK = Task("classification")
X = np.random.default_rng(0).normal(2, 3, size=(600, 8))
NEW = np.random.default_rng(1).normal(2, 6, size=(100, 8))


def clipped(x: np.ndarray) -> Any:
    return x / np.sqrt(1 + (x / 3) ** 2)


def normalized(name: str, train: np.ndarray, rows: np.ndarray) -> Any:
    normalization = NORMALIZATION.choose(name).build()
    return apply_module(normalization.make_module(*normalization.compute_statistics(train)), rows)


def fitted(name: str, train: np.ndarray, **changes: Any) -> nn.Module:
    space = PREPROCESSORS.components[name].space
    own = {**(dict(space(TASK).get_default_configuration()) if space else {}), **changes}
    return PREPROCESSORS.choose(name, **own).build(seed=3)(train)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_imputation_is_that_of_scikit_learn(strategy: str) -> None:
    table = np.random.default_rng(1).integers(0, 5, size=(40, 6)).astype(float)
    table[np.random.default_rng(2).random(table.shape) < 0.3] = np.nan
    assert set(IMPUTATION.components) == {"mean", "median", "most_frequent"}
    ours = IMPUTATION.choose(strategy).build()(table)
    np.testing.assert_allclose(ours, SimpleImputer(strategy=strategy).fit(table).statistics_)


@pytest.mark.parametrize(
    ("name", "reference", "then"),
    [
        ("standardize", preprocessing.StandardScaler(), clipped),
        ("robust", preprocessing.RobustScaler(), clipped),
        ("minmax", preprocessing.MinMaxScaler(), np.asarray),
        ("maxabs", preprocessing.MaxAbsScaler(), np.asarray),
        ("none", preprocessing.FunctionTransformer(), np.asarray),
        ("power", preprocessing.PowerTransformer(), np.asarray),
        ("normalizer", preprocessing.Normalizer(), np.asarray),
        (
            "quantile",
            preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"),
            lambda z: np.clip(z, -4, 4),
        ),
        (
            "signed_log",
            make_pipeline(
                preprocessing.FunctionTransformer(lambda x: np.sign(x) * np.log1p(abs(x) / np.median(abs(X), axis=0))),
                preprocessing.RobustScaler(),
            ),
            clipped,
        ),
    ],
)
def test_normalization_is_that_of_scikit_learn(name: str, reference: Any, then: Any) -> None:
    tested = {"standardize", "robust", "minmax", "maxabs", "none", "quantile", "signed_log", "power", "normalizer"}
    assert tested == set(NORMALIZATION.components)
    reference.fit(X)
    for rows in (X, NEW):
        np.testing.assert_allclose(normalized(name, X, rows), then(reference.transform(rows)), rtol=1e-9, atol=1e-9)


def test_equal_values_get_the_middle_of_their_quantiles() -> None:
    column = np.r_[np.zeros(500), np.linspace(1, 2, 500)][:, None]
    reference = preprocessing.QuantileTransformer(n_quantiles=33, output_distribution="normal").fit(column)
    rows = np.array([[0.0], [0.5], [1.0], [2.0], [1.7], [-1.0], [3.0]])
    expected = np.clip(reference.transform(rows), -4, 4)[1:]
    np.testing.assert_allclose(normalized("quantile", column, rows)[1:], expected, atol=1e-6)
    assert normalized("quantile", column, rows)[0, 0] == pytest.approx(
        -0.6745, abs=0.06
    )  # half of the values: their middle is a quarter


def test_where_most_values_are_equal_robust_divides_by_half_the_range() -> None:
    column = np.r_[np.zeros(90), np.full(10, 8.0)][:, None]
    np.testing.assert_allclose(normalized("robust", column, np.array([[8.0]])), [[clipped(np.array(2.0))]])


def test_signed_logarithms_do_not_depend_on_the_unit_and_leave_out_zeros() -> None:
    column = np.r_[np.zeros(60), np.geomspace(1, 1e6, 41)][:, None]
    rows = np.array([[-1e9], [-5.0], [0.0], [1e3], [1e12]])
    encoded = normalized("signed_log", column, rows)
    np.testing.assert_allclose(normalized("signed_log", column * 1e-7, rows * 1e-7), encoded)
    quarter = np.log1p(np.percentile(column, 75) / 1e3)  # the median of what is not zero is 1e3, that of all is 0
    np.testing.assert_allclose(encoded[2:4, 0], clipped(np.array([0.0, np.log(2) / quarter])))
    assert (np.diff(encoded[:, 0]) > 0).all()


@pytest.mark.parametrize(
    ("name", "changes", "reference"),
    [
        ("truncated_svd", {"target_dim": 3}, decomposition.TruncatedSVD(3, random_state=3)),
        ("power_transformer", {}, preprocessing.PowerTransformer()),
        (
            "kitchen_sinks",
            {"n_components": 50, "gamma": 0.2},
            kernel_approximation.RBFSampler(n_components=50, gamma=0.2, random_state=3),
        ),
        *(
            (
                "nystroem",
                {"n_components": 20, "gamma": 0.02, "kernel": kernel},
                kernel_approximation.Nystroem(n_components=20, gamma=0.02, kernel=kernel, random_state=3),
            )
            for kernel in ("rbf", "poly", "sigmoid")
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_preprocessors_compute_what_those_of_scikit_learn_do(
    name: str, changes: dict[str, Any], reference: Any
) -> None:
    table, new = preprocessing.scale(X), preprocessing.scale(NEW)
    reference.fit(table)
    module = fitted(name, table, **changes)
    for rows in (table, new):
        np.testing.assert_allclose(apply_module(module, rows), reference.transform(rows), rtol=1e-4, atol=1e-5)


def test_powers_of_skewed_columns_are_those_of_scikit_learn() -> None:
    skewed = np.column_stack([np.exp(X[:, 0] / 3), -np.exp(X[:, 1] / 3), np.abs(X[:, 2]) - 2])
    reference = preprocessing.PowerTransformer().fit(skewed)
    np.testing.assert_allclose(
        apply_module(fitted("power_transformer", skewed), skewed), reference.transform(skewed), rtol=1e-6
    )


def test_none_changes_nothing() -> None:
    np.testing.assert_array_equal(apply_module(fitted("none", X), X), X)


@pytest.mark.filterwarnings("ignore:FastICA did not converge")
@pytest.mark.parametrize("name", [n for n in PREPROCESSORS.components if n != "none"])
@pytest.mark.parametrize(("n_rows", "n_features"), [(2, 1), (2, 5), (3, 3), (60, 1), (60, 8)])
def test_sizes_are_held_to_what_the_table_allows(name: str, n_rows: int, n_features: int) -> None:
    table = np.random.default_rng(0).normal(size=(n_rows, n_features))
    out = apply_module(fitted(name, table), table)
    assert len(out) == n_rows
    assert np.isfinite(out).all()
    if name == "truncated_svd":
        assert out.shape[1] == max(min(n_rows, n_features) - 1, 1) or out.shape == table.shape
    if name == "nystroem":
        assert out.shape[1] == n_rows


def test_embeddings_are_learned_of_columns_with_many_levels_or_not_at_all() -> None:
    space = EMBEDDING.components["learned"].space
    assert space is not None
    assert EMBEDDING.choose("learned", **space(TASK).get_default_configuration()).build() == 9
    assert EMBEDDING.choose("none").build() is None
