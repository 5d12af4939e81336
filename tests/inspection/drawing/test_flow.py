from typing import Any

import torch
from torch import Tensor, nn

from autonet.inspection.drawing.flow import (
    Card,
    Fork,
    Frame,
    Item,
    Repeat,
    Tangle,
    build_flow,
    is_residual,
    name_function,
    name_functions,
)
from autonet.inspection.drawing.layers import INPUT, Function, Layer
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject
from tests.inspection.models import Residual, Skips, build, transformer


def flow(network: nn.Module, depth: int | None = 1, example: Any = None) -> Any:
    return [shape(item) for item in build_flow(trace_network(find_subject(network, example)), depth)]


def shape(item: Item) -> Any:
    """Write an item in short: classes of the layers on a card, and what is nested."""
    match item:
        case Card():
            return " ".join(p.kind if isinstance(p, Layer) else name_functions(p) for p in item.parts)
        case Frame():
            return {item.layer.kind: [shape(inner) for inner in item.items]}
        case Fork():
            branches = [[shape(inner) for inner in branch] for branch in item.branches]
            return (*branches, item.join.name if item.join else None)
        case Repeat():
            return item.count, [shape(inner) for inner in item.items]
        case Tangle():
            return [shape(inner) for inner in item.items], item.links


def test_layers_that_follow_share_a_card_and_equal_cards_are_folded() -> None:
    assert flow(build("shapedmlpnet", num_layers=4)) == [
        "Linear ReLU Dropout",
        (3, ["Linear ReLU Dropout"]),
        "Linear",
    ]


def test_blocks_open_with_depth() -> None:
    network = build("resnet", num_groups=1, blocks_per_group=3)
    assert flow(network) == ["Linear", "Sequential", "BatchNorm1d ReLU", "Linear"]
    assert flow(network, 2)[1] == {"Sequential": [(3, ["ResBlock"])]}
    block = ("ResBlock", (["Sequential", "Sequential"], [], "add"))
    assert flow(network, 3)[1] == {"Sequential": [(3, [{block[0]: [block[1]]}])]}
    inner = flow(network, 4)[1]["Sequential"][0][1][0]["ResBlock"][0][0]
    assert inner == [
        {"Sequential": ["BatchNorm1d ReLU"]},
        {"Sequential": ["Linear BatchNorm1d ReLU Dropout", "Linear"]},
    ]


def test_a_group_of_one_block_is_the_block() -> None:
    assert flow(build("resnet", num_groups=1, blocks_per_group=1))[1] == "ResBlock"


def test_branches_in_parallel() -> None:
    network = build("shapedresnet", num_groups=1, use_shake_shake=True, resnet_shape="funnel", max_units=8)
    (block,) = flow(network, 2)[1].values()
    assert block == [
        "Sequential",
        ([(["Sequential"], ["Sequential"], "add"), "× 0.5"], ["Linear"], "add"),
    ]


def test_layers_that_compute_with_others_open_at_last() -> None:
    network = build("realmlp", num_layers=3)
    cards = "DataInitializedLinear ParametricActivation Dropout"
    assert flow(network, 9) == ["FrontScale", cards, (2, [cards]), "DataInitializedLinear"]
    opened = {"ParametricActivation": [(["SELU"], [], "lerp")]}
    assert flow(network, None) == [
        "FrontScale",
        "DataInitializedLinear",
        opened,
        "Dropout",
        (2, ["DataInitializedLinear", opened, "Dropout"]),  # from the weights on, as people count layers
        "DataInitializedLinear",
    ]


def test_functions_of_neighbors_and_members() -> None:
    assert flow(build("modernnca")) == ["Sequential", "cdist candidates · softmax · @ labels · log"]
    assert flow(build("tabm"), None)[0] == {"BatchEnsembleLinear": ["× input_scales", "Linear"]}
    tabm = trace_network(find_subject(build("tabm", n_members=5)))
    assert [card.n_members for card in build_flow(tabm, 1) if isinstance(card, Card)] == [5, 5, 5, 1]


def test_connections_that_are_no_branches() -> None:
    ((items, links),) = flow(Skips())
    assert items == ["Linear", "relu", "concat", "Linear", "concat", "Linear"]
    assert {link for link in links if link[1] > link[0] + 1} == {(INPUT, 2), (1, 4), (INPUT, 4)}
    assert {link for link in links if link[1] == link[0] + 1} == {(i - 1, i) for i in range(7)}


def test_a_transformer_and_own_blocks() -> None:
    (repeat,) = flow(transformer(), 2, torch.zeros(2, 5, 8))
    assert repeat[0] == 2
    assert repeat[1][0]["TransformerEncoderLayer"] == [
        (["MultiheadAttention", "Dropout"], [], "add"),
        "LayerNorm",
        (["Linear relu Dropout", "Linear Dropout"], [], "add"),
        "LayerNorm",
    ]
    assert flow(Residual()) == [(["Linear"], [], "add"), "ReLU"]


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.other = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(self.linear(x)), self.other(x)


def test_a_layer_that_runs_twice_is_repeated_and_results_may_be_several() -> None:
    assert flow(Twice()) == [([(2, ["Linear"])], ["Linear"], None)]


def test_a_single_layer_and_one_that_does_nothing_are_cards() -> None:
    assert flow(nn.Linear(2, 1)) == ["Linear"]
    assert flow(nn.Sequential(nn.Identity(), nn.Linear(2, 1), nn.Sequential())) == ["Linear"]


def test_runs_are_folded_within_runs() -> None:
    layers = [nn.Linear(2, 2), nn.Flatten(), nn.Flatten()] * 2
    assert flow(nn.Sequential(*layers)) == [(2, ["Linear", (2, ["Flatten"])])]


def test_a_residual_adds_branches_of_different_length() -> None:
    def trace(network: nn.Module, example: Any = None) -> Layer:
        return trace_network(find_subject(network, example))

    assert is_residual(trace(Residual()))
    block = next(iter(trace(transformer(), torch.zeros(1, 5, 8)).layers))
    assert is_residual(block)
    assert not is_residual(trace(Skips()))
    assert not is_residual(trace(nn.Linear(2, 1)))
    assert not is_residual(trace(build("tabm")))


def test_functions_are_named_with_signs_and_small_ones_left_out() -> None:
    add, clamp = Function("add", ("1e-07",)), Function("clamp")
    assert name_function(Function("sub", ("center",))) == "− center"
    assert name_functions([clamp, add, Function("log")]) == "log"
    assert name_functions([add, clamp]) == "+ 1e-07"
