from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, Float

from autonet.core.component import Component, Node
from autonet.core.errors import UnknownName
from autonet.core.task import Task


def _temperature(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float("temperature", (100.0, 250.0), default=180.0))
    return space


OVEN: Node[dict[str, Any]] = Node.from_components(
    "Oven",
    [
        Component("gas", lambda **given: {"gas": given}, _temperature),
        Component("gasless", lambda **given: {"gasless": given}, tasks=("regression",)),
        Component("wood", lambda **given: {"wood": given}),
    ],
    selector="fuel",
)

CONFIG = {
    "Oven:fuel": "gas",
    "Oven:door": "shut",
    "Oven:gas:temperature": 200.0,
    "Oven:gas:fan:speed": 3,
    "Oven:gasless:temperature": 0.0,
    "Ovenware:gas:temperature": 1.0,
}


def test_components_are_offered_in_their_order_to_the_tasks_they_serve() -> None:
    assert OVEN.names(Task("classification")) == ["gas", "wood"]
    assert OVEN.names(Task("regression")) == ["gas", "gasless", "wood"]


def test_parameters_are_those_of_one_component_under_their_short_names() -> None:
    assert OVEN.parameters(CONFIG, "gas") == {"temperature": 200.0, "fan:speed": 3}
    assert OVEN.parameters(CONFIG, "gasless") == {"temperature": 0.0}
    assert OVEN.parameters(CONFIG, "wood") == {}


def test_parameters_of_the_node_itself_leave_out_selector_and_components() -> None:
    assert OVEN.parameters(CONFIG) == {"door": "shut"}


def test_the_chosen_component_is_built_with_its_parameters_and_the_context() -> None:
    assert OVEN.build(CONFIG, seed=7) == {"gas": {"seed": 7, "temperature": 200.0, "fan:speed": 3}}
    assert OVEN.build({"Oven:fuel": "wood"}) == {"wood": {}}


def test_a_choice_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown component of Oven 'woood'\. Did you mean 'wood'\?"):
        OVEN.build({"Oven:fuel": "woood"})
