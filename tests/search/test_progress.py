import pytest

from autonet.search import minimize
from tests.search.objectives import LINE, quadratic


def test_the_progress_bar_shows_trials_rungs_and_the_best_value(capsys: pytest.CaptureFixture[str]) -> None:
    minimize(lambda t: 1.5, LINE, min_budget=1, max_budget=3, max_trials=4, progress=True)
    shown = capsys.readouterr().err
    assert "4/4 trials" in shown
    assert "per rung 4-1, best 1.5" in shown
    minimize(quadratic, LINE, max_trials=4, progress=False)
    assert capsys.readouterr().err == ""
