"""Targets, predictions of them, and what the scorers of scikit-learn say."""

import warnings
from typing import Any

import numpy as np
from sklearn import metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from autonet.metrics.measures import own_measures

CLASSIFICATION = list(own_measures("classification", 3))
REGRESSION = list(own_measures("regression", 1))


def classes(n_classes: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Codes in which every class occurs, and probabilities that know a little about them; with ties."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)]))
    p = np.round(rng.random((n, n_classes)) + np.eye(n_classes)[y] * 0.5, 2) + 0.01
    return y, np.round(p / p.sum(axis=1, keepdims=True), 12)  # what ties in one column ties in the other of two


def labels(n_labels: int, seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random((n, n_labels)) < rng.uniform(0.1, 0.9, n_labels)).astype(np.int64)
    y[0], y[1] = 0, 1
    return y, np.clip(0.5 * y + rng.uniform(-0.2, 0.7, y.shape), 0.02, 0.98)


def targets(n_targets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.uniform(0.5, 9.5, size=(40, n_targets)) * 10 ** rng.uniform(-3, 3, n_targets)
    return y, y * rng.uniform(0.7, 1.5, y.shape)


def weights(n: int, seed: int) -> np.ndarray | None:
    """None, or real weights among which equal ones occur."""
    rng = np.random.default_rng(seed + 1)
    return None if seed % 3 == 0 else rng.integers(1, 5, n) * rng.uniform(0.1, 3)


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A scikit-learn classifier whose table holds its probabilities."""

    def __init__(self, labels: Any) -> None:
        self.classes_ = labels

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        if isinstance(self.classes_, list):
            return (X > 0.5).astype(int)
        return self.classes_[X.argmax(axis=1)]


class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    def predict(self, X: np.ndarray) -> np.ndarray:
        return X[:, 0] if X.shape[1] == 1 else X


def scikit_learn(name: str, estimator: Any, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> float | None:
    """What scikit-learn's scorer of this name says; None where it cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(sk.get_scorer(name)(estimator, X, y, sample_weight=weight))
    except (TypeError, ValueError):
        return None


def known_to_both(kind: Any, n_outputs: int) -> list[str]:
    names = own_measures(kind, n_outputs)
    return [name for name in names if name in sk.get_scorer_names()]
