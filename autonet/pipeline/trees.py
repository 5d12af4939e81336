"""Trees of scikit-learn, boosted and randomized, that grow step by step: more of them, or stop here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from autonet.core.task import Task

__all__ = ["Boosting", "Forest", "Trees"]

Array = NDArray[Any]

ITERATIONS = 500  # of boosting, at most
BOOSTED_TREES = 5000  # at most: an iteration grows a tree for every class, label or target
PATIENCE = 30  # iterations without a smaller loss on the validation rows after which boosting ends
FOREST_SIZE = 100  # trees; twice as many change the last digit
# A node holds eight numbers and what it predicts.  Without a limit the leaves of a forest are as many as the rows.
FOREST_NUMBERS, NUMBERS_OF_A_NODE = 2**25, 8  # in all trees, of eight bytes: 256 MB


class Trees(ABC):
    """Trees that can be made more.

    Attributes
    ----------
    size : int
        Iterations of boosting, or trees of a forest, that there are.
    largest : int
        How many there should be at most.
    """

    size = 0
    largest: int

    @abstractmethod
    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Go on until there are `size` of them, on the same rows as before.

        Parameters
        ----------
        size : int
        x : ndarray of shape (n, n_in), float32
            Without missing values.
        y : ndarray
            Class codes (n,), labels (n, n_labels) of 0 and 1, or targets (n, n_targets).
        weights : ndarray of shape (n,) or None
            All of them positive.
        """

    @abstractmethod
    def prediction(self, x: Array) -> Array:
        """Predict probabilities (n, n_outputs), or targets (n, n_targets)."""

    def is_past_its_best(self, x: Array, loss: Callable[[Array], float]) -> bool:
        """Tell whether more trees would predict worse, by the loss of a prediction for rows that do not train."""
        return False


class Boosting(Trees):
    """Histogram gradient boosting: one model for classes, one per label or target otherwise.

    Predictions are those of the iteration that was best on the validation rows.

    Parameters
    ----------
    task : Task
    seed : int
    **parameters
        Of scikit-learn's ``HistGradientBoostingClassifier`` and ``HistGradientBoostingRegressor``.
    """

    def __init__(self, task: Task, seed: int, **parameters: Any) -> None:
        self.task, self.kept = task, 0
        n_trees = 1 if task.kind == "classification" and task.n_outputs <= 2 else task.n_outputs
        self.largest = min(ITERATIONS, max(BOOSTED_TREES // n_trees, 1))
        of = HistGradientBoostingRegressor if task.kind == "regression" else HistGradientBoostingClassifier
        fixed = {"warm_start": True, "early_stopping": False, "random_state": seed}
        n_models = 1 if task.kind == "classification" else task.n_outputs
        self.models = [of(**fixed, **parameters) for _ in range(n_models)]

    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Boost until there are `size` iterations."""
        for model, target in zip(self.models, y.reshape(len(y), -1).T, strict=True):
            model.set_params(max_iter=size).fit(x, target, weights)
        self.size = self.kept = size

    def is_past_its_best(self, x: Array, loss: Callable[[Array], float]) -> bool:
        """Tell whether the last iterations brought nothing; from here on predict with the best one."""
        losses = [loss(prediction) for prediction in self._staged(x)]
        self.kept = int(np.argmin(losses)) + 1
        return self.size - self.kept >= PATIENCE

    def prediction(self, x: Array) -> Array:
        """Predict with the iterations until the best one."""
        return next(islice(self._staged(x), self.kept - 1, None))

    def _staged(self, x: Array) -> Iterator[Array]:
        """Yield the predictions after each iteration."""
        if self.task.kind == "regression":
            stages = zip(*(model.staged_predict(x) for model in self.models), strict=True)
            return (np.stack(columns, axis=1) for columns in stages)
        classes = [model.classes_ for model in self.models]
        return (
            _probabilities(parts, classes, self.task)
            for parts in zip(*(model.staged_predict_proba(x) for model in self.models), strict=True)
        )


class Forest(Trees):
    """Extremely randomized trees (Geurts et al., 2006); one forest for all labels or targets.

    Parameters
    ----------
    task : Task
    seed : int
    **parameters
        Of scikit-learn's ``ExtraTreesClassifier`` and ``ExtraTreesRegressor``.
    """

    def __init__(self, task: Task, seed: int, **parameters: Any) -> None:
        self.task, self.largest = task, FOREST_SIZE
        of = ExtraTreesRegressor if task.kind == "regression" else ExtraTreesClassifier
        numbers = NUMBERS_OF_A_NODE + task.n_outputs * (2 if task.kind == "multilabel" else 1)
        leaves = max(FOREST_NUMBERS // (2 * FOREST_SIZE * numbers), 2)
        self.model = of(
            max_leaf_nodes=None if task.n_rows <= leaves else leaves,
            warm_start=True,
            n_jobs=1,
            random_state=seed,
            **parameters,
        )

    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Add trees until there are `size`."""
        one = y.ndim == 1 or y.shape[1] == 1
        self.model.set_params(n_estimators=size).fit(x, y.ravel() if one else y, weights)
        self.size = size

    def prediction(self, x: Array) -> Array:
        """Predict with all trees."""
        if self.task.kind == "regression":
            return np.asarray(self.model.predict(x)).reshape(len(x), -1)
        parts, classes = self.model.predict_proba(x), self.model.classes_
        several = isinstance(parts, list)
        return _probabilities(parts if several else [parts], classes if several else [classes], self.task)


def _probabilities(parts: Sequence[Array], classes: Sequence[Array], task: Task) -> Array:
    """Put probabilities in their places: those of classes that no training row has are 0.

    Parameters
    ----------
    parts : sequence of ndarray of shape (n, n_seen)
        Of the classes, or of 0 and 1 for each label.
    classes : sequence of ndarray
        Which classes were seen, for each of the parts.  Of a single one, scikit-learn's boosting gives two columns.
    task : Task
    """
    every = task.n_outputs if task.kind == "classification" else 2
    placed = np.zeros((len(parts), len(parts[0]), every))
    for place, part, seen in zip(placed, parts, classes, strict=True):
        place[:, seen.astype(np.intp)] = part[:, : len(seen)]
    return np.asarray(placed[0] if task.kind == "classification" else placed[:, :, 1].T)
