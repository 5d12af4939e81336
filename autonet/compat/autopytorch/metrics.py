"""Metrics of Auto-PyTorch 0.2.1 by their names, and those of the estimators that they stand for."""

from dataclasses import dataclass

from autonet.core.task import TaskKind
from autonet.metrics.metric import MINIMIZED

__all__ = ["CLASSIFICATION_METRICS", "REGRESSION_METRICS", "TaskMetric", "find_metric", "list_metrics"]

NEGATED = "neg_"  # how names of errors begin whose sign is turned, so that greater is better


@dataclass(frozen=True)
class TaskMetric:
    """A metric by its name in Auto-PyTorch.

    Attributes
    ----------
    name : str
    scorer : str
        Name of the metric of the estimators.
    """

    name: str
    scorer: str

    @property
    def larger_is_better(self) -> bool:
        """Whether larger values, in Auto-PyTorch, are better."""
        return not (self.scorer.startswith(NEGATED) or self.scorer in MINIMIZED)

    @property
    def _sign(self) -> int:
        return 1 if self.larger_is_better else -1

    @property
    def _optimum(self) -> int:
        return 0 if self._sign < 0 else 1

    def from_score(self, score: float) -> float:
        """Convert a score of the estimators to the value in Auto-PyTorch, where errors are positive."""
        return -score if self.scorer.startswith(NEGATED) else score

    def to_cost(self, score: float) -> float:
        """Convert a score of the estimators to its distance from the best value."""
        return self._sign * (self._optimum - self.from_score(score))

    def from_cost(self, cost: float) -> float:
        """Convert a cost of `to_cost` to the value in Auto-PyTorch."""
        return self._optimum - self._sign * cost

    def __str__(self) -> str:
        """Return the name."""
        return self.name


accuracy = TaskMetric("accuracy", "accuracy")
balanced_accuracy = TaskMetric("balanced_accuracy", "balanced_accuracy")
roc_auc = TaskMetric("roc_auc", "roc_auc")
average_precision = TaskMetric("average_precision", "average_precision")
log_loss = TaskMetric("log_loss", "neg_log_loss")
precision, recall, f1 = (TaskMetric(name, name) for name in ("precision", "recall", "f1"))
precision_macro, recall_macro, f1_macro = (TaskMetric(n, n) for n in ("precision_macro", "recall_macro", "f1_macro"))
precision_micro, recall_micro, f1_micro = (TaskMetric(n, n) for n in ("precision_micro", "recall_micro", "f1_micro"))
precision_weighted, recall_weighted, f1_weighted = (
    TaskMetric(n, n) for n in ("precision_weighted", "recall_weighted", "f1_weighted")
)
r2 = TaskMetric("r2", "r2")
mean_absolute_error = TaskMetric("mean_absolute_error", "neg_mean_absolute_error")
mean_squared_error = TaskMetric("mean_squared_error", "neg_mean_squared_error")
root_mean_squared_error = TaskMetric("root_mean_squared_error", "neg_root_mean_squared_error")
mean_squared_log_error = TaskMetric("mean_squared_log_error", "neg_mean_squared_log_error")
median_absolute_error = TaskMetric("median_absolute_error", "neg_median_absolute_error")

_BINARY = (average_precision, precision, recall, f1)
_OF_CLASSES = (
    accuracy,
    balanced_accuracy,
    roc_auc,
    log_loss,
    precision_macro,
    precision_micro,
    precision_weighted,
    recall_macro,
    recall_micro,
    recall_weighted,
    f1_macro,
    f1_micro,
    f1_weighted,
)
_OF_VALUES = (r2, mean_absolute_error, mean_squared_error, root_mean_squared_error, median_absolute_error)
CLASSIFICATION_METRICS = {metric.name: metric for metric in (*_OF_CLASSES, *_BINARY)}
REGRESSION_METRICS = {metric.name: metric for metric in (*_OF_VALUES, mean_squared_log_error)}


def find_metric(name: str, kind: TaskKind) -> TaskMetric:
    """Return the metric of a name in Auto-PyTorch, or of the estimators' own."""
    known = REGRESSION_METRICS if kind == "regression" else CLASSIFICATION_METRICS
    return known.get(name, TaskMetric(name, name))


def list_metrics(kind: TaskKind, n_classes: int) -> list[TaskMetric]:
    """Return the metrics that any targets of a task have.

    Parameters
    ----------
    kind : {"classification", "regression"}
    n_classes : int
        Of a classification.
    """
    if kind == "regression":
        return list(_OF_VALUES)
    return [*_OF_CLASSES, *(_BINARY if n_classes == 2 else ())]
