"""Weights of rows: one finite number of at least zero for each."""

from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidData
from autonet.data.weights import check_sample_weight


def test_weights_become_an_array_of_floats() -> None:
    assert check_sample_weight(None, 3) is None
    weights = check_sample_weight([1, 0, 2], 3)
    assert weights is not None
    assert (weights.dtype, weights.tolist()) == (np.float64, [1.0, 0.0, 2.0])
    assert np.array_equal(check_sample_weight(0.5, 2), [0.5, 0.5])  # a scalar is that of each row


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (["a", "b"], "sample_weight must hold numbers"),
        ([1j, 0], "sample_weight must hold real numbers; got complex numbers"),
        ([1.0, np.inf], "row 1 has inf; pass finite weights of at least 0"),
        ([1.0, np.nan], "row 1 has nan"),
        ([-1.0, 1.0], "row 0 has -1.0"),
        ([0, 0], "All entries of sample_weight are zero"),
        ([1], "sample_weight has 1 entries and X has 2 rows"),
        ([[1, 1]], r"sample_weight has shape \(1, 2\)"),
    ],
)
def test_others_are_refused(weights: Any, sentence: str) -> None:
    with pytest.raises(InvalidData, match=sentence):
        check_sample_weight(weights, 2)
