"""What is to be learned: the kind of target and the sizes of the table."""

from dataclasses import dataclass
from typing import Literal

from autonet.core.spec import describable

__all__ = ["Task", "TaskKind"]

TaskKind = Literal["classification", "multilabel", "regression"]


@describable
@dataclass(frozen=True)
class Task:
    """Kind and sizes of a learning task; all that a component's space may depend on.

    Attributes
    ----------
    kind : {"classification", "multilabel", "regression"}
    n_rows, n_features : int
        Sizes of the table before any encoding.
    n_outputs : int
        Number of classes, of labels, or of regression targets.

    Examples
    --------
    >>> Task("classification", n_rows=569, n_features=30)
    Task(kind='classification', n_rows=569, n_features=30, n_outputs=2)
    """

    kind: TaskKind
    n_rows: int = 1000
    n_features: int = 10
    n_outputs: int = 2
