"""Components that are added to the pipeline of an estimator, as in Auto-PyTorch 0.0.2."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from torch import Tensor, nn
from torch.nn import functional

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, UnknownName
from autonet.estimators.autopytorch.pipeline_nodes import Negated
from autonet.nets.registry import NETWORKS


class QuantileLoss(nn.Module):
    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(output, y)


def errors(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(y_true != y_pred))


def one_layer(n_in: int, n_out: int) -> nn.Module:
    return nn.Linear(n_in, n_out)


@pytest.fixture
def auto() -> AutoNetClassification:
    estimator = AutoNetClassification("tiny_cs", networks=["mine"], loss_modules=["quantile_loss"])
    estimator.pipeline["NetworkSelector"].add_network("mine", one_layer)
    estimator.pipeline["LossModuleSelector"].add_loss_module("quantile_loss", QuantileLoss)
    return estimator


def test_an_added_component_is_of_one_estimator_its_clones_and_pickles(auto: Any) -> None:
    assert "mine" not in NETWORKS.components
    assert "mine" in auto.pipeline["NetworkSelector"].components
    for estimator in (auto, clone(auto), pickle.loads(pickle.dumps(auto))):
        space = estimator.get_hyperparameter_search_space()
        assert space["NetworkSelector:network"].value == "mine"
        assert space["LossModuleSelector:loss_module"].value == "quantile_loss"
    with pytest.raises(UnknownName, match="Unknown component of NetworkSelector for classification 'mine'"):
        AutoNetClassification(networks=["mine"]).get_hyperparameter_search_space()


def test_removed_components_are_gone_and_built_in_ones_are_excluded(auto: Any) -> None:
    node = auto.pipeline["NetworkSelector"]
    node.remove_network("mine")
    assert "mine" not in node.components
    with pytest.raises(UnknownName, match="Unknown component added to NetworkSelector 'mine'"):
        node.remove_network("mine")
    with pytest.raises(InvalidOption, match=r"'tabm' is built in; leave it out with exclude={'networks': \['tabm'\]}"):
        node.remove_network("tabm")


def test_a_metric_is_a_loss_unless_it_is_transformed(auto: Any, iris: Any) -> None:
    auto.pipeline["MetricSelector"].add_metric("errors", errors)
    auto.pipeline["MetricSelector"].add_metric("hits", lambda t, p: float(np.mean(t == p)), loss_transform=True)
    assert Negated(errors)([1, 2], np.array([1, 3])) == -0.5
    options = {"budget_type": "epochs", "max_budget": 1, "max_trials": 1, "cross_validator": "none", "random_state": 0}
    auto.fit(*iris, optimize_metric="errors", additional_metrics=["hits"], baseline=False, **options)
    info = auto.fit_result["info"]
    assert info["val_hits"] == pytest.approx(1 + info["val_errors"])


def test_nodes_are_a_mapping_with_the_names_of_auto_pytorch(auto: Any) -> None:
    assert set(auto.pipeline) >= {"NetworkSelector", "OptimizerSelector", "MetricSelector", "TrainNode"}
    assert len(auto.pipeline) == len(list(auto.pipeline))
    assert {"add_lr_scheduler", "remove_lr_scheduler"} <= set(dir(auto.pipeline["LearningrateSchedulerSelector"]))
    assert repr(auto.pipeline["Imputation"]).startswith("PipelineNode('Imputation', components=['mean', ")
    with pytest.raises(UnknownName, match=r"Unknown node 'NetworkSelctor'. Did you mean 'NetworkSelector'"):
        auto.pipeline["NetworkSelctor"]
    with pytest.raises(AttributeError, match="PipelineNode has no attribute 'add_network'"):
        auto.pipeline["TrainNode"].add_network("mine", one_layer)
    with pytest.raises(InvalidOption, match="Imputation takes no custom components; got 'mine'"):
        auto.pipeline["Imputation"].add("mine", one_layer)
    with pytest.raises(InvalidOption, match="weight_strategy of the loss 'mine' is not supported; use class_weight"):
        auto.pipeline["LossModuleSelector"].add_loss_module("mine", QuantileLoss, weight_strategy=errors)
