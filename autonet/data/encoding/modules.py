"""Torch modules that apply fitted encodings: statistics are buffers, `forward` is arithmetic.

They compute in float64, because subtracting a large center (seconds since 1970) would cancel in float32, and return
float32.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.typing import Array
from autonet.data.encoding.specs import describable_module

__all__ = [
    "MAX_ABS_STATISTIC",
    "Clamp",
    "FourierFeatures",
    "Impute",
    "KernelFeatures",
    "Linear",
    "QuantileNormal",
    "Scale",
    "SmoothClip",
    "SparseProjection",
    "TextProjection",
    "YeoJohnson",
    "apply_module",
]

MAX_ABS_STATISTIC = 1e100  # values are clipped before statistics: sums of squares stay finite in float64
MAX_ABS_INPUT = 1e9  # network inputs are clipped: their squares stay finite in float32
MAX_ABS_QUANTILE = 4.0  # standard deviations; bounds the output of `QuantileNormal`


def apply_module(module: nn.Module, X: Array) -> Array:
    """Apply a module to an array (n, p)."""
    with torch.inference_mode():
        result: Array = module(torch.tensor(X)).numpy()
    return result


class _BufferModule(nn.Module):
    """Module whose state is buffers."""

    def _register_arrays(self, dtype: torch.dtype, **arrays: Array) -> None:
        """Register copies of arrays as buffers."""
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(np.ascontiguousarray(array), dtype=dtype))


@describable_module
class Impute(_BufferModule):
    """Impute missing values and append missing indicators; infinite values count as missing.

    Parameters
    ----------
    columns : ndarray of shape (n_columns,)
        Indices of the columns whose values are used.
    fill : ndarray of shape (n_columns,)
        Replacements for missing values.
    indicator_columns : ndarray of shape (n_indicators,)
        Indices of the columns with a missing indicator.
    """

    columns: Tensor
    fill: Tensor
    indicator_columns: Tensor

    def __init__(self, columns: Array, fill: Array, indicator_columns: Array) -> None:
        super().__init__()
        self._register_arrays(torch.int64, columns=columns, indicator_columns=indicator_columns)
        self._register_arrays(torch.float64, fill=fill)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return imputed values (n, n_columns) and missing indicators (n, n_indicators) of rows (n, p)."""
        values = x.index_select(1, self.columns).double()
        return torch.where(values.isfinite(), values, self.fill), ~x.index_select(1, self.indicator_columns).isfinite()


@describable_module
class Scale(_BufferModule):
    """Scale columns: (x - center) / divisor, clipped to `MAX_ABS_INPUT`."""

    center: Tensor
    divisor: Tensor

    def __init__(self, center: Array, divisor: Array) -> None:
        super().__init__()
        divisor = np.asarray(divisor)
        self._register_arrays(torch.float64, center=center, divisor=np.where(divisor > 0, divisor, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Scale columns (n, p)."""
        return ((x - self.center) / self.divisor).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class SmoothClip(nn.Module):
    """Clip smoothly to [-limit, limit]: x / sqrt(1 + (x / limit)^2)."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Clip columns (n, p) elementwise."""
        return x * (1 + (x / self.limit).square()).rsqrt()


@describable_module
class QuantileNormal(_BufferModule):
    """Map columns to a normal distribution by their quantiles.

    A value that equals several quantiles is mapped to their middle, at the ends too: a column of zeros and ones gets
    moderate values (scikit-learn maps the lowest and the highest value to the ends of the distribution).

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
        self._register_arrays(torch.float64, quantiles=quantiles, middle=(first + beyond - 1) / 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p)."""
        values, last = x.double().T.contiguous(), self.quantiles.shape[1] - 1
        above = torch.searchsorted(self.quantiles, values).clamp(max=last)
        low, high = (self.quantiles.gather(1, i) for i in ((above - 1).clamp(min=0), above))
        between = above - 1 + (values - low) / torch.where(high > low, high - low, 1.0)
        position = torch.where(values == high, self.middle.gather(1, above), between)
        normal: Tensor = torch.special.ndtri((position / max(last, 1)).clamp(0, 1))
        return normal.clamp(-MAX_ABS_QUANTILE, MAX_ABS_QUANTILE).T


@describable_module
class Clamp(_BufferModule):
    """Clamp every column to its bounds."""

    low: Tensor
    high: Tensor

    def __init__(self, low: Array, high: Array) -> None:
        super().__init__()
        self._register_arrays(torch.float32, low=low, high=high)

    def forward(self, x: Tensor) -> Tensor:
        """Clamp columns (n, p)."""
        return torch.minimum(torch.maximum(x, self.low), self.high)


@describable_module
class Linear(_BufferModule):
    """Linear projection without bias: x @ matrix, for a matrix of shape (p, k)."""

    matrix: Tensor

    def __init__(self, matrix: Array) -> None:
        super().__init__()
        self._register_arrays(torch.float32, matrix=matrix)

    def forward(self, x: Tensor) -> Tensor:
        """Project columns (n, p) to (n, k)."""
        return x.float() @ self.matrix


@describable_module
class YeoJohnson(_BufferModule):
    """Yeo-Johnson power transform (2000) with one exponent per column."""

    exponents: Tensor

    def __init__(self, exponents: Array) -> None:
        super().__init__()
        self._register_arrays(torch.float64, exponents=exponents)

    def forward(self, x: Tensor) -> Tensor:
        """Transform columns (n, p)."""
        x = x.double()
        exponent = torch.where(x < 0, 2 - self.exponents, self.exponents)
        logarithm = x.abs().log1p()
        is_zero = exponent.abs() < torch.finfo(torch.float64).eps
        power = (exponent * logarithm).expm1() / torch.where(is_zero, 1.0, exponent)
        return x.sign() * torch.where(is_zero, logarithm, power)


@describable_module
class FourierFeatures(_BufferModule):
    """Random Fourier features (Rahimi and Recht, 2007): sqrt(2 / k) cos(x @ weights + offset)."""

    weights: Tensor
    offset: Tensor

    def __init__(self, weights: Array, offset: Array) -> None:
        super().__init__()
        self._register_arrays(torch.float32, weights=weights, offset=offset)

    def forward(self, x: Tensor) -> Tensor:
        """Map columns (n, p) to (n, k)."""
        factor: float = (2 / len(self.offset)) ** 0.5
        return torch.cos(x.float() @ self.weights + self.offset) * factor


@describable_module
class KernelFeatures(_BufferModule):
    """Nystroem features: kernel(x, rows) @ whitening, for some training rows.

    Computed in float64: whitening multiplies differences of almost equal kernels by up to a million.
    """

    rows: Tensor
    whitening: Tensor

    def __init__(self, kernel: str, gamma: float, rows: Array, whitening: Array) -> None:
        super().__init__()
        self.kernel, self.gamma = kernel, gamma
        self._register_arrays(torch.float64, rows=rows, whitening=whitening)

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
        return features.clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


@describable_module
class SparseProjection(_BufferModule):
    """Weight the columns of a wide sparse table and project it; rows may be dense or a sparse COO tensor.

    Parameters
    ----------
    weights : ndarray of shape (p,)
        Column weights; 0 for unused columns.
    columns : ndarray of shape (q,)
        Indices of the columns that are used.
    matrix : ndarray of shape (q, k)
        Projection matrix.
    """

    weights: Tensor
    columns: Tensor
    places: Tensor
    matrix: Tensor

    def __init__(self, weights: Array, columns: Array, matrix: Array) -> None:
        super().__init__()
        places = np.zeros(len(weights))
        places[columns] = np.arange(len(columns))
        self._register_arrays(torch.float64, weights=weights)
        self._register_arrays(torch.int64, columns=columns, places=places)
        self._register_arrays(torch.float32, matrix=matrix)

    def _weigh(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weight values elementwise; missing values become zero."""
        values = values.double().nan_to_num(0.0, 0.0, 0.0)
        return (values * weights).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT).float()

    def forward(self, x: Tensor) -> Tensor:
        """Project rows (n, p) to (n, k)."""
        if not x.is_sparse:
            weighted = self._weigh(x[:, self.columns], self.weights[self.columns])
            return self._rescale(weighted @ self.matrix, weighted.square().sum(1))
        x = x.coalesce()
        row, column = x.indices()
        values = self._weigh(x.values(), self.weights[column])
        squares = values.new_zeros(x.shape[0]).index_add(0, row, values.square())
        first = torch.searchsorted(row, torch.arange(x.shape[0], device=row.device))
        # Three times as fast as a sparse matrix product: a row's product is a weighted sum of rows of the matrix.
        product = functional.embedding_bag(
            self.places[column], self.matrix, first, mode="sum", per_sample_weights=values
        )
        return self._rescale(product, squares)

    def _rescale(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Rescale projected rows (n, k), given their sums of squares (n,) before the projection."""
        return projected


@describable_module
class TextProjection(SparseProjection):
    """Latent semantic analysis: TF-IDF rows with sublinear term frequency and unit length, projected."""

    def _weigh(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weight counts elementwise."""
        values = values.double()
        return (torch.where(values > 0, 1 + values.clamp(min=1e-30).log(), 0.0) * weights).float()

    def _rescale(self, projected: Tensor, squares: Tensor) -> Tensor:
        """Divide projected rows by their length before the projection."""
        return projected / squares.sqrt().clamp(min=1e-12).unsqueeze(1)
