"""Conditions of an objective that defines its space."""

import math
from collections import Counter
from collections.abc import Mapping

import pytest

from autonet.search import RunningTrial, minimize
from tests.search.spaces.defining import Objective, different, nested, two_parents


def test_an_objective_may_define_its_space_as_it_goes() -> None:
    def objective(trial: RunningTrial) -> float:
        x = trial.suggest_float("x", -10, 10)
        kind = trial.suggest_categorical("kind", ["small", "large"])
        layers = trial.suggest_int("layers", 1, 3)
        widths = [trial.suggest_int(f"width {i}", 8, 64, log=True) for i in range(layers)]
        rate = trial.suggest_float("rate", 1e-4, 1, log=True) if kind == "small" else 1.0
        assert trial.params == {"x": x, "kind": kind, "layers": layers, **_named(widths), **_rate(kind, rate)}
        return (x - 3) ** 2 + abs(math.log10(rate) + 2) + 0.1 * layers

    study = minimize(objective, max_trials=80, random_state=0, on_error="raise")
    best = study.best
    assert best.config["kind"] == "small"
    assert best.config["layers"] == 1
    assert set(best.config) == {"x", "kind", "layers", "width 0", "rate"}
    assert best.value is not None
    assert best.value < 0.6
    conditions = {c.child.name: str(c) for c in study.space.conditions}
    assert conditions == {
        "rate": "rate | kind in {'small'}",
        "width 1": "width 1 | layers > 1",
        "width 2": "width 2 | layers > 2",
    }


def _named(widths: list[int]) -> dict[str, int]:
    return {f"width {i}": width for i, width in enumerate(widths)}


def _rate(kind: str, rate: float) -> dict[str, float]:
    return {"rate": rate} if kind == "small" else {}


NAMES = [("kernel", "gamma", "width"), ("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")]


@pytest.mark.parametrize("names", NAMES)
def test_conditions_are_found_in_any_order_of_the_alphabet(names: tuple[str, str, str]) -> None:
    parent, child, other = names

    def objective(trial: RunningTrial) -> float:
        if trial.suggest_categorical(parent, ["rbf", "linear", "poly"]) == "rbf":
            return trial.suggest_float(child, 0, 1)
        return trial.suggest_float(other, 0, 1) if trial[parent] == "poly" else 0.5

    study = minimize(objective, max_trials=40, random_state=0)
    conditions = sorted(str(c) for c in study.space.conditions)
    assert conditions == sorted([f"{child} | {parent} in {{'rbf'}}", f"{other} | {parent} in {{'poly'}}"])
    assert next(iter(study.history.definitions)) == parent
    assert different(study) == 40
    assert max(Counter(t.config[parent] for t in study.trials if len(t.config) == 1).values()) == 1


def a_threshold(trial: RunningTrial) -> float:
    return trial.suggest_float("a", 0, 1) if trial.suggest_float("b", 0, 1) > 0.5 else 1.0


def a_range(trial: RunningTrial) -> float:
    return trial.suggest_float("a", 0, 1) if trial.suggest_int("n", 0, 9) in (2, 3, 7) else 1.0


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (two_parents, {"x": "(x | z in {'on'} && x | y > 2)"}),
        (a_range, {"a": "a | n in {2, 3, 7}"}),
        (nested, {"x": "x | y in {(16,), (8, 8)}", "y": "y | z in {'net'}"}),
    ],
)
def test_conditions_of_several_kinds_are_found(objective: Objective, expected: Mapping[str, str]) -> None:
    study = minimize(objective, max_trials=60, random_state=1, sampler="random")
    assert {c.child.name if hasattr(c, "child") else "": str(c) for c in study.space.conditions} == expected


def test_a_threshold_of_a_float_is_found_and_narrows() -> None:
    study = minimize(a_threshold, max_trials=60, random_state=0, sampler="random")
    (condition,) = study.space.conditions
    assert condition.value == pytest.approx(0.5, abs=0.1)
