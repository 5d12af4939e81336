"""All samplers pass the conformance suite, which catches broken ones; what is special to each; one of one's own."""

import importlib.util
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    Integer,
    OrdinalHyperparameter,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import autonet.testing.samplers as suite
from autonet.search import RunningTrial, Study
from autonet.search.registry import SAMPLERS
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.cmaes import CmaEsSampler
from autonet.search.samplers.forest import ForestSampler
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.grid import GridSampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.samplers.random import RandomSampler
from autonet.testing.samplers import sampler_checks
from autonet.testing.spaces import example_spaces, finite_spaces
from tests.search.samplers.records import mixed

SMALL_FOREST = ForestSampler(n_trees=6, n_candidates=60)
OURS: list[tuple[Sampler, Mapping[str, ConfigurationSpace] | None]] = [
    (RandomSampler(), None),
    (KernelDensitySampler(), None),
    (SMALL_FOREST, None),
    (GaussianProcessSampler(), None),
    (CmaEsSampler(), None),
    (GridSampler(), finite_spaces()),
]
ALL_CHECKS = [check for sampler, spaces in OURS for check in sampler_checks(sampler, spaces)]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda c: f"{type(c.sampler).__name__}: {c}")
def test_our_samplers_conform(check: Callable[[], None]) -> None:
    check()


def test_every_registered_sampler_is_checked() -> None:
    assert {type(make()) for make in SAMPLERS.values()} == {type(sampler) for sampler, _ in OURS}


# --- spaces of all kinds


def hyperparameter(draw: Any, name: str, *, finite: bool) -> Any:
    kind = draw(
        st.sampled_from(["integer", "log integer", "choice", "ordinal", "constant"] + 3 * ["float"] * (not finite))
    )
    if kind == "float":
        return Float(name, (1e-3, 2.0), log=draw(st.booleans()))
    if kind in ("integer", "log integer"):
        return Integer(name, (1, draw(st.integers(2, 3 if finite else 300))), log=kind == "log integer")
    if kind == "constant":
        return Constant(name, draw(st.sampled_from([1, 0.5, "k"])))
    values = draw(st.lists(st.sampled_from(["a", "b", "c", 1, 2.5]), min_size=2, max_size=4, unique=True))
    return Categorical(name, values) if kind == "choice" else OrdinalHyperparameter(name, sorted(values, key=str))


@st.composite
def spaces(draw: Any, *, finite: bool = False) -> ConfigurationSpace:
    """Draw a space of up to six hyperparameters with conditions upon conditions and a forbidden clause."""
    space = ConfigurationSpace()
    parts = [
        hyperparameter(draw, f"{'zyxwvu'[i]}", finite=finite) for i in range(draw(st.integers(1, 4 if finite else 6)))
    ]
    space.add(*parts)
    for i, child in enumerate(parts[1:], 1):
        parents = [hp for hp in parts[:i] if _values(hp)]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            space.add(EqualsCondition(child, parent, draw(st.sampled_from(_values(parent)))))
    tops = [hp for hp in parts if _values(hp) and hp.name not in {c.child.name for c in space.conditions}]
    if len(tops) > 1 and draw(st.booleans()):
        one, other = tops[:2]
        clauses = [ForbiddenEqualsClause(hp, draw(st.sampled_from(_values(hp)))) for hp in (one, other)]
        if any(clause.value != clause.hyperparameter.default_value for clause in clauses):
            space.add(ForbiddenAndConjunction(*clauses))
    return space


def _values(hp: Any) -> list[Any]:
    """Return the choices of a categorical or ordinal hyperparameter."""
    return [
        v.item() if isinstance(v, np.generic) else v
        for v in getattr(hp, "choices", None) or getattr(hp, "sequence", ())
    ]


@settings(max_examples=30)
@given(space=spaces(), which=st.sampled_from([RandomSampler(), KernelDensitySampler(), SMALL_FOREST, CmaEsSampler()]))
def test_proposals_in_any_space_are_legal_new_and_functions_of_the_history(space: Any, which: Sampler) -> None:
    for check in (
        suite.check_proposals_are_legal_plain_and_new,
        suite.check_crashed_trials,
        suite.check_running_trials_are_seen,
        suite.check_a_proposal_is_a_function_of_its_arguments,
    ):
        check(which, space)


@settings(max_examples=30)
@given(space=spaces(finite=True), which=st.sampled_from([GridSampler(), RandomSampler(), KernelDensitySampler()]))
def test_any_small_space_is_visited_once(space: Any, which: Sampler) -> None:
    suite.check_a_small_space_is_visited_once(which, space)


# --- the models find something


def cost(trial: Mapping[str, Any]) -> float:
    size = {"s": 0.3, "m": 0.1, "l": 0.0, "xl": 0.2}[trial["size"]]
    if trial["kind"] == "a":
        return size + 0.05 * abs(math.log10(trial["rate"]) + 2.3)
    return size + (
        0.1 + 0.01 * abs(trial["n"] - 37) if trial["kind"] == "b" else 0.02 + 0.1 * "wzuyvx".index(trial["letter"])
    )


def median_regret(sampler: Any, space: Any, objective: Any, max_trials: int, n_seeds: int) -> float:
    studies = [Study(space, sampler=sampler, random_state=seed) for seed in range(n_seeds)]
    return float(np.median([s.optimize(objective, max_trials=max_trials, progress=False).best.value for s in studies]))


@pytest.mark.parametrize("sampler", [KernelDensitySampler(), SMALL_FOREST])
def test_models_beat_random_search_on_mixed_and_conditional_spaces(sampler: Sampler) -> None:
    random = median_regret("random", mixed(), cost, 40, 7)
    assert median_regret(sampler, mixed(), cost, 40, 7) < 0.5 * random


@pytest.mark.parametrize("sampler", [KernelDensitySampler(), SMALL_FOREST])
def test_models_beat_random_search_on_a_quadratic(sampler: Sampler) -> None:
    space = {f"x{i}": (-1.0, 1.0) for i in range(4)}

    def bowl(trial: RunningTrial) -> float:
        return float(sum((v - 0.3) ** 2 for v in trial.values()))

    assert median_regret(sampler, space, bowl, 50, 5) < 0.6 * median_regret("random", space, bowl, 50, 5)


# --- a custom sampler


def test_the_example_beats_random_search_in_few_lines_and_conforms(capsys: Any) -> None:
    path = Path(__file__).parents[2] / "examples" / "own_sampler.py"
    spec = importlib.util.spec_from_file_location("own_sampler", path)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    results = example.main(seeds=range(3))
    assert results["expected improvement"] < 0.5 * results["random search"]
    assert "above the optimum after 40 trials" in capsys.readouterr().out
    lines = path.read_text(encoding="utf-8").split("class ")[1].split("\n\n\n")[0].splitlines()
    assert len(lines) <= 25
    for check in sampler_checks(
        example.ExpectedImprovement(), {**finite_spaces(), "numbers": example_spaces()["numbers"]}
    ):
        check()
