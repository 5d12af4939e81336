"""The learning curve of a network: its losses by epoch and second, at a limited number of points."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from autonet.core.modality import Inputs

__all__ = ["LearningCurve", "Point", "TrainingSample"]

SAMPLE_SHARE = 0.008  # of the time of training steps, that scores of training rows may take


class Point(NamedTuple):
    """A point of a learning curve: a validation.

    Attributes
    ----------
    epoch : float
        Epochs trained before, in all jobs of the trial.
    seconds : float
        Seconds of training before, without the pauses between jobs.
    train_loss : float or None
        Mean loss of the batches since the last validation; None on a GPU if none of them was read.
    metric_loss, plain_loss : float
        Losses on the validation rows; smaller is better.
    train_metric_loss : float or None
        Metric loss on a sample of the training rows; None where it was not due.
    """

    epoch: float
    seconds: float
    train_loss: float | None
    metric_loss: float
    plain_loss: float
    train_metric_loss: float | None = None


@dataclass
class TrainingSample:
    """Sample of the training rows, which is scored now and then: how often follows from steps, and a seed repeats it.

    Attributes
    ----------
    x : Tensor or Inputs of shape (n, n_in)
    validation : callable
        Maps their outputs to (metric loss, plain loss).
    cost : float
        Duration of a score, in training steps.
    """

    x: Inputs
    validation: Callable[[Tensor], tuple[float, float]]
    cost: float
    _spent: float = 0.0

    def is_due(self, steps: int) -> bool:
        """Return whether to score the sample after so many steps of the job, and count the score."""
        if self._spent + self.cost > SAMPLE_SHARE * steps:
            return False
        self._spent += self.cost
        return True


class LearningCurve:
    """Validations of one network in one job; of many, every second, every fourth, and so on is kept, and the last.

    Parameters
    ----------
    max_points : int
        Largest number of points, at least 2.
    sample : TrainingSample, optional
    """

    def __init__(self, max_points: int = 100, sample: TrainingSample | None = None) -> None:
        self._max_points, self.sample = max_points, sample
        self._kept: list[Point] = []
        self._last: Point | None = None
        self._n, self._stride = 0, 1
        self._sum, self._steps = 0.0, 0

    def add_step(self, loss: float) -> None:
        """Add the loss of a batch."""
        self._sum += loss
        self._steps += 1

    def add_validation(
        self,
        epoch: float,
        seconds: float,
        metric_loss: float,
        plain_loss: float,
        train_metric_loss: float | None = None,
    ) -> None:
        """Add a validation."""
        train_loss = self._sum / self._steps if self._steps else None
        self._last = Point(epoch, seconds, train_loss, metric_loss, plain_loss, train_metric_loss)
        self._sum, self._steps = 0.0, 0
        if self.keeps_next:
            self._kept.append(self._last)
        self._n += 1
        if len(self._kept) == self._max_points:
            self._kept, self._stride = self._kept[::2], 2 * self._stride

    @property
    def keeps_next(self) -> bool:
        """Whether the next validation is one of those that are kept for now."""
        return self._n % self._stride == 0

    @property
    def points(self) -> list[Point]:
        """The points that are kept, in their order."""
        if self._last is None or self._kept[-1] is self._last:
            return list(self._kept)
        return [*self._kept, self._last]
