"""Preprocessors on request and unit rows against scikit-learn, their limits, their names, specs and exports."""

from typing import Any

import numpy as np
import pytest
from sklearn import decomposition, preprocessing
from torch import nn

from autonet import AutoNetClassification
from autonet.core.spec import from_spec, to_spec
from autonet.core.task import Task
from autonet.core.threads import one_blas_thread
from autonet.data.encoding import feature_maps
from autonet.data.encoding.feature_maps import FEATURE_MAPS, Monomials, UnitRows
from autonet.data.encoding.modules import apply_module
from autonet.data.encoding.preprocessors import NORMALIZATION, PREPROCESSORS

TASK = Task("classification")
X = preprocessing.scale(np.random.default_rng(0).gamma(2, size=(300, 6)))
NEW = preprocessing.scale(np.random.default_rng(1).normal(size=(50, 6)))
NAMES = [component.name for component in FEATURE_MAPS]


def fitted(name: str, train: np.ndarray, **changes: Any) -> nn.Module:
    space = PREPROCESSORS.components[name].space
    assert space is not None
    own = {**dict(space(TASK).get_default_configuration()), **changes}
    with one_blas_thread():
        return PREPROCESSORS.choose(name, **own).build(seed=3)(train)


@pytest.mark.filterwarnings("ignore:FastICA did not converge")
@pytest.mark.parametrize(
    ("name", "changes", "reference"),
    [
        *(
            (
                "fast_ica",
                {"algorithm": algorithm, "fun": fun, "n_components": 4},
                decomposition.FastICA(4, algorithm=algorithm, fun=fun, whiten_solver="svd", random_state=3),
            )
            for algorithm, fun in (("parallel", "logcosh"), ("parallel", "exp"), ("deflation", "cube"))
        ),
        ("fast_ica", {"whiten": False}, decomposition.FastICA(whiten=False, random_state=3)),
        ("pca", {"keep_variance": 0.6}, decomposition.PCA(0.6)),
        ("pca", {"keep_variance": 0.9, "whiten": True}, decomposition.PCA(0.9, whiten=True)),
        *(
            (
                "kernel_pca",
                {"kernel": kernel, "n_components": 5, **own},
                decomposition.KernelPCA(5, kernel=kernel, eigen_solver="dense", **own),
            )
            for kernel, own in (
                ("rbf", {"gamma": 0.1}),
                ("poly", {"gamma": 0.1, "degree": 2, "coef0": 0.5}),
                ("sigmoid", {"gamma": 0.05, "coef0": -0.5}),
                ("cosine", {}),
                ("linear", {}),
            )
        ),
        ("polynomial_features", {}, preprocessing.PolynomialFeatures(2, include_bias=False)),
        (
            "polynomial_features",
            {"degree": 3, "interaction_only": True, "include_bias": True},
            preprocessing.PolynomialFeatures(3, interaction_only=True),
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())) if isinstance(v, dict) else "",
)
def test_feature_maps_compute_what_those_of_scikit_learn_do(name: str, changes: dict[str, Any], reference: Any) -> None:
    with one_blas_thread():
        reference.fit(X)
    module = fitted(name, X, **changes)
    for rows in (X, NEW):
        np.testing.assert_allclose(apply_module(module, rows), reference.transform(rows), rtol=1e-6, atol=1e-7)
    again: Any = from_spec(to_spec(module))
    np.testing.assert_array_equal(apply_module(again, NEW), apply_module(module, NEW))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_no_more_components_than_dimensions(name: str) -> None:
    plane = X[:, :2] @ np.random.default_rng(0).normal(size=(2, 6))
    same = np.ones((10, 3))
    changes = {"kernel": "linear"} if name == "kernel_pca" else {}
    module = fitted(name, plane.astype(np.float32), **changes)
    out = apply_module(module, plane.astype(np.float32))
    assert np.isfinite(out).all()
    assert np.isfinite(apply_module(fitted(name, same, **changes), same)).all()
    if name != "polynomial_features":
        assert out.shape[1] == 2
    if name == "fast_ica":
        np.testing.assert_allclose(out.std(axis=0), 1, rtol=1e-4)
        assert apply_module(fitted(name, plane.astype(np.float32), whiten=False), plane).shape[1] == 2


def test_kernel_pca_leaves_out_negative_eigenvalues_and_keeps_a_sample_of_the_rows(monkeypatch: Any) -> None:
    monkeypatch.setattr(feature_maps, "MAX_KERNEL_ROWS", 40)
    module: Any = fitted("kernel_pca", X, kernel="sigmoid", gamma=1.0, coef0=0.5, n_components=2000)
    assert len(module.rows) == 40
    assert {tuple(row) for row in module.rows.tolist()} <= {tuple(row) for row in X.tolist()}
    assert 5 < module.whitening.shape[1] < 40
    assert np.isfinite(apply_module(module, NEW)).all()


def test_fast_ica_has_limits_of_components_and_iterations(monkeypatch: Any) -> None:
    monkeypatch.setattr(feature_maps, "MAX_ICA_COMPONENTS", 3)
    assert apply_module(fitted("fast_ica", X), NEW).shape == (50, 3)
    assert apply_module(fitted("fast_ica", X, whiten=False), NEW).shape == (50, 3)


def test_polynomials_of_many_columns_are_those_of_the_largest_variance(monkeypatch: Any) -> None:
    monkeypatch.setattr(feature_maps, "MAX_MONOMIALS", 15)
    table = X * np.array([1, 5, 1, 4, 3, 1])
    module = fitted("polynomial_features", table)
    expected = preprocessing.PolynomialFeatures(2, include_bias=False).fit_transform(table[:, [1, 3, 4]])
    np.testing.assert_allclose(apply_module(module, table), np.c_[expected, table[:, [0, 2, 5]]])
    monkeypatch.setattr(feature_maps, "MAX_MONOMIALS", 3)
    assert apply_module(fitted("polynomial_features", table), table).shape == (300, 7)  # a column and its square


@pytest.mark.parametrize(("norm", "reference"), [("mean_abs", "l1"), ("mean_squared", "l2"), ("max", "max")])
def test_rows_are_divided_by_their_norm(norm: str, reference: str) -> None:
    rows = np.r_[NEW, np.zeros((1, 6))]
    expected = preprocessing.Normalizer(reference).transform(rows)
    np.testing.assert_allclose(apply_module(UnitRows(norm), rows), expected)
    normalization = NORMALIZATION.choose("normalizer", norm=norm).build()
    np.testing.assert_allclose(
        apply_module(normalization.make_module(*normalization.compute_statistics(X)), rows), expected
    )


def test_they_are_offered_where_they_are_named(quick: dict[str, Any], iris: Any) -> None:
    offered = AutoNetClassification("full_cs").get_hyperparameter_search_space()["PreprocessorSelector:preprocessor"]
    assert not set(NAMES) & set(offered.choices)
    options = {**quick, "max_trials": 1, "max_budget": 1, "preprocessors": ["polynomial_features"], "baseline": False}
    auto = AutoNetClassification("tiny_cs", **options, normalization_strategies=["normalizer"]).fit(*iris)
    encoder: Any = auto.model_.best[0].encoder
    assert encoder.layout.n_numbers == encoder.layout.n_in == 14
    names = auto.model_.name_columns(["a", "b", "c", "d"])
    assert [names[i] for i in (0, 4, 5, 13)] == ["a", "a*a", "a*b", "d*d"]
    assert isinstance(encoder.module.features[1], Monomials)
