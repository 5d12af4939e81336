"""All samplers pass the conformance suite, which catches broken ones; what is special to each; one of one's own."""

import importlib.util
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from scipy.integrate import quad

import autonet.testing.samplers as suite
from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial, Study
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.registry import SAMPLERS
from autonet.search.rungs import Rungs
from autonet.search.samplers.base import Sampler
from autonet.search.samplers.forest import ForestSampler
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.grid import GridSampler
from autonet.search.samplers.kde import Density, KernelDensitySampler
from autonet.search.samplers.random import RandomSampler
from autonet.search.spaces.encoding import Encoding
from autonet.testing.samplers import CHECKS, check_sampler, sampler_checks
from autonet.testing.spaces import example_spaces, finite_spaces

SMALL_FOREST = ForestSampler(n_trees=6, n_candidates=60)
OURS: list[tuple[Sampler, Mapping[str, ConfigurationSpace] | None]] = [
    (RandomSampler(), None),
    (KernelDensitySampler(), None),
    (SMALL_FOREST, None),
    (GaussianProcessSampler(), None),
    (GridSampler(), finite_spaces()),
]
ALL_CHECKS = [check for sampler, spaces in OURS for check in sampler_checks(sampler, spaces)]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda c: f"{type(c.sampler).__name__}: {c}")
def test_our_samplers_conform(check: Callable[[], None]) -> None:
    check()


def test_every_registered_sampler_is_checked() -> None:
    assert {type(make()) for make in SAMPLERS.values()} == {type(sampler) for sampler, _ in OURS}


# --- the suite catches what is broken


class Bent:
    """Random proposals, bent by a function."""

    def __init__(self, bend: Callable[[dict[str, Any], ConfigurationSpace], Any]) -> None:
        self.bend = bend

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        config = RandomSampler().propose(space, history, rng)
        return None if config is None else self.bend(config, space)


def some(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**config, **{name: value for name, value in changes.items() if name in config}}


def fill(config: dict[str, Any], space: ConfigurationSpace) -> dict[str, Any]:
    return {name: hp.default_value for name, hp in space.items()} | config


@dataclass
class Counting:
    calls: int = 0

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        self.calls += 1
        return RandomSampler().propose(space, history, np.random.default_rng(self.calls))


@dataclass
class Remembering:
    """Proposes only once in each trial what it would propose again."""

    seen: set[int] = field(default_factory=set)

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        self.seen.add(len(history))
        rng.random(len(self.seen))
        return RandomSampler().propose(space, history, rng)


class OwnRandomState:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        config = space.sample_configuration()
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in config.items()}


class GlobalRandomState:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        np.random.rand()  # noqa: NPY002 - what must not be done
        return RandomSampler().propose(space, history, rng)


class Default:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        return dict(history.trials[0].config)


class BlindToRunning:
    """Never repeats a trial that has ended, and does not look at those that run."""

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        ended = History(history.rungs)
        for number, trial in enumerate(t for t in history if t.reports):
            ended.apply(Event("propose", number, {"config": trial.config, "seed": 0, "origin": "sampler"}))
        return RandomSampler().propose(space, ended, rng)


class GivingUp:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        return None if len(history) >= 10 else RandomSampler().propose(space, history, rng)


class Scribbling:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        history.trials[0].attributes["seen"] = True
        return RandomSampler().propose(space, history, rng)


class SureOfAValue:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        assert math.isfinite(sum(r.loss for _, r in history.reports)), "no loss may be infinite"
        return RandomSampler().propose(space, history, rng)


class SureOfAReport:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        assert history.reports, "no reports"
        return RandomSampler().propose(space, history, rng)


class Slow:
    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Any:
        time.sleep(0.06 if len(history) >= 100 else 0)
        return RandomSampler().propose(space, history, rng)


BROKEN: list[tuple[Any, str, str, str]] = [  # sampler, space, check that catches it, part of its sentence
    (
        Bent(lambda c, _: some(c, x=11.0)),
        "numbers",
        "check_proposals_are_legal_plain_and_new",
        "'x' is out of its range",
    ),
    (Bent(lambda c, _: some(c, n=np.int64(3))), "numbers", "check_proposals_are_legal_plain_and_new", "'n' is a int64"),
    (Bent(lambda c, _: some(c, n=3.0)), "numbers", "check_one_trial", "'n' is a float and not a plain Python value"),
    (Bent(lambda c, _: some(c, flag=1)), "choices", "check_one_trial", "'flag' is a int and not a plain Python value"),
    (Bent(lambda c, _: {**c, "y": 0}), "numbers", "check_one_trial", "the space has no 'y'"),
    (Bent(lambda c, _: list(c.values())), "numbers", "check_one_trial", "is not a mapping"),
    (Bent(fill), "conditions", "check_several_rungs", "is not active and must be left out"),
    (Bent(lambda c, _: {"kind": c["kind"]}), "conditions", "check_several_rungs", "is active and missing"),
    (Bent(lambda c, _: some(c, mode="fast", n=4)), "forbidden clauses", "check_one_trial", "breaks a forbidden clause"),
    (
        Counting(),
        "numbers",
        "check_a_proposal_is_a_function_of_its_arguments",
        "for the same history and random stream",
    ),
    (OwnRandomState(), "numbers", "check_a_proposal_is_a_function_of_its_arguments", "for the same history"),
    (Remembering(), "numbers", "check_a_proposal_is_a_function_of_its_arguments", "for the same history"),
    (GlobalRandomState(), "numbers", "check_nothing_else_changes", "drew from a global random state"),
    (Scribbling(), "numbers", "check_nothing_else_changes", "changed the history"),
    (Default(), "numbers", "check_a_hundred_trials_are_different", "which a trial has already"),
    (Default(), "a grid", "check_a_small_space_is_visited_once", "which was tried before"),
    (BlindToRunning(), "numbers", "check_running_trials_are_seen", "which a trial has already"),
    (GivingUp(), "numbers", "check_a_hundred_trials_are_different", "proposed None, although nearly all"),
    (GivingUp(), "a grid", "check_a_small_space_is_visited_once", "tried 10 of 17 configurations"),
    (SureOfAValue(), "numbers", "check_crashed_trials", "no loss may be infinite"),
    (SureOfAValue(), "numbers", "check_nothing_but_crashed_trials", "no loss may be infinite"),
    (SureOfAReport(), "numbers", "check_nothing_but_running_trials", "no reports"),
    (Slow(), "numbers", "check_proposals_are_fast", "took 0.1 s to propose; at most 0.05"),
]


@pytest.mark.parametrize(
    ("sampler", "where", "name", "sentence"), BROKEN, ids=lambda v: v if isinstance(v, str) else ""
)
def test_broken_samplers_are_caught(sampler: Any, where: str, name: str, sentence: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(suite, "MAX_SECONDS", 0.05)
    check = next(c for c in CHECKS if c.__name__ == name)
    with pytest.raises(AssertionError, match=sentence) as caught:
        check(sampler, example_spaces()[where])
    assert type(sampler).__name__ in str(caught.value) or type(sampler) in (SureOfAValue, SureOfAReport)
    check(RandomSampler(), example_spaces()[where])  # it is not the check that is broken


def test_each_check_catches_something() -> None:
    assert {name for _, _, name, _ in BROKEN} == {check.__name__ for check in CHECKS}


def test_the_whole_suite_stops_at_what_is_broken_and_says_where() -> None:
    check_sampler(RandomSampler(), {"a grid": finite_spaces()["a grid"]})
    with pytest.raises(AssertionError) as caught:
        check_sampler(Default(), {"a grid": finite_spaces()["a grid"]})
    assert caught.value.__notes__ == ["in the check: check_proposals_are_legal_plain_and_new in a grid"]


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
@given(space=spaces(), which=st.sampled_from([RandomSampler(), KernelDensitySampler(), SMALL_FOREST]))
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


def mixed() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind, size = Categorical("kind", ["a", "b", "c"]), OrdinalHyperparameter("size", ["s", "m", "l", "xl"])
    rate, n, letter = Float("rate", (1e-5, 1.0), log=True), Integer("n", (1, 50)), Categorical("letter", list("uvwxyz"))
    space.add(kind, size, rate, n, letter)
    space.add(*(EqualsCondition(c, kind, v) for c, v in ((rate, "a"), (n, "b"), (letter, "c"))))
    return space


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


def history(space: ConfigurationSpace, losses: Mapping[float, Sequence[float]], *, failed: int = 0) -> History:
    """By budget, the losses of as many first trials as there are; the last `failed` ones have crashed."""
    encoding, result = Encoding(space), History(Rungs((1, 3, 9), 3))
    n = len(next(iter(losses.values()))) + failed
    for number, row in enumerate(encoding.sample_legal(n, np.random.default_rng(0))):
        body = {"config": encoding.decode(row), "seed": 0, "origin": "sampler"}
        result.apply(Event("propose", number, body))
    for budget, values in losses.items():
        for number, value in enumerate(values):
            end(result, number, budget, value)
    for number in range(n - failed, n):
        end(result, number, 1, math.inf)
    return result


def end(record: History, number: int, budget: float, loss: float) -> None:
    status = "finished" if math.isfinite(loss) else "crashed"
    record.apply(Event("start", number, {"start": 0.0, "target": budget}))
    report = {"start": 0.0, "target": budget, "budget": budget, "loss": loss, "status": status, "seconds": 1, "cost": 1}
    record.apply(Event("end", number, {"report": report, "attributes": {}}))


# --- what went wrong in BOHB


def only(choices: int) -> Encoding:
    space = ConfigurationSpace()
    space.add(Categorical("c", list(range(choices))))
    return Encoding(space)


@pytest.mark.parametrize("observed", [[0], [0, 0, 0], [0, 1] * 6, [0, 0, 1, 2] * 3])
def test_a_category_that_was_seen_is_never_less_likely_than_one_that_was_not(observed: list[int]) -> None:
    density = np.exp(Density(only(8), np.array(observed, float)[:, None], 0.1).log(np.arange(8.0)[:, None]))
    assert np.isfinite(density).all()
    assert density.mean() == pytest.approx(1), "relative to the uniform distribution"
    assert density[sorted(set(observed))].min() > density[max(observed) + 1 :].max()


def test_densities_of_numbers_integrate_to_one_and_ends_are_not_thin() -> None:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)))
    density = Density(Encoding(space), np.array([[0.0], [0.02], [0.7]]), 0.1)

    def at(x: float) -> float:
        return float(np.exp(density.log(np.array([[x]]))[0]))

    assert quad(at, 0, 1, points=[0, 0.02, 0.7])[0] == pytest.approx(1, abs=1e-3)
    assert at(0.0) > at(0.7) > at(0.4)


def test_inactive_entries_in_any_column_leave_the_density_finite() -> None:
    encoding = Encoding(mixed())
    rows = encoding.sample(40, np.random.default_rng(0))
    assert np.isnan(rows[:, encoding.free]).any(axis=0).sum() == 3
    density = Density(encoding, rows, 0.1)
    assert np.isfinite(density.log(encoding.sample(100, np.random.default_rng(1)))).all()
    nothing = rows.copy()
    nothing[:, :] = np.nan
    np.testing.assert_allclose(Density(encoding, nothing, 0.1).log(rows), 0.0, atol=1e-12)


def test_draws_follow_the_density() -> None:
    encoding = Encoding(mixed())
    row = encoding.encode({"kind": "b", "size": "l", "n": 30})
    drawn = [
        encoding.decode(r) for r in Density(encoding, np.tile(row, (30, 1)), 0.1).draw(400, np.random.default_rng(0))
    ]
    assert np.mean([c["kind"] == "b" for c in drawn]) > 0.8
    assert np.median([c["n"] for c in drawn if "n" in c]) == pytest.approx(30, abs=3)
    assert all(encoding.is_legal(encoding.encode(c)) for c in drawn)


def good_and_bad(record: History, space: ConfigurationSpace) -> Any:
    return KernelDensitySampler()._good_and_bad(record.table(space), record)


def test_results_at_lower_budgets_are_used_until_a_higher_one_has_enough_and_are_never_lost() -> None:
    space = mixed()
    low, high = list(np.linspace(0, 1, 30)), [0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4]
    record = history(space, {1: low, 3: high[:7]})
    good, bad = good_and_bad(record, space)
    assert set(good) | set(bad) == set(range(30)), "with d = 3, seven results at a budget of 3 are too few for a model"
    end(record, 7, 3, high[7])
    good, bad = good_and_bad(record, space)
    assert sorted([*good, *bad]) == list(range(8))
    assert list(good) == [1, 3]


def test_failed_and_running_trials_are_bad_at_every_budget() -> None:
    space = mixed()
    record = history(space, {1: list(np.linspace(0, 1, 20))}, failed=3)
    record.apply(Event("propose", 23, {"config": record.trials[0].config, "seed": 0, "origin": "sampler"}))
    record.apply(Event("start", 23, {"start": 0.0, "target": 1}))
    good, bad = good_and_bad(record, space)
    assert {20, 21, 22, 23} <= set(bad)
    assert list(good) == [0, 1, 2], "15 %"


def test_constants_and_inactive_hyperparameters_do_not_delay_the_model() -> None:
    space, more = mixed(), mixed()
    more.add(*(Constant(f"k{i}", i) for i in range(20)))
    for n in range(6, 10):
        few = good_and_bad(history(space, {1: list(np.arange(n))}), space)
        many = good_and_bad(history(more, {1: list(np.arange(n))}), more)
        assert (few is None) == (many is None)
    assert good_and_bad(history(space, {1: list(np.arange(8))}), space) is not None


def test_ten_thousand_trials_are_no_burden() -> None:
    space = mixed()
    space.add(Float("wide", (0.0, 1.0)))
    record = history(space, {1: list(np.random.default_rng(0).random(10_000))})
    sampler = KernelDensitySampler(random_share=0)
    sampler.propose(space, record, np.random.default_rng(0))
    began = time.thread_time()
    for seed in range(3):
        assert sampler.propose(space, record, np.random.default_rng(seed)) is not None
    assert (time.thread_time() - began) / 3 < 0.5


# --- the forest


def test_the_forest_learns_from_all_rungs() -> None:
    """Losses at the lower rungs are the only ones that tell where the optimum is."""
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)))
    configs = [t.config for t in history(space, {1: [0.0] * 40})]
    losses = [(c["x"] - 0.8) ** 2 + (c["y"] - 0.3) ** 2 for c in configs]
    record = history(space, {1: losses, 9: losses[:2]})
    sampler = ForestSampler(random_share=0)
    proposals = [sampler.propose(space, record, np.random.default_rng(seed)) for seed in range(8)]
    distances = [abs(p["x"] - 0.8) + abs(p["y"] - 0.3) for p in proposals if p]
    assert np.median(distances) < 0.3


def test_importing_the_search_does_not_import_scikit_learn_for_the_forest() -> None:
    code = "import sys, autonet.search.registry; assert 'sklearn.ensemble' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# --- the grid


def test_a_grid_goes_through_the_product_in_order() -> None:
    space = ConfigurationSpace()
    space.add(Integer("a", (1, 3), default=1), Categorical("b", ["u", "v"]), Constant("k", 0))
    trials = Study(space, sampler="grid").optimize(lambda trial: trial["a"]).trials
    assert [(t.config["a"], t.config["b"]) for t in trials] == [(a, b) for a in (1, 2, 3) for b in ("u", "v")]


def test_a_grid_goes_on_when_opened_again_and_asks_nothing_twice(tmp_path: Path) -> None:
    space = {"a": [1, 2, 3, 4], "b": {"u": {"n": (1, 3)}, "v": None}}
    configs = []
    for _ in range(6):
        with Study(space, sampler="grid", run_dir=tmp_path) as study:
            study.enqueue({"a": 4, "b": "v"}) if not configs else None
            study.optimize(lambda trial: trial["a"], max_trials=len(configs) + 3)
            configs = [tuple(t.config.items()) for t in study.trials]
    assert len(configs) == len(set(configs)) == 4 * (3 + 1)


def test_several_workers_go_through_a_grid_and_a_promotion_does_not_hold_it_up() -> None:
    study = Study({"a": (1, 12)}, sampler="grid", min_budget=1, max_budget=9)
    asked = [study.ask() for _ in range(4)]
    while any(asked):
        for trial in asked:
            if trial is not None:
                study.tell(trial, float(trial["a"]))
        asked = [study.ask() for _ in range(4)]
    assert sorted(t.config["a"] for t in study.trials) == list(range(1, 13))


def test_a_grid_too_large_to_write_down_is_begun_at_once() -> None:
    space = {f"x{i}": (1, 1000) for i in range(12)} | {"kind": {c: {"n": (1, 10**6)} for c in "abcdef"}}
    trials = Study(space, sampler="grid").optimize(lambda trial: 1.0, max_trials=60, progress=False).trials
    assert len({str(t.config) for t in trials}) == 60


def test_a_grid_refuses_continuous_hyperparameters_and_says_what_to_do() -> None:
    with pytest.raises(InvalidOption) as caught:
        Study({"n": (1, 3), "rate": (0.1, 1.0)}, sampler="grid")
    assert str(caught.value) == (
        "'rate' is continuous, and a grid requires finitely many values; use a list of values instead of a range, or "
        "another sampler."
    )
    assert len(Study({"n": (1, 3), "rate": [0.1, 0.3]}, sampler="grid").optimize(lambda trial: 1.0).trials) == 6


# --- a sampler of one's own


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
