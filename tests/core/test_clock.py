import math

import pytest

from autonet.core.clock import TimeLimit
from tests.clocks import FakeClock


def test_a_limit_is_a_moment_and_passes(clock: FakeClock) -> None:
    limit = TimeLimit.after(3.0)
    clock.sleep(2.0)
    assert limit.left() == pytest.approx(1.0)
    assert not limit.passed()
    assert limit.passed(reserve=1.5)
    clock.sleep(1.5)
    assert limit.left() == pytest.approx(-0.5)
    assert limit.passed()
    assert not limit.shift(1.0).passed()


def test_parts_that_take_their_shares_end_at_the_limit(clock: FakeClock) -> None:
    limit, lengths = TimeLimit.after(12.0), []
    for n_parts in (4, 3, 2, 1):
        part = limit.share(n_parts)
        lengths.append(part.left())
        clock.sleep(part.left())
    assert lengths == pytest.approx([3.0] * 4)
    assert limit.left() == pytest.approx(0.0)


def test_what_one_part_leaves_is_for_the_others(clock: FakeClock) -> None:
    limit = TimeLimit.after(12.0)
    clock.sleep(2.0)  # of four
    assert limit.share(2).left() == pytest.approx(5.0)
    clock.sleep(11.0)  # a part that took too long
    assert limit.share(1).left() == pytest.approx(-1.0)


def test_without_a_limit_time_never_passes(clock: FakeClock) -> None:
    for limit in (TimeLimit(), TimeLimit.after(None), TimeLimit().share(3), TimeLimit().shift(-5.0)):
        assert limit.left() == math.inf
        assert not limit.passed(reserve=1e9)
    assert min(TimeLimit(), TimeLimit.after(5.0)) == TimeLimit(clock.now + 5.0)
