import warnings
from collections.abc import Callable
from typing import Any

import pytest

from autonet.core.component import Component, Node, extend_nodes
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.registration import (
    check_name,
    default_params,
    find_space,
    parameter_names,
    register,
    trying,
    unregister,
)
from autonet.core.task import Task


@pytest.fixture
def node() -> Node[Any]:
    return Node.from_components("Node", [Component("built_in", dict)], selector="choice", reserved=["baseline"])


def test_a_component_is_offered_once_and_removed(node: Node[Any]) -> None:
    register(node, Component("mine", dict), what="part", overwrite=False)
    assert list(node.custom) == ["mine"]
    with pytest.raises(InvalidOption, match="A part 'mine' is already registered; use another name, or overwrite=True"):
        register(node, Component("mine", list), what="part", overwrite=False)
    register(node, Component("mine", list), what="part", overwrite=True)
    assert node.components["mine"].build is list
    unregister([node], "mine", what="part")
    assert not node.custom
    with pytest.raises(UnknownName, match="Unknown registered part 'mine'"):
        unregister([node], "mine", what="part")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("built_in", "'built_in' is a built-in part; use another name"),
        ("baseline", "'baseline' is a built-in part"),
        ("a:b", "name must be a non-empty string without ':'; got 'a:b'"),
        (7, "name must be a non-empty string without ':'; got 7"),
    ],
)
def test_names_that_are_taken_or_none(node: Node[Any], name: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        check_name(node, name, "part")


def test_trials_know_the_components_they_were_given_and_no_registered_ones(node: Node[Any]) -> None:
    register(node, Component("registered", dict), what="part", overwrite=False)
    extended = extend_nodes({"Node": node, "Other": Node("Other")}, {"Node": {"mine": Component("mine", list)}})
    assert list(extended["Node"].components) == ["built_in", "mine"]
    assert list(extended["Node"].custom) == ["mine"]
    assert list(node.components) == ["built_in", "registered"]


def test_a_builder_may_carry_its_space() -> None:
    class WithSpace:
        @staticmethod
        def space(task: Task) -> Any:
            raise AssertionError("not called")

    assert find_space(WithSpace, None) is WithSpace.space
    assert find_space(WithSpace, dict) is dict  # type: ignore[arg-type]
    assert find_space(dict, None) is None
    assert default_params(None, Task("regression")) == {}
    with pytest.raises(InvalidOption, match=r"space must be a function of the task .*; got a tuple"):
        find_space(dict, (0, 1))  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match=r"its space returns {}, not a ConfigurationSpace"):
        default_params(lambda task: {}, Task("regression"))  # type: ignore[arg-type, return-value]


class Module:
    def __call__(self) -> None: ...

    def forward(self) -> None: ...

    def __repr__(self) -> str:
        return "Module()"


@pytest.mark.parametrize("builder", ["mine", Module()], ids=["name", "instance"])
def test_a_builder_is_a_class_or_a_function(builder: Any) -> None:
    kind = type(builder).__name__
    with pytest.raises(InvalidOption, match=rf"class or a function; got .* Pass .*, such as lambda: {kind}\(\.\.\.\)"):
        find_space(builder, None)


def use(component: Callable[[], object]) -> None:
    with trying("part", "mine", "toy data") as expect:
        expect(component() is None, "it is something")


def test_what_a_component_raises_is_told_in_a_sentence() -> None:
    use(lambda: warnings.warn("of toy data", stacklevel=1))
    with pytest.raises(InvalidOption, match=r"^Part 'mine' fails on toy data: it is something$") as told:
        use(dict)
    assert isinstance(told.value.__cause__, InvalidOption)
    with pytest.raises(InvalidOption, match=r"^Part 'mine' fails on toy data: division by zero$"):
        use(lambda: 1 / 0)


def test_parameter_names_of_functions_and_of_what_has_no_signature() -> None:
    assert parameter_names(lambda a, *, b=1: None) == {"a", "b"}
    assert parameter_names("no function") == parameter_names(dict) == set()
