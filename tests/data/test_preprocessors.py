"""Imputation, normalization and changes of features, one by one."""

from typing import Any

import numpy as np
import pytest
from sklearn import decomposition, kernel_approximation, preprocessing
from sklearn.impute import SimpleImputer

from autonet.core.task import Task
from autonet.data.preprocessors import IMPUTATION, NORMALIZATION, PREPROCESSORS

TASK = Task("classification")
X = np.random.default_rng(0).normal(2, 3, size=(60, 8))


def built(name: str, *, n_rows: int = 60, n_features: int = 8, **changes: Any) -> Any:
    space = PREPROCESSORS.components[name].space
    own = {**(dict(space(TASK).get_default_configuration()) if space else {}), **changes}
    config = {"PreprocessorSelector:preprocessor": name}
    config |= {f"PreprocessorSelector:{name}:{k}": v for k, v in own.items()}
    return PREPROCESSORS.build(config, n_rows=n_rows, n_features=n_features, seed=3)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_imputation_is_that_of_scikit_learn(strategy: str) -> None:
    table = np.random.default_rng(1).integers(0, 5, size=(40, 6)).astype(float)
    table[np.random.default_rng(2).random(table.shape) < 0.3] = np.nan
    assert set(IMPUTATION.components) == {"mean", "median", "most_frequent"}
    ours = IMPUTATION.build({"Imputation:strategy": strategy})(table)
    np.testing.assert_allclose(ours, SimpleImputer(strategy=strategy).fit(table).statistics_)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("standardize", preprocessing.StandardScaler()),
        ("minmax", preprocessing.MinMaxScaler()),
        ("maxabs", preprocessing.MaxAbsScaler()),
        ("none", preprocessing.FunctionTransformer()),
    ],
)
def test_normalization_is_that_of_scikit_learn(name: str, reference: Any) -> None:
    center, divisor = NORMALIZATION.build({"NormalizationStrategySelector:normalization_strategy": name})(X)
    np.testing.assert_allclose((X - center) / divisor, reference.fit_transform(X))


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
        (
            "nystroem",
            {"n_components": 20, "gamma": 0.2, "kernel": "poly"},
            kernel_approximation.Nystroem(n_components=20, gamma=0.2, kernel="poly", random_state=3),
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_hyperparameters_reach_scikit_learn(name: str, changes: dict[str, Any], reference: Any) -> None:
    table = preprocessing.scale(X)
    np.testing.assert_allclose(built(name, **changes).fit_transform(table), reference.fit_transform(table), rtol=1e-6)


def test_none_changes_nothing() -> None:
    assert built("none") is None


@pytest.mark.filterwarnings("ignore:FastICA did not converge")  # an approximation all the same
@pytest.mark.parametrize("name", [n for n in PREPROCESSORS.components if n != "none"])
@pytest.mark.parametrize(("n_rows", "n_features"), [(2, 1), (2, 5), (3, 3), (60, 1), (60, 8)])
def test_sizes_are_held_to_what_the_table_allows(name: str, n_rows: int, n_features: int) -> None:
    transformer = built(name, n_rows=n_rows, n_features=n_features)
    if transformer is None:
        assert (name, min(n_features, n_rows)) == ("truncated_svd", 1)
        return
    table = np.random.default_rng(0).normal(size=(n_rows, n_features))
    out = transformer.fit_transform(table)
    assert len(out) == n_rows
    assert np.isfinite(out).all()
    if name == "truncated_svd":
        assert out.shape[1] <= min(n_rows, n_features)
