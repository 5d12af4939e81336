"""Feature preprocessors that are offered on request: ICA, PCA, kernel PCA, polynomials; and rows of unit length.

scikit-learn fits them; torch modules hold and apply them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy import linalg
from sklearn.decomposition import PCA, FastICA, KernelPCA
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.preprocessing import KernelCenterer, PolynomialFeatures
from torch import Tensor, nn

from autonet.core.component import Component, make_space
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.encoding.modules import MAX_ABS_INPUT, BufferModule
from autonet.data.encoding.specs import describable_module

__all__ = [
    "FEATURE_MAPS",
    "KernelComponents",
    "Monomials",
    "Projection",
    "UnitRows",
]

# Floating-point operations of the iterations of ICA, a second or two: fitting cannot be interrupted.
MAX_ICA_OPERATIONS = {"parallel": 2e10, "deflation": 2e9}  # one component after the other uses a core less well
MAX_ICA_COMPONENTS = 300
MAX_ICA_ITERATIONS = 200  # scikit-learn's default
MIN_ICA_ITERATIONS = 10
# Rows that kernel PCA is fitted on: time grows with their cube, and models keep them.
MAX_KERNEL_ROWS = 1000
MAX_MONOMIALS = 2048  # columns that polynomials may have
# Singular values and eigenvalues below this share of the largest are noise of float32.
MIN_SINGULAR_VALUE = 1e-6
MIN_EIGENVALUE = 1e-9


@describable_module
class Projection(BufferModule):
    """Affine projection, (x - center) @ matrix, to components called `prefix` and a number."""

    center: Tensor
    matrix: Tensor

    def __init__(self, center: Array, matrix: Array, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self._register_arrays(torch.float64, center=center, matrix=matrix)

    def forward(self, x: Tensor) -> Tensor:
        """Project columns (n, p) to (n, k)."""
        return ((x.double() - self.center) @ self.matrix).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class KernelComponents(BufferModule):
    """Kernel principal components: kernel(x, rows) @ whitening - offset, for some training rows.

    Parameters
    ----------
    kernel : {"linear", "poly", "rbf", "sigmoid", "cosine"}
    gamma, coef0 : float
    degree : int
        As of scikit-learn's kernels.
    rows : ndarray of shape (m, p)
    whitening : ndarray of shape (m, k)
        Eigenvectors of the centered kernel, divided by the roots of their eigenvalues.
    offset : ndarray of shape (k,)
        Of the mean of the training rows; every column of `whitening` sums to zero, so that no other centering is left.
    """

    rows: Tensor
    whitening: Tensor
    offset: Tensor

    def __init__(
        self, kernel: str, gamma: float, degree: int, coef0: float, rows: Array, whitening: Array, offset: Array
    ) -> None:
        super().__init__()
        self.kernel, self.gamma, self.degree, self.coef0 = kernel, gamma, degree, coef0
        self._register_arrays(torch.float64, rows=rows, whitening=whitening, offset=offset)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p) to (n, k)."""
        x, rows = x.double(), self.rows
        if self.kernel == "cosine":
            x, rows = _divide_by_length(x), _divide_by_length(rows)
        kernel = x @ rows.T
        if self.kernel == "rbf":
            squares = x.square().sum(1, keepdim=True) + rows.square().sum(1) - 2 * kernel
            kernel = torch.exp(-self.gamma * squares.clamp(min=0))
        elif self.kernel == "poly":
            kernel = (self.gamma * kernel + self.coef0).pow(self.degree)
        elif self.kernel == "sigmoid":
            kernel = (self.gamma * kernel + self.coef0).tanh()
        return (kernel @ self.whitening - self.offset).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class Monomials(BufferModule):
    """Products of columns.

    Parameters
    ----------
    factors : ndarray of shape (n_out, degree), int
        Columns that are multiplied, from 1; 0 stands for the number 1.
    """

    factors: Tensor

    def __init__(self, factors: Array) -> None:
        super().__init__()
        self._register_arrays(torch.int64, factors=factors)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p) to (n, n_out)."""
        columns = torch.cat([x.new_ones((x.shape[0], 1)), x], 1).double()
        product = columns.index_select(1, self.factors[:, 0])
        for i in range(1, self.factors.shape[1]):
            product = product * columns.index_select(1, self.factors[:, i])
        return product.clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class UnitRows(nn.Module):
    """Divide rows by their norm: "mean_abs" (the sum of the absolute values), "mean_squared" (the length) or "max"."""

    def __init__(self, norm: str) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Divide rows (n, p) by their norms; rows of zeros stay."""
        if self.norm == "mean_squared":
            return _divide_by_length(x)
        sizes = x.abs().sum(1, keepdim=True) if self.norm == "mean_abs" else x.abs().amax(1, keepdim=True)
        return x / torch.where(sizes > 0, sizes, 1.0)


def _divide_by_length(x: Tensor) -> Tensor:
    lengths = x.square().sum(1, keepdim=True).sqrt()
    return x / torch.where(lengths > 0, lengths, 1.0)


def _count_above_noise(singular_values: Array) -> int:
    """Return the rank of rows, given their singular values in descending order."""
    return int((singular_values > MIN_SINGULAR_VALUE * singular_values[0]).sum())


def _fast_ica(
    *, seed: int, algorithm: str, fun: str, whiten: bool, n_components: int | None = None
) -> Callable[[Array], nn.Module]:
    """ICA, with at most as many components as the rows have dimensions, and fewer iterations the more there are.

    Rows are whitened in any case where they do not span all columns, or there are more than `MAX_ICA_COMPONENTS`.
    """

    def fit(X: Array) -> nn.Module:
        X = X.astype(np.float64)
        n, p = X.shape
        rank = _count_above_noise(linalg.svdvals(X - X.mean(axis=0)))
        if rank == 0:
            return nn.Identity()
        k = min(n_components or rank, rank, MAX_ICA_COMPONENTS)
        whitens = whiten or k < p
        iterations = int(MAX_ICA_OPERATIONS[algorithm] / (n * k**2 + 10 * k**3))
        ica = FastICA(
            n_components=k if whitens else None,
            algorithm=algorithm,
            fun=fun,
            whiten="unit-variance" if whitens else False,
            whiten_solver="svd",
            max_iter=min(max(iterations, MIN_ICA_ITERATIONS), MAX_ICA_ITERATIONS),
            random_state=seed,
        ).fit(X)
        return Projection(ica.mean_ if whitens else np.zeros(p), ica.components_.T, "fast_ica")

    return fit


def _pca(*, seed: int, keep_variance: float, whiten: bool) -> Callable[[Array], nn.Module]:
    """PCA: as many components as explain a share of the variance."""

    def fit(X: Array) -> nn.Module:
        if not X.std(axis=0).any():
            return nn.Identity()
        pca = PCA(svd_solver="full").fit(X.astype(np.float64))
        rank = _count_above_noise(pca.singular_values_)
        shares = np.cumsum(pca.explained_variance_ratio_)
        k = min(int(np.searchsorted(shares, keep_variance, side="right")) + 1, rank)
        deviations = np.sqrt(pca.explained_variance_[:k]) if whiten else 1.0
        return Projection(pca.mean_, pca.components_[:k].T / deviations, "pca")

    return fit


def _kernel_pca(
    *, seed: int, kernel: str, n_components: int, gamma: float = 1.0, degree: int = 3, coef0: float = 0.0
) -> Callable[[Array], nn.Module]:
    """Kernel PCA on a sample of the rows, with at most as many components as the kernel has positive eigenvalues."""

    def fit(X: Array) -> nn.Module:
        rng = np.random.default_rng(seed)
        if len(X) > MAX_KERNEL_ROWS:
            X = X[np.sort(rng.choice(len(X), MAX_KERNEL_ROWS, replace=False))]
        X, settings = X.astype(np.float64), {"gamma": gamma, "degree": degree, "coef0": coef0}
        values = pairwise_kernels(X, metric=kernel, filter_params=True, **settings)
        eigenvalues = linalg.eigvalsh(KernelCenterer().fit_transform(values))
        k = min(n_components, int((eigenvalues > MIN_EIGENVALUE * max(eigenvalues[-1], 1.0)).sum()))
        if k == 0:
            return nn.Identity()
        pca = KernelPCA(k, kernel=kernel, eigen_solver="dense", **settings).fit(X)
        whitening = pca.eigenvectors_ / np.sqrt(pca.eigenvalues_)
        return KernelComponents(kernel, gamma, degree, coef0, X, whitening, values.mean(axis=0) @ whitening)

    return fit


def _polynomial_features(
    *, seed: int, degree: int, interaction_only: bool, include_bias: bool
) -> Callable[[Array], nn.Module]:
    """Polynomials: of all columns if there are at most `MAX_MONOMIALS`, else of those of the largest variance.

    The other columns stay, as they are.
    """

    def fit(X: Array) -> nn.Module:
        p = X.shape[1]
        polynomials = PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=include_bias)
        order, n = np.argsort(-X.var(axis=0, dtype=np.float64), kind="stable"), p
        while n > 1 and polynomials.fit(np.zeros((1, n))).n_output_features_ + p - n > MAX_MONOMIALS:
            n -= 1 + n // 100
        used, others = np.sort(order[:n]) + 1, np.sort(order[n:]) + 1
        factors = [np.repeat(used, powers) for powers in polynomials.fit(np.zeros((1, n))).powers_]
        table = np.zeros((len(factors) + len(others), degree), np.int64)
        for row, columns in zip(table, [*factors, *others[:, None]], strict=True):
            row[: len(columns)] = columns
        return Monomials(table)

    return fit


def _ica_space(task: Task) -> cs.ConfigurationSpace:
    space = cs.ConfigurationSpace()
    whiten = cs.Categorical("whiten", [True, False], default=True)
    n_components = _count_components()
    space.add(
        cs.Categorical("algorithm", ["parallel", "deflation"], default="parallel"),
        cs.Categorical("fun", ["logcosh", "exp", "cube"], default="logcosh"),
        whiten,
        n_components,
        cs.EqualsCondition(n_components, whiten, True),
    )
    return space


def _kernel_space(task: Task) -> cs.ConfigurationSpace:
    space = cs.ConfigurationSpace()
    kernel = cs.Categorical("kernel", ["rbf", "poly", "sigmoid", "cosine", "linear"], default="rbf")
    gamma = cs.Float("gamma", (2.0**-15, 8.0), log=True, default=1e-2, meta={"limits": (1e-9, 1e9)})
    degree = cs.Integer("degree", (2, 5), default=3, meta={"limits": (1, 10)})
    coef0 = cs.Float("coef0", (-1.0, 1.0), default=0.0, meta={"limits": (-1e9, 1e9)})
    space.add(
        kernel,
        _count_components(),
        gamma,
        degree,
        coef0,
        cs.InCondition(gamma, kernel, ["rbf", "poly", "sigmoid"]),
        cs.EqualsCondition(degree, kernel, "poly"),
        cs.InCondition(coef0, kernel, ["poly", "sigmoid"]),
    )
    return space


def _count_components() -> Any:
    return cs.Integer("n_components", (10, 2000), log=True, default=100, meta={"limits": (1, 2**16)})


FEATURE_MAPS = (
    Component("fast_ica", _fast_ica, _ica_space, on_request=True),
    Component(
        "pca",
        _pca,
        make_space(
            lambda: cs.Float("keep_variance", (0.5, 0.9999), log=True, default=0.9999, meta={"limits": (1e-3, 1.0)}),
            lambda: cs.Categorical("whiten", [False, True], default=False),
        ),
        on_request=True,
    ),
    Component("kernel_pca", _kernel_pca, _kernel_space, on_request=True),
    Component(
        "polynomial_features",
        _polynomial_features,
        make_space(
            lambda: cs.Integer("degree", (2, 3), default=2, meta={"limits": (1, 4)}),
            lambda: cs.Categorical("interaction_only", [False, True], default=False),
            lambda: cs.Categorical("include_bias", [False, True], default=False),
        ),
        on_request=True,
    ),
)
