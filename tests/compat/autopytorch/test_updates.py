"""Updates in the order of arguments of 0.2.1."""

from pathlib import Path

import pytest

from autonet import AutoNetClassification, parse_hyperparameter_search_space_updates
from autonet.compat.autopytorch import HyperparameterSearchSpaceUpdates
from autonet.core.errors import UnknownName


def test_updates_edit_the_space_of_an_estimator(tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(node_name="data_loader", hyperparameter="batch_size", value_range=[16, 512], default_value=32)
    updates.append("optimizer", "AdamWOptimizer:lr", [1e-4, 1e-2], 1e-3, True)
    updates.append("network_backbone", "ShapedResNetBackbone:use_dropout", [True, False], True)
    updates.append("network_backbone", "__choice__", ["ShapedResNetBackbone"], "ShapedResNetBackbone")
    updates.append("variance_threshold", "threshold", [0, 1], 0)
    assert len(updates) == 4
    space = AutoNetClassification(hyperparameter_search_space_updates=updates).get_hyperparameter_search_space()
    batch_size, rate = space["CreateDataLoader:batch_size"], space["OptimizerSelector:adamw:learning_rate"]
    assert (batch_size.lower, batch_size.upper, batch_size.default_value, batch_size.log) == (16, 512, 32, False)
    assert (rate.lower, rate.upper, rate.default_value, rate.log) == (1e-4, 1e-2, 1e-3, True)
    assert space["NetworkSelector:shapedresnet:use_dropout"].default_value is True
    assert space["NetworkSelector:network"].default_value == "shapedresnet"
    updates.save_as_file(tmp_path / "updates.txt")
    assert parse_hyperparameter_search_space_updates(tmp_path / "updates.txt").updates == updates.updates


def test_names_of_autonet_and_unknown_ones() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:momentum", [0.8, 0.9], 0.9)
    assert str(updates) == "OptimizerSelector sgd:momentum [0.8, 0.9] default=0.9"
    with pytest.raises(UnknownName, match=r"Unknown node 'dataloader'\. Did you mean 'data_loader'"):
        updates.append("dataloader", "batch_size", [1, 2], 1)
