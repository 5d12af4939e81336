"""Spaces without names: a hyperparameter, or a list of them."""

from typing import Any

import numpy as np
import pytest
from ConfigSpace import Float, Integer

from autonet.core.errors import InvalidOption
from autonet.search import Study, cv_objective, maximize, minimize


def test_the_objective_of_one_hyperparameter_gets_its_value() -> None:
    seen: list[Any] = []
    study = minimize(lambda x: seen.append(x) or (x - 3) ** 2, Float("x", (-10, 10)), max_trials=20, random_state=0)
    assert [trial.config for trial in study.trials] == [{"x": x} for x in seen]
    assert {type(x) for x in seen} == {float}
    assert abs(study.best.config["x"] - 3) < 0.5
    assert type(maximize(lambda x: -x, (1, 9), max_trials=9).best.config["x"]) is int
    assert maximize(lambda x: x, range(2, 9, 3), max_trials=9, progress=False).best.config == {"x": 8}


def test_the_objective_of_a_list_gets_a_list_and_points_are_lists() -> None:
    seen: list[Any] = []
    space = [Float("rate", (0, 1)), Integer("depth", (1, 3)), ["a", "b"], 7]
    study = minimize(
        lambda values: seen.append(values) or values[0] + values[1],
        space,
        max_trials=5,
        enqueue=[[0.25, 2, "b", 7], {"rate": 0.5}],
        random_state=0,
    )
    assert seen[0] == [0.25, 2, "b", 7]
    assert [type(value) for value in seen[0]] == [float, int, str, int]
    assert study.trials[0].config == {"rate": 0.25, "depth": 2, "2": "b", "3": 7}
    assert study.trials[1].config["rate"] == 0.5
    assert minimize(sum, ((0, 1), (0, 1)), enqueue=[(1, 1)], max_trials=1).best.value == 2
    assert minimize(sum, np.array([[1, 2], [3, 4]]), max_trials=2).best.config == {"x": [1, 2]}


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        (["relu", "gelu"], r"is a list of constants; for a choice between them, pass \{'x': \[...\]\}"),
        ([Float("x", (0, 1)), Float("x", (0, 2))], r"have the names \['x', 'x'\]; give each its own"),
        ("relu", "space must be a ConfigurationSpace or a dict; got str. A single hyperparameter, and a list of them"),
        ([{"a": {"b": {"c": (0, 1)}}}], r"space\['0:a:b'\] has the choice 'c' with \(0, 1\); expected a subspace"),
        ([(3, 1)], r"space\['0'\] = \(3, 1\): expected \(low, high\) with low < high"),
    ],
)
def test_what_is_no_space_is_refused(space: Any, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        minimize(lambda x: 0.0, space, max_trials=1)


def test_points_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidOption, match=r"enqueue has \[1\]; expected a list of 2 values, one for each"):
        minimize(sum, [(0, 1), (0, 1)], enqueue=[[1]], max_trials=1)
    with pytest.raises(InvalidOption, match=r"enqueue must be a list of points; got 0.5"):
        minimize(abs, (0.0, 1.0), enqueue=0.5, max_trials=1)  # type: ignore[arg-type]


def test_studies_need_names_and_estimators_use_them() -> None:
    with pytest.raises(InvalidOption, match=r"are spaces of minimize\(\) and maximize\(\)"):
        Study([(0, 1)])  # type: ignore[arg-type]
    from sklearn.neighbors import KNeighborsClassifier

    objective = cv_objective(KNeighborsClassifier(), [[0], [1], [2], [3]], [0, 1, 0, 1], cv=2)
    study = maximize(objective, Integer("n_neighbors", (1, 2)), max_trials=2)
    assert {trial.config["n_neighbors"] for trial in study.trials} == {1, 2}
