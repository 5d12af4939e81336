import json
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autonet import AutoNetClassification
from autonet.core.errors import BaselineReturned, ValidationReused
from autonet.models.ensemble import Ensemble

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.fixture(scope="module")
def fitted(iris: Any) -> AutoNetClassification:
    options = {"budget_type": "epochs", "min_budget": 3, "max_budget": 27, "max_trials": 3, "random_state": 0}
    return AutoNetClassification("tiny_cs", **options).fit(*iris)


def test_it_learns_and_speaks_the_labels_of_y(fitted: AutoNetClassification, iris: Any) -> None:
    X, y = iris
    assert fitted.score(X, y) > 0.9
    assert fitted.predict(X).shape == y.shape
    assert fitted.predict(X).dtype == y.dtype
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (150, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(axis=1)], fitted.predict(X))


def test_what_a_fit_leaves_behind(fitted: AutoNetClassification) -> None:
    result = json.loads(json.dumps(fitted.fit_result))
    assert set(result) == {
        *("optimized_hyperparameter_config", "budget", "loss", "info", "best_network", "ensemble", "models"),
        *("threshold", "pos_label"),
    }
    assert result["optimized_hyperparameter_config"] == fitted.best_config_
    assert result["info"]["val_accuracy"] == pytest.approx(1 - result["loss"])
    assert {"loss", "train_accuracy", "val_accuracy"} == set(result["info"])
    assert len(fitted.history_) == 3
    assert fitted.n_features_in_ == 4
    assert "3 configurations tried; the best network had budget" in repr(fitted)
    assert "OptimizerSelector:sgd:learning_rate = " in repr(fitted)


def test_every_hyperparameter_of_every_trial_lies_in_the_printed_space(fitted: AutoNetClassification) -> None:
    space = fitted.get_hyperparameter_search_space()
    for trial in fitted.history_:
        assert set(trial.config) == set(space)
        assert all(space[name].legal_value(value) for name, value in trial.config.items())


def test_the_pytorch_model_takes_a_batch_of_one_right_after_fit(fitted: AutoNetClassification, iris: Any) -> None:
    model = fitted.get_pytorch_model()
    assert isinstance(model, torch.nn.Sequential)
    assert not model.training
    assert model(torch.randn(1, model[0].in_features)).shape == (1, 3)
    encoded = torch.from_numpy(fitted.model_.transform(iris[0]))
    np.testing.assert_array_equal(model(encoded).argmax(1).numpy(), fitted.predict(iris[0]))


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


def test_one_class_needs_no_search(iris: Any) -> None:
    with pytest.warns(BaselineReturned, match="y has a single class"):
        auto = AutoNetClassification("tiny_cs", max_runtime=60).fit(iris[0], np.full(150, "only"))
    assert len(auto.history_) == 0
    assert set(auto.predict(iris[0])) == {"only"}
    assert auto.predict_proba(iris[0]).shape == (150, 1)


def test_two_rows_work(quick: dict[str, Any]) -> None:
    with pytest.warns(ValidationReused, match="2 rows are too few"):
        auto = AutoNetClassification("tiny_cs", **quick).fit([[0.0], [1.0]], ["no", "yes"])
    assert set(auto.predict([[0.0], [1.0]])) <= {"no", "yes"}


def test_rare_classes_do_not_break_the_split(quick: dict[str, Any]) -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.array([0] * 30 + [1] * 9 + [2])
    assert AutoNetClassification("tiny_cs", **quick).fit(X, y).predict_proba(X).shape == (40, 3)


def test_options_of_fit_hold_for_that_call_only(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick)
    before = auto.get_params()
    auto.fit(*iris, max_trials=1, validation_split=0.5)
    assert len(auto.history_) == 1
    assert auto.get_params() == before


def test_own_validation_rows(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **quick)
    auto.fit(X[::2], y[::2], X_valid=X[1::2], y_valid=y[1::2])
    assert auto.score(X[1::2], y[1::2]) == pytest.approx(auto.fit_result["info"]["val_accuracy"])
    with pytest.raises(ValueError, match=r"labels that y does not have: 7"):
        auto.fit(X, y, X_valid=X[:2], y_valid=[0, 7])
    with pytest.raises(ValueError, match="X_valid and y_valid belong together"):
        auto.fit(X, y, X_valid=X[:2])


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


def test_unfitted_estimators_say_so(iris: Any) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AutoNetClassification().predict(iris[0])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AutoNetClassification().get_pytorch_model()
    with pytest.raises(NotFittedError, match="This AutoNetClassification instance is not fitted yet"):
        _ = AutoNetClassification().history_
    assert not hasattr(AutoNetClassification(), "model_")


@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.parametrize("limits", [{"max_trials": 2}, {"max_trials": None, "max_runtime": 2}])
def test_a_progress_bar_counts_trials_or_seconds(
    limits: dict[str, Any], iris: Any, quick: dict[str, Any], capsys: Any
) -> None:
    AutoNetClassification("tiny_cs", **{**quick, **limits}, progress_bar=True).fit(*iris)
    shown = capsys.readouterr().err
    assert "per rung" in shown
    assert ", best accuracy " in shown
    for step in ("reading", "baseline", "search", "selection"):
        assert f"{step} |" in shown
    assert ("/2 trials" if limits["max_trials"] else "/2 s") in shown


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
def test_every_preset_fits(preset: str, iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification(preset, **{**quick, "max_trials": 6}).fit(*iris)
    assert auto.score(*iris) > 0.6


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "roc_auc", "auc_metric", "cross_entropy"])
def test_metrics_are_reported_by_name(metric: str, iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric=metric).fit(*iris)
    assert np.isfinite(auto.fit_result["info"][f"val_{metric}"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_model_trained_on_a_gpu_comes_back_to_the_cpu(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("medium_cs", **quick, device="cuda").fit(*iris)
    assert {p.device.type for p in auto.get_pytorch_model().parameters()} == {"cpu"}
    assert auto.score(*iris) > 0.6
