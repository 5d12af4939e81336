"""Numbers of numpy are taken wherever a number is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float, Integer

from autonet.core.errors import InvalidOption
from autonet.core.jsonvalues import to_text
from autonet.search import NoProgress, Processes, Study, minimize

INTEGERS = [np.int8, np.int64, np.uint16]
FLOATS = [np.float16, np.float32, np.float64]


def plain_values(study: Study) -> bool:
    """Whether all values of the trials are of Python's own types."""
    return all(type(v) in (int, float, str, bool) for t in study.trials for v in t.config.values())


@pytest.mark.parametrize("number", INTEGERS + FLOATS)
def test_ends_of_ranges_choices_and_constants(number: Callable[[int], Any]) -> None:
    space = {"n": (number(1), number(9)), "c": [number(1), number(2)], "k": number(3), "a": np.array([1, 2, 3])}
    study = minimize(lambda t: float(t["n"]), space, max_trials=4, random_state=0)
    assert plain_values(study)
    is_whole = number in INTEGERS
    assert all(isinstance(t.config["n"], int) == is_whole for t in study.trials)
    assert study.space["n"].upper == 9


@pytest.mark.parametrize("number", INTEGERS + FLOATS)
@pytest.mark.parametrize(
    "option", ["max_trials", "stop_at", "timeout", "n_jobs", "min_budget", "max_budget", "eta", "keep_best"]
)
def test_options(option: str, number: Callable[[int], Any]) -> None:
    options: dict[str, Any] = {"max_trials": 3, "min_budget": 1, "max_budget": 9} | {option: number(3)}
    options["n_jobs"] = number(1) if option == "n_jobs" else 1
    if number in FLOATS and option in ("max_trials", "n_jobs", "keep_best"):
        with pytest.raises(InvalidOption, match=f"{option} must be an integer"):
            minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, **options)
        return
    study = minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, random_state=0, **options)
    assert all(type(budget) in (int, float) for budget in study.rungs.budgets)
    if number in INTEGERS:
        assert all(type(budget) is int for budget in study.rungs.budgets)
    assert to_text(study.rungs.budgets)


@pytest.mark.parametrize("number", INTEGERS + FLOATS)
def test_suggestions_enqueued_values_and_reports(number: Callable[[float], Any]) -> None:
    def objective(trial: Any) -> Any:
        trial.report(number(1), number(2))
        x = trial.suggest_float("x", number(0), number(4), step=number(2))
        n = trial.suggest_int("n", number(1), number(9), step=number(2))
        c = trial.suggest_categorical("c", np.array([number(1), number(2)]))
        assert {type(x), type(n)} == {float, int}
        assert not isinstance(c, np.generic)
        return number(int(n))

    study = Study(random_state=0)
    study.enqueue({"x": number(2), "n": number(5), "c": number(2)})
    study.optimize(objective, max_trials=6, on_error="raise")
    assert study.trials[0].config == {"x": 2.0, "n": 5, "c": 2}
    assert plain_values(study)
    assert to_text([t.config for t in study.trials])


@pytest.mark.parametrize("number", INTEGERS + FLOATS)
def test_enqueued_values_of_a_given_space(number: Callable[[float], Any]) -> None:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 4.0)), Integer("n", (1, 9)))
    study = Study(space)
    study.enqueue({"x": number(2), "n": number(5)})
    study.optimize(lambda t: t["x"], max_trials=1)
    assert study.trials[0].config == {"x": 2.0, "n": 5}
    assert plain_values(study)


def test_callbacks_and_executors() -> None:
    assert NoProgress(np.int64(3)).n == 3
    with pytest.raises(InvalidOption, match="NoProgress requires an integer"):
        NoProgress(np.float64(3))  # type: ignore[arg-type]
    executor = Processes(np.int64(2), memory_limit_mb=np.float32(1e4))
    assert executor.n_slots == 2
    executor.close()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"min_budget": "1", "max_budget": 9}, "min_budget must be a number; got '1'"),
        ({"min_budget": 1, "max_budget": np.nan}, "max_budget must be a number; got nan"),
        ({"min_budget": 1, "max_budget": 9, "eta": None}, "eta must be a number; got None"),
        ({"keep_best": -1}, "keep_best must be an integer of at least 0; got -1"),
        ({"keep_best": 1.5}, "keep_best must be an integer of at least 0; got 1.5"),
        ({"max_trials": np.True_}, "max_trials must be an integer of at least 1"),
        ({"max_trials": np.float64(3)}, "max_trials must be an integer of at least 1"),
        ({"timeout": np.float32(np.nan)}, "timeout must be a non-negative number of seconds"),
    ],
)
def test_what_is_no_number_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, **{"max_trials": 2, **options})
