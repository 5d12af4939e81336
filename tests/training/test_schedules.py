import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.task import Task
from autonet.training.schedules import SCHEDULES

TASK = Task("classification")


def built(name: str, **changes: object):
    space = SCHEDULES.components[name].space
    values = dict(space(TASK).get_default_configuration()) if space else {}
    return SCHEDULES.components[name].build(**{**values, **changes})


@pytest.mark.parametrize("name", list(SCHEDULES.components))
def test_every_schedule_has_come_down_when_the_segment_ends_or_averages(name: str) -> None:
    schedule = built(name)
    factors = [schedule.factor(t / 1000) for t in range(1001)]
    assert all(0 <= f <= 2 for f in factors)
    assert factors[-1] <= 0.05 * max(factors) or schedule.averages_weights


@given(t=st.floats(0, 1))
def test_cosine_annealing_is_the_formula_behind_a_warm_up(t: float) -> None:
    plain = built("cosine_annealing", cycles=1, warmup=0.0)
    assert plain.factor(t) == pytest.approx(0.5 * (1 + math.cos(math.pi * t)))
    warm = built("cosine_annealing", cycles=1, warmup=0.1)
    assert warm.factor(t) == pytest.approx(min(t / 0.1, 1) * plain.factor(t))


def test_cycles_lengthen_by_t_mult() -> None:
    schedule = built("cosine_annealing", cycles=3, T_mult=2.0, warmup=0.0)
    for start in (0, 1 / 7, 3 / 7):
        assert schedule.factor(start + 1e-9) == pytest.approx(1, abs=1e-6)
        if start:
            assert schedule.factor(start - 1e-9) == pytest.approx(0, abs=1e-6)


def test_step_and_exponential_are_their_formulas() -> None:
    step = built("step", steps=2, gamma=0.1)
    assert [step.factor(t) for t in (0, 0.32, 0.34, 0.65, 0.67, 1)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert built("exponential", final_factor=0.01).factor(0.5) == pytest.approx(0.1)


def test_onecycle_peaks_after_the_warm_up() -> None:
    schedule = built("onecycle", warmup=0.3, start_factor=0.04)
    assert schedule.factor(0) == pytest.approx(0.04)
    assert schedule.factor(0.3) == pytest.approx(1)
