import torch
from torch import nn

from autonet.inspection.drawing.flow import build_flow
from autonet.inspection.drawing.layers import Function, Layer
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.drawing.words import (
    count_parameters,
    describe_functions,
    describe_items,
    describe_layer,
    list_contents,
    name_layer,
)
from autonet.inspection.subject import find_subject
from tests.inspection.models import Skips, build, transformer


def trace(network: nn.Module) -> Layer:
    return trace_network(find_subject(network))


def layers(layer: Layer) -> dict[str, Layer]:
    found = {layer.path: layer}
    for inner in layer.layers:
        found |= layers(inner)
    return found


def test_blocks_are_named_by_what_they_are() -> None:
    found = layers(trace(build("resnet", num_groups=1, blocks_per_group=3)))
    assert [name_layer(found[path]) for path in ("", "1", "1.0", "1.0.start", "0")] == [
        "Sequential",
        "3 × ResBlock",
        "ResBlock",
        "start",
        "Linear",
    ]
    assert list_contents(found["1.0"]) == "2 × BatchNorm1d, 2 × ReLU, 2 × Linear, Dropout"


def test_tooltips_tell_path_shapes_and_counts() -> None:
    network = nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.BatchNorm1d(4), nn.ReLU())
    found = layers(trace(network))
    assert describe_layer(found["0"]) == "0 Linear 3 → 4\n(n, 3) → (n, 4)\n16 parameters\n0 of them are trained"
    assert describe_layer(found["1"]).endswith("8 parameters\n9 values in buffers")
    assert describe_layer(found["2"]) == "2 ReLU\n(n, 4) → (n, 4)"
    assert (count_parameters(found["0"]), count_parameters(found["2"])) == ("16 params", "")
    assert describe_functions([Function("mul", ("a", "2")), Function("log")]) == "mul a 2\nlog"


def test_a_network_is_told_in_the_order_in_which_it_runs() -> None:
    def tell(network: nn.Module, depth: int) -> str:
        return describe_items(build_flow(trace(network), depth))

    assert tell(build("tabm", n_members=4), 1) == (
        "BatchEnsembleLinear 5 → 128 + ReLU + Dropout 0.1 in 4 members, Linear 128 → 128 + ReLU + Dropout 0.1 in 4 "
        "members, LinearEnsemble 128 → 3 in 4 members, EnsembleMean softmax"
    )
    told = tell(build("resnet", num_groups=1, blocks_per_group=2), 3)
    assert "2 times (ResBlock of (branches (start, branch) and (its input) joined by +))" in told
    assert tell(Skips(), 1).endswith("with 3 connections past layers")
    attention = trace_network(find_subject(transformer(), torch.zeros(1, 5, 8)))
    assert describe_items(build_flow(attention, 1)) == "2 times (TransformerEncoderLayer)"
