"""Losses at the highest rung."""

import numpy as np
import pytest

from autonet.search.extrapolation import losses_by_rung, raise_to_top
from autonet.search.rungs import Rungs
from tests.search.samplers.records import history, mixed


def test_trials_that_were_not_promoted_get_the_median_change_of_those_that_were() -> None:
    curves = [{0: 1.0, 1: 0.5, 2: 0.4}, {0: 1.2, 1: 0.9}, {0: 2.0}]
    assert raise_to_top(curves, 3) == pytest.approx([0.4, 0.9 - 0.1, 2.0 - 0.4 - 0.1])
    assert len(raise_to_top([], 3)) == 0


def test_losses_by_rung() -> None:
    record = history(mixed(), {1: [0.5, 1e200], 3: [0.4]}, failed=1)
    found = [losses_by_rung(trial, Rungs((1, 3, 9), 3)) for trial in record]
    assert found == [{0: 0.5, 1: 0.4}, {0: 1e150}, {0: np.inf}]
