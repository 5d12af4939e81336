from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from autonet.core.threads import one_blas_thread, one_native_thread


def threads(*, of_blas_only: bool) -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas" or not of_blas_only}


@pytest.mark.parametrize("one_thread", [one_blas_thread, one_native_thread])
def test_linear_algebra_has_one_thread_inside_and_as_many_as_before_outside(one_thread: Any) -> None:
    of_blas = one_thread is one_blas_thread
    product = np.ones((50, 50)) @ np.ones((50, 50))
    with threadpool_limits(2):
        with one_thread():
            assert threads(of_blas_only=of_blas) == {1}
            np.testing.assert_array_equal(np.ones((50, 50)) @ np.ones((50, 50)), product)
        assert threads(of_blas_only=of_blas) == {2}


def test_threads_are_put_back_after_an_error() -> None:
    with threadpool_limits(2):
        with pytest.raises(ZeroDivisionError), one_blas_thread():
            raise ZeroDivisionError
        assert threads(of_blas_only=True) == {2}
