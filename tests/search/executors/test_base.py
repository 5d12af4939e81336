import math
from typing import Any

import pytest

from autonet.core.clock import TimeLimit
from autonet.search.executors.base import OVERRUN_SECONDS, OVERRUN_SHARE, extend_limit
from tests.clocks import FakeClock
from tests.search.executors.jobs import job


def test_a_job_is_stopped_a_little_after_its_limit_and_longer_ones_a_little_later(clock: FakeClock) -> None:
    def overrun(seconds: float, **options: Any) -> float:
        limit = TimeLimit.after(seconds)
        return extend_limit(job(deadline=limit.at), **options).left() - limit.left()

    for seconds in (-50.0, 0.0, 10.0, 1000.0):
        allowed = OVERRUN_SECONDS + OVERRUN_SHARE * max(seconds, 0.0)
        assert overrun(seconds) == pytest.approx(allowed)
        assert overrun(seconds, share=0.5) == pytest.approx(allowed / 2)  # it may end itself before
    assert extend_limit(job()).left() == math.inf
