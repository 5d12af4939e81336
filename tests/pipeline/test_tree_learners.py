"""Trees that grow step by step, and their fitting on folds within a time."""

import signal
from collections import OrderedDict
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from autonet.core.interrupts import interruptible
from autonet.core.task import Task
from autonet.data.table import Table
from autonet.models.ensemble import Ensemble
from autonet.models.trees import BoostedTrees
from autonet.pipeline import tree_learners
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tree_learners import fit_tree_learners
from autonet.pipeline.trees import Boosting, Forest
from tests.clocks import FakeClock
from tests.pipeline.test_trial import chosen, context

NO_LIMIT = {"seconds": float("inf"), "encoding_seconds": 0.0}
SMALL: dict[str, Any] = {"boosting": partial(Boosting, learning_rate=0.5), "forest": Forest}


@pytest.fixture
def small(monkeypatch: Any) -> None:
    """Two learners that are fitted in a moment."""
    monkeypatch.setattr(tree_learners, "LEARNERS", SMALL)
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_SIZE", 20)
    monkeypatch.setattr("autonet.pipeline.trees.MAX_ITERATIONS", 40)


def drawn(kind: str, n: int = 200) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    X = random.normal(size=(n, 4)).astype(np.float32)
    signal_ = X[:, :2] + 0.3 * random.normal(size=(n, 2))
    y = {
        "classification": np.digitize(signal_[:, 0], [-0.5, 0.5]),
        "multilabel": (signal_ > 0).astype(np.float32),
        "regression": signal_.astype(np.float32),
    }[kind]
    return X, y


def task(kind: Any, n: int = 200) -> Task:
    return Task(kind, n, 4, 3 if kind == "classification" else 2)


# --- trees


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


# --- fitting on folds


@pytest.mark.usefixtures("small")
def test_candidates_are_described_by_their_validation_rows(iris: Any) -> None:
    space = context(iris, folds=3)
    fitted = fit_tree_learners(space, chosen(space), **NO_LIMIT)
    assert [c.name for c in fitted] == ["boosting", "forest"]
    for candidate in fitted:
        wrong = [
            np.mean(p.argmax(1) != iris[1][f.valid]) for p, f in zip(candidate.predictions, space.folds, strict=True)
        ]
        assert candidate.rank[0] == pytest.approx(np.mean(wrong))
        assert candidate.rank[0] < 0.2
        assert candidate.rank[1] < 0.6
        for part, fold, prediction in zip(candidate.members(), space.folds, candidate.predictions, strict=True):
            again = Ensemble.from_members("", [part]).predict(space.data.rows(fold.valid))
            np.testing.assert_allclose(again, prediction)


@pytest.mark.usefixtures("small")
def test_targets_come_back_in_their_unit(diabetes: Any) -> None:
    X, y = diabetes
    space = context((X, 1e9 + 1e-3 * y), metric="rmse")
    for candidate in fit_tree_learners(space, chosen(space), **NO_LIMIT):
        assert candidate.rank[0] < 0.9e-3 * y.std()


@pytest.mark.usefixtures("small")
def test_a_seed_repeats_the_trees(diabetes: Any) -> None:
    space = context(diabetes, metric="r2", folds=2)
    first, second = (fit_tree_learners(space, chosen(space), **NO_LIMIT) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.rank == b.rank
        np.testing.assert_array_equal(a.predictions[0], b.predictions[0])


@pytest.mark.usefixtures("small")
def test_rows_without_weight_are_not_seen_and_others_count_by_theirs(iris: Any) -> None:
    y, space = iris[1], context(iris)
    train, n = space.folds[0].train, 20
    weights, wrong = np.ones(len(y)), y.copy()
    weights[train[:n]] = 0
    wrong[train[:n]] = 2
    ignored = TrialContext(**{**vars(space), "y": wrong, "weights": weights, "_encoded": OrderedDict()})
    without = TrialContext(**{**vars(space), "_encoded": OrderedDict()})
    without.folds = [type(f)(f.train[n:], f.valid) for f in space.folds]
    heavy = TrialContext(**{**vars(without), "weights": np.where(y == 1, 100.0, 1.0), "_encoded": OrderedDict()})
    results = [fit_tree_learners(s, chosen(s), **NO_LIMIT) for s in (ignored, without, heavy)]
    for a, b, c in zip(*(r for r in results), strict=True):
        np.testing.assert_allclose(a.predictions[0], b.predictions[0], rtol=1e-6)
        assert not np.allclose(c.predictions[0], b.predictions[0])
    assert np.mean(results[2][0].predictions[0][:, 1]) > np.mean(results[1][0].predictions[0][:, 1])


def test_without_time_there_are_no_learners(diabetes: Any) -> None:
    space = context(diabetes, metric="r2", unit="time", folds=5)
    for seconds, encoding_seconds in ((0.0, 0.0), (-1.0, 0.0), (1.0, 1.0)):
        fitted = fit_tree_learners(space, chosen(space), seconds=seconds, encoding_seconds=encoding_seconds)
        assert fitted == []
        assert not space._encoded  # not so much as a table for them was made


def test_time_is_kept_with_trees_that_are_fewer(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Boosting, Forest):

        def grow(self: Any, size: int, x: Any, y: Any, weights: Any, grow: Any = kind.grow) -> None:
            clock.sleep(1e-6 * len(x) * (size - self.size))
            grow(self, size, x, y, weights)

        monkeypatch.setattr(kind, "grow", grow)
    random = np.random.default_rng(0)
    X = random.normal(size=(8000, 8))
    y = X[:, 0] * X[:, 1] + random.normal(size=len(X))
    space = context((X, y), metric="r2", unit="time")
    began = clock.now
    fitted = fit_tree_learners(space, chosen(space), seconds=1.5, encoding_seconds=1e-6)
    assert 0.5 < clock.now - began < 1.6
    trees = [part.trees for candidate in fitted for part in candidate.members()]
    assert trees
    sizes = [len(t.columns[0].roots) / 500 if isinstance(t, BoostedTrees) else len(t.trees.roots) / 100 for t in trees]
    assert any(0 < size < 1 for size in sizes)


class Interrupted(Boosting):
    """The user has pressed Ctrl-C."""

    def grow(self, size: int, x: Any, y: Any, weights: Any) -> None:
        super().grow(size, x, y, weights)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, before)


class Failing(Forest):
    """A library has a defect."""

    def grow(self, size: int, x: Any, y: Any, weights: Any) -> None:
        raise ArithmeticError("the oven is cold")


def test_an_interrupt_leaves_what_was_fitted(iris: Any, monkeypatch: Any) -> None:
    learners = {"boosting": SMALL["boosting"], "interrupted": Interrupted, "forest": Forest}
    monkeypatch.setattr(tree_learners, "LEARNERS", learners)
    space = context(iris)
    with interruptible() as interrupt:
        fitted = fit_tree_learners(space, chosen(space), **NO_LIMIT)
    assert [c.name for c in fitted] == ["boosting"]
    assert interrupt.requested


def test_a_learner_that_fails_leaves_the_others(iris: Any, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr(tree_learners, "LEARNERS", {"failing": Failing, "boosting": SMALL["boosting"]})
    space = context(iris)
    fitted = fit_tree_learners(space, chosen(space), **NO_LIMIT)
    assert [c.name for c in fitted] == ["boosting"]
    assert "failing failed" in caplog.text
    assert "the oven is cold" in caplog.text


def test_a_sparse_table_that_would_be_wide_is_left_to_networks(iris: Any) -> None:
    wide = sparse.random_array((150, 600), density=0.5, random_state=np.random.default_rng(0), format="csr")
    space = context(iris)
    space.data = Table.from_numbers(wide)
    assert fit_tree_learners(space, chosen(space), **NO_LIMIT) == []


def test_the_next_step_fits_the_time_left_and_is_worth_what_every_step_costs() -> None:
    pace = tree_learners._Pace(fixed=1.0, each=0.1)
    assert pace.step(16, left=100.0) == 16
    assert pace.step(64, left=100.0) == 64
    assert pace.step(16, left=2.0) == pytest.approx(10)
    assert pace.step(16, left=4.0) == pytest.approx(30)  # after 16 there would be no time for as many again
    assert pace.step(16, left=0.5) < 0
    assert tree_learners._Pace(fixed=10.0, each=0.1).step(16, left=100.0) == 100
    pace.learn(0.5, 10)
    assert (pace.fixed, pace.each) == pytest.approx((0.45, 0.005))
    pace.learn(1.45, 10)
    assert (pace.fixed, pace.each) == pytest.approx((0.45, 0.1))
