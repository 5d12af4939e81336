"""Creating, loading and deleting studies."""

from pathlib import Path

import pytest

import autonet.search.optuna as optuna
from autonet.core.errors import InvalidOption
from autonet.search import Study
from autonet.search.optuna.trial import Trial
from autonet.search.samplers.random import RandomSampler


def quadratic(trial: Trial) -> float:
    return (trial.suggest_float("x", -10, 10) - 2) ** 2


def test_directions() -> None:
    assert optuna.create_study(directions=["maximize"]).direction is optuna.study.StudyDirection.MAXIMIZE
    maximize = optuna.study.StudyDirection.MAXIMIZE
    assert optuna.create_study(direction=maximize).direction is maximize
    with pytest.raises(InvalidOption, match="are 2; autonet optimizes a single objective"):
        optuna.create_study(directions=["minimize", "maximize"])
    with pytest.raises(InvalidOption, match="direction or directions"):
        optuna.create_study(direction="minimize", directions=["minimize"])


def test_options_that_cannot_work_are_refused() -> None:
    with pytest.raises(InvalidOption, match=r"Unknown option 'min_budgt'\. Did you mean 'min_budget'"):
        optuna.create_study(min_budgt=1)
    with pytest.raises(InvalidOption, match="storage=None is in memory"):
        optuna.load_study(study_name="one", storage=None)


def test_a_study_of_a_storage_is_one_of_a_run_directory(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="a/b", storage=tmp_path, sampler=optuna.samplers.TPESampler(seed=3))
    study.optimize(quadratic, n_trials=3)
    found = study.best_value
    study.wrapped.close()
    with Study.open(tmp_path / "a%2Fb") as opened:
        assert (len(opened.trials), opened.best.value) == (3, found)


def test_samplers_of_a_loaded_study(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="one", storage=tmp_path)
    other = optuna.load_study(storage=tmp_path, sampler=optuna.samplers.RandomSampler())
    assert other.wrapped is study.wrapped
    assert isinstance(other.wrapped.sampler, RandomSampler)
    assert isinstance(other.sampler, optuna.samplers.RandomSampler)
    assert isinstance(other.pruner, optuna.pruners.MedianPruner)
    optuna.create_study(storage=tmp_path, study_name="two")
    with pytest.raises(InvalidOption, match="has 2 studies; pass the study_name"):
        optuna.load_study(storage=tmp_path)
    with pytest.raises(KeyError, match="it has 'one', 'two'"):
        optuna.load_study(study_name="three", storage=tmp_path)


def test_objects_that_are_no_samplers_are_refused() -> None:
    class OfOptuna(optuna.samplers.BaseSampler):
        def sample_relative(self, study: object, trial: object, space: object) -> dict[str, float]:
            return {}

    for sampler in (object(), OfOptuna()):
        with pytest.raises(InvalidOption, match=r"sampler must be one of autonet\.search\.optuna\.samplers"):
            optuna.create_study(sampler=sampler)
    study = optuna.create_study(sampler=RandomSampler())
    assert isinstance(study.sampler, RandomSampler)


def test_a_grid_goes_on_in_a_loaded_study(tmp_path: Path) -> None:
    def objective(trial: Trial) -> float:
        return trial.suggest_int("n", 0, 9) + trial.suggest_float("x", 0, 1)

    grid = optuna.samplers.GridSampler({"n": [1, 3, 5, 7]}, seed=0)
    study = optuna.create_study(study_name="one", storage=tmp_path, sampler=grid)
    study.optimize(objective, n_trials=2)
    for _ in range(2):  # as in the next process, and beside an open study
        study = optuna.create_study(study_name="one", storage=tmp_path, sampler=grid, load_if_exists=True)
        study.optimize(objective, n_trials=1)
        study.close()
    study = optuna.load_study(storage=tmp_path, sampler=optuna.samplers.GridSampler({"n": [5, 9]}))
    study.optimize(objective)
    study.optimize(objective)
    assert [trial.params["n"] for trial in study.trials] == [1, 3, 5, 7, 9]


def test_summaries(tmp_path: Path) -> None:
    assert optuna.get_all_study_summaries(None) == []
    study = optuna.create_study(study_name="b", storage=tmp_path, direction="maximize")
    study.set_user_attr("owner", "Ann")
    study.optimize(quadratic, n_trials=3)
    optuna.create_study(study_name="a", storage=tmp_path)
    empty, full = optuna.get_all_study_summaries(tmp_path)
    assert (empty.study_name, empty.n_trials, empty.best_trial, empty.datetime_start) == ("a", 0, None, None)
    assert (full.study_name, full.n_trials, full.best_trial) == ("b", 3, study.best_trial)
    assert (full.user_attrs, full.datetime_start) == ({"owner": "Ann"}, study.trials[0].datetime_start)
    assert full.direction is optuna.study.StudyDirection.MAXIMIZE


def test_deleting(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="one", storage=tmp_path)
    study.set_user_attr("a", 1)
    study.optimize(quadratic, n_trials=1)
    optuna.delete_study(study_name="one", storage=tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError, match="no study 'one'"):
        optuna.delete_study(study_name="one", storage=tmp_path)


def test_max_trials_counts_states() -> None:
    study = optuna.create_study()
    stop = optuna.study.MaxTrialsCallback(3, states=None)
    study.optimize(lambda trial: 1 / 0, n_trials=9, catch=(ZeroDivisionError,), callbacks=[stop])
    assert len(study.trials) == 3
