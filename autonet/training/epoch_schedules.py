"""Learning-rate schedules by epoch, whose periods do not depend on the budget: those of Auto-PyTorch 0.0.2.

A promoted trial resumes where its schedule was.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

__all__ = [
    "AdaptSchedule",
    "EpochSchedule",
    "FormulaSchedule",
    "LossSchedule",
    "PlateauSchedule",
    "alternate_by_epoch",
    "anneal_by_epoch",
    "cycle_by_epoch",
    "decay_by_epoch",
    "step_by_epoch",
]

# Share by which the loss must fall to count as lower; that of ``torch.optim.lr_scheduler.ReduceLROnPlateau``.
MIN_DECREASE = 1e-4


class EpochSchedule(ABC):
    """A schedule that is constant within an epoch."""

    @abstractmethod
    def factor(self, epoch: int) -> float:
        """Return the factor of the learning rate in an epoch, counted from 0 over all jobs of the trial."""


class FormulaSchedule(EpochSchedule):
    """A schedule that is a function of the epoch alone.

    Parameters
    ----------
    formula : callable
        Maps the epoch to the factor.
    """

    def __init__(self, formula: Callable[[int], float]) -> None:
        self._formula = lru_cache(maxsize=1)(formula)  # asked for in every step

    def factor(self, epoch: int) -> float:
        """Return the factor of the learning rate in an epoch."""
        return self._formula(epoch)


class LossSchedule(EpochSchedule):
    """A schedule that follows the loss on the validation rows.

    Attributes
    ----------
    factors : list of float
        Factor of each epoch up to the next.  A training without validation rows repeats them, if it is given the state
        of one that had some.
    """

    def __init__(self) -> None:
        self.factors = [1.0]

    def factor(self, epoch: int) -> float:
        """Return the factor of the learning rate in an epoch; of a later one, the last that is known."""
        return self.factors[min(epoch, len(self.factors) - 1)]

    def record(self, epoch: int, loss: float) -> None:
        """Record a validation.

        Parameters
        ----------
        epoch : int
            Whole epochs of the trial before.  A second validation within an epoch is ignored.
        loss : float
            Plain loss; smaller is better.
        """
        passed = epoch + 1 - len(self.factors)
        if passed > 0:
            self.factors += [self.factors[-1]] * (passed - 1)
            self.factors.append(self._next_factor(loss, passed))

    @abstractmethod
    def _next_factor(self, loss: float, epochs: int) -> float:
        """Return the factor after a validation, so many epochs after the last one."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return _copy_lists(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore an earlier state."""
        vars(self).update(_copy_lists(state))


class PlateauSchedule(LossSchedule):
    """Multiply the learning rate by `factor` once the loss has not fallen for more than `patience` epochs.

    Computes the same as ``torch.optim.lr_scheduler.ReduceLROnPlateau``.
    """

    def __init__(self, *, factor: float, patience: int) -> None:
        super().__init__()
        self.decay, self.patience = factor, patience
        self.best, self.waited = math.inf, 0

    def _next_factor(self, loss: float, epochs: int) -> float:
        if loss < self.best * (1 - MIN_DECREASE):
            self.best, self.waited = loss, 0
        else:
            self.waited += epochs
        if self.waited <= self.patience:
            return self.factors[-1]
        self.waited = 0
        return self.factors[-1] * self.decay


class AdaptSchedule(LossSchedule):
    """Keep the learning rate while the loss falls, and anneal it by a cosine otherwise: ``adapt`` of Auto-PyTorch.

    Parameters
    ----------
    T_max : int
        Length of the cosine, in epochs; at its end the first rate returns.
    T_mult : float
        Factor of this length from one cosine to the next.
    patience : int
        Number of the last losses among which the largest is compared with the last one.
    threshold : float
        Difference of the two from which on the loss falls.
    """

    def __init__(self, *, T_max: int, T_mult: float, patience: int, threshold: float) -> None:
        super().__init__()
        self.period, self.T_mult, self.patience, self.threshold = float(T_max), T_mult, patience, threshold
        self.base, self.epochs = 1.0, 0
        self.losses: list[float] = []

    def _next_factor(self, loss: float, epochs: int) -> float:
        self.losses = [*self.losses, loss][-self.patience :]
        if max(self.losses) - loss > self.threshold:
            self.base, self.epochs = self._anneal(), 0
        else:
            self.epochs += epochs
        if self.epochs >= self.period:
            self.period *= self.T_mult
            self.base, self.epochs, self.losses = 1.0, 0, []
        return self._anneal()

    def _anneal(self) -> float:
        return self.base * _cosine(self.epochs / self.period)


def anneal_by_epoch(T_max: int, T_mult: float) -> EpochSchedule:
    """Return cosines with warm restarts: Loshchilov & Hutter, "SGDR" (2017), arXiv 1608.03983.

    Parameters
    ----------
    T_max : int
        Epochs of the first cosine.
    T_mult : float
        Factor of its length from one cosine to the next.
    """

    def factor(epoch: int) -> float:
        _, position, length = _locate(epoch, T_max, T_mult)
        return _cosine(position / length)

    return FormulaSchedule(factor)


def alternate_by_epoch(T_max: int, T_mult: float, amp_reduction: float) -> EpochSchedule:
    """Return a falling cosine, then waves from 0 and back, each lower by `amp_reduction`; see `anneal_by_epoch`."""

    def factor(epoch: int) -> float:
        cycle, position, length = _locate(epoch, T_max, T_mult)
        u = (position + 0.5) / length  # in the middle of the epoch: with T_max = 1, waves begin and end in each
        return amp_reduction**cycle * _cosine(u if cycle == 0 else 1 - 2 * u)

    return FormulaSchedule(factor)


def cycle_by_epoch(cycle_length: int, max_factor: float, min_factor: float) -> EpochSchedule:
    """Return triangles: from `max_factor` to `min_factor` in `cycle_length` epochs, and back in as many."""

    def factor(epoch: int) -> float:
        cycle, position = divmod(epoch, cycle_length)
        share = position / cycle_length
        return max_factor + (min_factor - max_factor) * (1 - share if cycle % 2 else share)

    return FormulaSchedule(factor)


def step_by_epoch(step_size: int, gamma: float) -> EpochSchedule:
    """Return steps: multiply by `gamma` every `step_size` epochs."""
    return FormulaSchedule(lambda epoch: gamma ** (epoch // step_size))


def decay_by_epoch(gamma: float) -> EpochSchedule:
    """Return an exponential decay: multiply by `gamma` after every epoch."""
    return FormulaSchedule(lambda epoch: gamma**epoch)


def _copy_lists(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in state.items()}


def _cosine(u: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * u))


def _locate(epoch: int, length: float, T_mult: float) -> tuple[int, int, float]:
    """Return the cycle of an epoch, the epochs of it before, and its length; cycles begin with an epoch."""
    cycle = 0
    while epoch >= length:
        epoch -= math.ceil(length)
        length, cycle = max(length * T_mult, 1.0), cycle + 1
    return cycle, max(epoch, 0), length
