"""What an objective is given: a mapping of values that also reports, saves checkpoints and defines spaces."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.interrupts import current_interrupt
from autonet.core.jsonvalues import normalize
from autonet.search.records import Job, Progress
from autonet.search.results import as_number
from autonet.search.spaces.distributions import (
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    IntDistribution,
    merge,
)
from autonet.search.spaces.values import copy_value
from autonet.search.storage.checkpoints import Checkpoint, checkpoint_path

__all__ = ["Observer", "RunningTrial"]

Observer = Callable[[int, int, float], None]  # number of the trial, step, value

# Up to here a float tells one step from the next.
MAX_STEP = 2**53


class RunningTrial(Mapping[str, Any]):
    """A trial while its objective runs: a mapping from hyperparameters to their values.

    Inactive hyperparameters are absent; ``**trial`` passes the values on.

    Attributes
    ----------
    number : int
        Of the trial, counted from 0.
    budget : float or None
        What to train up to, in the unit of the study; None if the study knows no budgets.
    start : float
        What the trial has paid already; its state then is in ``checkpoint.load()``.
    seed : int
        The trial's own seed, the same whenever it goes on.
    deadline : float
        Reading of ``time.monotonic()`` at which the trial must have ended.
    checkpoint : Checkpoint
    user_attrs : dict

    Examples
    --------
    >>> from autonet.search import Study
    >>> study = Study(random_state=0)
    >>> trial = study.ask()
    >>> 0 <= trial.suggest_float("x", 0, 1) <= 1
    True
    >>> trial.report(0.5, step=1)
    >>> study.tell(trial, 0.25).value
    0.25
    """

    def __init__(self, job: Job, observe: Observer | None = None) -> None:
        self.job = job
        self.number, self.seed, self.start, self.deadline = job.trial, job.seed, job.start, job.deadline
        self.budget = job.target if job.budgeted else None
        path = checkpoint_path(job.directory, job.trial, job.start, job.target) if job.directory else None
        self.checkpoint = Checkpoint(job.checkpoint, path, self._notes)
        before = job.progress or Progress(0, [], {})
        if job.progress is not None:
            self.checkpoint.saved = path  # by an attempt at this job that did not live to end
        self.user_attrs: dict[str, Any] = dict(before.attributes)
        self.curve: list[tuple[int, float]] = list(before.curve)
        self._saves = before.saves
        self.definitions: dict[str, Distribution] = {}
        self._values = {} if job.defines else dict(job.config)
        self._observe = observe
        self._best = min((-v if job.maximize else v for _, v in self.curve), default=math.inf)

    # --- a mapping

    def __getitem__(self, name: str) -> Any:
        """Return the value of a hyperparameter; a list is a copy that the objective may change."""
        return copy_value(self._values[name])

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the active hyperparameters."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count the active hyperparameters."""
        return len(self._values)

    def __repr__(self) -> str:
        """Show number, budget and values."""
        return f"RunningTrial(number={self.number}, budget={self.budget}, {self._values})"

    @property
    def params(self) -> dict[str, Any]:
        """The values as a dictionary."""
        return {name: copy_value(value) for name, value in self._values.items()}

    @property
    def new_curve(self) -> list[tuple[int, float]]:
        """What was reported in this attempt."""
        return self.curve[len(self.job.progress.curve) if self.job.progress else 0 :]

    def _notes(self) -> str:
        """Return what goes into the file of a checkpoint beside the state."""
        self._saves += 1
        return Progress(self._saves, self.curve, self.user_attrs).to_text()

    # --- on the way

    def report(self, value: float, step: int) -> None:
        """Report the value reached after `step`, in the direction of the study.

        Raises
        ------
        TypeError, ValueError
            If `value` is not a number, or `step` is not an integer of at most 53 bits.
        """
        value = as_number(value, "trial.report() got the value")
        at = as_number(step, "trial.report() got the step", "an integer")
        if not -MAX_STEP <= at <= MAX_STEP:
            raise ValueError(f"trial.report() got the step {at:g}; expected an integer below 2**53.")
        step = int(at)
        self.curve.append((step, value))
        self._best = min(self._best, -value if self.job.maximize else value)
        if self._observe:
            self._observe(self.number, step, value)

    def should_prune(self) -> bool:
        """Whether to end the trial now, by returning or by raising `TrialPruned`.

        True past the deadline, after Ctrl-C, after a value that is not finite, and when the best value reported so far
        is worse than the median of what finished trials had reached by the same step.
        """
        if self.should_stop:
            return True
        if not self.curve:
            return False
        step, value = self.curve[-1]
        known = [s for s in self.job.bounds if s <= step]
        return not math.isfinite(value) or (bool(known) and self._best > self.job.bounds[max(known)])

    @property
    def should_stop(self) -> bool:
        """Whether the deadline has passed, or the user asks to stop."""
        return time.monotonic() >= self.deadline or current_interrupt().requested

    def set_user_attr(self, name: str, value: Any) -> None:
        """Keep a value with the trial.

        Parameters
        ----------
        name : str
        value : object
            Numbers, text, bytes, dates and times, and lists, tuples, sets and dicts of them; arrays and tensors become
            lists of numbers.  It is copied.

        Raises
        ------
        TypeError
            If it is anything else: it would not come back from a run directory.
        """
        self.user_attrs[name] = _normalize_attribute(name, value)

    def normalize_attributes(self, *, strict: bool = True) -> dict[str, Any]:
        """Return `user_attrs` as they will be read from any store, for an objective may have changed them in place.

        Parameters
        ----------
        strict : bool
            False leaves out what cannot be kept.

        Raises
        ------
        TypeError
            If one cannot be kept.
        """
        kept = {}
        for name, value in self.user_attrs.items():
            try:
                kept[name] = _normalize_attribute(name, value)
            except TypeError:
                if strict:
                    raise
        return kept

    # --- defining the space

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a number from [low, high]; with `step` one of ``low, low + step, ...``."""
        return float(self._suggest(name, FloatDistribution, low, high, step, log))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Suggest a whole number from `low` to `high`, both included; with `step` one of ``low, low + step, ...``."""
        return int(self._suggest(name, IntDistribution, low, high, step, log))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of `choices`."""
        return self._suggest(name, CategoricalDistribution, tuple(choices))

    def _suggest(self, name: str, kind: type[Distribution], *parameters: Any) -> Any:
        """Return the value of a hyperparameter: the one proposed if it is legal, otherwise a random one.

        Raises
        ------
        InvalidOption
            If the space of the study has no such hyperparameter; if the distribution cannot be, or cannot be merged
            with the one of earlier trials; if a value that must be used is not legal.
        """
        if not self.job.defines:
            if name not in self._values:
                raise InvalidOption(
                    f"{name!r} is not active in the space of the study, which has {sorted(self._values)} here; leave "
                    "out the space to define it in the objective."
                )
            return self[name]
        try:
            distribution = kind(*parameters)
        except InvalidOption as error:
            raise InvalidOption(f"{name!r}: {error}") from None
        if name not in self._values:
            merged = merge(name, self.job.known.get(name), distribution)
            if merged != self.job.known.get(name):
                _check_distribution(name, merged)  # refused here, where the objective has its line, or never
            self._values[name] = self._choose(name, distribution)
            self.definitions[name] = distribution
        elif not distribution.is_legal(self._values[name]):
            raise InvalidOption(
                f"{name!r} was suggested twice in one trial: it has the value {self._values[name]!r}, which is not in "
                f"{distribution}; use another name for the second one."
            )
        return self[name]

    def _choose(self, name: str, distribution: Distribution) -> Any:
        """Return a legal value."""
        stream = np.random.SeedSequence(self.seed, spawn_key=tuple(name.encode("utf-8", "surrogatepass")))
        # A stream of its own for each name, so that the order of suggestions does not matter.
        rng = np.random.default_rng(stream)
        if name not in self.job.config:
            return distribution.sample(rng)
        proposed = self.job.config[name]
        if self.job.fixed and not distribution.is_legal(proposed):
            raise InvalidOption(
                f"the trial continues with {name!r} = {proposed!r}, which is not in {distribution}; use the same "
                "ranges at every budget."
            )
        return distribution.fit(proposed, rng)


def _normalize_attribute(name: Any, value: Any) -> Any:
    """Return a user attribute as it will be read from any store."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a user attribute must be a str; got {type(name).__name__}.")
    return normalize(value, f"the user attribute {name!r}")


def _check_distribution(name: str, distribution: Distribution) -> None:
    """Refuse a distribution that ConfigSpace does not take, such as a choice between what cannot be compared."""
    try:
        distribution.hyperparameter(name)
    except Exception as error:
        raise InvalidOption(f"{name!r}: {distribution} is invalid: {error}") from error
