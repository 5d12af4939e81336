"""The learning curve of a network: its losses by epoch and second, at a limited number of points."""

from typing import NamedTuple

__all__ = ["LearningCurve", "Point"]


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
    """

    epoch: float
    seconds: float
    train_loss: float | None
    metric_loss: float
    plain_loss: float


class LearningCurve:
    """Validations of one network in one job; of many, every second, every fourth, and so on is kept, and the last.

    Parameters
    ----------
    max_points : int
        Largest number of points, at least 2.
    """

    def __init__(self, max_points: int = 100) -> None:
        self._max_points = max_points
        self._kept: list[Point] = []
        self._last: Point | None = None
        self._n, self._stride = 0, 1
        self._sum, self._steps = 0.0, 0

    def add_step(self, loss: float) -> None:
        """Add the loss of a batch."""
        self._sum += loss
        self._steps += 1

    def add_validation(self, epoch: float, seconds: float, metric_loss: float, plain_loss: float) -> None:
        """Add a validation."""
        train_loss = self._sum / self._steps if self._steps else None
        self._last = Point(epoch, seconds, train_loss, metric_loss, plain_loss)
        self._sum, self._steps = 0.0, 0
        if self._n % self._stride == 0:
            self._kept.append(self._last)
        self._n += 1
        if len(self._kept) == self._max_points:
            self._kept, self._stride = self._kept[::2], 2 * self._stride

    @property
    def points(self) -> list[Point]:
        """The points that are kept, in their order."""
        if self._last is None or self._kept[-1] is self._last:
            return list(self._kept)
        return [*self._kept, self._last]
