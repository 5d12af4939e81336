"""What can be looked at of a study."""

import re
from pathlib import Path

import pytest

from autonet.core.errors import NoFinishedTrial
from autonet.search import RunningTrial, Study
from tests.search.objectives import LINE, quadratic


@pytest.mark.parametrize("in_directory", [False, True])
def test_checkpoints_are_loaded_wherever_they_are(in_directory: bool, tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number:
            trial.checkpoint.save({"number": trial.number})
        return quadratic(trial)

    with Study(LINE, run_dir=tmp_path / "run" if in_directory else None, random_state=0) as study:
        study.optimize(objective, max_trials=3)
        assert [study.load_checkpoint(trial) for trial in study.trials] == [None, {"number": 1}, {"number": 2}]
        assert {isinstance(kept, Path) for kept in study.checkpoints.values()} == {in_directory}


def test_more_checkpoints_may_be_kept_from_a_trial_on() -> None:
    def objective(trial: RunningTrial) -> float:
        trial.checkpoint.save({"number": trial.number})
        return quadratic(trial)

    study = Study(LINE, random_state=0, min_budget=1, max_budget=1, eta=9, keep_best=1).optimize(
        objective, max_trials=12
    )
    before = len(study.checkpoints)
    assert (study.keep_best, before < 12) == (1, True)
    study.keep_best = 30
    study.optimize(objective, max_trials=20)
    assert len(study.checkpoints) == before + 8


def test_the_best_trial_is_the_first_of_the_ranking() -> None:
    study = Study(LINE, direction="maximize", random_state=0)
    with pytest.raises(NoFinishedTrial, match="No trial has a value yet"):
        _ = study.best
    study.optimize(lambda trial: -quadratic(trial), max_trials=9)
    assert study.best is next(study.history.ranked())
    assert study.best.value == max(trial.value for trial in study.trials if trial.value is not None)
    assert [trial.number for trial in study.trials] == list(range(9))


def test_what_optuna_calls_otherwise_is_named() -> None:
    study = Study(LINE, random_state=0).optimize(quadratic, max_trials=2)
    for name, instead in {"best_trial": "best", "best_value": "best.value", "get_trials": "to_optuna()"}.items():
        with pytest.raises(
            AttributeError, match=rf"'Study' object has no attribute '{name}'; use {re.escape(instead)}"
        ):
            getattr(study, name)
    with pytest.raises(AttributeError, match=r"'Study' object has no attribute 'mistyped'$"):
        _ = study.mistyped  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"'Study' object is not iterable; its trials are in trials\."):
        list(study)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "name", ["optimization_history", "slice", "contour", "param_importances", "intermediate_values"]
)
def test_plots_of_optuna_say_what_to_pass_to_them(name: str) -> None:
    pytest.importorskip("plotly", reason="needs plotly, to plot")
    visualization = pytest.importorskip("optuna.visualization", reason="needs optuna, to plot")
    study = Study(LINE, random_state=0).optimize(quadratic, max_trials=2)
    with pytest.raises((AttributeError, TypeError), match=r"to_optuna\(\)"):
        getattr(visualization, f"plot_{name}")(study)


def test_a_space_that_the_objective_defines_is_known_as_far_as_it_was_suggested() -> None:
    study = Study(random_state=0)
    assert list(study.space) == []
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=2)
    assert list(study.space) == ["x"]
    assert study.encoding.space is study.space
