"""Descriptions of a learning task and of the inputs of networks."""

from dataclasses import dataclass
from typing import Literal

from autonet.core.spec import describable

__all__ = ["InputLayout", "Task", "TaskKind"]

TaskKind = Literal["classification", "multilabel", "regression"]


@describable
@dataclass(frozen=True)
class Task:
    """Kind and sizes of a learning task, on which the spaces of components may depend.

    Attributes
    ----------
    kind : {"classification", "multilabel", "regression"}
    n_rows, n_features : int
        Sizes of the data before encoding.
    n_outputs : int
        Number of classes, of labels, of regression targets, or of quantiles.
    quantiles : tuple of float
        Levels of the quantiles that a regression predicts of its only target, in the order of the outputs; empty for
        means.

    Examples
    --------
    >>> Task("classification", n_rows=569, n_features=30)
    Task(kind='classification', n_rows=569, n_features=30, n_outputs=2, quantiles=())
    """

    kind: TaskKind
    n_rows: int = 1000
    n_features: int = 10
    n_outputs: int = 2
    quantiles: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """Kind of the task in words."""
        return "regression of quantiles" if self.quantiles else self.kind

    @property
    def has_one_class(self) -> bool:
        """Whether all rows have the same class, so that there is nothing to learn."""
        return self.kind == "classification" and self.n_outputs == 1


@describable
@dataclass(frozen=True)
class InputLayout:
    """Order of the columns of an encoded row: numerical features, other features, indices of categories.

    Attributes
    ----------
    n_in : int
        Number of columns.
    n_numbers : int
        Number of scaled numerical features, which come first.  Other features are missing indicators, one-hot columns
        and components of texts.
    vocabularies : tuple of int
        Number of categories of each column of indices, which come last.
    """

    n_in: int
    n_numbers: int = 0
    vocabularies: tuple[int, ...] = ()
