"""What a configuration can choose before the network: imputation, normalization, a change of features."""

from collections.abc import Callable
from typing import Any

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer
from numpy.typing import NDArray
from sklearn import decomposition, kernel_approximation
from sklearn.preprocessing import PowerTransformer

from autonet.core.component import Component, Node
from autonet.core.task import Task

__all__ = ["IMPUTATION", "NORMALIZATION", "PREPROCESSORS", "Scaling"]

Array = NDArray[Any]
Scaling = tuple[Array, Array]
"""Center and divisor of every column."""


def _mean(X: Array) -> Array:
    return np.asarray(np.nanmean(X, axis=0, dtype=np.float64))


def _most_frequent(X: Array) -> Array:
    """Most frequent value of every column, the smallest among ties."""

    def mode(column: Array) -> float:
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        return float(values[counts.argmax()]) if len(values) else np.nan

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


def _standardize(X: Array) -> Scaling:
    return X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)


def _minmax(X: Array) -> Scaling:
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    return low, high - low


def _maxabs(X: Array) -> Scaling:
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    return np.zeros(X.shape[1]), np.maximum(np.abs(low), np.abs(high))


def _none(X: Array) -> Scaling:
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


NORMALIZATION: Node[Callable[[Array], Scaling]] = Node.of(
    "NormalizationStrategySelector",
    [
        Component("standardize", lambda: _standardize),
        Component("minmax", lambda: _minmax),
        Component("maxabs", lambda: _maxabs),
        Component("none", lambda: _none),
    ],
    selector="normalization_strategy",
    option="normalization_strategies",
)


# A preprocessor is built for a table of `n_rows` and `n_features`; sizes are held to what such a table allows.


def _truncated_svd(*, n_rows: int, n_features: int, seed: int, target_dim: int) -> Any:
    dimensions = min(target_dim, n_features - 1, n_rows - 1)
    if dimensions < 1:
        return None
    return decomposition.TruncatedSVD(dimensions, random_state=seed)


def _power_transformer(*, n_rows: int, n_features: int, seed: int) -> Any:
    return PowerTransformer("yeo-johnson", standardize=True)


def _kitchen_sinks(*, n_rows: int, n_features: int, seed: int, gamma: float, n_components: int) -> Any:
    return kernel_approximation.RBFSampler(gamma=gamma, n_components=n_components, random_state=seed)


def _nystroem(*, n_rows: int, n_features: int, seed: int, kernel: str, gamma: float, n_components: int) -> Any:
    return kernel_approximation.Nystroem(
        kernel=kernel, gamma=gamma, n_components=min(n_components, n_rows), random_state=seed
    )


def _size(name: str, low: int, high: int, default: int) -> Any:
    return Integer(name, (low, high), log=True, default=default, meta={"limits": (1, 2**16)})


def _gamma() -> Any:
    return Float("gamma", (1e-4, 1.0), log=True, default=1e-2, meta={"limits": (1e-9, 1e9)})


def _space(*make: Callable[[], Any]) -> Callable[[Task], ConfigurationSpace]:
    def space(task: Task) -> ConfigurationSpace:
        cs = ConfigurationSpace()
        cs.add(*(m() for m in make))
        return cs

    return space


PREPROCESSORS: Node[Any] = Node.of(
    "PreprocessorSelector",
    [
        Component("none", lambda **_: None),
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
