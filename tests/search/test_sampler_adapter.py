"""Samplers of Optuna in studies of autonet."""

import math
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, Float, ForbiddenGreaterThanRelation

import autonet.search.optuna as drop_in
from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial, Study, minimize
from autonet.search.sampler_adapter import OptunaSampler, adopt_sampler

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")

SPACE = {
    "x": (-10.0, 10.0),
    "n": range(0, 10, 3),
    "k": {"a": {"c": (0.0, 1.0)}, "b": None},
    "sizes": [[8, 8], [16]],
    "fixed": 7,
}


def loss(trial: RunningTrial) -> float:
    if trial["x"] > 9.9:
        raise ValueError("too large")
    return float((trial["x"] - 3) ** 2 + trial["n"] + trial.get("k:a:c", 0.5) + len(trial["sizes"]))


def test_the_parzen_estimator_of_optuna_proposes_legal_values_and_learns() -> None:
    sampler = optuna.samplers.TPESampler(seed=0)
    study = minimize(loss, SPACE, sampler=sampler, max_trials=30, random_state=0, enqueue=[{"x": 10.0}])
    assert study.trials[0].failed
    for trial in study.trials:
        assert ("k:a:c" in trial.config) == (trial.config["k"] == "a")
        assert type(trial.config["n"]) is int
        assert trial.config["n"] in SPACE["n"]  # type: ignore[operator]
        assert trial.config["sizes"] in SPACE["sizes"]  # type: ignore[operator]
    later = sorted(abs(trial.config["x"] - 3) for trial in study.trials[15:])
    assert later[len(later) // 2] < 2.5, "a random half would be 5"
    copy = study.sampler._copy  # type: ignore[attr-defined]
    assert [t.value for t in copy.trials if t.value is not None] == [t.value for t in study.trials[1:-1]]


def test_an_objective_may_define_the_space_and_the_drop_in_takes_them_too() -> None:
    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 1e-3, 10, log=True)
        return float(
            abs(math.log(x)) + (trial.suggest_int("n", 1, 9) if trial.suggest_categorical("k", [1, 2]) == 1 else 0)
        )

    study = Study(sampler=optuna.samplers.RandomSampler(seed=1), direction="maximize", random_state=0)
    assert len(study.optimize(objective, max_trials=8).trials) == 8
    ours = drop_in.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    ours.optimize(objective, n_trials=12)
    assert len(ours.trials) == 12
    assert type(ours.sampler) is optuna.samplers.TPESampler
    assert isinstance(ours.wrapped.sampler, OptunaSampler)


def test_forbidden_and_repeated_proposals_are_replaced() -> None:
    space = ConfigurationSpace()
    x, y = Float("x", (0, 1)), Float("y", (0, 1))
    space.add(x, y, ForbiddenGreaterThanRelation(x, y))
    study = minimize(lambda t: t["x"], space, sampler=optuna.samplers.RandomSampler(seed=0), max_trials=10)
    assert all(trial.config["x"] <= trial.config["y"] for trial in study.trials)
    few = minimize(lambda t: t["x"], {"x": (0, 5)}, sampler=optuna.samplers.TPESampler(seed=0), max_trials=20)
    assert sorted(trial.config["x"] for trial in few.trials) == [0, 1, 2, 3, 4, 5]


def test_a_sampler_begins_again_in_another_study_and_parallel_trials_differ() -> None:
    sampler = OptunaSampler(optuna.samplers.TPESampler(seed=0))
    for _ in range(2):
        study = Study({"x": (0.0, 1.0)}, sampler=sampler, random_state=0)
        asked = [study.ask() for _ in range(3)]
        for trial in asked:
            study.tell(trial, trial["x"])  # type: ignore[arg-type,index]
        assert len({trial["x"] for trial in asked}) == 3  # type: ignore[index]
    assert len(sampler._copy.trials) == 2, "the first trial is the default configuration"


def test_a_sampler_that_has_proposed_all_ends_the_search() -> None:
    study = drop_in.create_study(sampler=optuna.samplers.GridSampler({"x": [1.0, 2.0]}, seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 9), n_trials=9)
    assert sorted(trial.params["x"] for trial in study.trials[1:]) == [1.0, 2.0], "the first one defines the space"
    with pytest.warns(optuna.exceptions.ExperimentalWarning):
        brute = optuna.samplers.BruteForceSampler(seed=0)
    every = drop_in.create_study(sampler=brute)
    every.optimize(lambda t: t.suggest_int("z", 0, 1) + t.suggest_int("a", 0, 1) - t.suggest_int("k", 0, 1))
    assert len({tuple(trial.params.values()) for trial in every.trials}) == len(every.trials) == 8


def test_pruned_trials_are_told_with_their_values() -> None:
    study = drop_in.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.add_trials(
        drop_in.create_trial(
            state=drop_in.trial.TrialState.PRUNED,
            params={"x": x},
            distributions={"x": drop_in.distributions.FloatDistribution(0, 1)},
            intermediate_values={3: x},
        )
        for x in (0.25, 0.5)
    )
    study.ask()
    told = study.wrapped.sampler._copy.trials[:2]
    assert [(trial.state.name, trial.intermediate_values) for trial in told] == [
        ("PRUNED", {3: 0.25}),
        ("PRUNED", {3: 0.5}),
    ]


def test_samplers_of_several_objectives_and_classes_are_refused() -> None:
    with pytest.raises(InvalidOption, match="NSGAIISampler is for several objectives; autonet optimizes one"):
        Study(sampler=optuna.samplers.NSGAIISampler())
    with pytest.raises(InvalidOption, match="sampler must be one of"):
        Study(sampler=optuna.samplers.TPESampler)
    assert adopt_sampler("bohb") == "bohb"
