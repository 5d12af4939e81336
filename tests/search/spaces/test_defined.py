"""Spaces that an objective defines: what changes between trials."""

import logging
from pathlib import Path
from typing import Any

import pytest

from autonet.search import RunningTrial, Study, minimize, read_history
from autonet.search.records import Event
from autonet.search.spaces.encoding import Encoding
from autonet.search.storage.store import RunDirectory
from tests.search.spaces.defining import Objective, reopen, two_parents

# --- suggestions that change


def test_a_scale_that_changes_fails_its_trials_and_the_run_directory_goes_on(tmp_path: Path) -> None:
    def objective(**options: Any) -> Objective:
        return lambda trial: trial.suggest_float("lr", 1e-3, 1.0, **options)

    reopen(tmp_path, objective(), 3)
    edited = reopen(tmp_path, objective(log=True), 5)
    assert [str(t.status) for t in edited.trials[3:]] == ["crashed"] * 2
    assert "'lr' was suggested as float [0.001, 1.0] in earlier trials and now as float [0.001, 1.0], log=True" in (
        edited.trials[3].reports[0].reason
    )
    back = reopen(tmp_path, objective(), 8)
    assert [str(t.status) for t in back.trials[5:]] == ["finished"] * 3
    assert len(read_history(tmp_path)) == 8


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda t: t.suggest_float("x", 0, 1), lambda t: t.suggest_int("x", 0, 1)),
        (lambda t: t.suggest_int("x", 1, 9), lambda t: t.suggest_int("x", 1, 9, log=True)),
        (lambda t: t.suggest_float("x", 0, 1), lambda t: len(t.suggest_categorical("x", ["a", "b"]))),
        (lambda t: len(t.suggest_categorical("x", ["a", "b"])), lambda t: t.suggest_int("x", 1, 9)),
    ],
)
def test_a_type_that_changes_between_trials_at_once_fails_the_later_one(
    first: Objective, second: Objective, tmp_path: Path
) -> None:
    with Study(run_dir=tmp_path, random_state=0) as study:
        one, other = study.ask(), study.ask()
        assert one is not None
        assert other is not None
        values = first(one), second(other)
        assert str(study.tell(one, values[0]).status) == "finished"
        failed = study.tell(other, values[1])
        assert str(failed.status) == "crashed"
        assert failed.config == {}
        assert "'x' was suggested as" in failed.reports[0].reason
    assert len(read_history(tmp_path)) == 2
    assert len(reopen(tmp_path, first, 4).trials) >= 3


@pytest.mark.parametrize(
    "objective",
    [
        lambda t: t.suggest_int("units", 8, 16 * t.suggest_int("layers", 1, 4), step=8),
        lambda t: t.suggest_float("b", 0.0, 1.0 + t.suggest_float("a", 0.0, 1.0, step=0.25), step=0.25),
        lambda t: t.suggest_float("b", 0.0, 1.0, step=[0.1, 0.25, None][t.number % 3]),
        lambda t: t.suggest_int("b", (a := t.suggest_int("a", 0, 5)), 5 if t.number > 3 else a),
        lambda t: len(t.suggest_categorical("net", ["resnet", "vit"] if t.suggest_int("deep", 0, 1) else ["mlp", ""])),
        lambda t: float(t.suggest_categorical("n", list(range(1 + t.number)))),
        lambda t: t.suggest_float("x", 0, t.number),
        lambda t: len(t.suggest_categorical("c", [[1, [2]], ("a", [1, 2]), {"k": [1]}, [[]]][: 1 + t.number])),
    ],
)
def test_ranges_steps_and_choices_may_change(objective: Objective, tmp_path: Path) -> None:
    for n_trials in (7, 15):
        study = reopen(tmp_path, objective, n_trials)
        assert {str(t.status) for t in study.trials} == {"finished"}
    known = study.history.definitions
    assert all(known[name].is_legal(value) for t in study.trials for name, value in t.config.items())
    encoding = Encoding(study.space)
    for trial in study.trials:
        back = encoding.decode(encoding.encode(trial.config))
        assert back == pytest.approx(trial.config) if all(isinstance(v, float) for v in back.values()) else True


def test_a_run_directory_with_a_conflict_that_was_written_opens(tmp_path: Path) -> None:
    reopen(tmp_path, lambda t: t.suggest_float("lr", 1e-3, 1.0), 2)
    old = {"type": "uniform_float", "name": "lr", "lower": 0.001, "upper": 1.0, "default_value": 0.03, "log": True}
    report = {
        "start": 0.0,
        "target": 1.0,
        "budget": 1.0,
        "loss": 0.5,
        "status": "finished",
        "seconds": 0.1,
        "cost": 1.0,
    }
    with RunDirectory(tmp_path) as store:  # as it was written before conflicts were refused
        store.append(
            Event("propose", 2, {"config": {}, "seed": 1, "origin": "sampler"}),
            Event("start", 2, {"start": 0.0, "target": 1.0}),
            Event("define", 2, {"config": {"lr": 0.5}, "hyperparameters": [old]}),
            Event("end", 2, {"report": report, "attributes": {}, "checkpoint": None}),
            Event("propose", 3, {"config": {}, "seed": 1, "origin": "sampler"}),
            Event("start", 3, {"start": 0.0, "target": 1.0}),
            Event(
                "define",
                3,
                {"config": {"lr": "high"}, "hyperparameters": [{"type": "constant", "name": "lr", "value": "high"}]},
            ),
            Event("end", 3, {"report": report, "attributes": {}, "checkpoint": None}),
        )
    assert len(read_history(tmp_path)) == 4
    study = reopen(tmp_path, lambda t: t.suggest_float("lr", 1e-3, 1.0), 15)
    assert len(study.trials) == 15
    assert [t.config["lr"] for t in study.trials[2:4]] == [0.5, "high"]


# --- later trials


def test_an_objective_that_suggests_nothing_runs_as_often_as_asked() -> None:
    assert len(minimize(lambda _: 1.0, max_trials=5).trials) == 5


def test_an_interrupted_study_proposes_what_it_would_have(tmp_path: Path) -> None:
    whole = Study(random_state=0).optimize(two_parents, max_trials=30)
    for n_trials in (11, 30):
        parts = reopen(tmp_path, two_parents, n_trials)
    assert [t.config for t in parts.trials] == [t.config for t in whole.trials]
    assert [str(c) for c in parts.space.conditions] == [str(c) for c in whole.space.conditions]


def test_a_later_job_that_crashes_at_once_keeps_the_configuration() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.start or trial.budget == 9:
            raise ValueError("at the top")
        return trial.suggest_float("x", 0, 1)

    study = minimize(objective, max_trials=12, min_budget=1, max_budget=9, random_state=0)
    assert any(len(t.reports) > 1 for t in study.trials)
    assert all("x" in t.config for t in study.trials)


def test_the_run_directory_names_who_was_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "autonet.search")
    reopen(tmp_path, lambda t: t.suggest_float("x", 0, 1), 2)
    reopen(tmp_path, lambda t: t.suggest_int("x", 0, 1), 3)
    assert "trial 2 crashed: InvalidOption: 'x' was suggested as float [0.0, 1.0] in earlier trials" in caplog.text
