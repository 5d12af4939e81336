import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption
from autonet.search.rungs import Rungs


@given(low=st.floats(0.1, 1e3), ratio=st.floats(1.0, 1e4), eta=st.floats(1.5, 10))
def test_both_ends_are_honoured_exactly_and_steps_are_geometric(low: float, ratio: float, eta: float) -> None:
    rungs = Rungs.geometric(low, low * ratio, eta)
    assert rungs.bottom == low
    assert rungs.top == low * ratio
    steps = [b / a for a, b in zip(rungs.budgets, rungs.budgets[1:], strict=False)]
    assert all(step == pytest.approx(steps[0]) for step in steps)


@given(low=st.integers(1, 50), factor=st.integers(1, 500), eta=st.integers(2, 5))
def test_epoch_rungs_are_whole_increasing_and_exact_at_the_ends(low: int, factor: int, eta: int) -> None:
    rungs = Rungs.geometric(low, low * factor, eta, "epochs")
    assert (rungs.bottom, rungs.top) == (low, low * factor)
    assert list(rungs.budgets) == sorted(set(rungs.budgets))
    assert all(isinstance(b, int) for b in rungs.budgets)


@pytest.mark.parametrize("eta", [2, 3, 4, 5, 10])
@pytest.mark.parametrize("power", range(1, 8))
def test_exact_powers_lose_no_rung_to_rounding(eta: int, power: int) -> None:
    assert len(Rungs.geometric(1, eta**power, eta, "epochs")) == power + 1


@pytest.mark.parametrize(
    ("low", "high", "eta", "message"),
    [
        (2.0, 1.0, 3.0, "got min_budget=2, max_budget=1"),
        (0.0, 1.0, 3.0, "0 < min_budget"),
        (1.0, float("inf"), 3.0, "max_budget=inf"),
        (1.0, 9.0, 1.0, "eta must be greater than 1; got 1"),
    ],
)
def test_impossible_ladders_are_refused_with_the_values(low: float, high: float, eta: float, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        Rungs.geometric(low, high, eta)


def test_brackets_start_as_many_trials_as_hpbandster() -> None:
    rungs = Rungs.geometric(1, 27, 3, "epochs")
    assert [rungs.bracket_size(i) for i in range(5)] == [27, 9, 6, 4, 27]
