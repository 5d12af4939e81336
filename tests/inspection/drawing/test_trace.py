import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autonet.core.errors import InvalidNetwork
from autonet.inspection.drawing.layers import INPUT, Function, Layer
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject
from autonet.models.export import build_module, to_tensors
from autonet.nets.modernnca import NearestNeighbors, remember_rows
from tests.inspection.models import FAMILIES, Counting, Residual, Skips, build, embed, fitted, transformer


def trace(network: nn.Module, example: Any = None) -> Layer:
    return trace_network(find_subject(network, example))


def names(layer: Layer) -> list[str]:
    return [step.called.name if isinstance(step.called, Function) else step.called.kind for step in layer.steps]


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Run a network, and return the shapes of what its modules return, without the number of rows."""
    found: dict[str, tuple[int, ...]] = {}

    def keep(path: str, output: Tensor) -> None:
        found.setdefault(path, tuple(output.shape[1:]))

    for path, module in network.named_modules():
        module.register_forward_hook(lambda module, args, output, path=path: keep(path, output))  # type: ignore[misc]
    network.eval()(find_subject(network).inputs[0])
    return found


@pytest.mark.parametrize("make", [build, embed])
@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_and_counts_are_those_of_the_network(family: str, make: Any) -> None:
    network = make(family)
    if isinstance(network, NearestNeighbors):
        remember_rows([network], find_subject(network).inputs[0] + 1, torch.tensor([0, 1]))
    layer = trace(network)
    found = shapes_of(network)
    waiting, seen = [layer], {}
    while waiting:
        part = waiting.pop()
        assert part.output is not None
        assert part.output[0] == "n"
        seen[part.path] = part.output[1:]
        module = network.get_submodule(part.path)
        assert part.n_parameters == sum(p.numel() for p in module.parameters())
        assert part.n_buffered == sum(b.numel() for b in module.buffers())
        assert part.kind == type(module).__name__
        waiting += part.layers
    assert seen == found


def test_the_network_and_random_numbers_stay_as_they_are() -> None:
    network = Counting().train()
    before, random, hooks = (
        copy.deepcopy(network.state_dict()),
        torch.get_rng_state(),
        copy.copy(network._forward_hooks),
    )
    example = torch.ones(4, 3)
    trace(network, example)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)
    assert network._forward_hooks == hooks
    assert torch.equal(example, torch.ones(4, 3))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_it_works_within_no_grad_and_inference_mode() -> None:
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            assert names(trace(transformer(), torch.zeros(2, 5, 8))) == ["TransformerEncoderLayer"] * 2


def test_a_residual_block_adds_its_input() -> None:
    group = next(iter(trace(build("resnet", blocks_per_group=1)).steps[1].called.layers))  # type: ignore[union-attr]
    assert names(group) == ["Sequential", "Sequential", "add"]
    assert [step.sources for step in group.steps] == [(INPUT,), (0,), (INPUT, 1)]
    assert group.results == (2,)


def test_operators_in_place_and_layers_that_return_their_input_keep_their_sources() -> None:
    layer = trace(Residual())
    assert names(layer) == ["Linear", "Identity", "add", "ReLU"]
    assert [step.sources for step in layer.steps] == [(INPUT,), (INPUT,), (0, 1), (2,)]
    assert [(unused.path, unused.n_parameters, unused.output) for unused in layer.unused] == [("unused", 28, None)]


def test_functions_between_layers_are_recorded_with_what_they_take() -> None:
    layer = trace(Skips())
    assert names(layer) == ["Linear", "relu", "cat", "Linear", "cat", "Linear"]
    assert layer.steps[4].sources == (3, 1, INPUT)
    assert isinstance(layer.steps[2].called, Function)
    assert layer.steps[2].called.output == ("n", 6)
    scaled = trace(build("tabm", variant="full")).steps[0].called
    assert isinstance(scaled, Layer)
    assert names(scaled) == ["mul", "Linear", "addcmul"]
    assert [step.called.operands for step in scaled.steps if isinstance(step.called, Function)] == [
        ("input_scales",),
        ("biases", "output_scales"),
    ]


def test_what_is_computed_from_buffers_alone_is_no_input() -> None:
    layer = trace(build("modernnca"))
    assert names(layer) == ["Sequential", "Sequential", "cdist", "sub", "softmax", "matmul", "clamp", "add", "log"]
    assert [step.sources for step in layer.steps] == [(i - 1,) for i in range(9)]
    distance = layer.steps[2].called
    assert isinstance(distance, Function)
    assert distance.operands == ("candidates",)


def test_members_of_an_ensemble_are_counted() -> None:
    layer = trace(build("tabm", n_members=6))
    assert [part.n_members for part in layer.layers] == [6, 6, 6, 6, 6, 6, 6, 1]


class Several(nn.Module):
    """Takes two tensors and returns them in containers, one as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent, self.inner, self.head = nn.LSTM(3, 4, batch_first=True), Containers(), nn.Linear(4, 2)

    def forward(self, x: Tensor, *, scale: Tensor) -> dict[str, Any]:
        states, (last, _) = self.recurrent(x)
        values = self.inner([states, scale])
        return {"out": self.head(values["all"][0]), "last": (last, values["same"])}


class Containers(nn.Module):
    def forward(self, values: list[Tensor]) -> dict[str, Any]:
        return {"all": [values[0] * values[1]], "same": values[1]}


class WithScale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.several = Several()

    def forward(self, x: Tensor, scale: Tensor) -> Any:
        return self.several(x, scale=scale)


class ByKeyword(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(input=x)
        second: Tensor = self.second(input=x)
        return first + second


def test_keywords_are_inputs_too() -> None:
    assert [step.sources for step in trace(ByKeyword()).steps] == [(INPUT,), (INPUT,), (0, 1)]


def test_tensors_are_followed_through_containers_and_keywords() -> None:
    layer = trace(WithScale(), (torch.zeros(7, 5, 3), torch.ones(1))).steps[0].called
    assert isinstance(layer, Layer)
    assert names(layer) == ["LSTM", "Containers", "Linear"]
    assert [step.sources for step in layer.steps] == [(INPUT,), (0, INPUT), (1,)]
    assert (layer.output, layer.results) == (("n", 5, 2), (2, 0, 1))


class Hidden(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


class UsesHidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.last(Hidden.apply(self.first(x)))  # type: ignore[no-untyped-call]
        return output


def test_what_comes_from_functions_out_of_sight_is_taken_for_the_step_before() -> None:
    layer = trace(UsesHidden())
    assert [step.sources for step in layer.steps][-1] == (len(layer.steps) - 2,)


def test_an_exported_ensemble_with_preprocessing_is_traced() -> None:
    auto = fitted()
    module = build_module(auto.model_, ensemble=True)
    table = auto.model_.schema.missing_row()
    layer = trace(module, to_tensors(table))
    assert layer.output == ("n", 2)
    assert {part.path.partition(".")[0] for part in layer.layers} == {"encoders", "networks", "decoders"}


def test_a_network_that_fails_is_told_with_its_example() -> None:
    with pytest.raises(InvalidNetwork, match=r"Linear fails on an example of shape \(4, 5\): .*Give example_input"):
        trace(nn.Linear(3, 2), torch.zeros(4, 5))
