"""Trees that grow step by step predict what those of scikit-learn do."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from autonet.core.task import Task
from autonet.pipeline.trees import Boosting, Forest
from tests.pipeline.trials import drawn

pytestmark = pytest.mark.usefixtures("full_trees")


def task(kind: Any, n: int = 200) -> Task:
    return Task(kind, n, 4, 3 if kind == "classification" else 2)


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
def test_boosting_in_steps_is_scikit_learns_at_once(kind: str) -> None:
    X, y = drawn(kind)
    trees = Boosting(task(kind), 0, learning_rate=0.1)
    for size in (3, 10, 24):
        trees.grow(size, X, y, None)
    of = HistGradientBoostingRegressor if kind == "regression" else HistGradientBoostingClassifier
    at_once = partial(of, learning_rate=0.1, max_iter=24, early_stopping=False, random_state=0)
    if kind == "classification":
        expected = at_once().fit(X, y).predict_proba(X)
    elif kind == "multilabel":
        expected = np.stack([at_once().fit(X, label).predict_proba(X)[:, 1] for label in y.T], axis=1)
    else:
        expected = np.stack([at_once().fit(X, target).predict(X) for target in y.T], axis=1)
    np.testing.assert_allclose(trees.predict(X), expected)


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
def test_a_forest_in_steps_is_scikit_learns_at_once(kind: str) -> None:
    X, y = drawn(kind)
    weights = np.linspace(0.1, 2, len(X))
    trees = Forest(task(kind), 0, min_samples_leaf=3)
    for size in (2, 9, 20):
        trees.grow(size, X, y, weights)
    of = ExtraTreesRegressor if kind == "regression" else ExtraTreesClassifier
    model = of(20, min_samples_leaf=3, random_state=0).fit(X, y, weights)
    if kind == "regression":
        expected = model.predict(X)
    elif kind == "multilabel":
        expected = np.stack([part[:, 1] for part in model.predict_proba(X)], axis=1)
    else:
        expected = model.predict_proba(X)
    np.testing.assert_allclose(trees.predict(X), expected)


@pytest.mark.parametrize("build", [Boosting, Forest])
def test_a_class_without_training_rows_has_probability_0(build: Any) -> None:
    X, y = drawn("classification")
    for absent in ((1,), (0, 2)):  # two classes are left, or one
        rows = ~np.isin(y, absent)
        trees = build(task("classification"), 0)
        trees.grow(5, X[rows], y[rows], None)
        prediction = trees.predict(X)
        assert prediction.shape == (200, 3)
        assert not prediction[:, absent].any()
        np.testing.assert_allclose(prediction.sum(axis=1), 1)


@pytest.mark.parametrize("build", [Boosting, Forest])
@pytest.mark.parametrize("constant", [0, 1])
def test_a_constant_label_is_predicted(build: Any, constant: int) -> None:
    X, y = drawn("multilabel")
    y[:, 1] = constant
    trees = build(task("multilabel"), 0)
    trees.grow(5, X, y, None)
    np.testing.assert_allclose(trees.predict(X)[:, 1], constant, atol=1e-9)
    assert trees.predict(X)[:, 0].std() > 0.1


@pytest.mark.parametrize("kind", ["multilabel", "regression"])
@pytest.mark.parametrize("build", [Boosting, Forest])
def test_one_label_or_target_is_a_column(build: Any, kind: Any) -> None:
    X, y = drawn(kind)
    trees = build(Task(kind, 200, 4, 1), 0)
    trees.grow(5, X, y[:, :1], None)
    assert trees.predict(X).shape == (200, 1)
    assert np.corrcoef(trees.predict(X)[:, 0], y[:, 0])[0, 1] > 0.6


def test_boosting_predicts_with_the_iteration_that_was_best_on_other_rows() -> None:
    X, y = drawn("regression")
    noisy = y + np.random.default_rng(1).normal(size=y.shape)
    trees = Boosting(task("regression"), 0, learning_rate=0.3)
    trees.grow(100, X[:100], noisy[:100], None)

    def loss(prediction: Any) -> float:
        return float(np.mean((prediction - y[100:]) ** 2))

    last = loss(trees.predict(X[100:]))
    assert trees.should_stop(X[100:], loss)
    assert 0 < trees.kept < 70
    best = loss(trees.predict(X[100:]))
    assert best < last
    trees.grow(120, X[:100], noisy[:100], None)
    assert trees.should_stop(X[100:], loss)
    assert loss(trees.predict(X[100:])) == best


def test_the_leaves_of_a_forest_are_limited_by_memory(monkeypatch: Any) -> None:
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_NUMBERS", 2 * 100 * 11 * 8)
    X, y = drawn("classification")
    trees = Forest(task("classification"), 0)
    trees.grow(3, X, y, None)
    assert [tree.get_n_leaves() for tree in trees.model.estimators_] == [8] * 3
