"""Names and nodes of custom components; fits with them are in tests/estimators/test_custom_components.py."""

from functools import partial
from typing import Any

import pytest
from torch import nn

from autonet import register_network, unregister_component
from autonet.core.errors import InvalidOption, UnknownName
from autonet.nets.registry import NETWORKS
from autonet.pipeline.components import MAKERS, adopt, find_node, list_nodes, name_component, rebuild_component

pytestmark = pytest.mark.usefixtures("custom_components")


def one_layer(n_in: int, n_out: int) -> nn.Module:
    return nn.Linear(n_in, n_out)


@pytest.mark.parametrize(("value", "name"), [("mine", "mine"), (nn.L1Loss, "L1Loss"), (one_layer, "one_layer")])
def test_components_are_named_after_classes_and_functions(value: Any, name: str) -> None:
    assert name_component(value) == name


@pytest.mark.parametrize(
    "value", [nn.L1Loss(), lambda: None, partial(one_layer, n_in=3), 3], ids=["instance", "lambda", "partial", "number"]
)
def test_what_has_no_name_is_refused(value: Any) -> None:
    with pytest.raises(InvalidOption, match="A component must be a name, a class or a named function"):
        name_component(value)


def test_nodes_are_found_by_node_option_or_selector() -> None:
    nodes = list_nodes()
    assert all(find_node(name, nodes) is NETWORKS for name in ("NetworkSelector", "networks", "network"))
    assert set(MAKERS) <= set(nodes)
    with pytest.raises(UnknownName, match=r"Unknown node 'netwrks'. Did you mean 'networks'"):
        find_node("netwrks", nodes)


def test_classes_among_names_become_components() -> None:
    nodes = list_nodes()
    adopted = adopt(
        nodes, {"NetworkSelector": ["resnet", one_layer], "Imputation": ["mean"], "LossModuleSelector": None}
    )
    assert {node: list(components) for node, components in adopted.items()} == {"NetworkSelector": ["one_layer"]}
    assert rebuild_component("NetworkSelector", "one_layer", one_layer).build is one_layer


def test_components_are_unregistered_by_option() -> None:
    register_network("mine", one_layer)
    with pytest.raises(
        UnknownName, match=r"Unknown registered component of NetworkSelector 'min'. Did you mean 'mine'"
    ):
        unregister_component("networks", "min")
    unregister_component("networks", "mine")
    assert "mine" not in NETWORKS.components
    with pytest.raises(UnknownName, match=r"Unknown option 'networx'. Did you mean 'network' or 'networks'"):
        unregister_component("networx", "mine")
    with pytest.raises(InvalidOption, match="'resnet' is a built-in component of NetworkSelector"):
        unregister_component("networks", "resnet")
