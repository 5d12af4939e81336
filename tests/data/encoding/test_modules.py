"""Modules of the encoding are their formulas."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.stats import norm, yeojohnson
from torch import nn

from autonet.data.encoding.modules import (
    Impute,
    QuantileNormal,
    Scale,
    SmoothClip,
    apply_module,
)
from autonet.data.encoding.preprocessors import Clamp, FourierFeatures, KernelFeatures, Linear, YeoJohnson
from autonet.data.encoding.projections import fit_sparse_projection, fit_text_projection

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(20, 3)) * [1.0, 1e3, 1e-3]
W = RANDOM.normal(size=(3, 5))
ROWS = X[:4]
POWERS = list(enumerate([0.5, 0.0, 2.0]))
KERNELS = {
    "rbf": lambda x: np.exp(-0.3 * ((x[:, None] - ROWS) ** 2).sum(axis=2)),
    "poly": lambda x: (0.3 * x @ ROWS.T + 1) ** 3,
    "sigmoid": lambda x: np.tanh(0.3 * x @ ROWS.T + 1),
}


@pytest.mark.parametrize(
    ("module", "formula"),
    [
        (Scale(X.mean(0), X.std(0)), lambda x: (x - X.mean(0)) / X.std(0)),
        (Scale(np.ones(3), np.array([2.0, 0.0, -1.0])), lambda x: (x - 1) / [2, 1, 1]),  # without a spread, by one
        (SmoothClip(2.5), lambda x: x / np.sqrt(1 + (x / 2.5) ** 2)),
        (Clamp(np.full(3, -0.5), np.array([0.5, 1e9, 0.0])), lambda x: np.clip(x, -0.5, [0.5, 1e9, 0.0])),
        (Linear(W), lambda x: x @ W),
        (
            YeoJohnson(np.array([p for _, p in POWERS])),
            lambda x: np.stack([yeojohnson(x[:, i], p) for i, p in POWERS], 1),
        ),
        (FourierFeatures(W / 1e3, np.arange(5.0)), lambda x: np.sqrt(2 / 5) * np.cos(x @ W / 1e3 + np.arange(5))),
        *((KernelFeatures(k, 0.3, ROWS, W.T[:4]), lambda x, k=k: KERNELS[k](x) @ W.T[:4]) for k in KERNELS),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, nn.Module) else "",
)
def test_modules_are_their_formulas(module: nn.Module, formula: Any) -> None:
    np.testing.assert_allclose(apply_module(module, X), formula(X).clip(-1e9, 1e9), rtol=2e-4, atol=1e-4)


def test_missing_and_infinite_values_are_filled_and_told() -> None:
    impute = Impute(np.array([2, 0]), np.array([7.0, 8.0]), np.array([1, 2]))
    x = torch.tensor([[1.0, np.nan, 3.0], [np.inf, 5.0, np.nan]], dtype=torch.float64)
    values, missing = impute(x)
    assert values.tolist() == [[3, 1], [7, 8]]
    assert missing.tolist() == [[True, False], [False, True]]


def test_values_between_quantiles_are_interpolated_and_equal_quantiles_share_their_middle() -> None:
    quantiles = np.array([0.0, 0.0, 0.0, 4.0, 8.0])[:, None]
    out = apply_module(QuantileNormal(quantiles), np.array([0.0, 2.0, 4.0, 8.0, 9.0, -1.0])[:, None])
    expected = norm.ppf([1 / 4, 2.5 / 4, 3 / 4, 1.0, 1.0, 0.0]).clip(-4, 4)
    np.testing.assert_allclose(out[:, 0], expected, atol=1e-6)


def counts(n: int, n_columns: int = 300) -> sparse.csr_array:
    array = sparse.random_array((n, n_columns), density=0.05, format="csr", random_state=np.random.default_rng(n))
    array.data = np.ceil(3 * array.data)
    return sparse.csr_array(array, dtype=np.float32)


@pytest.mark.parametrize("fit", [fit_sparse_projection, fit_text_projection])
def test_sparse_rows_are_projected_as_dense_ones(fit: object) -> None:
    stage, rows = fit(counts(200), 0), counts(50)  # type: ignore[operator]
    rows.data[:2] = 0.0
    rows = sparse.csr_array(sparse.vstack([rows, sparse.csr_array((2, 300))]))  # rows without any word
    row, column = rows.tocoo().coords
    tensor = torch.sparse_coo_tensor(
        torch.tensor(np.stack([row, column]).astype(np.int64)),
        torch.tensor(rows.data),
        rows.shape,
        check_invariants=False,
    )
    with torch.inference_mode():
        np.testing.assert_allclose(stage(tensor).numpy(), apply_module(stage, rows.toarray()), atol=1e-5)
