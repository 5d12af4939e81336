import numpy as np
import pytest
from scipy import sparse

from autonet.data.table import Table


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_sparse_rows_have_the_hashes_of_dense_ones(dtype: type) -> None:
    X = np.random.default_rng(0).integers(3, size=(50, 20)).astype(dtype)
    csr = sparse.csr_array(X)
    csr.data[:5] = 0  # explicit zeros
    X[np.repeat(np.arange(50), np.diff(csr.indptr))[:5], csr.indices[:5]] = 0
    np.testing.assert_array_equal(Table.from_numbers(X).hashes(), Table.from_numbers(csr).hashes())
