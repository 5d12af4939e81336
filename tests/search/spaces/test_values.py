"""Choices come back as they were written."""

from pathlib import Path
from typing import Any

import pytest

from autonet.search import RunningTrial, Study
from tests.search.spaces.defining import reopen


def test_a_choice_that_the_objective_changes_stays_as_it_is(tmp_path: Path) -> None:
    choices: list[Any] = [[64], [64, [64]], {"units": [8]}]

    def change(layers: Any) -> float:
        inner = layers["units"] if isinstance(layers, dict) else layers[-1]
        (inner if isinstance(inner, list) else layers).append(10)
        return float(len(repr(layers)))

    for objective, space in (
        (lambda t: change(t["layers"]), {"layers": choices, "x": (0.0, 1.0)}),
        (lambda t: change(t.suggest_categorical("layers", choices)) + t.suggest_float("x", 0, 1), None),
        (lambda t: change(dict(**t)["layers"]) + change(t.params["layers"]), {"layers": choices, "x": (0.0, 1.0)}),
    ):
        study = Study(space, random_state=0).optimize(objective, max_trials=12)
        assert {str(t.status) for t in study.trials} == {"finished"}
        assert all(t.config["layers"] in [[64], [64, [64]], {"units": [8]}] for t in study.trials)
    assert choices == [[64], [64, [64]], {"units": [8]}]


@pytest.mark.parametrize(
    "choices",
    [
        [("a", [1, 2]), ("b", [3])],
        [("a", {"k": [1]}), None],
        [[1], [1, 2], 3],
        [{"a": 1}, {"a": 2}],
        [True, 2, 0.5, "x"],
        [None, False, "None"],
        [1, 2.5],
    ],
    ids=str,
)
@pytest.mark.parametrize("sampler", ["bohb", "kde", "forest", "random"])
def test_choices_of_every_kind_come_back_as_they_are(choices: Any, sampler: str, tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        choice = trial.suggest_categorical("c", choices)
        assert any(repr(choice) == repr(c) for c in choices)
        return trial.suggest_float("x", 0, 1) + (trial.suggest_float("y", 0, 1) if choice == choices[0] else 0.5)

    with Study(run_dir=tmp_path, random_state=0, sampler=sampler) as study:
        study.optimize(objective, max_trials=20, on_error="raise")
        assert [c.child.name for c in study.space.conditions] == ["y"]
    assert len(reopen(tmp_path, objective, 22).trials) == 22
