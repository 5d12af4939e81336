"""What an objective can ask of its trial."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption, TrialPruned
from autonet.search import RunningTrial, Status, Study, maximize, minimize
from tests.clocks import FakeClock
from tests.search.objectives import LINE
from tests.search.spaces.defining import Objective


@settings(max_examples=25)
@given(st.data())
def test_suggestions_keep_to_their_ranges_and_types(data: st.DataObject) -> None:
    low = data.draw(st.integers(1, 50))
    high = low + data.draw(st.integers(0, 50))
    log, step = data.draw(st.booleans()), data.draw(st.integers(1, 7))
    choices = data.draw(st.lists(st.one_of(st.none(), st.booleans(), st.text(max_size=3)), min_size=1, unique=True))

    def objective(trial: RunningTrial) -> float:
        i = trial.suggest_int("i", low, high, log=log)
        j = trial.suggest_int("j", low, high, step=step)
        x = trial.suggest_float("x", low, high, log=log)
        y = trial.suggest_float("y", low, high, step=0.25)
        c = trial.suggest_categorical("c", choices)
        assert type(i) is type(j) is int
        assert type(x) is type(y) is float
        assert low <= i <= high
        assert low <= j <= high
        assert (j - low) % step == 0
        assert low <= x <= high + 1e-9
        assert (y - low) % 0.25 == 0
        assert any(c is choice or c == choice for choice in choices)
        assert trial.suggest_int("i", low, high, log=log) == i, "asked again, it answers the same"
        return float(x)

    minimize(objective, max_trials=12, random_state=data.draw(st.integers(0, 99)), on_error="raise")


def test_suggesting_reads_a_given_space_and_refuses_what_is_not_in_it() -> None:
    study = minimize(lambda t: t.suggest_float("x", -10, 10), LINE, max_trials=3, on_error="raise")
    assert all(t.value == t.config["x"] for t in study.trials)
    with pytest.raises(InvalidOption, match=r"'y' is not active in the space of the study; active are \['x'\]"):
        minimize(lambda t: t.suggest_float("y", 0, 1), LINE, max_trials=3, on_error="raise")


def test_reports_are_kept_and_bad_trials_are_pruned() -> None:
    def objective(trial: RunningTrial) -> float:
        for step in range(10):
            trial.report(trial["x"] + 1 / (step + 1), step)
            if trial.should_prune():
                raise TrialPruned
        return float(trial["x"] + 0.1)

    study = minimize(objective, {"x": (0.0, 1.0)}, sampler="random", max_trials=40, random_state=0)
    pruned = [t for t in study.trials if t.status is Status.PRUNED]
    finished = [t for t in study.trials if t.status is Status.FINISHED]
    assert len(pruned) >= 10
    assert len(finished) >= 10
    assert all(len(t.curve) == 10 for t in finished)
    assert all(len(t.curve) < 10 and t.value is None for t in pruned)
    assert np.mean([t.config["x"] for t in pruned]) > np.mean([t.config["x"] for t in finished])


def test_a_value_that_is_not_finite_asks_to_be_pruned() -> None:
    trial = Study(LINE).ask()
    assert trial is not None
    assert not trial.should_prune()
    trial.report(math.nan, 0)
    assert trial.should_prune()


def test_a_trial_can_end_itself_by_its_deadline(clock: FakeClock) -> None:
    def objective(trial: RunningTrial) -> float:
        while not trial.should_prune():
            clock.sleep(0.005)
        return 1.0

    study = minimize(objective, LINE, timeout=0.2)
    assert study.best.value == 1.0


@pytest.mark.parametrize(
    ("suggest", "sentence"),
    [
        (lambda t: t.suggest_float("x", 1, 0), r"'x': expected low <= high; got low=1, high=0"),
        (lambda t: t.suggest_float("x", 0, 1, log=True), r"'x': a logarithmic range requires low > 0; got low=0"),
        (lambda t: t.suggest_float("x", 0, 1, step=0.0), r"'x': step must be positive; got step=0.0"),
        (
            lambda t: t.suggest_float("x", 1, 2, step=0.1, log=True),
            r"'x': step and log=True exclude each other; got step=0.1",
        ),
        (lambda t: t.suggest_float("x", 0, math.inf), r"'x': high must be a finite number; got inf"),
        (lambda t: t.suggest_int("x", 0.5, 3), r"'x': low must be an integer; got 0.5"),
        (
            lambda t: t.suggest_int("x", 1, 9, step=2, log=True),
            r"'x': step and log=True exclude each other; got step=2",
        ),
        (lambda t: t.suggest_categorical("x", []), r"'x': expected at least one choice; got none"),
        (lambda t: t.suggest_categorical("x", ["a", "b", "a"]), r"'x': the choices must differ; got 'a' twice"),
        (
            lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("x", 5, 6),
            r"'x' was suggested twice in one trial: its value is 0\.\d+, which is not in float \[5.0, 6.0\]",
        ),
    ],
)
def test_suggestions_that_cannot_be_are_refused(suggest: Objective, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        minimize(suggest, max_trials=1, on_error="raise", random_state=0)


def test_metrics_of_reports_are_kept_beside_the_value() -> None:
    def objective(trial: RunningTrial) -> dict[str, float]:
        for step in range(3):
            trial.report(trial["x"], step, accuracy=np.float32(step / 2), seconds=step)
        if trial.number == 1:
            raise ValueError("late")
        return {"value": trial["x"], "seconds": 7}

    best, failed = minimize(objective, LINE, max_trials=2, random_state=0).trials
    assert best.metrics == {"accuracy": 1.0, "seconds": 7}
    assert best.reports[-1].details["curves"]["accuracy"] == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert failed.reports[-1].metrics == {"accuracy": 1.0, "seconds": 2.0}
    with pytest.raises(TypeError, match=r"trial.report\(\) got loss = 'low'; expected a number"):
        minimize(lambda t: t.report(1.0, 0, loss="low"), LINE, max_trials=1, on_error="raise")


def test_a_checkpoint_is_saved_at_the_best_report_only() -> None:
    saved = []

    def objective(trial: RunningTrial) -> float:
        with pytest.raises(InvalidOption, match=r"No value has been reported yet; call trial.report\(value, step\)"):
            trial.checkpoint.save_if_best(0)
        for step, value in enumerate([0.5, 0.7, 0.7, math.nan, 0.6]):
            trial.report(value, step)
            saved.append((trial.checkpoint.save_if_best(step), trial.is_best))
        assert trial.checkpoint.load() == 1
        return 0.7

    study = maximize(objective, LINE, max_trials=2)
    improved = [True, True, False, False, False]
    assert saved[:5] == [(b, b) for b in improved]
    assert saved[5:] == [(b, False) for b in improved], "the first trial is as good"
    assert study.load_checkpoint(study.best) == 1
