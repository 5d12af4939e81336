"""Trials under Optuna's names, beyond what the tutorials do."""

import copy
import pickle

import pytest

import autonet.search.optuna as optuna
from autonet.core.errors import InvalidOption
from autonet.search.optuna.trial import FixedTrial, FrozenTrial, Trial


def test_older_forms_of_suggestions() -> None:
    def objective(trial: Trial) -> float:
        u = trial.suggest_uniform("u", 0, 1)
        g = trial.suggest_loguniform("g", 1e-3, 1e3)
        d = trial.suggest_discrete_uniform("d", 0.0, 1.0, 0.25)
        n = trial.suggest_int("n", 2, 10, 4)
        assert 0 <= u <= 1
        assert 1e-3 <= g <= 1e3
        assert d in (0, 0.25, 0.5, 0.75, 1)
        assert n in (2, 6, 10)
        return u

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=12)
    kinds = study.trials[0].distributions
    assert kinds["g"] == optuna.distributions.FloatDistribution(1e-3, 1e3, log=True)
    assert kinds["d"] == optuna.distributions.FloatDistribution(0.0, 1.0, step=0.25)
    assert kinds["n"] == optuna.distributions.IntDistribution(2, 10, step=4)


def test_fixed_values_must_be_legal() -> None:
    trial = FixedTrial({"x": 20.0, "n": 3}, number=4)
    assert (trial.number, trial.suggest_int("n", 0, 5), list(trial.distributions)) == (4, 3, ["n"])
    with pytest.raises(InvalidOption, match=r"'x' = 20\.0 is not in float"):
        trial.suggest_float("x", 0, 1)
    with pytest.raises(ValueError, match="no value of 'y'"):
        trial.suggest_float("y", 0, 1)


def test_frozen_trials_are_copied_and_pickled() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    [trial] = study.trials
    assert copy.deepcopy(trial) == pickle.loads(pickle.dumps(trial)) == trial
    trial.set_user_attr("note", 1)
    assert trial.user_attrs == {"note": 1}
    assert study.trials[0].user_attrs == {}
    assert isinstance(trial, FrozenTrial)


def test_what_running_trials_have_beyond_optuna() -> None:
    def objective(trial: Trial) -> float:
        assert trial.budget in (1, 3, 9)
        x = trial.suggest_float("x", 0, 1)
        return x / float(trial.budget)

    study = optuna.create_study(min_budget=1, max_budget=9, sampler="random", random_state=0)
    study.optimize(objective, n_trials=9)
    assert len(study.trials) == 9
    assert study.wrapped.best.budget == 9


def test_unknown_names_of_a_trial() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'suggest_float'"):
        _ = optuna.create_study().ask().suggest_flaot
