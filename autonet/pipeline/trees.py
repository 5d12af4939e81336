"""Tree ensembles of scikit-learn, boosted and randomized, that are grown incrementally (warm start)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.models.trees import BoostedTrees, RandomizedTrees, Trees, fill_missing, place_classes

__all__ = ["Boosting", "Forest", "TreeGrower"]

MAX_ITERATIONS = 2000  # of boosting
MAX_BOOSTED_TREES = 10_000  # an iteration grows a tree for every class, label or target
EARLY_STOPPING_ROUNDS = 30  # iterations without a smaller validation loss
FOREST_SIZE = 100  # trees
# Numbers of eight bytes in all trees of a forest (256 MB); without this limit there are as many leaves as rows.
FOREST_NUMBERS = 2**25
NUMBERS_PER_NODE = 8  # besides the predictions


class TreeGrower(ABC):
    """Tree ensemble that can be grown incrementally.

    Attributes
    ----------
    size : int
        Iterations of boosting, or trees of a forest, grown so far.
    largest : int
        Largest size.
    """

    size = 0
    largest: int

    @abstractmethod
    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Grow to `size`, on the same rows as before.

        Parameters
        ----------
        size : int
        x : ndarray of shape (n, n_in), float32
            NaN for missing values.
        y : ndarray
            Class codes (n,), labels (n, n_labels) of 0 and 1, or targets (n, n_targets).
        weights : ndarray of shape (n,) or None
            Positive sample weights.
        """

    @abstractmethod
    def predict(self, x: Array) -> Array:
        """Predict probabilities (n, n_outputs), or targets (n, n_targets), of rows (n, n_in)."""

    @abstractmethod
    def export(self) -> BoostedTrees | RandomizedTrees:
        """Return the trees as arrays, which predict the same."""

    def should_stop(self, x: Array, loss: Callable[[Array], float]) -> bool:
        """Whether to stop early, by the loss of the predictions for validation rows (n, n_in)."""
        return False


class Boosting(TreeGrower):
    """Histogram gradient boosting: one model for classes, one per label or target otherwise.

    Predictions are those of the iteration that was best on the validation rows.

    Parameters
    ----------
    task : Task
    seed : int
    n_categories : int
        Number of columns of categories, which come first.
    **parameters
        Of scikit-learn's ``HistGradientBoostingClassifier`` and ``HistGradientBoostingRegressor``.
    """

    def __init__(self, task: Task, seed: int, n_categories: int = 0, **parameters: Any) -> None:
        self.task, self.kept = task, 0
        n_trees = 1 if task.kind == "classification" and task.n_outputs <= 2 else task.n_outputs
        self.largest = min(MAX_ITERATIONS, max(MAX_BOOSTED_TREES // n_trees, 1))
        model_class = HistGradientBoostingRegressor if task.kind == "regression" else HistGradientBoostingClassifier
        categories = list(range(n_categories)) or None
        fixed = {"warm_start": True, "early_stopping": False, "random_state": seed, "categorical_features": categories}
        n_models = 1 if task.kind == "classification" else task.n_outputs
        self.models = [model_class(**fixed, **parameters) for _ in range(n_models)]

    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Boost on rows (n, n_in) until there are `size` iterations."""
        for model, target in zip(self.models, y.reshape(len(y), -1).T, strict=True):
            model.set_params(max_iter=size).fit(x, target, weights)
        self.size = self.kept = size

    def should_stop(self, x: Array, loss: Callable[[Array], float]) -> bool:
        """Whether the last iterations did not improve the loss on rows (n, n_in); keep the best iteration."""
        losses = [loss(prediction) for prediction in self._iter_stages(x)]
        self.kept = int(np.argmin(losses)) + 1
        return self.size - self.kept >= EARLY_STOPPING_ROUNDS

    def predict(self, x: Array) -> Array:
        """Predict rows (n, n_in) with the iterations until the best one."""
        return next(islice(self._iter_stages(x), self.kept - 1, None))

    def export(self) -> BoostedTrees:
        """Return the trees until the best iteration as arrays."""
        columns, baselines, classes = list[Trees](), list[float](), list[Array]()
        for model in self.models:
            kept = model._predictors[: self.kept]  # noqa: SLF001 - scikit-learn has no public access to them
            for k, baseline in enumerate(np.ravel(model._baseline_prediction).tolist()):  # noqa: SLF001
                columns.append(Trees.join([_boosted_tree(t[k].nodes, t[k].raw_left_cat_bitsets) for t in kept]))
                baselines.append(baseline)
            if self.task.kind != "regression":
                classes.append(np.asarray(model.classes_))
        return BoostedTrees(self.task, columns, np.array(baselines), classes)

    def _iter_stages(self, x: Array) -> Iterator[Array]:
        """Yield the predictions after each iteration."""
        if self.task.kind == "regression":
            stages = zip(*(model.staged_predict(x) for model in self.models), strict=True)
            return (np.stack(columns, axis=1) for columns in stages)
        classes = [model.classes_ for model in self.models]
        return (
            place_classes(parts, classes, self.task)
            for parts in zip(*(model.staged_predict_proba(x) for model in self.models), strict=True)
        )


class Forest(TreeGrower):
    """Extremely randomized trees (Geurts et al., 2006); one forest for all labels or targets.

    Parameters
    ----------
    task : Task
    seed : int
    n_categories : int
        Ignored: categories are ordered by their frequency.
    **parameters
        Of scikit-learn's ``ExtraTreesClassifier`` and ``ExtraTreesRegressor``.
    """

    def __init__(self, task: Task, seed: int, n_categories: int = 0, **parameters: Any) -> None:
        self.task, self.largest = task, FOREST_SIZE
        model_class = ExtraTreesRegressor if task.kind == "regression" else ExtraTreesClassifier
        numbers = NUMBERS_PER_NODE + task.n_outputs * (2 if task.kind == "multilabel" else 1)
        leaves = max(FOREST_NUMBERS // (2 * FOREST_SIZE * numbers), 2)
        self.model = model_class(
            max_leaf_nodes=None if task.n_rows <= leaves else leaves,
            warm_start=True,
            n_jobs=1,
            random_state=seed,
            **parameters,
        )

    def grow(self, size: int, x: Array, y: Array, weights: Array | None) -> None:
        """Add trees, fitted on rows (n, n_in), until there are `size`."""
        one = y.ndim == 1 or y.shape[1] == 1
        self.model.set_params(n_estimators=size).fit(fill_missing(x), y.ravel() if one else y, weights)
        self.size = size

    def predict(self, x: Array) -> Array:
        """Predict rows (n, n_in) with all trees."""
        x = fill_missing(x)
        if self.task.kind == "regression":
            return np.asarray(self.model.predict(x)).reshape(len(x), -1)
        parts, classes = self.model.predict_proba(x), self.model.classes_
        several = isinstance(parts, list)
        return place_classes(parts if several else [parts], classes if several else [classes], self.task)

    def export(self) -> RandomizedTrees:
        """Return the trees as arrays."""
        trees = Trees.join([_tree(estimator.tree_) for estimator in self.model.estimators_])
        classes: Any = [] if self.task.kind == "regression" else self.model.classes_
        return RandomizedTrees(self.task, trees, classes if isinstance(classes, list) else [classes])


def _boosted_tree(nodes: Array, sets: Array) -> Trees:
    """Convert the nodes of a tree of histogram gradient boosting, with its sets of categories as bits (n_sets, 8)."""
    own, is_leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    is_category = nodes["is_categorical"].astype(bool) & ~is_leaf
    bits = np.unpackbits(sets.astype("<u4").view(np.uint8), axis=1, bitorder="little").astype(bool)
    return Trees(
        np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.intp),
        nodes["num_threshold"].astype(np.float64),
        np.where(is_leaf, own, nodes["left"]).astype(np.intp),
        np.where(is_leaf, own, nodes["right"]).astype(np.intp),
        nodes["value"].astype(np.float64).reshape(-1, 1),
        np.zeros(1, np.intp),
        nodes["missing_go_to_left"].astype(bool) & ~is_leaf,
        np.where(is_category, np.cumsum(is_category) - 1, -1),
        bits[nodes["bitset_idx"][is_category]],
    )


def _tree(tree: Any) -> Trees:
    """Convert a tree of a forest."""
    own, is_leaf = np.arange(tree.node_count), tree.children_left < 0
    return Trees.plain(
        np.where(is_leaf, 0, tree.feature).astype(np.intp),
        tree.threshold.astype(np.float64),
        np.where(is_leaf, own, tree.children_left).astype(np.intp),
        np.where(is_leaf, own, tree.children_right).astype(np.intp),
        tree.value.reshape(tree.node_count, -1).astype(np.float64),
        np.zeros(1, np.intp),
    )
