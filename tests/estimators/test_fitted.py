"""What a fit leaves behind: attributes, their text, the network."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from autonet import AutoNetClassification

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
        *("ensemble_configs", "threshold", "pos_label"),
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


def test_unfitted_estimators_say_so(iris: Any) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AutoNetClassification().predict(iris[0])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AutoNetClassification().get_pytorch_model()
    with pytest.raises(NotFittedError, match="This AutoNetClassification instance is not fitted yet"):
        _ = AutoNetClassification().history_
    assert not hasattr(AutoNetClassification(), "model_")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_model_trained_on_a_gpu_comes_back_to_the_cpu(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("medium_cs", **quick, device="cuda").fit(*iris)
    assert {p.device.type for p in auto.get_pytorch_model().parameters()} == {"cpu"}
    assert auto.score(*iris) > 0.6
