from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, Float

from autonet.core.component import Component, Components, Node, join, make_space
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


TIMER: Node[None] = Node("Timer")


@pytest.mark.parametrize(
    ("fuel", "params"),
    [("gas", {"temperature": 200.0, "fan:speed": 3}), ("gasless", {"temperature": 0.0}), ("wood", {})],
)
def test_params_are_those_of_the_chosen_component_under_their_short_names(fuel: str, params: dict[str, Any]) -> None:
    choice = Components.resolve([OVEN], {**CONFIG, "Oven:fuel": fuel})[OVEN]
    assert (choice.name, choice.params) == (fuel, params)
    assert choice.build(seed=7) == {fuel: {"seed": 7, **params}}


def test_settings_of_the_node_itself_leave_out_selector_and_components() -> None:
    components = Components.resolve([OVEN, TIMER], {**CONFIG, "Timer:minutes": 40})
    assert components[OVEN].settings == {"door": "shut"}
    assert components[TIMER].settings == {"minutes": 40}


def test_a_space_is_made_anew_of_its_parts_at_every_call() -> None:
    space = make_space(lambda: Float("x", (0.0, 1.0)), lambda: Float("y", (0.0, 2.0)))
    first, second = space(Task("regression")), space(Task("classification"))
    assert list(first) == ["x", "y"]
    assert first == second
    assert first["x"] is not second["x"]


def test_a_node_that_is_not_mentioned_has_no_choice_until_one_is_made() -> None:
    components = Components.resolve([OVEN], {"Oven:gas:temperature": 200.0})
    assert components.get(OVEN) is None
    with pytest.raises(KeyError, match="Oven"):
        components[OVEN]
    replaced = components.replace([OVEN.choose("gas", temperature=150.0)])
    assert replaced[OVEN].build() == {"gas": {"temperature": 150.0}}
    assert components.get(OVEN) is None


def test_a_choice_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown component of Oven 'woood'\. Did you mean 'wood'\?"):
        Components.resolve([OVEN], {"Oven:fuel": "woood"})


def test_names_are_joined_without_their_empty_parts() -> None:
    assert join("TrainNode", "mixup", "alpha") == "TrainNode:mixup:alpha"
    assert join("CreateDataLoader", "", "batch_size") == "CreateDataLoader:batch_size"
