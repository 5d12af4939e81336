"""Targets of every kind, and the rows of folds."""

import numpy as np

from autonet.data.splits.folds import Fold


def a_target(kind: str, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "classification":
        return rng.integers(0, rng.integers(1, 6), n)
    if kind == "multilabel":
        return (rng.random((n, 3)) < rng.random(3)).astype(np.int64)
    return np.round(rng.normal(size=(n, 2)), 1)


def rows(folds: list[Fold]) -> list[tuple[list[int], list[int]]]:
    return [(fold.train.tolist(), fold.valid.tolist()) for fold in folds]
