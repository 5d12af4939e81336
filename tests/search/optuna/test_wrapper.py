"""The study under Optuna's names, beyond what the tutorials do."""

import math
import pickle
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import autonet.search.optuna as optuna
from autonet.core.errors import InvalidOption, UnknownName
from autonet.search.optuna.trial import Trial
from autonet.search.optuna.wrapper import _Objective


def quadratic(trial: Trial) -> float:
    return (trial.suggest_float("x", -10, 10) - 2) ** 2


def test_several_objectives_are_refused() -> None:
    study = optuna.create_study()
    with pytest.raises(InvalidOption, match=r"2 values; autonet optimizes a single objective"):
        study.optimize(lambda trial: (quadratic(trial), 1.0), n_trials=1)
    with pytest.raises(InvalidOption, match="single objective"):
        study.tell(study.ask(), [1.0, 2.0])
    with pytest.raises(AttributeError, match="single objective"):
        _ = study.best_trials
    study.optimize(lambda trial: [quadratic(trial)], n_trials=1)
    assert study.best_trial.values == [study.best_value]
    assert study.directions == [optuna.study.StudyDirection.MINIMIZE]


def test_unknown_names_are_refused_with_the_nearest() -> None:
    study = optuna.create_study()
    with pytest.raises(AttributeError, match="Did you mean 'optimize'"):
        _ = study.optimise
    with pytest.raises(UnknownName, match=r"'values'.* Did you mean 'value'"):
        study.trials_dataframe(attrs=("values",))


def test_worker_processes() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    seen = []
    study.optimize(quadratic, n_trials=3, n_jobs=2, callbacks=[lambda _, trial: seen.append(trial.number)])
    assert sorted(seen) == [0, 1, 2]
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3


def test_an_objective_may_use_its_study() -> None:
    study = optuna.create_study(sampler="random", random_state=0)
    study.set_user_attr("scale", 3)
    study.optimize(lambda trial: study.user_attrs["scale"] * quadratic(trial), n_trials=2, n_jobs=2)
    assert study.trials[0].value == 3 * (study.trials[0].params["x"] - 2) ** 2


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs a time zone that can be set")
def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study()
    study.optimize(quadratic, n_trials=1)
    try:
        monkeypatch.setenv("TZ", "UTC-5")
        time.tzset()
        [trial], frame = study.trials, study.trials_dataframe()
        assert trial.datetime_start is not None
        assert abs(datetime.now() - trial.datetime_start) < timedelta(hours=1)
        assert frame["datetime_start"][0] == trial.datetime_start
        assert frame["datetime_complete"][0] - frame["datetime_start"][0] == frame["duration"][0]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_options_of_the_study_of_autonet() -> None:
    study = optuna.create_study(space={"x": (0.0, 1.0)}, sampler="random", random_state=0)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=4)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=4)
    assert len(study.trials) == len(study.wrapped.trials) == 4
    assert "4 trials" in repr(study)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_trials": 0}, "n_trials must be an integer of at least 1; got 0"),
        ({"callbacks": 3}, "callbacks must be a list of callables; got 3"),
        ({"catch": 3}, "catch must be a type of Exception, or several; got 3"),
        ({"catch": [KeyboardInterrupt]}, "catch must be a type of Exception"),
        ({"max_trails": 3}, "Unknown option 'max_trails'. Did you mean 'max_trials'"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    study = optuna.create_study()
    with pytest.raises(InvalidOption, match=re.escape(message)):
        study.optimize(quadratic, **{"n_trials": 1, **options})
    with pytest.raises(InvalidOption, match="objective must be callable"):
        study.optimize("quadratic", n_trials=1)  # type: ignore[arg-type]
    assert study.trials == []


def test_trials_without_a_number() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: math.nan * quadratic(trial), n_trials=2)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL"]
    with pytest.raises(TypeError, match="the objective returned None"):
        study.optimize(lambda trial: None, n_trials=2)


def test_the_objective_sees_its_study_in_the_same_process_only() -> None:
    def objective(trial: Trial) -> float:
        if trial.number == 2:
            trial.study.stop()
        assert datetime.now() - trial.datetime_start < timedelta(hours=1)
        return quadratic(trial)

    study = optuna.create_study(sampler="random", random_state=0)
    study.optimize(objective, n_trials=9)
    assert len(study.trials) == 3
    sent = pickle.loads(cloudpickle.dumps(_Objective(lambda trial: len(trial.study.trials), (), study)))
    with pytest.raises(InvalidOption, match=r"trial.study is not available in worker processes"):
        sent(study.ask()._running)


def test_sampler_and_pruner_may_be_set() -> None:
    study = optuna.create_study()
    study.optimize(quadratic, n_trials=1)
    study.sampler, study.pruner = optuna.samplers.GridSampler({"x": [1, 2]}), optuna.pruners.NopPruner()
    study.optimize(quadratic, n_trials=9)
    assert [trial.params["x"] for trial in study.trials[1:]] == [1.0, 2.0]
    assert isinstance(study.wrapped.pruner, optuna.pruners.NopPruner)
    with pytest.raises(InvalidOption, match="sampler must be one of"):
        study.sampler = 3


def test_a_study_in_memory_is_pickled_and_goes_on(tmp_path: Path) -> None:
    study = optuna.create_study(sampler="random", random_state=0)
    study.optimize(quadratic, n_trials=2)
    copy = pickle.loads(pickle.dumps(study))
    for each in (study, copy):
        each.optimize(quadratic, n_trials=2)
    assert [trial.params for trial in copy.trials] == [trial.params for trial in study.trials]
    kept = optuna.create_study(storage=tmp_path)
    with pytest.raises(TypeError, match=r"cannot be pickled; open it again with Study.open"):
        pickle.dumps(kept)
    kept.close()


def test_a_finite_space_ends() -> None:
    study = optuna.create_study(sampler=optuna.samplers.BruteForceSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_int("n", 0, 2) + trial.suggest_categorical("c", [0, 10]), n_trials=50)
    assert sorted(trial.value or 0.0 for trial in study.trials) == [0, 1, 2, 10, 11, 12]
    with pytest.raises(InvalidOption, match="all configurations"):
        study.ask()


def test_what_cannot_be_recorded_is_refused() -> None:
    study = optuna.create_study()
    trial = study.ask()
    with pytest.raises(ValueError, match="state RUNNING"):
        study.tell(trial, 1.0, state=optuna.trial.TrialState.RUNNING)
    with pytest.raises(ValueError, match="excludes a value"):
        study.tell(trial, 1.0, state=optuna.trial.TrialState.PRUNED)
    assert study.tell(trial).state is optuna.trial.TrialState.FAIL
    running = optuna.create_trial(state=optuna.trial.TrialState.WAITING, params={"x": 1.0})
    study.add_trial(running)
    assert study.wrapped.history.queue == [{"x": 1.0}]
