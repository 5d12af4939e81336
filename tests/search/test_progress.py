import pytest

from autonet.core.errors import InvalidOption
from autonet.search import minimize
from tests.search.objectives import LINE, quadratic


def test_the_progress_bar_shows_trials_rungs_and_the_best_value(capsys: pytest.CaptureFixture[str]) -> None:
    minimize(lambda t: 1.5, LINE, min_budget=1, max_budget=3, max_trials=4, progress=True)
    shown = capsys.readouterr().err
    assert "4/4 trials" in shown
    assert "per rung 4-1, best 1.5" in shown
    minimize(quadratic, LINE, max_trials=4, progress=False)
    assert capsys.readouterr().err == ""


def test_progress_may_be_a_callable(capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[int, int | None, float | None]] = []
    minimize(lambda t: 2.0 - t.number, LINE, max_trials=3, progress=lambda *state: calls.append(state))
    assert calls == [(1, 3, 2.0), (2, 3, 1.0), (3, 3, 0.0)]
    assert capsys.readouterr().err == ""
    with pytest.raises(InvalidOption, match=r"progress must be True, False or a callable\(done, total, best\); got 3"):
        minimize(quadratic, LINE, max_trials=1, progress=3)
