"""Options that cannot work are refused in a sentence, before any training."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut

from autonet import AutoNetClassification, AutoNetRegression, HyperparameterSearchSpaceUpdates
from autonet.estimators.options import Options
from tests.estimators.refusals import LABELS, X, refused

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_runtme": 10}, "Unknown option 'max_runtme'. Did you mean 'max_runtime'"),
        ({"max_budget": 100, "max_runtime": 50}, "got max_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 100, "max_runtime": 50}, "got min_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 20, "max_budget": 10}, "got min_budget=20 and max_budget=10"),
        ({"min_budget": -1}, "min_budget must be a finite number greater than 0, or None; got -1"),
        ({"max_budget": float("inf")}, "max_budget must be a finite number greater than 0, or None; got inf"),
        ({"max_runtime": 0}, "max_runtime must be a number greater than 0, or None; got 0"),
        ({"max_runtime": "long"}, "max_runtime must be a number greater than 0, or None; got 'long'"),
        ({"max_runtime": True}, "max_runtime must be a number greater than 0, or None; got True"),
        ({"max_runtime": 10**400}, "max_runtime must be a number greater than 0, or None; got 1000000"),
        ({"max_trials": float("nan")}, "max_trials must be a whole number of at least 1, or None; got nan"),
        ({"max_trials": 0.5}, "max_trials must be a whole number of at least 1, or None; got 0.5"),
        ({"max_trials": float("inf")}, "max_trials must be a whole number of at least 1, or None; got inf"),
        ({"num_iterations": 0}, "num_iterations must be a number greater than 0, or None; got 0"),
        ({"eta": 1}, "eta must be a finite number greater than 1; got 1"),
        ({"eta": None}, "eta must be a finite number greater than 1; got None"),
        ({"budget_type": "epoch"}, "Unknown budget_type 'epoch'. Did you mean 'epochs'"),
        ({"budget_type": "epochs", "min_budget": 1.5}, "min_budget must be a whole number of epochs; got 1.5"),
        ({"validation_split": 1.0}, "validation_split must be a number between 0 and 1, or None; got 1.0"),
        ({"validation_split": "a third"}, "validation_split must be a number between 0 and 1, or None; got 'a third'"),
        ({"shuffle": "no"}, "shuffle must be True or False; got 'no'"),
        ({"progress_bar": 1}, "progress_bar must be True, False or 'auto'; got 1"),
        ({"preset": "tiny"}, "Unknown preset 'tiny'. Did you mean 'tiny_cs'"),
        ({"preset": "/nowhere/mine.toml"}, "Preset '/nowhere/mine.toml' cannot be read"),
        ({"preset": 3}, "preset must be a name, a path, a dictionary of options or None; got 3"),
        ({"networks": ["shaperesnet"]}, "Did you mean 'shapedresnet'"),
        ({"networks": "shapedresnet"}, "networks must be a list of at least one name, or None; got 'shapedresnet'"),
        ({"networks": []}, "networks must be a list of at least one name, or None; got []"),
        ({"optimizer": 3}, "optimizer must be a list of at least one name, or None; got 3"),
        ({"include": ["resnet"]}, "include must be a mapping of options or nodes to lists of components, such as"),
        ({"include": {"networks": "resnet"}}, "include['networks'] must be a list of at least one name"),
        ({"include": {"netwrks": ["resnet"]}}, "Unknown key of include 'netwrks'. Did you mean 'networks'"),
        ({"include": {"networks": ["resnt"]}}, "Unknown component of NetworkSelector for classification 'resnt'. Did"),
        ({"networks": ["tabm"], "include": {"network": ["tabm"]}}, "include['network'] and the option networks choose"),
        ({"exclude": {"network": ["resnt"]}}, "Unknown component of NetworkSelector 'resnt'. Did you mean 'resnet'"),
        (
            {"preset": "tiny_cs", "exclude": {"optimizer": ["sgd"]}},
            "exclude leaves no component of OptimizerSelector for classification: it had 'sgd'; keep one of them",
        ),
        ({"search_space": [1]}, "search_space must be a mapping of names to values, such as"),
        ({"search_space": {"OptimizerSelector:sgd:rate": 1}}, "Unknown hyperparameter of OptimizerSelector 'sgd:rate'"),
        ({"optimizer": ["sdg"]}, "Unknown component of OptimizerSelector for classification 'sdg'"),
        ({"loss_modules": ["l1_loss"]}, "Unknown component of LossModuleSelector for classification 'l1_loss'"),
        ({"target_transforms": ["log"]}, "target_transforms has no components for classification"),
        ({"optimize_metric": "acuracy"}, "Unknown classification metric 'acuracy'. Did you mean 'accuracy'"),
        ({"optimize_metric": ""}, "Unknown classification metric ''. Choose from 'accuracy'"),
        ({"optimize_metric": 3}, "A metric must be a name or a callable; got 3"),
        ({"optimize_metric": "r2"}, "'r2' is a regression metric, but the task is classification"),
        ({"optimize_metric": "f1"}, "The metric 'f1' cannot score 3 classes"),
        ({"additional_metrics": "accuracy"}, "additional_metrics must be a list of metrics, or None; got 'accuracy'"),
        ({"additional_metrics": 3}, "additional_metrics must be a list of metrics, or None; got 3"),
        ({"additional_metrics": ["acuracy"]}, "Unknown classification metric 'acuracy'"),
        ({"cross_validator": "kfold"}, "Unknown cross_validator 'kfold'. Did you mean 'k_fold'"),
        ({"cross_validator": "k_fold", "cross_validator_args": {"n_split": 3}}, "unexpected keyword argument"),
        ({"cross_validator": "k_fold", "cross_validator_args": 3}, "must be a dictionary such as {'n_splits': 3}"),
        ({"cross_validator_args": {"n_split": 3}}, "cross_validator='auto' 'n_split'. Did you mean 'n_splits'"),
        (
            {"cross_validator_args": {"n_splits": 1}},
            "n_splits of cross_validator_args must be an integer of at least 2",
        ),
        ({"cross_validator_args": {"n_repeats": 0.5}}, "n_repeats of cross_validator_args must be an integer"),
        (
            {"cross_validator": "none", "cross_validator_args": {"n_splits": 3}},
            "cross_validator_args has no effect with cross_validator='none'",
        ),
        (
            {"cross_validator": KFold(3), "cross_validator_args": {"n_splits": 3}},
            "to be a name or a number; got a splitter",
        ),
        ({"cross_validator": 2.5}, "cross_validator must be a name, a number of folds, a splitter"),
        ({"cross_validator": LeaveOneOut}, "cross_validator is the class LeaveOneOut; pass an instance"),
        ({"cross_validator": 1}, "with {'n_splits': 1}: k-fold cross-validation requires at least one"),
        ({"cross_validator": 61}, "Cannot have number of splits n_splits=61 greater than the number of samples"),
        ({"cross_validator": "group_k_fold"}, "requires groups; pass groups to fit"),
        ({"cross_validator": GroupKFold(3)}, "The 'groups' parameter should not be None"),
        ({"cross_validator": [(np.arange(30), np.arange(29, 60))]}, "1 rows both train and validate (row 29)"),
        ({"cross_validator": "shuffle_split", "shuffle": False}, "shuffles the rows; use 'k_fold' or 'time_series"),
        ({"categorical_features": [9]}, "categorical_features names column 9, but X has columns 0 to 2"),
        ({"categorical_features": ["a"]}, "names column 'a', but the columns of X have no names; pass indices"),
        ({"categorical_features": [True]}, "categorical_features is a mask of 1 columns, but X has 3"),
        ({"categorical_features": 0.5}, "categorical_features must be names, indices or a mask; got 0.5"),
        (
            {"hyperparameter_search_space_updates": 3},
            "must be HyperparameterSearchSpaceUpdates, the path of a file, or None; got 3",
        ),
        ({"hyperparameter_search_space_updates": "/nowhere.txt"}, "cannot be read: [Errno 2]"),
        ({"device": "gpu0"}, "device must be 'auto', 'cpu' or 'cuda'; got 'gpu0'"),
        ({"device": "mps"}, "device must be 'auto', 'cpu' or 'cuda'; got 'mps'"),
        ({"device": torch.device("meta")}, "device must be 'auto', 'cpu' or 'cuda'; got device(type='meta')"),
        ({"optimize_metric": lambda y, p: np.inf}, "is infinite on a toy classification task; expected a finite score"),
        ({"random_state": "seed"}, "random_state must be a whole number from 0 to 2**32 - 1"),
        ({"random_state": -1.5}, "random_state must be a whole number from 0 to 2**32 - 1"),
        ({"log_level": "loud"}, "Unknown log_level 'loud'"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetClassification(**options).fit(X, LABELS), message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimize_metric": "accuracy"}, "'accuracy' is a classification metric, but the task is regression"),
        ({"optimize_metric": "neg_mean_squared_log_error"}, "cannot score these targets: Mean Squared Logarithmic"),
        ({"optimize_metric": lambda y, p: float(np.abs(y - p).mean())}, "but greater must be better; use"),
        ({"additional_metrics": ["roc_auc"]}, "'roc_auc' is a classification metric"),
        ({"class_weight": "balanced"}, "class_weight='balanced' requires one label per row; use sample_weight instead"),
        ({"loss_modules": ["cross_entropy"]}, "Unknown component of LossModuleSelector for regression"),
    ],
)
def test_options_of_a_regression(options: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetRegression(**options).fit(X, X[:, 0]), message)


def test_unknown_options_of_fit() -> None:
    message = "Unknown option 'validation_splt'. Did you mean 'validation_split'"
    refused(lambda: AutoNetClassification().fit(X, LABELS, validation_splt=0.1), message)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (("OptimizerSelector", "sgd:learnin_rate", [0.1, 0.2]), "Did you mean 'sgd:learning_rate'"),
        (("OptimiserSelector", "sgd:learning_rate", [0.1, 0.2]), "Did you mean 'OptimizerSelector'"),
        (("NetworkSelector", "shapedresnet:activation", ["reluu"]), "'reluu' is not among its choices"),
        (("NetworkSelector", "shapedresnet:max_dropout", [0.1, 2.0]), "outside the allowed range"),
    ],
)
def test_updates_of_the_space(update: tuple[Any, ...], message: str) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(*update)
    auto = AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=updates)
    refused(lambda: auto.fit(X, LABELS), message)


@pytest.mark.parametrize("given", [{"budget_type": "epochs", "max_trials": 2}, {"max_runtime": 9}])
def test_budgets_may_be_equal_and_as_long_as_the_fit(given: dict[str, Any]) -> None:
    options = Options.resolve(AutoNetClassification(min_budget=9, max_budget=9, **given).get_params())
    assert options.plan_time().rungs(0.1).budgets == (9,)


def test_include_and_exclude_choose_components_by_node_option_or_selector() -> None:
    auto = AutoNetClassification(
        "full_cs",
        include={"OptimizerSelector": ["sgd", "adamw"], "lr_scheduler": ["step"]},
        exclude={
            "network": ["tabm", "modernnca"],
            "embedding": None,
            "optimizer": ["sgd"],
            "TargetMeansSelector": ["smoothed"],
        },
        networks=["resnet", "tabm", "mlpnet"],
    )
    space = auto.get_hyperparameter_search_space()
    assert list(space["NetworkSelector:network"].choices) == ["resnet", "mlpnet"]
    assert space["OptimizerSelector:optimizer"].value == "adamw"
    assert space["LearningrateSchedulerSelector:lr_scheduler"].value == "step"
    assert space["TargetMeansSelector:target_means"].value == "none"
    assert not any(name.startswith(("NetworkSelector:tabm", "OptimizerSelector:sgd")) for name in space)


def test_a_search_space_in_short_comes_after_the_updates() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("CreateDataLoader", "batch_size", [16])
    updates.append("NetworkSelector", "shapedresnet:num_groups", [3])
    short = {
        "OptimizerSelector:sgd:learning_rate": (1e-3, 1e-2, "log"),
        "NetworkSelector:shapedresnet:activation": ["relu", "gelu"],
        "CreateDataLoader:batch_size": 64,
    }
    auto = AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=updates, search_space=short)
    space = auto.get_hyperparameter_search_space()
    rate = space["OptimizerSelector:sgd:learning_rate"]
    assert (rate.lower, rate.upper, rate.log) == (1e-3, 1e-2, True)
    assert list(space["NetworkSelector:shapedresnet:activation"].choices) == ["relu", "gelu"]
    assert space["CreateDataLoader:batch_size"].value == 64
    assert space["NetworkSelector:shapedresnet:num_groups"].value == 3
