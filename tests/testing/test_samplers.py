"""The conformance suite of samplers catches broken ones."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace

import autonet.testing.samplers as suite
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.samplers.random import RandomSampler
from autonet.testing.samplers import CHECKS, check_sampler
from autonet.testing.spaces import example_spaces, finite_spaces


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
