"""Fitted tree ensembles as arrays: predictions without scikit-learn, whichever version of it grew them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from scipy.special import expit

from autonet.core.errors import InvalidModelFile
from autonet.core.spec import describable, register
from autonet.core.task import Task
from autonet.core.typing import Array

__all__ = ["MAX_CATEGORIES", "MISSING", "BoostedTrees", "RandomizedTrees", "Trees", "fill_missing"]

MAX_CATEGORIES = 256  # of a column
MISSING = -1.0  # encoded categories and numbers of training rows are not negative

# Paths followed at a time: their arrays stay in the cache of a processor.
BLOCK_PATHS = 2**15


@dataclass(frozen=True, eq=False)
class Trees:
    """Binary decision trees, one after the other.

    A row goes to the left child if its feature is at most the threshold; at a node of a category, if the feature is in
    the set of the node.  A leaf is its own child.

    Attributes
    ----------
    feature : ndarray of shape (n_nodes,), intp
    threshold : ndarray of shape (n_nodes,), float64
    left, right : ndarray of shape (n_nodes,), intp
        Children.
    value : ndarray of shape (n_nodes, n_values), float64
    roots : ndarray of shape (n_trees,), intp
    missing_left : ndarray of shape (n_nodes,), bool
        Whether rows without a value go to the left.
    category : ndarray of shape (n_nodes,), intp
        Index of the set of a node of a category, -1 at other nodes.
    sets : ndarray of shape (n_sets, 256), bool
        Which categories a set holds.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array
    roots: Array
    missing_left: Array
    category: Array
    sets: Array

    @classmethod
    def plain(cls, feature: Array, threshold: Array, left: Array, right: Array, value: Array, roots: Array) -> "Trees":
        """Construct trees without categories, where rows without a value go to the right."""
        missing_left, category = np.zeros(len(feature), bool), np.full(len(feature), -1, np.intp)
        sets = np.zeros((0, MAX_CATEGORIES), bool)
        return cls(feature, threshold, left, right, value, roots, missing_left, category, sets)

    @classmethod
    def join(cls, trees: Sequence["Trees"]) -> "Trees":
        """Put trees one after the other."""
        first = np.cumsum([0, *(len(tree.feature) for tree in trees[:-1])])
        first_set = np.cumsum([0, *(len(tree.sets) for tree in trees[:-1])])
        joined = {
            name: np.concatenate([getattr(tree, name) for tree in trees]) for name in (f.name for f in fields(cls))
        }
        for name in ("left", "right", "roots"):
            parts = [getattr(tree, name) + start for tree, start in zip(trees, first, strict=True)]
            joined[name] = np.concatenate(parts).astype(np.intp)
        indices = [np.where(t.category < 0, -1, t.category + start) for t, start in zip(trees, first_set, strict=True)]
        return cls(**{**joined, "feature": joined["feature"].astype(np.intp), "category": np.concatenate(indices)})

    def leaves(self, x: Array) -> Array:
        """Return the leaf (n_trees, n) that every row (n, p) reaches in every tree."""
        n_trees, n_rows = len(self.roots), len(x)
        leaf = np.repeat(self.roots, n_rows)
        flat, first = x.ravel(), np.tile(np.arange(n_rows) * x.shape[1], n_trees)
        path = np.arange(len(leaf))
        node, children = leaf, np.stack([self.right, self.left], axis=1).ravel()
        while len(path):
            goes_left = self._go_left(node, flat.take(first + self.feature.take(node)))
            node = children.take(2 * node + goes_left)
            leaf[path] = node
            goes_on = np.flatnonzero(self.left.take(node) != node)
            path, node, first = path.take(goes_on), node.take(goes_on), first.take(goes_on)
        return leaf.reshape(n_trees, n_rows)

    def _go_left(self, node: Array, value: Array) -> Array:
        """Return whether rows with these values (n_paths,) go from their nodes (n_paths,) to the left."""
        goes_left = np.asarray(value <= self.threshold.take(node))
        if len(self.sets):
            own = self.category.take(node)
            paths = np.flatnonzero((own >= 0) & ~np.isnan(value))
            goes_left[paths] = self.sets[own.take(paths), value.take(paths).astype(np.intp)]
        if self._has_missing_left:
            goes_left |= np.isnan(value) & self.missing_left.take(node)
        return goes_left

    @cached_property
    def _has_missing_left(self) -> bool:
        return bool(self.missing_left.any())

    def add_up(self, x: Array, start: float = 0.0) -> Array:
        """Add the values of all trees to `start`, in their order: (n, p) to (n, n_values)."""
        total = np.full((len(x), self.value.shape[1]), start)
        size = max(BLOCK_PATHS // max(len(self.roots), 1), 1)
        for first in range(0, len(x), size):
            rows = slice(first, first + size)
            summands = np.concatenate([total[None, rows], self.value[self.leaves(x[rows])]])
            # Of a single number `sum` adds pairs first, which differs in the last digits.
            total[rows] = summands.sum(axis=0) if summands[0].size > 1 else np.add.accumulate(summands)[-1]
        return total


def fill_missing(x: Array) -> Array:
    """Replace missing values of rows (n, p) by a number below those of training rows."""
    return np.nan_to_num(x, nan=MISSING, posinf=None, neginf=None)


def _describe_trees(trees: Trees) -> dict[str, Array]:
    """Return the state of trees without what no prediction looks at: splits of leaves, values of other nodes."""
    node = np.arange(len(trees.feature))
    is_leaf = trees.left == node
    inner = np.flatnonzero(~is_leaf)
    state = {
        "is_leaf": is_leaf,
        "feature": trees.feature[inner],
        "threshold": trees.threshold[inner],
        "left": trees.left[inner] - inner,
        "right": trees.right[inner] - inner,
        "value": trees.value[is_leaf],
        "roots": trees.roots,
    }
    if trees.missing_left.any():
        state["missing_left"] = np.flatnonzero(trees.missing_left)
    if len(trees.sets):
        state |= {"category_nodes": np.flatnonzero(trees.category >= 0), "sets": np.packbits(trees.sets, axis=1)}
    return state


def _spread_nodes(state: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays of trees of what `_describe_trees` returned."""
    is_leaf, value, roots = state["is_leaf"], state["value"], state["roots"]
    node, inner = np.arange(len(is_leaf)), np.flatnonzero(~is_leaf)
    if len(value) != len(inner) + len(roots) or len(value) != np.count_nonzero(is_leaf):
        raise InvalidModelFile("trees have too few leaves")
    spread: dict[str, Array] = {name: np.zeros(len(node), state[name].dtype) for name in ("feature", "threshold")}
    spread |= {"left": node.copy(), "right": node.copy(), "value": np.zeros((len(node), *value.shape[1:]), value.dtype)}
    for name in ("feature", "threshold", "left", "right"):
        spread[name][inner] += state[name]
    spread["value"][is_leaf] = value
    return {**spread, "roots": roots}


def _rebuild_trees(cls: type[Trees], state: dict[str, Array]) -> Trees:
    """Construct trees of a spec; every path through them must end, and stay in its tree."""
    names = ("feature", "threshold", "left", "right", "value", "roots")
    arrays = _spread_nodes(state) if "is_leaf" in state else state
    trees = cls.plain(*(arrays[name] for name in names))
    node, roots = np.arange(len(trees.feature)), trees.roots
    first, last = roots[:1], roots[-1:]
    if (first != 0).any() or (last >= len(node)).any() or (np.diff(roots) <= 0).any():
        raise InvalidModelFile("the roots of trees are not in order")
    is_leaf = (trees.left == node) & (trees.right == node)
    ordered = is_leaf | ((trees.left > node) & (trees.right > node))
    end = np.append(roots[1:], len(node))[np.searchsorted(roots, node, "right") - 1]  # of the tree of a node
    if not (ordered.all() and (trees.left < end).all() and (trees.right < end).all()):
        raise InvalidModelFile("the nodes of a tree are not in order")
    trees.missing_left[state.get("missing_left", [])] = True
    nodes = state.get("category_nodes", np.zeros(0, np.intp))
    trees.category[nodes] = np.arange(len(nodes))
    sets = np.unpackbits(state["sets"].astype(np.uint8), axis=1).astype(bool) if len(nodes) else trees.sets
    if sets.shape != (len(nodes), MAX_CATEGORIES):
        raise InvalidModelFile("the sets of categories of trees have another size")
    return replace(trees, sets=sets)


register(Trees, _describe_trees, _rebuild_trees)


@describable
@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Gradient boosting: a sum of trees for each column of raw predictions.

    Attributes
    ----------
    task : Task
    columns : list of Trees
        Per column: one of two classes, one of each class, label or target otherwise.
    baselines : ndarray of shape (n_columns,)
        What the sums begin with.
    classes : list of ndarray
        Class codes that were seen in training; of labels, for each whether 0 and 1 were.
    """

    task: Task
    columns: list[Trees]
    baselines: Array
    classes: list[Array]

    @property
    def size(self) -> int:
        """Number of iterations."""
        return len(self.columns[0].roots)

    def predict(self, x: Array) -> Array:
        """Predict probabilities (n, n_outputs), or targets (n, n_targets), of rows (n, p) float32."""
        sums = [trees.add_up(x, start) for trees, start in zip(self.columns, self.baselines, strict=True)]
        raw = np.concatenate(sums, axis=1)
        if self.task.kind == "regression":
            return raw
        if self.task.kind == "multilabel":
            return place_classes([_two_classes(column) for column in raw.T], self.classes, self.task)
        probabilities = _two_classes(raw[:, 0]) if raw.shape[1] == 1 else _softmax(raw)
        return place_classes([probabilities], self.classes, self.task)


@describable
@dataclass(frozen=True, eq=False)
class RandomizedTrees:
    """Extremely randomized trees: the mean of what all trees predict.

    Attributes
    ----------
    task : Task
    trees : Trees
        Their values are targets, or probabilities of the classes of each output, one output after the other.
    classes : list of ndarray
        Per output, the class codes that were seen in training; empty for a regression.
    """

    task: Task
    trees: Trees
    classes: list[Array]

    @property
    def size(self) -> int:
        """Number of trees."""
        return len(self.trees.roots)

    def predict(self, x: Array) -> Array:
        """Predict probabilities (n, n_outputs), or targets (n, n_targets), of rows (n, p) float32."""
        mean = self.trees.add_up(fill_missing(x)) / len(self.trees.roots)
        if self.task.kind == "regression":
            return mean
        parts = np.split(mean, len(self.classes), axis=1)
        return place_classes(parts, self.classes, self.task)


def place_classes(parts: Sequence[Array], classes: Sequence[Array], task: Task) -> Array:
    """Put probabilities in their places: those of classes that no training row has are 0.

    Parameters
    ----------
    parts : sequence of ndarray of shape (n, n_seen)
        Of the classes, or of 0 and 1 for each label.
    classes : sequence of ndarray
        Which classes were seen, for each of the parts.  Of a single one, boosting has two columns.
    task : Task

    Returns
    -------
    ndarray of shape (n, n_outputs)
    """
    every = task.n_outputs if task.kind == "classification" else 2
    placed = np.zeros((len(parts), len(parts[0]), every))
    for place, part, seen in zip(placed, parts, classes, strict=True):
        place[:, seen.astype(np.intp)] = part[:, : len(seen)]
    return np.asarray(placed[0] if task.kind == "classification" else placed[:, :, 1].T)


def _two_classes(raw: Array) -> Array:
    positive = expit(raw)
    return np.stack([1 - positive, positive], axis=1)


def _softmax(raw: Array) -> Array:
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
