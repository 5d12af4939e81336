"""Distributions under Optuna's names."""

import pytest

from autonet.core.errors import InvalidOption
from autonet.search.optuna import distributions


def test_distributions() -> None:
    rate = distributions.FloatDistribution(1e-4, 1.0, log=True)
    assert (rate.low, rate.high, rate.log, rate.step) == (1e-4, 1.0, True, None)
    assert distributions.IntDistribution(1, 9, step=2).step == 2
    assert isinstance(rate, distributions.BaseDistribution)


def test_a_third_position_which_is_log_in_optuna_is_never_taken_for_the_step() -> None:
    for value in (True, False):
        with pytest.raises(InvalidOption, match="step must be"):
            distributions.FloatDistribution(1.0, 2.0, value)


def test_older_distributions_are_refused() -> None:
    with pytest.raises(AttributeError, match=r"Did you mean .*'FloatDistribution'"):
        _ = distributions.UniformDistribution
