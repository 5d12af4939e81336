"""Names of nodes and components of 0.2.1."""

import logging

import pytest

from autonet.compat.autopytorch.names import (
    COMPONENT_NAMES,
    NODE_NAMES,
    choose_components,
    translate_component,
    translate_name,
    translate_node,
)
from autonet.core.errors import InvalidOption, UnknownName
from autonet.pipeline.tabular import NODES


def test_nodes_and_components_are_translated() -> None:
    assert set(NODE_NAMES.values()) <= set(NODES)
    assert translate_node("network_backbone") == translate_node("NetworkSelector") == "NetworkSelector"
    for node, names in COMPONENT_NAMES.items():
        known = [own for own in names.values() if own in NODES[node].components]
        assert len(known) > 1, node
    assert translate_component("OptimizerSelector", "AdamWOptimizer") == "adamw"
    assert translate_component("OptimizerSelector", "adamw") == "adamw"


def test_hyperparameters_are_translated() -> None:
    assert translate_name("OptimizerSelector", "AdamOptimizer:lr") == "adam:learning_rate"
    assert translate_name("NetworkSelector", "ResNetBackbone:dropout") == "resnet:dropout"
    assert translate_name("NetworkSelector", "__choice__") == "network"
    assert translate_name("CreateDataLoader", "batch_size") == "batch_size"
    assert translate_name("Imputation", "numerical_strategy") == "strategy"
    assert translate_name("InitializationSelector", "bias_strategy") == "initializer:initialize_bias"
    assert translate_name("InitializationSelector", "initializer:initialize_bias") == "initializer:initialize_bias"


def test_steps_without_a_counterpart_are_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "autonet"):
        assert translate_node("coalescer") is None
    assert caplog.messages == ["the node coalescer of Auto-PyTorch is ignored: rare categories always share a level"]


def test_included_and_excluded_components() -> None:
    include = {"network_backbone": ["MLPBackbone", "ResNetBackbone"], "encoder": ["OneHotEncoder"]}
    assert choose_components(include, None, [], {}) == {"networks": ["mlpnet", "resnet"], "embeddings": ["none"]}
    left = choose_components(None, {"network_backbone": ["MLPBackbone"], "coalescer": ["NoCoalescer"]}, [], {})
    assert left == {"networks": ["resnet", "shapedmlpnet", "shapedresnet"]}
    assert choose_components(include, {"network_backbone": ["MLPBackbone"]}, [], {})["networks"] == ["resnet"]
    with pytest.raises(InvalidOption, match="exclude_components leaves no component of EmbeddingSelector; keep one of"):
        choose_components(include, {"encoder": ["OneHotEncoder"]}, [], {})


def test_components_that_updates_name_join_those_of_the_preset() -> None:
    named = [("NetworkSelector", "resnet"), ("OptimizerSelector", "sgd")]
    preset = {"NetworkSelector": ["tabm"], "OptimizerSelector": ["sgd"]}
    assert choose_components(None, None, named, preset) == {"networks": ["tabm", "resnet"], "optimizer": ["sgd"]}
    chosen = choose_components({"network_backbone": ["MLPBackbone"]}, None, named, preset)
    assert chosen["networks"] == ["mlpnet"]  # nothing joins those that are included


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ({"network_backbon": []}, "Unknown node 'network_backbon'. Did you mean 'network_backbone'"),
        ({"optimizer": ["AdamOptimiser"]}, "OptimizerSelector 'AdamOptimiser'. Did you mean 'AdamOptimizer'"),
        ({"scaler": ["Normalizer"]}, "Unknown component of NormalizationStrategySelector 'Normalizer'"),
    ],
    ids=["node", "component", "not offered"],
)
def test_unknown_names(include: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        choose_components(include, None, [], {})
