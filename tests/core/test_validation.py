import decimal
import fractions
from typing import Any

import numpy as np
import pytest

from autonet import errors
from autonet.core.validation import check_choice, is_integer, is_real


def test_a_known_name_comes_back_and_an_unknown_one_raises() -> None:
    assert check_choice("shape", "brick", (name for name in ("brick", "funnel"))) == "brick"
    with pytest.raises(errors.UnknownName, match=r"Unknown shape 'brik'\. Did you mean 'brick'\?"):
        check_choice("shape", "brik", ["brick", "funnel"])


@pytest.mark.parametrize("value", [3, -1, 0, 10**400, np.int8(3), np.uint64(2**63)])
def test_integers_of_python_and_numpy_are_integers(value: Any) -> None:
    assert is_integer(value)
    assert is_real(value) == (value != 10**400)  # which no float holds


@pytest.mark.parametrize("value", [0.5, 3.0, -np.inf, np.float32(2), fractions.Fraction(1, 3)])
def test_other_real_numbers_are_none(value: Any) -> None:
    assert is_real(value)
    assert not is_integer(value)


@pytest.mark.parametrize("value", [True, np.True_, np.nan, "3", None, 1j, [3], np.array([3]), decimal.Decimal(3)])
def test_what_is_no_number_is_neither(value: Any) -> None:
    assert not is_integer(value)
    assert not is_real(value)
