from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.manifold import TSNE
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, PowerTransformer, StandardScaler
from torch import nn

from autonet import register_normalization, register_preprocessor
from autonet.core.component import Node
from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.core.spec import from_spec, to_spec
from autonet.data.encoding.preprocessors import NORMALIZATION, PREPROCESSORS
from autonet.data.encoding.transformers import (
    TransformerModule,
    bind_transformers,
    check_storable,
    make_custom_normalization,
    make_custom_preprocessor,
)

pytestmark = pytest.mark.usefixtures("custom_components")
X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)


def test_a_transformer_of_scikit_learn_is_a_preprocessor() -> None:
    register_preprocessor("my_pca", PCA)
    module = PREPROCESSORS.components["my_pca"].build(seed=3)(X[:30])
    transformed = module(torch.from_numpy(X))
    np.testing.assert_allclose(transformed, PCA().fit(X[:30]).transform(X), rtol=1e-4, atol=1e-5)
    assert transformed.dtype == torch.float32
    assert module.transformer.random_state == 3
    with pytest.raises(InvalidOption, match="'nystroem' is a built-in preprocessor"):
        register_preprocessor("nystroem", PCA)


def test_a_scaler_of_scikit_learn_is_a_normalization() -> None:
    register_normalization("standard", StandardScaler)
    normalization = NORMALIZATION.components["standard"].build()
    blocks = [normalization.compute_statistics(X[:, :2].astype(float)), normalization.compute_statistics(X[:, 2:])]
    module = normalization.make_module(*(np.concatenate(parts, axis=-1) for parts in zip(*blocks, strict=True)))
    np.testing.assert_allclose(module(torch.from_numpy(X)), StandardScaler().fit_transform(X), rtol=1e-4, atol=1e-5)
    with pytest.raises(InvalidOption, match=r"Scaling 'mine' .* to the shape \(60, 28\); expected \(60, 6\)"):
        make_custom_normalization("mine", PolynomialFeatures)


def test_a_transformer_may_need_more_columns_than_a_few() -> None:
    make_custom_preprocessor("twenty", lambda: PCA(20))


class OfTheBatch:
    def fit(self, X: Any) -> None: ...

    def transform(self, X: Any) -> Any:
        return X - X.mean(axis=0)


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (TSNE, "'TSNE' object has no attribute 'transform'"),
        (OneHotEncoder, "Found unknown categories"),
        (lambda: SimpleNamespace(fit=lambda X: X, transform=lambda X: X[:-1]), r"maps 60 rows to the shape \(59, 6\)"),
        (lambda: SimpleNamespace(fit=lambda X: X, transform=lambda X: X * np.nan), "returns NaN for rows of shape"),
        (lambda: SimpleNamespace(fit=lambda X: X, transform=lambda X: X[:, :0]), "it returns no columns"),
        (lambda: PCA(1000), "n_components=1000 must be between"),
        (OfTheBatch, "a row alone is transformed to other values"),
    ],
    ids=["no transform", "levels", "rows", "nan", "no columns", "too few columns", "batch"],
)
def test_a_transformer_that_cannot_work_is_refused_by_name(builder: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=rf"Preprocessor 'mine' fails on toy data of shape \(60, 6\): .*{why}"):
        make_custom_preprocessor("mine", builder)


def test_a_fitted_transformer_is_stored_as_plain_values_and_bound_to_its_builder() -> None:
    component = make_custom_preprocessor("svd", TruncatedSVD)
    encoder = SimpleNamespace(module=nn.Sequential(component.build(seed=0)(X)))
    again = SimpleNamespace(module=from_spec(to_spec(encoder.module)))
    node: Node[Any] = PREPROCESSORS.with_custom({"svd": component})
    bind_transformers(again, {node.name: node})
    rows = torch.from_numpy(X)
    assert torch.equal(again.module(rows), encoder.module(rows))
    with pytest.raises(UnknownName, match="Unknown component of PreprocessorSelector 'svd'"):
        bind_transformers(SimpleNamespace(module=from_spec(to_spec(encoder.module))), {})


def test_a_transformer_with_other_parts_is_not_stored() -> None:
    module = make_custom_preprocessor("power", PowerTransformer).build(seed=0)(X)
    assert isinstance(module, TransformerModule)
    with pytest.raises(
        InvalidData, match="'power' cannot be stored in a file: its attribute _scaler is a StandardScaler"
    ):
        to_spec(module)
    own = {"mean": make_custom_preprocessor("mean", Slots)}
    check_storable({"OptimizerSelector": own})
    with pytest.raises(
        InvalidOption, match=r"With run_dir, .* 'mean' cannot be stored in a file: its class has __slots_"
    ):
        check_storable({PREPROCESSORS.name: own})


class Slots:
    __slots__ = ("mean",)

    def fit(self, X: Any) -> None:
        self.mean = X.mean(axis=0)

    def transform(self, X: Any) -> Any:
        return X - self.mean
