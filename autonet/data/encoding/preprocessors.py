"""What a configuration can choose before the network: imputation, normalization, embeddings, a change of features.

scikit-learn fits the statistics; modules of `autonet.data.encoding.stages` hold and apply them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
from sklearn import decomposition, kernel_approximation
from sklearn.preprocessing import PowerTransformer, QuantileTransformer
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.encoding.stages import (
    HUGE,
    FourierFeatures,
    KernelFeatures,
    Linear,
    QuantileNormal,
    Scale,
    SmoothClip,
    YeoJohnson,
    applied,
)

__all__ = [
    "BITS",
    "CLIP",
    "COLUMN_BY_COLUMN",
    "EMBEDDING",
    "IMPUTATION",
    "NORMALIZATION",
    "PREPROCESSORS",
    "Embedding",
    "Normalization",
]

# Standardized values are drawn in smoothly, x / sqrt(1 + (x / 3)^2): a column that is almost always constant (a pixel
# at the edge) has a tiny standard deviation, and its rare values would swamp the network.  Measured on MNIST: test
# accuracy 98.8 % with, 98.4 % without.
CLIP = 3.0


def _mean(X: Array) -> Array:
    return np.asarray(np.nanmean(X, axis=0))


def _most_frequent(X: Array) -> Array:
    """Most frequent value of every column, the smallest among ties."""

    def mode(column: Array) -> float:
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        return float(values[counts.argmax()])

    return np.array([mode(column) for column in X.T])


IMPUTATION: Node[Callable[[Array], Array]] = Node.of(
    "Imputation",
    [
        Component("mean", lambda: _mean),
        Component("median", lambda: lambda X: np.nanmedian(X, axis=0)),
        Component("most_frequent", lambda: _most_frequent),
    ],
    selector="strategy",
    option="imputation_strategies",
)
"""Each component: columns (n, p) with NaN, none of them empty, to what is put in place of NaN (p,)."""


@dataclass(frozen=True)
class Normalization:
    """How columns of numbers are brought to one scale.

    Attributes
    ----------
    statistics : callable
        Columns (n, p) without missing values to arrays whose last axis is the columns.
    stage : callable
        Such arrays to the module that normalizes.
    """

    statistics: Callable[[Array], tuple[Array, ...]]
    stage: Callable[..., nn.Module]


def _standardize(X: Array) -> tuple[Array, ...]:
    return X.mean(axis=0), X.std(axis=0)


def _robust(X: Array) -> tuple[Array, ...]:
    low, first, median, third, high = np.percentile(X, (0, 25, 50, 75, 100), axis=0)
    return median, np.where(third > first, third - first, (high - low) / 2)


def _minmax(X: Array) -> tuple[Array, ...]:
    low, high = X.min(axis=0), X.max(axis=0)
    return low, high - low


def _maxabs(X: Array) -> tuple[Array, ...]:
    return np.zeros(X.shape[1]), np.abs(X).max(axis=0)


def _none(X: Array) -> tuple[Array, ...]:
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


def _quantile(X: Array) -> tuple[Array, ...]:
    n = len(X)
    transformer = QuantileTransformer(n_quantiles=min(max(n // 30, 10), 1000, n), subsample=None)
    return (transformer.fit(X).quantiles_,)


def _clipped(center: Array, divisor: Array) -> nn.Module:
    return nn.Sequential(Scale(center, divisor), SmoothClip(CLIP))


NORMALIZATION: Node[Normalization] = Node.of(
    "NormalizationStrategySelector",
    [
        Component("standardize", lambda: Normalization(_standardize, _clipped)),
        Component("minmax", lambda: Normalization(_minmax, Scale)),
        Component("maxabs", lambda: Normalization(_maxabs, Scale)),
        Component("none", lambda: Normalization(_none, Scale)),
        Component("robust", lambda: Normalization(_robust, _clipped)),
        Component("quantile", lambda: Normalization(_quantile, QuantileNormal)),
    ],
    selector="normalization_strategy",
    option="normalization_strategies",
)

# Of a column of two values: rare ones are not made larger, which would make their noise larger, too.
BITS = Normalization(_minmax, lambda low, width: nn.Sequential(Scale(low, width), nn.Hardtanh(0.0, 1.0)))


@dataclass(frozen=True)
class Embedding:
    """Which categories are embedded.

    Attributes
    ----------
    least_levels : int or None
        Columns with at least so many levels are embedded; None if none are.
    dimension : int
        Numbers that stand for a level; 0 if none are embedded.
    """

    least_levels: int | None
    dimension: int


def _learned(*, min_unique_values_for_embedding: int, dimension: int) -> Embedding:
    return Embedding(min_unique_values_for_embedding, dimension)


def _space(*make: Callable[[], Any]) -> Callable[[Task], ConfigurationSpace]:
    def space(task: Task) -> ConfigurationSpace:
        cs = ConfigurationSpace()
        cs.add(*(m() for m in make))
        return cs

    return space


EMBEDDING: Node[Embedding] = Node.of(
    "EmbeddingSelector",
    [
        Component(
            "learned",
            _learned,
            _space(
                lambda: Integer(
                    "min_unique_values_for_embedding", (3, 300), log=True, default=9, meta={"limits": (3, 2**16)}
                ),
                lambda: Integer("dimension", (4, 16), default=8, meta={"limits": (1, 2**10)}),
            ),
        ),
        Component("none", lambda: Embedding(None, 0)),
    ],
    selector="embedding",
    option="embeddings",
)


Fitting = Callable[[Array], nn.Module]
"""From features (n, p) of training rows to a module; sizes are held to what such a table allows."""


def _truncated_svd(*, seed: int, target_dim: int) -> Fitting:
    def fit(X: Array) -> nn.Module:
        dimensions = min(target_dim, X.shape[1] - 1, len(X) - 1)
        if dimensions < 1:
            return nn.Identity()
        return Linear(decomposition.TruncatedSVD(dimensions, random_state=seed).fit(X).components_.T)

    return fit


def _power_transformer(*, seed: int) -> Fitting:
    def fit(X: Array) -> nn.Module:
        exponents = PowerTransformer("yeo-johnson", standardize=False).fit(X.astype(np.float64)).lambdas_
        transformation = YeoJohnson(np.nan_to_num(exponents, nan=1.0))
        return nn.Sequential(transformation, Scale(*_standardize(np.clip(applied(transformation, X), -HUGE, HUGE))))

    return fit


def _kitchen_sinks(*, seed: int, gamma: float, n_components: int) -> Fitting:
    def fit(X: Array) -> nn.Module:
        sampler = kernel_approximation.RBFSampler(gamma=gamma, n_components=n_components, random_state=seed).fit(X)
        return FourierFeatures(sampler.random_weights_, sampler.random_offset_)

    return fit


def _nystroem(*, seed: int, kernel: str, gamma: float, n_components: int) -> Fitting:
    def fit(X: Array) -> nn.Module:
        approximation = kernel_approximation.Nystroem(
            kernel=kernel, gamma=gamma, n_components=min(n_components, len(X)), random_state=seed
        ).fit(X.astype(np.float64))
        return KernelFeatures(kernel, gamma, approximation.components_, approximation.normalization_.T)

    return fit


def _size(name: str, low: int, high: int, default: int) -> Any:
    return Integer(name, (low, high), log=True, default=default, meta={"limits": (1, 2**16)})


def _gamma() -> Any:
    return Float("gamma", (1e-4, 1.0), log=True, default=1e-2, meta={"limits": (1e-9, 1e9)})


PREPROCESSORS: Node[Fitting] = Node.of(
    "PreprocessorSelector",
    [
        Component("none", lambda *, seed: lambda X: nn.Identity()),
        Component("truncated_svd", _truncated_svd, _space(lambda: _size("target_dim", 10, 256, 100))),
        Component("power_transformer", _power_transformer),
        Component("kitchen_sinks", _kitchen_sinks, _space(_gamma, lambda: _size("n_components", 50, 1000, 200))),
        Component(
            "nystroem",
            _nystroem,
            _space(
                lambda: Categorical("kernel", ["rbf", "poly", "sigmoid"], default="rbf"),
                _gamma,
                lambda: _size("n_components", 50, 1000, 200),
            ),
        ),
    ],
    selector="preprocessor",
    option="preprocessors",
)

COLUMN_BY_COLUMN = ("none", "power_transformer")  # preprocessors that keep the meaning of every column
