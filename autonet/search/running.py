"""What an objective is given: a mapping of values that also reports, saves checkpoints and defines spaces."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ConfigSpace.hyperparameters import Hyperparameter

from autonet.core.errors import InvalidOption
from autonet.search.records import Job
from autonet.search.results import as_number
from autonet.search.spaces.definitions import categorical, draw, floating, integer, is_value_of
from autonet.search.storage.checkpoints import Checkpoint
from autonet.search.storage.jsonvalues import normalize

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
    """

    def __init__(self, job: Job, observe: Observer | None = None) -> None:
        self.job = job
        self.number, self.seed, self.start, self.deadline = job.trial, job.seed, job.start, job.deadline
        self.budget = job.target if job.budgeted else None
        path = Path(job.directory) / f"{job.trial}-{job.start}-{job.target}.safetensors" if job.directory else None
        self.checkpoint = Checkpoint(job.checkpoint, path)
        self.user_attrs: dict[str, Any] = {}
        self.curve: list[tuple[int, float]] = []
        self.definitions: dict[str, Hyperparameter[Any, Any]] = {}
        self._values = {} if job.defines else dict(job.config)
        self._observe = observe
        self._best = math.inf

    # --- a mapping

    def __getitem__(self, name: str) -> Any:
        """Return the value of a hyperparameter."""
        return self._values[name]

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
        return dict(self._values)

    # --- on the way

    def report(self, value: float, step: int) -> None:
        """Report the value reached after `step`, in the direction of the study.

        Raises
        ------
        TypeError, ValueError
            If `value` is not a number, or `step` is not a whole number of at most 53 bits.
        """
        value = as_number(value, "trial.report was given the value")
        at = as_number(step, "trial.report was given the step", "a whole number")
        if not -MAX_STEP <= at <= MAX_STEP:
            raise ValueError(f"trial.report was given the step {at:g}; expected a whole number below 2**53.")
        step = int(at)
        self.curve.append((step, value))
        self._best = min(self._best, -value if self.job.maximize else value)
        if self._observe:
            self._observe(self.number, step, value)

    def should_prune(self) -> bool:
        """Whether to end the trial now, by returning or by raising `TrialPruned`.

        True past the deadline, after a value that is not finite, and when the best value reported so far is worse
        than the median of what finished trials had reached by the same step.
        """
        if time.monotonic() >= self.deadline:
            return True
        if not self.curve:
            return False
        step, value = self.curve[-1]
        known = [s for s in self.job.bounds if s <= step]
        return not math.isfinite(value) or (bool(known) and self._best > self.job.bounds[max(known)])

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
        if not isinstance(name, str):
            raise TypeError(f"the name of a user attribute is of type {type(name).__name__}; expected str.")
        self.user_attrs[name] = normalize(value, f"the user attribute {name!r}")

    # --- defining the space

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Choose a number from [low, high]."""
        return float(self._suggest(floating(name, low, high, step=step, log=log)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Choose a whole number from low to high, both included."""
        return int(self._suggest(integer(name, low, high, step=step, log=log)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Choose one of `choices`."""
        return self._suggest(categorical(name, choices))

    def _suggest(self, hyperparameter: Hyperparameter[Any, Any]) -> Any:
        """Return the value of a hyperparameter: the one proposed if it is legal, otherwise a random one."""
        name = hyperparameter.name
        if not self.job.defines:
            if name not in self._values:
                raise InvalidOption(
                    f"{name!r} is not active in the space of the study, which has {sorted(self._values)} here; leave "
                    "out the space to define it in the objective."
                )
            return self._values[name]
        if name not in self._values:
            self.definitions[name] = hyperparameter
            proposed = self.job.config.get(name)
            if name in self.job.config and is_value_of(hyperparameter, proposed):
                self._values[name] = proposed
            else:  # from a stream of its own, so that the order of suggestions does not matter
                stream = np.random.SeedSequence(self.seed, spawn_key=tuple(name.encode()))
                self._values[name] = draw(hyperparameter, np.random.default_rng(stream))
        return self._values[name]
