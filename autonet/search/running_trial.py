"""Running trial: the argument of objectives."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
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
from autonet.search.storage.attachments import make_directory, write_attachment
from autonet.search.storage.checkpoints import Checkpoint, checkpoint_path

__all__ = ["Observer", "RunningTrial", "normalize_attribute"]

Observer = Callable[[int, int, float], None]  # number of the trial, step, value

MAX_STEP = 2**53  # largest step that a float represents exactly


class RunningTrial(Mapping[str, Any]):
    """Running trial, the argument of objectives: a mapping from hyperparameters to values.

    Inactive hyperparameters are absent; ``**trial`` unpacks the values.

    Attributes
    ----------
    number : int
        Number of the trial, counted from 0.
    budget : float or None
        Budget to train up to, in the unit of the study; None if the study has no budgets.
    start : float
        Budget already spent; ``checkpoint.load()`` returns the state at that budget.
    seed : int
        Seed of the trial, the same for all of its jobs.
    deadline : float
        Reading of ``time.monotonic()`` at which the trial must have ended.
    limit : TimeLimit
        The same, as an object.
    checkpoint : Checkpoint
    user_attrs : dict
    metrics : dict of str to list of (int, float)
        Steps and values of the metrics in reports.

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
        self.number, self.seed, self.start = job.trial, job.seed, job.start
        self.deadline, self.limit = job.deadline, job.limit
        self.budget = job.target if job.budgeted else None
        path = checkpoint_path(job.directory, job.trial, job.start, job.target) if job.directory else None
        self.checkpoint = Checkpoint(job.checkpoint, path, self._save_progress, self._has_improved)
        before = job.progress or Progress(0, [], job.attributes)
        if job.progress is not None:
            self.checkpoint.saved = path  # by an earlier attempt at this job, whose process died
        self.user_attrs: dict[str, Any] = dict(before.attributes)
        self.curve: list[tuple[int, float]] = list(before.curve)
        self.metrics: dict[str, list[tuple[int, float]]] = {name: list(v) for name, v in before.metrics.items()}
        self._saves = before.saves
        self.definitions: dict[str, Distribution] = {}
        self._values = {} if job.defines else dict(job.config)
        self._observe = observe
        self._best = min((-v if job.maximize else v for _, v in self.curve), default=math.inf)

    # --- a mapping

    def __getitem__(self, name: str) -> Any:
        """Return the value of a hyperparameter; containers are copied."""
        return copy_value(self._values[name])

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the active hyperparameters."""
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
        """Steps and values reported in this attempt."""
        return self.curve[len(self.job.progress.curve) if self.job.progress else 0 :]

    def _save_progress(self) -> str:
        """Return the progress to save with a checkpoint."""
        self._saves += 1
        return Progress(self._saves, self.curve, self.user_attrs, self.metrics).to_text()

    # --- intermediate values

    def report(self, value: float, step: int, **metrics: float) -> None:
        """Report an intermediate value.

        Parameters
        ----------
        value : float
            In the direction of the study.
        step : int
        **metrics : float
            Further values at this step.  The report of the job keeps the last of each among its metrics, and all in
            its details, as ``"curves"``.

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
        numbers = {name: as_number(v, f"trial.report() got {name} =") for name, v in metrics.items()}
        self.curve.append((step, value))
        for name, number in numbers.items():
            self.metrics.setdefault(name, []).append((step, number))
        self._best = min(self._best, self._to_loss(value))
        if self._observe:
            self._observe(self.number, step, value)

    @property
    def is_best(self) -> bool:
        """Whether the latest reported value is better than those before it, and than those of other trials.

        Other trials count with the values that they had when this job began.
        """
        return self._has_improved() and self._to_loss(self.curve[-1][1]) < self.job.best

    def _has_improved(self) -> bool:
        """Return whether the latest reported value is better than the earlier ones of this job."""
        if not self.curve:
            raise InvalidOption("No value has been reported yet; call trial.report(value, step) first.")
        *earlier, last = (self._to_loss(value) for _, value in self.curve)
        return math.isfinite(last) and not any(loss <= last for loss in earlier)

    def _to_loss(self, value: float) -> float:
        return -value if self.job.maximize else value

    @property
    def directory(self) -> Path:
        """Directory for files of the trial, the same for all of its jobs; created when it is first asked for.

        In a run directory it is ``trials/<number>``, and nothing deletes it.  Otherwise it is temporary, and deleted
        with the study.
        """
        if self.job.files is None:
            raise InvalidOption("This trial belongs to no study, and has no directory.")
        return make_directory(self.job.files, self.number)

    def attach(self, name: str, data: bytes) -> None:
        """Save bytes as a file in the directory of the trial; ``Study.load_attachment`` reads them.

        Parameters
        ----------
        name : str
            Name of the file; one of the same name is replaced.
        data : bytes

        Raises
        ------
        InvalidOption
            If the name is none of a file.
        TypeError
            If `data` are not bytes.
        RunUnavailable
            If the file cannot be written.
        """
        write_attachment(self.directory, name, data)

    def notify(self, value: float, step: int) -> None:
        """Tell the study of an intermediate value that is not kept; see ``Study.on_report``."""
        if self._observe:
            self._observe(self.number, step, value)

    def should_prune(self) -> bool:
        """Return whether to stop the trial now, by returning or by raising `TrialPruned`.

        True after the time limit and after Ctrl-C, and if the pruner of the study says so: by default, after a
        non-finite value, and if the best reported value is worse than the median of finished trials at the same step.
        """
        if self.should_stop:
            return True
        if not self.curve:
            return False
        return self.is_outdone() if self.job.pruner is None else bool(self.job.pruner.should_prune(self))

    def is_outdone(self) -> bool:
        """Return whether the latest value is not finite, or the best one worse than the bound at its step."""
        step, value = self.curve[-1]
        known = [s for s in self.job.bounds if s <= step]
        return not math.isfinite(value) or (bool(known) and self._best > self.job.bounds[max(known)])

    @property
    def losses(self) -> list[tuple[int, float]]:
        """Reported steps and losses, which are minimized."""
        return [(step, self._to_loss(value)) for step, value in self.curve]

    @property
    def should_stop(self) -> bool:
        """Whether the time limit has passed or the user pressed Ctrl-C."""
        return self.limit.passed() or current_interrupt().requested

    def set_user_attr(self, name: str, value: Any) -> None:
        """Set a user attribute of the trial.

        Parameters
        ----------
        name : str
        value : object
            Numbers, strings, bytes, dates and times, and lists, tuples, sets and dicts of them; arrays and tensors
            become lists of numbers.  The value is copied.

        Raises
        ------
        TypeError
            If a run directory cannot store the value.
        """
        self.user_attrs[name] = normalize_attribute(name, value)

    def normalize_attributes(self, *, strict: bool = True) -> dict[str, Any]:
        """Return `user_attrs` as plain values; raise a TypeError on others, or leave them out if not `strict`."""
        kept = {}
        for name, value in self.user_attrs.items():
            try:
                kept[name] = normalize_attribute(name, value)
            except TypeError:
                if strict:
                    raise
        return kept

    # --- define-by-run

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a float from [low, high]; with `step`, from ``low, low + step, ...``."""
        return float(self._suggest(name, FloatDistribution, low, high, step, log))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Suggest an integer from [low, high]; with `step`, from ``low, low + step, ...``."""
        return int(self._suggest(name, IntDistribution, low, high, step, log))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of `choices`."""
        return self._suggest(name, CategoricalDistribution, tuple(choices))

    def _suggest(self, name: str, kind: type[Distribution], *parameters: Any) -> Any:
        """Return the proposed value of a hyperparameter if it is legal, otherwise a random one."""
        if not self.job.defines:
            if name not in self._values:
                raise InvalidOption(
                    f"{name!r} is not active in the space of the study; active are {sorted(self._values)}. Create "
                    "the study without a space to define it in the objective."
                )
            return self[name]
        try:
            distribution = kind(*parameters)
        except InvalidOption as error:
            raise InvalidOption(f"{name!r}: {error}") from None
        if name not in self._values:
            merged = merge(name, self.job.known.get(name), distribution)
            if merged != self.job.known.get(name):
                _check_distribution(name, merged)  # raised at the line of the objective
            self._values[name] = self._choose(name, distribution)
            self.definitions[name] = distribution
        elif not distribution.is_legal(self._values[name]):
            raise InvalidOption(
                f"{name!r} was suggested twice in one trial: its value is {self._values[name]!r}, which is not in "
                f"{distribution}; use another name for the second hyperparameter."
            )
        return self[name]

    def _choose(self, name: str, distribution: Distribution) -> Any:
        """Return the proposed value, or a random one if it is not legal."""
        stream = np.random.SeedSequence(self.seed, spawn_key=tuple(name.encode("utf-8", "surrogatepass")))
        # One stream per name, so that the order of suggestions does not matter.
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


def normalize_attribute(name: Any, value: Any) -> Any:
    """Return a user attribute as plain values."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a user attribute must be a str; got {type(name).__name__}.")
    return normalize(value, f"the user attribute {name!r}")


def _check_distribution(name: str, distribution: Distribution) -> None:
    """Raise if ConfigSpace does not accept a distribution, such as choices that cannot be compared."""
    try:
        distribution.hyperparameter(name)
    except Exception as error:
        raise InvalidOption(f"{name!r}: {distribution} is invalid: {error}") from error
