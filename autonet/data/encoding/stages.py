"""The steps of an encoding as torch modules: statistics in buffers, arithmetic in `forward`, nothing else.

Numbers are computed with in float64, because what is subtracted may be large beside what is left (seconds since 1970),
and leave in float32.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.typing import Array
from autonet.data.encoding.specs import describable_module

__all__ = [
    "HUGE",
    "Clamp",
    "FourierFeatures",
    "Impute",
    "KernelFeatures",
    "Linear",
    "QuantileNormal",
    "Scale",
    "SmoothClip",
    "SparseProjection",
    "WordProjection",
    "YeoJohnson",
    "applied",
]

HUGE = 1e100  # of what statistics are made of: sums of squares are finite in float64
LARGEST = 1e9  # of what a network sees: its square is finite in float32
FAREST = 4.0  # standard deviations, of a value mapped to a normal distribution


def applied(module: nn.Module, X: Array) -> Array:
    """Apply a module to an array (n, p)."""
    with torch.inference_mode():
        result: Array = module(torch.tensor(X)).numpy()
    return result


class _Stage(nn.Module):
    """A module whose state is plain arrays."""

    def keep(self, dtype: torch.dtype, **arrays: Array) -> None:
        """Register copies of arrays as buffers."""
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(array), dtype=dtype))


@describable_module
class Impute(_Stage):
    """Replace what is missing in columns, and tell where values were missing; infinite numbers count as missing.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,)
        Indices of the columns whose values are used.
    fill : ndarray of shape (n_columns,)
        What missing values become.
    told : ndarray of shape (n_told,)
        Indices of the columns whose missing values are told.
    """

    columns: Tensor
    fill: Tensor
    told: Tensor

    def __init__(self, columns: Array, fill: Array, told: Array) -> None:
        super().__init__()
        self.keep(torch.int64, columns=columns, told=told)
        self.keep(torch.float64, fill=fill)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values (n, n_columns) and the indicators (n, n_told) of rows (n, p)."""
        values = x.index_select(1, self.columns).double()
        return torch.where(values.isfinite(), values, self.fill), ~x.index_select(1, self.told).isfinite()


@describable_module
class Scale(_Stage):
    """Subtract a center and divide: (x - center) / divisor, held within what a network can compute with."""

    center: Tensor
    divisor: Tensor

    def __init__(self, center: Array, divisor: Array) -> None:
        super().__init__()
        divisor = np.asarray(divisor)
        self.keep(torch.float64, center=center, divisor=np.where(divisor > 0, divisor, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Scale columns (n, p)."""
        return ((x - self.center) / self.divisor).clamp(-LARGEST, LARGEST)


@describable_module
class SmoothClip(nn.Module):
    """Draw far values in smoothly: x / sqrt(1 + (x / limit)^2) lies within the limit on either side."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Clip elementwise."""
        return x * (1 + (x / self.limit).square()).rsqrt()


@describable_module
class QuantileNormal(_Stage):
    """Map columns to a normal distribution by their quantiles.

    A value that is several quantiles gets their middle, at the ends too: a column of zeros and ones becomes a column of
    moderate values (scikit-learn gives the lowest and the highest value the ends of the distribution).

    Parameters
    ----------
    quantiles : ndarray of shape (n_quantiles, p)
        Ascending, at evenly spaced probabilities from 0 to 1.
    """

    quantiles: Tensor
    middle: Tensor

    def __init__(self, quantiles: Array) -> None:
        super().__init__()
        quantiles = np.ascontiguousarray(quantiles.T)
        first, beyond = (np.array([q.searchsorted(q, side) for q in quantiles]) for side in ("left", "right"))
        self.keep(torch.float64, quantiles=quantiles, middle=(first + beyond - 1) / 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p)."""
        values, last = x.double().T.contiguous(), self.quantiles.shape[1] - 1
        above = torch.searchsorted(self.quantiles, values).clamp(max=last)
        low, high = (self.quantiles.gather(1, i) for i in ((above - 1).clamp(min=0), above))
        between = above - 1 + (values - low) / torch.where(high > low, high - low, 1.0)
        position = torch.where(values == high, self.middle.gather(1, above), between)
        normal: Tensor = torch.special.ndtri((position / max(last, 1)).clamp(0, 1))
        return normal.clamp(-FAREST, FAREST).T


@describable_module
class Clamp(_Stage):
    """Hold every column within bounds."""

    low: Tensor
    high: Tensor

    def __init__(self, low: Array, high: Array) -> None:
        super().__init__()
        self.keep(torch.float32, low=low, high=high)

    def forward(self, x: Tensor) -> Tensor:
        """Clamp columns (n, p)."""
        return torch.minimum(torch.maximum(x, self.low), self.high)


@describable_module
class Linear(_Stage):
    """A matrix product without a bias: x @ matrix, matrix of shape (p, k)."""

    matrix: Tensor

    def __init__(self, matrix: Array) -> None:
        super().__init__()
        self.keep(torch.float32, matrix=matrix)

    def forward(self, x: Tensor) -> Tensor:
        """Project columns (n, p) to (n, k)."""
        return x.float() @ self.matrix


@describable_module
class YeoJohnson(_Stage):
    """The power transformation of Yeo and Johnson (2000), one exponent per column."""

    exponents: Tensor

    def __init__(self, exponents: Array) -> None:
        super().__init__()
        self.keep(torch.float64, exponents=exponents)

    def forward(self, x: Tensor) -> Tensor:
        """Transform columns (n, p)."""
        x = x.double()
        exponent = torch.where(x < 0, 2 - self.exponents, self.exponents)
        logarithm = x.abs().log1p()
        is_zero = exponent.abs() < torch.finfo(torch.float64).eps
        power = (exponent * logarithm).expm1() / torch.where(is_zero, 1.0, exponent)
        return x.sign() * torch.where(is_zero, logarithm, power)


@describable_module
class FourierFeatures(_Stage):
    """Random Fourier features (Rahimi and Recht, 2007): sqrt(2 / k) cos(x @ weights + offset)."""

    weights: Tensor
    offset: Tensor

    def __init__(self, weights: Array, offset: Array) -> None:
        super().__init__()
        self.keep(torch.float32, weights=weights, offset=offset)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p) to (n, k)."""
        factor: float = (2 / len(self.offset)) ** 0.5
        return torch.cos(x.float() @ self.weights + self.offset) * factor


@describable_module
class KernelFeatures(_Stage):
    """A kernel with some training rows, whitened (Nystroem): kernel(x, rows) @ whitening.

    In float64: whitening multiplies differences of almost equal kernels by up to a million.
    """

    rows: Tensor
    whitening: Tensor

    def __init__(self, kernel: str, gamma: float, rows: Array, whitening: Array) -> None:
        super().__init__()
        self.kernel, self.gamma = kernel, gamma
        self.keep(torch.float64, rows=rows, whitening=whitening)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p) to (n, k)."""
        x = x.double()
        products = x @ self.rows.T
        if self.kernel == "rbf":
            squares = x.square().sum(1, keepdim=True) + self.rows.square().sum(1) - 2 * products
            kernel = torch.exp(-self.gamma * squares.clamp(min=0))
        else:
            kernel = self.gamma * products + 1
            kernel = kernel.pow(3) if self.kernel == "poly" else kernel.tanh()  # degree and constant of scikit-learn
        features: Tensor = kernel @ self.whitening
        return features.clamp(-LARGEST, LARGEST)


@describable_module
class SparseProjection(_Stage):
    """Weigh the columns of a wide, mostly empty table and project it; rows may be dense or a sparse COO tensor.

    Parameters
    ----------
    weights : ndarray of shape (p,)
        0 for a column that is not used.
    columns : ndarray of shape (q,)
        The columns that are used.
    matrix : ndarray of shape (q, k)
        What they are projected by.
    """

    weights: Tensor
    columns: Tensor
    places: Tensor
    matrix: Tensor

    def __init__(self, weights: Array, columns: Array, matrix: Array) -> None:
        super().__init__()
        places = np.zeros(len(weights))
        places[columns] = np.arange(len(columns))
        self.keep(torch.float64, weights=weights)
        self.keep(torch.int64, columns=columns, places=places)
        self.keep(torch.float32, matrix=matrix)

    def weighed(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weigh values elementwise: zero stays zero, and what is missing becomes zero."""
        values = values.double().nan_to_num(0.0, 0.0, 0.0)
        return (values * weights).clamp(-LARGEST, LARGEST).float()

    def forward(self, x: Tensor) -> Tensor:
        """Project rows (n, p) to (n, k)."""
        if not x.is_sparse:
            weighed = self.weighed(x[:, self.columns], self.weights[self.columns])
            return self.scaled(weighed @ self.matrix, weighed.square().sum(1))
        x = x.coalesce()
        row, column = x.indices()
        values = self.weighed(x.values(), self.weights[column])
        squares = values.new_zeros(x.shape[0]).index_add(0, row, values.square())
        first = torch.searchsorted(row, torch.arange(x.shape[0], device=row.device))
        # A row's product is a weighted sum of rows of the matrix; a third of the time of a sparse matrix product.
        product = functional.embedding_bag(
            self.places[column], self.matrix, first, mode="sum", per_sample_weights=values
        )
        return self.scaled(product, squares)

    def scaled(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Scale projected rows (n, k), given the sums of squares (n,) of what was projected."""
        return projected


@describable_module
class WordProjection(SparseProjection):
    """Latent semantic analysis of word counts: (1 + log count) x inverse document frequency, of length 1, projected."""

    def weighed(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weigh counts elementwise."""
        values = values.double()
        return (torch.where(values > 0, 1 + values.clamp(min=1e-30).log(), 0.0) * weights).float()

    def scaled(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Bring what was projected to length 1."""
        return projected / squares.sqrt().clamp(min=1e-12).unsqueeze(1)
