"""Learners and their shares of the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.pipeline.tree_learners import LEARNERS, MAX_SHARE, MIN_SHARE, allowed_share


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_share_grows_with_the_weight_of_trees(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert MIN_SHARE <= allowed_share(low) <= allowed_share(high) <= MAX_SHARE


def test_the_first_two_learners_always_have_their_share() -> None:
    shares = [learner.share for learner in LEARNERS.values()]
    assert sum(shares[:2]) == pytest.approx(MIN_SHARE)
    assert sum(shares) < MAX_SHARE
