import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.task import Task
from autonet.training.epoch_schedules import EpochSchedule
from autonet.training.schedules import REGULARIZATION, SCHEDULES

TASK = Task("classification")


def built(name: str, **changes: object):
    space = SCHEDULES.components[name].space
    defaults = {hp.name: hp.default_value for hp in space(TASK).values() if "optional" not in hp.meta} if space else {}
    return SCHEDULES.components[name].build(**{**defaults, **changes})


@pytest.mark.parametrize("name", list(SCHEDULES.components))
def test_every_schedule_but_the_constant_one_has_come_down_when_the_segment_ends(name: str) -> None:
    schedule = built(name)
    if name in ("plateau", "adapt"):  # they follow the validations
        assert isinstance(schedule, EpochSchedule)
        return
    factors = [schedule(t / 1000) for t in range(1001)]
    assert all(0 <= f <= 2 for f in factors)
    assert factors[-1] <= 0.05 * max(factors) or (name == "none" and set(factors) == {1.0})


@given(t=st.floats(0, 1))
def test_cosine_annealing_is_the_formula_behind_a_warm_up(t: float) -> None:
    plain = built("cosine_annealing", cycles=1, warmup=0.0)
    assert plain(t) == pytest.approx(0.5 * (1 + math.cos(math.pi * t)))
    warm = built("cosine_annealing", cycles=1, warmup=0.1)
    assert warm(t) == pytest.approx(min(t / 0.1, 1) * plain(t))


def test_cycles_lengthen_by_t_mult() -> None:
    schedule = built("cosine_annealing", cycles=3, T_mult=2.0, warmup=0.0)
    for start in (0, 1 / 7, 3 / 7):
        assert schedule(start + 1e-9) == pytest.approx(1, abs=1e-6)
        if start:
            assert schedule(start - 1e-9) == pytest.approx(0, abs=1e-6)


def test_step_and_exponential_are_their_formulas() -> None:
    step = built("step", steps=2, gamma=0.1)
    assert [step(t) for t in (0, 0.32, 0.34, 0.65, 0.67, 1)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert built("exponential", final_factor=0.01)(0.5) == pytest.approx(0.1)


def test_onecycle_peaks_after_the_warm_up() -> None:
    schedule = built("onecycle", warmup=0.3, start_factor=0.04)
    assert schedule(0) == pytest.approx(0.04)
    assert schedule(0.3) == pytest.approx(1)


def test_coslog4_has_four_cycles_each_twice_as_long_as_the_one_before() -> None:
    factor = built("coslog4")
    published = {0: 0.0, 1 / 30: 0.9304, 0.1: 0.7184, 0.3: 0.9838, 0.5: 0.0736, 0.75: 0.8757, 0.9: 0.1862, 1: 0.0}
    assert {t: factor(t) for t in published} == pytest.approx(published, abs=5e-5)
    ends = [0, 1 / 15, 3 / 15, 7 / 15, 1]
    assert [factor(t) for t in ends] == pytest.approx([0] * 5, abs=1e-9)
    peaks = [(2 ** (cycle + 0.5) - 1) / 15 for cycle in range(4)]
    assert [factor(t) for t in peaks] == pytest.approx([1] * 4)


def test_old_names_count_epochs() -> None:
    """Epochs 0 to 7 of each, by its formula in Auto-PyTorch 0.0.2."""
    expected = {
        ("cosine_annealing", "T_max", 2): [1, 0.5, 1, 0.853553, 0.5, 0.146447, 1, 0.96194],
        ("cyclic", "cycle_length", 2): [1, 0.505, 0.01, 0.505, 1, 0.505, 0.01, 0.505],
        ("step", "step_size", 3): [1, 1, 1, 0.2, 0.2, 0.2, 0.04, 0.04],
        ("exponential", "gamma", 0.5): [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125],
        ("alternating_cosine", "T_max", 2): [0.853553, 0.146447, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625],
    }
    found = {key: [built(key[0], **{key[1]: key[2]}).factor(epoch) for epoch in range(8)] for key in expected}
    assert found == {key: pytest.approx(values, abs=1e-6) for key, values in expected.items()}


@given(t=st.floats(0, 1))
def test_regularization_is_constant_or_flat_and_then_a_cosine(t: float) -> None:
    assert REGULARIZATION["constant"] is None
    factor = REGULARIZATION["flat_cos"]
    assert factor is not None
    assert factor(t) == pytest.approx(1.0 if t < 0.5 else 0.5 * (1 + math.cos(math.pi * (2 * t - 1))))
    assert [factor(u) for u in (0.0, 0.5, 0.75, 1.0)] == pytest.approx([1, 1, 0.5, 0])
