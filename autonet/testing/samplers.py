"""Conformance suite for samplers.

With pytest, each check in each space is a test of its own::

    @pytest.mark.parametrize("check", sampler_checks(MySampler()), ids=str)
    def test_my_sampler(check):
        check()

Elsewhere, `check_sampler` runs all of them.
"""

import copy
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from ConfigSpace import Configuration, ConfigurationSpace
from ConfigSpace.exceptions import ForbiddenValueError
from ConfigSpace.hyperparameters import IntegerHyperparameter

from autonet.core.threads import one_blas_thread
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.rungs import Rungs
from autonet.search.running_trial import RunningTrial
from autonet.search.samplers.base import Sampler
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.values import to_plain
from autonet.search.study import Study
from autonet.testing.assertions import expect, run_checks
from autonet.testing.spaces import example_spaces

__all__ = ["CHECKS", "SamplerCheck", "check_sampler", "sampler_checks"]

Check = Callable[[Sampler, ConfigurationSpace], None]
Config = Mapping[str, Any]

LADDER = Rungs((1, 3, 9), 3, "epochs")
# Trials of most histories.
N_TRIALS = 24

# Proposals for each history.
N_PROPOSALS = 5

# Median seconds of a proposal, a bound for slow machines.
MAX_SECONDS = 1.0

# Configurations of a space up to which it is searched exhaustively.
MAX_GRID_SIZE = 200


# --- what to run


@dataclass(frozen=True)
class SamplerCheck:
    """Check of a sampler in a space; calling it raises AssertionError if it fails."""

    sampler: Sampler
    check: Check
    space: ConfigurationSpace
    where: str

    def __call__(self) -> None:
        """Run the check, with one thread for linear algebra, as a study proposes."""
        with one_blas_thread():
            self.check(self.sampler, self.space)

    def __str__(self) -> str:
        """Name the check and the space."""
        return f"{self.check.__name__} in {self.where}"


def sampler_checks(sampler: Sampler, spaces: Mapping[str, ConfigurationSpace] | None = None) -> list[SamplerCheck]:
    """List the checks of a sampler.

    Parameters
    ----------
    sampler : Sampler
    spaces : mapping of str to ConfigurationSpace, optional
        Spaces to test with; default: `example_spaces`.  Pass `finite_spaces` for samplers that do not support
        continuous hyperparameters.

    Returns
    -------
    list of SamplerCheck

    Examples
    --------
    >>> from autonet.search.samplers.random import RandomSampler
    >>> len(sampler_checks(RandomSampler())) > 10
    True
    """
    spaces = example_spaces() if spaces is None else spaces
    return [SamplerCheck(sampler, check, space, where) for where, space in spaces.items() for check in CHECKS]


def check_sampler(sampler: Sampler, spaces: Mapping[str, ConfigurationSpace] | None = None) -> None:
    """Run all checks of a sampler; see `sampler_checks`.

    Raises
    ------
    AssertionError
        From the first check that fails.

    Examples
    --------
    >>> from autonet.search.samplers.random import RandomSampler
    >>> from autonet.testing.spaces import finite_spaces
    >>> check_sampler(RandomSampler(), dict(list(finite_spaces().items())[:1]))
    """
    run_checks(sampler_checks(sampler, spaces))


# --- histories to propose from


def _events(
    space: ConfigurationSpace, *, n_trials: int = N_TRIALS, failed: float = 0.0, n_running: int = 0, ladder: bool = True
) -> list[Event]:
    """Simulate a history of different trials, the default configuration first; never exhaust a small space."""
    encoding, rng = Encoding(space), np.random.default_rng(0)
    known = _all_configs(space)
    n_trials = n_trials if known is None else max(1, min(n_trials, len(known) // 2))
    first = {name: to_plain(value) for name, value in space.get_default_configuration().items()}
    configs = {encoding.key(encoding.encode(first)): first}
    for _ in range(100):  # of a space that is small without being known to be so, fewer will do
        if len(configs) >= n_trials:
            break
        configs |= {encoding.key(row): encoding.decode(row) for row in encoding.sample_legal(n_trials, rng)}
    events: list[Event] = []
    n_trials = min(n_trials, len(configs))
    for number, config in enumerate(list(configs.values())[:n_trials]):
        n_rungs = 1 + (number % 3 == 0) + (number % 9 == 0) if ladder else 1
        crashes, running = number < failed * n_trials, number >= n_trials - n_running
        events += _trial(encoding, number, config, LADDER.budgets[:n_rungs], crashes=crashes, running=running)
    return events


def _trial(
    encoding: Encoding,
    number: int,
    config: Config,
    budgets: Sequence[float] = LADDER.budgets[:1],
    *,
    crashes: bool = False,
    running: bool = False,
) -> Iterator[Event]:
    """Simulate the events of a trial: its loss falls with the budget and grows with the distance from a point."""
    yield Event("propose", number, {"config": config, "seed": number, "origin": "sampler" if number else "default"})
    distance = float(((encoding.features(encoding.encode(config)) - 0.3) ** 2).sum())
    for start, target in zip((0.0, *budgets), budgets, strict=False):
        yield Event("start", number, {"start": start, "target": target})
        if running:
            return
        budget, loss, status = (start, math.inf, "crashed") if crashes else (target, distance + 1 / target, "finished")
        report = {"start": start, "target": target, "budget": budget, "loss": loss, "status": status}
        report |= {"seconds": 1.0, "cost": budget - start}
        yield Event("end", number, {"report": report, "attributes": {}})
        if crashes:
            return


def _history(events: Sequence[Event]) -> History:
    history = History(LADDER)
    for event in events:
        history.apply(event)
    return history


def _all_configs(space: ConfigurationSpace) -> list[dict[str, Any]] | None:
    """List every legal configuration of a small space; None for a large one."""
    encoding = Encoding(space)
    if encoding.size > 10 * MAX_GRID_SIZE:
        return None
    values = [
        hp.to_vector(np.arange(hp.lower, hp.upper + 1))
        if isinstance(hp, IntegerHyperparameter)
        else hp.lower_vectorized + np.arange(hp.size)
        for hp in space.values()
    ]
    rows = encoding.canonicalize(np.array(list(product(*values)), float))
    different = {encoding.key(row): row for row in rows if encoding.is_legal(row)}
    return [encoding.decode(row) for row in different.values()] if len(different) <= MAX_GRID_SIZE else None


# --- the checks


def check_proposals_are_legal_plain_and_new(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose from trials on one rung, as if there were no budgets."""
    _propose(sampler, space, _events(space, ladder=False), N_PROPOSALS)


def check_one_trial(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose when nothing is known but the default configuration."""
    _propose(sampler, space, _events(space, n_trials=1))


def check_nothing_but_running_trials(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose before the first result is there, as several workers make it happen."""
    _propose(sampler, space, _events(space, n_trials=4, n_running=4))


def check_several_rungs(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose when some trials have reports at higher budgets."""
    _propose(sampler, space, _events(space), N_PROPOSALS)


def check_crashed_trials(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose when half of the trials have crashed, so that their losses are infinite."""
    _propose(sampler, space, _events(space, failed=0.5), N_PROPOSALS)


def check_nothing_but_crashed_trials(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose when no trial has a value."""
    _propose(sampler, space, _events(space, failed=1.0))


def check_a_proposal_is_a_function_of_its_arguments(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Expect equal proposals from equal space, history and random stream, whatever was proposed in between."""
    events, name = _events(space), type(sampler).__name__
    history, other = _history(events), _history(_events(space, n_trials=5, failed=0.3))
    first = sampler.propose(space, history, np.random.default_rng(1))
    sampler.propose(space, other, np.random.default_rng(2))
    again = sampler.propose(space, history, np.random.default_rng(1))
    expect(first == again, f"{name} proposed {first!r}, and {again!r} for the same history and random stream.")
    again = sampler.propose(copy.deepcopy(space), _history(events), np.random.default_rng(1))
    expect(first == again, f"{name} proposed {first!r}, and {again!r} for the same history read back from its events.")


def check_nothing_else_changes(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Expect the history, and all global random states, to be as they were."""
    history, name = _history(_events(space, n_running=2)), type(sampler).__name__
    table = history.table(space)

    def seen() -> Any:
        trials = [repr(t) for t in history]
        return trials, len(history.reports), sorted(history.running), table.rows.tobytes(), table.reports.tobytes()

    def states() -> Any:
        return random.getstate(), repr(np.random.get_state())  # noqa: NPY002 - looked at, not used

    seen_before, states_before = seen(), states()
    sampler.propose(space, history, np.random.default_rng(0))
    expect(seen() == seen_before, f"{name} changed the history.")
    expect(states() == states_before, f"{name} drew from a global random state; it must draw from rng alone.")


def check_running_trials_are_seen(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Expect different proposals for several workers, even from equal random streams."""
    history = _history(_events(space, n_trials=12))
    for _ in range(N_PROPOSALS):
        config = _check_proposal(sampler, space, history, np.random.default_rng(0))
        if config is None:
            return
        for event in _trial(history.table(space).encoding, len(history), config, running=True):
            history.apply(event)


def check_a_hundred_trials_are_different(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Run a hundred trials, some of which crash, or all that a small space has."""
    history = _history(_events(space, n_trials=1))
    while (number := len(history)) < 100:
        config = _check_proposal(sampler, space, history, np.random.default_rng(number))
        if config is None:
            return
        for event in _trial(history.table(space).encoding, number, config, crashes=number % 10 == 5):
            history.apply(event)


def check_a_small_space_is_visited_once(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Expect a study to end when every configuration was tried, with none that the study had to replace."""
    known, name = _all_configs(space), type(sampler).__name__
    if known is None:
        return
    recorder, encoding = _Recorder(sampler), Encoding(space)

    def objective(trial: RunningTrial) -> float:
        return float(encoding.features(encoding.encode(trial.params)).sum())

    trials = Study(space, sampler=recorder, random_state=0).optimize(objective, progress=False).trials
    n = len({encoding.key(encoding.encode(t.config)) for t in trials})
    expect(n == len(known), f"A study with {name} tried {n} of {len(known)} configurations.")
    for config, trial in zip(recorder.proposals, trials[1:], strict=False):
        expect(config == trial.config, f"{name} proposed {config!r}, which was tried before.")


def check_proposals_are_fast(sampler: Sampler, space: ConfigurationSpace) -> None:
    """Propose from 200 trials; the first proposal, for which modules may be imported, is not counted."""
    history = _history(_events(space, n_trials=200))
    seconds = []
    for seed in range(4):
        began = time.perf_counter()
        sampler.propose(space, history, np.random.default_rng(seed))
        seconds.append(time.perf_counter() - began)
    median = float(np.median(seconds[1:]))
    expect(median <= MAX_SECONDS, f"{type(sampler).__name__} took {median:.1f} s to propose; at most {MAX_SECONDS:g}.")


CHECKS: Sequence[Check] = [
    check_proposals_are_legal_plain_and_new,
    check_one_trial,
    check_nothing_but_running_trials,
    check_several_rungs,
    check_crashed_trials,
    check_nothing_but_crashed_trials,
    check_a_proposal_is_a_function_of_its_arguments,
    check_nothing_else_changes,
    check_running_trials_are_seen,
    check_a_hundred_trials_are_different,
    check_a_small_space_is_visited_once,
    check_proposals_are_fast,
]


# --- what is expected of a proposal


class _Recorder:
    """Sampler that records the proposals of another one."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler, self.proposals = sampler, list[Config | None]()

    def propose(self, space: ConfigurationSpace, history: History, rng: np.random.Generator) -> Config | None:
        self.proposals.append(self.sampler.propose(space, history, rng))
        return self.proposals[-1]


def _propose(sampler: Sampler, space: ConfigurationSpace, events: Sequence[Event], n: int = 1) -> None:
    """Check `n` proposals for one history."""
    history = _history(events)
    for seed in range(n):
        _check_proposal(sampler, space, history, np.random.default_rng(seed))


def _check_proposal(
    sampler: Sampler, space: ConfigurationSpace, history: History, rng: np.random.Generator
) -> Config | None:
    """Return a proposal after checking that it is legal, plain and new; None if the space is exhausted."""
    name, table = type(sampler).__name__, history.table(space)
    config = sampler.propose(space, history, rng)
    if config is None:
        known = _all_configs(space)
        left = "nearly all" if known is None else len(known) - table.n_distinct
        expect(left == 0, f"{name} proposed None, although {left} configurations were not tried yet.")
        return None
    problem = _translate_error(space, config)
    expect(problem is None, f"{name} proposed {config!r}, {problem}.")
    expect(not table.has(table.encoding.encode(config)), f"{name} proposed {config!r}, which a trial has already.")
    return config


def _translate_error(space: ConfigurationSpace, config: Any) -> str | None:
    """Return what is wrong with a configuration as a clause; None if it is legal."""
    if not isinstance(config, Mapping):
        return "which is not a mapping from names to values"
    for name, value in config.items():
        if name not in space:
            return f"but the space has no {name!r}"
        if type(value) not in _types(space[name]):
            return f"in which {name!r} is a {type(value).__name__} and not a plain Python value of its kind"
        if not space[name].legal_value(value):
            return f"in which {name!r} is out of its range"
    active = Encoding(space).active_names(config)
    if inactive := sorted(set(config) - active):
        return f"in which {inactive[0]!r} is not active and must be left out"
    if missing := sorted(active - set(config)):
        return f"in which {missing[0]!r} is active and missing"
    try:
        Configuration(space, values=dict(config))
    except ForbiddenValueError:
        return "which breaks a forbidden clause"
    return None


def _types(hyperparameter: Any) -> set[type]:
    """Return the valid types of values of a hyperparameter."""
    choices = [*getattr(hyperparameter, "choices", ()), *getattr(hyperparameter, "sequence", ())]
    return {type(to_plain(value)) for value in (hyperparameter.default_value, *choices)}
