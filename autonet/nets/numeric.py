"""Learned embeddings of numerical features.

Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning" (2022), arXiv 2203.05556.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Inputs
from autonet.nets.optimizer_factors import set_optimizer_factors
from autonet.nets.thresholds import find_thresholds

__all__ = [
    "MAX_EMBEDDED_NUMBERS",
    "NUMERIC_EMBEDDING",
    "NumericEmbedding",
    "PBLDEmbedding",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "ThresholdEmbedding",
]

# Number of numerical features above which none is embedded: a training step would take several times as long
# (docs/benchmarks/log.md).
MAX_EMBEDDED_NUMBERS = 100
# Number of frequencies of a PBLD embedding, as in RealMLP.
PBLD_FREQUENCIES = 16
# Columns of a PBLD embedding beside the number itself, as in RealMLP.
PBLD_DIMENSION = 3
# Learning rate of PBLD embeddings, as a factor of the optimizer's.  In the paper it is a tenth of that of RealMLP's
# weights, which is ten times the optimizer's.
PBLD_LEARNING_RATE = 1.0
# Encoded numbers have the order of magnitude 1.  Narrower bins would turn rounding errors into features, and
# extrapolate steeply beyond the first and the last bin.
MIN_BIN_WIDTH = 1e-3
# Number of rows sampled to compute quantiles.
MAX_QUANTILE_ROWS = 10_000
# Number of rows, at most, that the random forest of a `ThresholdEmbedding` is fitted to: a third of a second for 30
# columns.
MAX_FOREST_ROWS = 5000
# Stands for infinity, which EMA weights would turn into NaN.
UNBOUNDED = 1e30


class NumericEmbedding(nn.Module, ABC):
    """Base class: replace each of the first input columns, which are numbers, by several columns.

    Parameters
    ----------
    n_in : int
        Number of input columns.
    n_numbers : int
        Number of columns to embed.
    dimension : int
        Number of columns of an embedded number.

    Attributes
    ----------
    in_features, out_features : int
        Width of input and output.
    """

    embeds_inputs = True

    def __init__(self, n_in: int, n_numbers: int, dimension: int) -> None:
        super().__init__()
        self.in_features, self.n_numbers = n_in, n_numbers
        self.out_features = n_numbers * dimension + n_in - n_numbers

    def fit(self, rows: Inputs, y: Tensor | None = None) -> None:
        """Fit to encoded training rows (n, n_in), and perhaps to their targets; a state dict replaces it."""

    @abstractmethod
    def embed(self, x: Tensor) -> Tensor:
        """Map numbers (n_numbers, n, 1) to (n_numbers, n, dimension)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in_features) to (n, out_features); the columns of a number are adjacent."""
        numbers = x[:, : self.n_numbers].T.unsqueeze(2)
        embedded = self.embed(numbers).transpose(0, 1).flatten(1)
        return torch.cat([embedded, x[:, self.n_numbers :]], dim=1)

    def extra_repr(self) -> str:
        """Show the widths."""
        return f"in_features={self.in_features}, out_features={self.out_features}, n_numbers={self.n_numbers}"


def _uniform(*shape: int, fan_in: int) -> nn.Parameter:
    """Initialize a parameter as in `torch.nn.Linear`."""
    bound = 1 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class PBLDEmbedding(NumericEmbedding):
    """Periodic bias linear DenseNet (PBLD) embedding, separate for each number: ``[cos(2 pi w1 x + b1) W2 + b2, x]``.

    Holzmueller et al., "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data" (2024),
    arXiv 2407.04491.

    Parameters
    ----------
    n_in, n_numbers : int
    n_frequencies : int
    dimension : int
        Columns of a number beside the number itself.
    sigma : float
        Initial standard deviation of the frequencies w1, in periods per unit of x.
    """

    def __init__(self, n_in: int, n_numbers: int, *, n_frequencies: int, dimension: int, sigma: float) -> None:
        super().__init__(n_in, n_numbers, dimension + 1)
        self.frequencies = nn.Parameter(torch.randn(n_numbers, 1, n_frequencies).mul_(sigma))
        self.phases = nn.Parameter(torch.empty(n_numbers, 1, n_frequencies).uniform_(-math.pi, math.pi))
        self.weight = _uniform(n_numbers, n_frequencies, dimension, fan_in=n_frequencies)
        self.bias = _uniform(n_numbers, 1, dimension, fan_in=n_frequencies)
        for parameter in (self.frequencies, self.phases, self.bias):
            set_optimizer_factors(parameter, learning_rate=PBLD_LEARNING_RATE, weight_decay=0.0)
        set_optimizer_factors(self.weight, learning_rate=PBLD_LEARNING_RATE, weight_decay=1.0)

    def embed(self, x: Tensor) -> Tensor:
        """Map numbers (n_numbers, n, 1) to (n_numbers, n, dimension + 1)."""
        waves = torch.addcmul(self.phases, x, self.frequencies, value=2 * math.pi).cos()
        return torch.cat([torch.baddbmm(self.bias, waves, self.weight), x], dim=2)


class PeriodicEmbedding(NumericEmbedding):
    """Periodic embedding, separate for each number: ``relu([cos(2 pi c x), sin(2 pi c x)] W + b)``.

    Parameters
    ----------
    n_in, n_numbers : int
    n_frequencies : int
    dimension : int
    sigma : float
        Initial standard deviation of the frequencies c, in periods per unit of x; truncated at three of them.
    """

    def __init__(self, n_in: int, n_numbers: int, *, n_frequencies: int, dimension: int, sigma: float) -> None:
        super().__init__(n_in, n_numbers, dimension)
        self.frequencies = nn.Parameter(torch.empty(n_numbers, 1, n_frequencies))
        nn.init.trunc_normal_(self.frequencies, std=sigma, a=-3 * sigma, b=3 * sigma)
        self.weight = _uniform(n_numbers, 2 * n_frequencies, dimension, fan_in=2 * n_frequencies)
        self.bias = _uniform(n_numbers, 1, dimension, fan_in=2 * n_frequencies)
        for parameter in (self.frequencies, self.bias):
            set_optimizer_factors(parameter, learning_rate=1.0, weight_decay=0.0)

    def embed(self, x: Tensor) -> Tensor:
        """Map numbers (n_numbers, n, 1) to (n_numbers, n, dimension)."""
        angles = 2 * math.pi * self.frequencies * x
        waves = torch.cat([angles.cos(), angles.sin()], dim=2)
        return torch.baddbmm(self.bias, waves, self.weight).relu()


class PiecewiseLinearEmbedding(NumericEmbedding):
    """Piecewise linear embedding with knots at quantiles, separate for each number: ``w0 x + b0 + PLE(x) W``.

    Component j of PLE(x) is the position in bin j, ``(x - left) / width``, clipped to [0, 1]; the first bin is not
    clipped from below, and the last not from above.  W is initially zero, and the embedding linear.

    Gorishniy et al., "TabM" (2024), arXiv 2410.24210.

    Parameters
    ----------
    n_in, n_numbers : int
    n_bins : int
        Largest number of bins; columns with few distinct values have fewer.
    dimension : int

    Notes
    -----
    The bins are buffers, set by `fit` or a state dict.  Until then the embedding is linear.
    """

    left: Tensor
    slope: Tensor
    lowest: Tensor
    highest: Tensor

    def __init__(self, n_in: int, n_numbers: int, *, n_bins: int, dimension: int) -> None:
        super().__init__(n_in, n_numbers, dimension)
        self.n_bins = n_bins
        for name in ("left", "slope", "lowest", "highest"):
            self.register_buffer(name, torch.zeros(n_numbers, 1, n_bins))
        self.linear_weight = _uniform(n_numbers, 1, dimension, fan_in=dimension)
        self.bias = _uniform(n_numbers, 1, dimension, fan_in=dimension)
        self.weight = nn.Parameter(torch.zeros(n_numbers, n_bins, dimension))
        for parameter in (self.linear_weight, self.bias):
            set_optimizer_factors(parameter, learning_rate=1.0, weight_decay=0.0)

    def fit(self, rows: Inputs, y: Tensor | None = None) -> None:
        """Set the bin edges to quantiles of the numbers in training rows.

        Parameters
        ----------
        rows : Tensor or Inputs of shape (n, n_in)
        y : Tensor of shape (n,) or (n, n_targets), optional
            Not used.
        """
        self._set_bins(self._sample(rows)[0], self.n_bins)

    def _sample(self, rows: Inputs, y: Tensor | None = None) -> tuple[NDArray[np.float64], NDArray[Any] | None]:
        """Sample numbers (n, n_numbers) and targets of training rows."""
        every = torch.arange(len(rows))
        chosen = torch.randperm(len(rows))[:MAX_QUANTILE_ROWS] if len(rows) > MAX_QUANTILE_ROWS else every
        numbers = rows[chosen][:, : self.n_numbers].double().cpu().numpy()
        return numbers, None if y is None else y.cpu()[chosen].numpy()

    def _set_bins(self, numbers: NDArray[np.float64], n_bins: int) -> None:
        """Set the edges of so many bins to quantiles of numbers (n, n_numbers)."""
        # Quantiles are values that occur: a column of zeros and ones needs no edge between them.
        quantiles = np.quantile(numbers, np.linspace(0, 1, n_bins + 1), axis=0, method="nearest").T
        for buffer, value in ((self.left, 0.0), (self.slope, 0.0), (self.lowest, 0.0), (self.highest, 1.0)):
            buffer.fill_(value)  # unused bins keep a slope of 0
        for j, column in enumerate(quantiles):
            edges = torch.tensor(_compute_edges(column), dtype=torch.float64)
            n = len(edges) - 1
            self.left[j, 0, :n], self.slope[j, 0, :n] = edges[:-1], 1 / edges.diff()
            self.lowest[j, 0, 0], self.highest[j, 0, n - 1] = -UNBOUNDED, UNBOUNDED

    def embed(self, x: Tensor) -> Tensor:
        """Map numbers (n_numbers, n, 1) to (n_numbers, n, dimension)."""
        positions = ((x - self.left) * self.slope).clamp(self.lowest, self.highest)
        return torch.baddbmm(torch.addcmul(self.bias, x, self.linear_weight), positions, self.weight)


class ThresholdEmbedding(PiecewiseLinearEmbedding):
    """Piecewise linear embedding that may also jump, at the thresholds of a random forest.

    Half of the bins lie between quantiles.  The others are steps: from 0 to 1 between the two values on either side of
    a threshold, at which the forest splits the number to tell the targets apart.

    Parameters
    ----------
    n_in, n_numbers : int
    n_bins : int
        Largest number of bins and steps.
    dimension : int
    """

    def fit(self, rows: Inputs, y: Tensor | None = None) -> None:
        """Set bins and steps.

        Parameters
        ----------
        rows : Tensor or Inputs of shape (n, n_in)
            Training rows.
        y : Tensor of shape (n,), int, or (n, n_targets), optional
            Class codes, or labels or values; without them there are no steps.
        """
        numbers, targets = self._sample(rows, y)
        n_steps = self.n_bins // 2
        self._set_bins(numbers, self.n_bins - n_steps)
        if targets is None or not n_steps:
            return
        part, seed = slice(None, None, -(-len(numbers) // MAX_FOREST_ROWS)), int(torch.randint(2**31, ()))
        found = find_thresholds(numbers[part], targets[part], n_steps, seed)
        for j, (column, thresholds) in enumerate(zip(numbers.T, found, strict=True)):
            values = np.unique(column)
            above = np.searchsorted(values, thresholds).clip(1, max(len(values) - 1, 1))
            low, high = values[above - 1], values[above]
            width = np.maximum(high - low, MIN_BIN_WIDTH)
            steps = slice(self.n_bins - n_steps, self.n_bins - n_steps + len(thresholds))
            self.left[j, 0, steps] = torch.from_numpy((low + high - width) / 2)
            self.slope[j, 0, steps] = torch.from_numpy(1 / width)


def _compute_edges(quantiles: NDArray[np.float64]) -> list[float]:
    """Compute the edges of bins of at least `MIN_BIN_WIDTH` between ascending quantiles, shape (n_bins + 1,)."""
    edges = [float(quantiles[0])]
    for quantile in quantiles[1:]:
        if quantile - edges[-1] >= MIN_BIN_WIDTH:
            edges.append(float(quantile))
    if len(edges) == 1:
        return [edges[0], edges[0] + MIN_BIN_WIDTH]
    return [*edges[:-1], float(quantiles[-1])]


def _sigma() -> Any:
    return cs.Float("sigma", (0.01, 10.0), log=True, default=0.1, meta={"limits": (1e-6, 1e3)})


NUMERIC_EMBEDDING: Node[NumericEmbedding | None] = Node.from_components(
    "NumericEmbeddingSelector",
    [
        Component("none", lambda n_in, n_numbers: None),
        Component(
            "pbld",
            partial(PBLDEmbedding, n_frequencies=PBLD_FREQUENCIES, dimension=PBLD_DIMENSION),
            make_space(_sigma),
        ),
        Component(
            "periodic",
            PeriodicEmbedding,
            make_space(
                _sigma,
                lambda: cs.Integer("n_frequencies", (8, 96), log=True, default=48, meta={"limits": (1, 2**10)}),
                lambda: cs.Integer("dimension", (4, 32), log=True, default=16, meta={"limits": (1, 2**10)}),
            ),
        ),
        Component(
            "piecewise_linear",
            PiecewiseLinearEmbedding,
            make_space(
                lambda: cs.Integer("n_bins", (4, 128), log=True, default=32, meta={"limits": (1, 2**10)}),
                lambda: cs.Integer("dimension", (4, 32), log=True, default=8, meta={"limits": (1, 2**10)}),
            ),
        ),
        Component(
            "thresholds",
            ThresholdEmbedding,
            make_space(
                lambda: cs.Integer("n_bins", (4, 128), log=True, default=32, meta={"limits": (1, 2**10)}),
                lambda: cs.Integer("dimension", (4, 32), log=True, default=8, meta={"limits": (1, 2**10)}),
            ),
        ),
    ],
    selector="numeric_embedding",
    option="numeric_embeddings",
)
"""Components map sizes to an embedding or None."""
