"""Every sentence that a user may be answered with; always before any training."""

import re
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetRegression, HyperparameterSearchSpaceUpdates

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_runtme": 10}, "Unknown option 'max_runtme'. Did you mean 'max_runtime'"),
        ({"max_budget": 100, "max_runtime": 50}, "got max_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 100, "max_runtime": 50}, "got min_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 20, "max_budget": 10}, "got min_budget=20 and max_budget=10"),
        ({"min_budget": -1}, "min_budget must be a positive number or None; got -1"),
        ({"max_runtime": 0}, "max_runtime must be a positive number or None; got 0"),
        ({"max_runtime": "long"}, "max_runtime must be a positive number or None; got 'long'"),
        ({"max_trials": float("nan")}, "max_trials must be a positive number or None; got nan"),
        ({"eta": 1}, "eta must be a number greater than 1; got 1"),
        ({"budget_type": "epoch"}, "Unknown budget_type 'epoch'. Did you mean 'epochs'"),
        ({"budget_type": "epochs", "min_budget": 1.5}, "min_budget must be a whole number of epochs; got 1.5"),
        ({"validation_split": 1.0}, "validation_split must lie between 0 and 1; got 1.0"),
        ({"preset": "tiny"}, "Unknown preset 'tiny'. Did you mean 'tiny_cs'"),
        ({"preset": "/nowhere/mine.toml"}, "Preset '/nowhere/mine.toml' cannot be read"),
        ({"networks": ["shaperesnet"]}, "Did you mean 'shapedresnet'"),
        ({"optimizer": ["sdg"]}, "Unknown component of OptimizerSelector for classification 'sdg'"),
        ({"loss_modules": ["l1_loss"]}, "Unknown component of LossModuleSelector for classification 'l1_loss'"),
        ({"optimize_metric": "acuracy"}, "Unknown classification metric 'acuracy'. Did you mean 'accuracy'"),
        ({"cross_validator": "kfold"}, "Unknown cross_validator 'kfold'. Did you mean 'k_fold'"),
        ({"cross_validator": "k_fold", "cross_validator_args": {"n_split": 3}}, "unexpected keyword argument"),
        ({"device": "gpu0"}, "device must be 'auto', 'cpu' or 'cuda'; got 'gpu0'"),
        ({"log_level": "loud"}, "Unknown log_level 'loud'"),
    ],
)
def test_options(options: dict[str, Any], message: str, iris: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        AutoNetClassification(**options).fit(*iris)


def test_unknown_options_of_fit(iris: Any) -> None:
    with pytest.raises(ValueError, match=r"Unknown option 'validation_splt'\. Did you mean 'validation_split'"):
        AutoNetClassification().fit(*iris, validation_splt=0.1)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (("OptimizerSelector", "sgd:learnin_rate", [0.1, 0.2]), "Did you mean 'sgd:learning_rate'"),
        (("OptimiserSelector", "sgd:learning_rate", [0.1, 0.2]), "Did you mean 'OptimizerSelector'"),
        (("NetworkSelector", "shapedresnet:activation", ["reluu"]), "'reluu' is not among its choices"),
        (("NetworkSelector", "shapedresnet:max_dropout", [0.1, 2.0]), "outside of the sensible interval"),
    ],
)
def test_updates_of_the_space(update: tuple[Any, ...], message: str, iris: Any) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(*update)
    with pytest.raises(ValueError, match=message):
        AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=updates).fit(*iris)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, np.where(y == 1, np.nan, y)), "y contains NaN, infinity or missing values"),
        (
            lambda X, y: (np.where(X > 6, np.inf, X), y),
            "X contains infinity or a value too large for float32, in columns 0",
        ),
        (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
        (lambda X, y: (X[:0], y[:0]), r"Found array with 0 sample\(s\)"),
        (lambda X, y: (X[:, :0], y), r"0 feature\(s\)"),
        (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D array instead"),
        (lambda X, y: (X, y + 0.5), "Unknown label type"),
        (lambda X, y: (X, None), "requires y to be passed"),
    ],
)
def test_data_in_the_words_of_scikit_learn(change: Any, message: str, iris: Any) -> None:
    with pytest.raises(ValueError, match=message):
        AutoNetClassification("tiny_cs").fit(*change(*iris))


def test_other_columns_at_predict(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    with pytest.raises(ValueError, match="X has 3 features, but AutoNetClassification is expecting 4 features"):
        auto.predict(iris[0][:, :3])


def test_regression_knows_its_own_metrics_and_splits(diabetes: Any) -> None:
    with pytest.raises(ValueError, match="The metric 'accuracy' scores classes, and the target is a regression one"):
        AutoNetRegression("tiny_cs", optimize_metric="accuracy").fit(*diabetes)
    with pytest.raises(ValueError, match="y contains NaN, infinity or missing values"):
        AutoNetRegression("tiny_cs").fit(diabetes[0], np.full(442, np.nan))
