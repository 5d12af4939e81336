from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autonet import AutoNetClassification, load
from autonet.core.errors import InvalidOption
from autonet.models.ensemble import Ensemble

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["setosa", "versicolor", "virginica"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([-5, 0, 7]),
        np.array([0.0, 1.0, 2.0]),
        np.array([False, True, True]),
    ],
)
def test_labels_of_any_type_come_back_in_their_type(labels: np.ndarray, iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, labels[y])
    assert auto.predict(X).dtype == labels.dtype
    assert set(auto.predict(X)) <= set(labels)
    assert auto.score(X, labels[y]) > 0.6


def test_missing_values_are_imputed_at_fit_and_at_predict(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris[0].copy(), iris[1]
    X[::7, 2] = np.nan
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    X[:, 0] = np.nan
    assert np.isfinite(auto.predict_proba(X)).all()


@pytest.mark.parametrize("n_features", [1, 2])
def test_one_feature_and_constant_columns_work(n_features: int, iris: Any, quick: dict[str, Any]) -> None:
    X = np.column_stack([iris[0][:, 2], np.ones(150)])[:, :n_features]
    assert AutoNetClassification("tiny_cs", **quick).fit(X, iris[1]).score(X, iris[1]) > 0.6


def test_a_table_without_any_information_works(quick: dict[str, Any]) -> None:
    X, y = np.ones((20, 3)), np.arange(20) % 2
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    assert auto.predict(X).shape == (20,)


def test_rare_classes_do_not_break_the_split(quick: dict[str, Any]) -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.array([0] * 30 + [1] * 9 + [2])
    assert AutoNetClassification("tiny_cs", **quick).fit(X, y).predict_proba(X).shape == (40, 3)


def test_cross_validation_trains_a_network_per_fold_and_averages_them(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick)
    auto.fit(X_train=X, Y_train=y, cross_validator="stratified_k_fold", cross_validator_args={"n_splits": 3})
    assert len(auto.model_.best) == 3
    separate = [Ensemble.from_members("", [m]).predict(auto.model_.read(X)) for m in auto.model_.best]
    np.testing.assert_allclose(auto.predict_proba(X), np.mean(separate, axis=0), rtol=1e-4, atol=1e-6)


def test_scikit_learn_can_use_it(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick, networks=["shapedmlpnet"])
    copy = clone(auto)
    assert copy.get_params() == auto.get_params()
    scores = cross_val_score(make_pipeline(StandardScaler(), auto), X, y, cv=2)
    assert scores.mean() > 0.6
    assert clone(copy.set_params(max_trials=2)).max_trials == 2


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
def test_every_preset_fits(preset: str, iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification(preset, **{**quick, "max_trials": 6}).fit(*iris)
    assert auto.score(*iris) > 0.6


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "roc_auc", "auc_metric", "cross_entropy"])
def test_metrics_are_reported_by_name(metric: str, iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric=metric).fit(*iris)
    assert np.isfinite(auto.fit_result["info"][f"val_{metric}"])


def test_sets_hold_the_class_of_most_rows(tmp_path: Path, iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris[0], np.array(["setosa", "versicolor", "virginica"])[iris[1]]
    auto = AutoNetClassification("tiny_cs", **quick).fit(X, y)
    sets = auto.predict_set(X, 0.9)
    assert (sets.shape, sets.dtype) == ((150, 3), np.dtype(bool))
    assert sets[np.arange(150), iris[1]].mean() > 0.8
    assert (sets[np.arange(150), auto.predict_proba(X).argmax(axis=1)]).all()
    assert (sets >= auto.predict_set(X, 0.5)).all()
    auto.save(tmp_path / "model.autonet")
    loaded = load(tmp_path / "model.autonet")
    assert isinstance(loaded, AutoNetClassification)
    np.testing.assert_array_equal(loaded.predict_set(X, 0.9), sets)
    with pytest.raises(InvalidOption, match="predict_interval is for a regression; this model was fitted to a class"):
        auto.model_.predict_interval(X)


def test_several_labels_have_no_sets(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(
        iris[0], np.minimum(np.eye(3, dtype=int)[iris[1]] + np.eye(3, dtype=int)[0], 1)
    )
    with pytest.raises(InvalidOption, match=r"predict_set is for .* one label per row; this model .* a multilabel"):
        auto.predict_set(iris[0])
