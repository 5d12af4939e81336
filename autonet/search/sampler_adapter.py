"""Samplers of Optuna in a study of autonet; needs the extra ``optuna``."""

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption
from autonet.search.history import History
from autonet.search.records import Status, Trial

__all__ = ["OptunaSampler", "adopt_sampler"]


def adopt_sampler(sampler: Any) -> Any:
    """Return a sampler of Optuna as one of autonet; anything else unchanged."""
    is_theirs = hasattr(sampler, "sample_relative") and hasattr(sampler, "sample_independent")
    return OptunaSampler(sampler) if is_theirs and not isinstance(sampler, type) else sampler


class OptunaSampler:
    """Sampler of autonet that asks a sampler of Optuna.

    It keeps a copy of the study as one of Optuna, in memory, to which it tells each trial that ends.  In contrast to
    samplers of autonet, those of Optuna have a state and a seed of their own: a resumed search does not repeat the
    proposals of an uninterrupted one.

    Parameters
    ----------
    sampler : optuna.samplers.BaseSampler

    Attributes
    ----------
    ended : bool
        Whether the sampler has nothing more to propose.

    Raises
    ------
    InvalidOption
        If the sampler is for several objectives.
    """

    def __init__(self, sampler: Any) -> None:
        if type(sampler).__name__ in ("NSGAIISampler", "NSGAIIISampler", "MOTPESampler"):
            raise InvalidOption(
                f"{type(sampler).__name__} is for several objectives; autonet optimizes one: pass another sampler."
            )
        self.sampler = sampler
        self._copy: Any = None
        self._history: weakref.ref[History] | None = None
        self._asked: dict[int, Any] = {}  # trials of the copy by number here
        self._told: set[int] = set()
        self.ended = False
        self._last: tuple[int, Any] | None = None  # number that the latest proposal was for, and the trial of the copy

    def propose(
        self, space: ConfigurationSpace, history: History, rng: np.random.Generator
    ) -> Mapping[str, Any] | None:
        """Propose a configuration; see `autonet.search.Sampler`."""
        from autonet.search.export.distributions import make_parameters  # noqa: PLC0415 - imports optuna

        suggested = [name for name in history.definitions if name in space]  # the order matters to some samplers
        names = dict.fromkeys([*suggested, *space])  # parents come before their children
        made = make_parameters(space, history.definitions)
        parameters = {name: made[name] for name in names if name in made}
        self._update(parameters, history)
        if self.ended:
            return None
        asked = self._copy.ask()
        encoding = history.table(space).encoding
        config: dict[str, Any] = {}
        for name in names:
            if name in encoding.active_names(config):
                parameter = parameters.get(name)
                config[name] = _suggest(asked, name, parameter) if parameter else space[name].default_value
        self._last = len(history), asked
        row = encoding.canonicalize(encoding.encode(config)[None])[0]
        if encoding.is_legal(row):
            return encoding.decode(row)
        row = history.table(space).sample_new(rng)
        return None if row is None else encoding.decode(row)

    def _update(self, parameters: Mapping[str, Any], history: History) -> None:
        """Tell the copy what has ended since the last proposal."""
        import optuna  # noqa: PLC0415 - an extra

        if self._copy is None or self._history is None or self._history() is not history:
            verbosity = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            directions = optuna.study.StudyDirection
            direction = directions.MAXIMIZE if history.maximize else directions.MINIMIZE
            self._copy = optuna.create_study(sampler=self.sampler, direction=direction)
            optuna.logging.set_verbosity(verbosity)
            self._copy.stop = self._end
            self._history, self._asked, self._told, self._last = weakref.ref(history), {}, set(), None
            self.ended = False
        if self._last is not None:
            number, asked = self._last
            used = history.trials[number].config if number < len(history) else {}
            if all(name in used and _equal(parameters, name, used, asked.params) for name in asked.params):
                self._asked[number] = asked
            else:  # the proposal was tried before, or is not legal
                self._copy.tell(asked, state=optuna.trial.TrialState.FAIL)
            self._last = None
        for trial in history:
            if trial.number not in self._told and trial.reports and not trial.running:
                self._tell(trial, parameters)
                self._told.add(trial.number)

    def _end(self) -> None:
        """End the search, as samplers do that have proposed all there is; they call it ``study.stop()``."""
        self.ended = True

    def _tell(self, trial: Trial, parameters: Mapping[str, Any]) -> None:
        """Tell the copy a trial that has ended."""
        import optuna  # noqa: PLC0415

        states = optuna.trial.TrialState
        pruned = trial.status is Status.PRUNED and bool(trial.curve)
        state = states.PRUNED if pruned else states.COMPLETE if trial.usable else states.FAIL
        curve, value = (dict(trial.curve), None) if pruned else ({}, trial.value)
        asked = self._asked.pop(trial.number, None)
        if asked is not None:
            for step, reported in curve.items():
                asked.report(reported, step)
            self._copy.tell(asked, value, state=state)
            return
        known = {name: parameter for name, parameter in parameters.items() if name in trial.config}
        try:
            params = {name: parameter.convert(trial.config[name]) for name, parameter in known.items()}
        except LookupError:  # outside of ranges that have changed
            return
        distributions = {name: parameter.distribution for name, parameter in known.items()}
        self._copy.add_trial(
            optuna.trial.create_trial(
                state=state, value=value, params=params, distributions=distributions, intermediate_values=curve
            )
        )


def _suggest(asked: Any, name: str, parameter: Any) -> Any:
    """Return the value that a trial of Optuna suggests for a parameter."""
    distribution = parameter.distribution
    if parameter.choices:
        chosen = asked.suggest_categorical(name, distribution.choices)
        return parameter.choices[distribution.choices.index(chosen)]
    kind = "suggest_int" if type(distribution).__name__ == "IntDistribution" else "suggest_float"
    suggest = getattr(asked, kind)
    return suggest(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


def _equal(parameters: Mapping[str, Any], name: str, used: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Return whether a value of a configuration is that of a trial of Optuna."""
    try:
        return bool(parameters[name].convert(used[name]) == params[name])
    except LookupError:
        return False
