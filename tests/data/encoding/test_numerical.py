import numpy as np
import pytest
import torch

from autonet.core.component import Components
from autonet.data.encoding.numerical import fit_numerical
from autonet.data.encoding.preprocessors import IMPUTATION, NORMALIZATION


@pytest.mark.parametrize("strategy", ["standardize", "robust", "quantile", "minmax", "maxabs", "none"])
def test_columns_of_two_values_are_put_between_zero_and_one(strategy: str) -> None:
    rare = np.where(np.arange(100) < 3, 7.0, 5.0)
    table = np.column_stack([rare, np.random.default_rng(0).normal(size=100)])
    components = Components({}).replace([IMPUTATION.choose("median"), NORMALIZATION.choose(strategy)])
    encode = fit_numerical(table, np.arange(100), components, 0)
    rows = torch.tensor([[5.0, 0.0], [7.0, 0.0], [9.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    encoded = encode(rows)
    if strategy == "none":  # as the user wants them
        assert encode.n_numbers == 2
        assert encoded[:, 0].tolist() == [5, 7, 9, -1]
    else:
        assert encode.n_numbers == 1
        assert encoded[:, 1].tolist() == [0, 1, 1, 0]
