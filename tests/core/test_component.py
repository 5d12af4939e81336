from ConfigSpace import ConfigurationSpace, Float

from autonet.core.component import Component, Node
from autonet.core.names import join, known
from autonet.core.task import Task


def space(task: Task) -> ConfigurationSpace:
    cs = ConfigurationSpace()
    cs.add(Float("rate", (0.0, 1.0)))
    return cs


NODE: Node[tuple[object, ...]] = Node.of(
    "Step",
    [
        Component("a", lambda rate, seed: ("a", rate, seed), space),
        Component("b", lambda seed: ("b", seed), tasks=("regression",)),
    ],
    selector="kind",
)
CONFIG = {"Step:kind": "a", "Step:a:rate": 0.5, "Step:own:norm": 2.0, "Other:kind": "z", "Step:single": 1}


def test_a_node_builds_the_chosen_component_with_its_own_hyperparameters_and_the_context() -> None:
    assert NODE.build(CONFIG, seed=3) == ("a", 0.5, 3)
    assert NODE.build({"Step:kind": "b"}, seed=3) == ("b", 3)


def test_a_node_knows_its_own_hyperparameters_from_those_of_its_components() -> None:
    assert NODE.parameters(CONFIG) == {"own:norm": 2.0, "single": 1}
    assert NODE.parameters(CONFIG, "a") == {"rate": 0.5}


def test_components_are_offered_for_the_tasks_that_they_serve() -> None:
    assert NODE.names(Task("classification")) == ["a"]
    assert NODE.names(Task("regression")) == ["a", "b"]


def test_names() -> None:
    assert join("Node", "", "x") == "Node:x"
    assert known("thing", "a", ["a", "b"]) == "a"
