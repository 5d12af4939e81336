import pytest
from torch import nn

from autonet.inspection.drawing.layers import Layer, categorize, describe_layer, format_shape
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject
from autonet.nets.batch_ensemble import EnsembleMean, LinearEnsemble
from autonet.nets.images.resnet import ConvBlock
from autonet.nets.realmlp import FrontScale, ParametricActivation
from tests.inspection.models import Residual, build


def own_activation() -> nn.Module:
    return type("SwishActivation", (nn.Module,), {})()


@pytest.mark.parametrize(
    ("module", "category"),
    [
        (nn.Linear(2, 3), "linear"),
        (nn.Conv1d(1, 2, 3), "linear"),
        (LinearEnsemble(2, 3, 4), "linear"),
        (nn.Embedding(3, 2), "embedding"),
        (nn.LayerNorm(3), "normalization"),
        (FrontScale(3), "normalization"),
        (nn.GELU(), "activation"),
        (ParametricActivation("mish", 3), "activation"),
        (own_activation(), "activation"),
        (nn.Dropout(0.1), "dropout"),
        (nn.AdaptiveMaxPool1d(1), "pooling"),
        (EnsembleMean("softmax"), "pooling"),
        (nn.MultiheadAttention(4, 2), "block"),
        (nn.Sequential(), "block"),
        (Residual(), "block"),
        (nn.Flatten(), "other"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else value,
)
def test_categories(module: nn.Module, category: str) -> None:
    assert categorize(module) == category


@pytest.mark.parametrize(
    ("module", "detail"),
    [
        (nn.Linear(4, 1500), "4 → 1,500"),
        (nn.Conv2d(1, 8, (3, 5)), "1 → 8, kernel 3 × 5"),
        (nn.Embedding(1000, 8), "1,000 × 8"),
        (nn.Dropout(0.125), "0.12"),
        (nn.BatchNorm1d(4), ""),
        (ParametricActivation("mish", 4), "Mish"),
        (EnsembleMean("softmax"), "softmax"),
        (nn.Flatten(), "start_dim=1, end_dim=-1"),
        (Residual(4), "4 → 1,500"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else value,
)
def test_details_in_short(module: nn.Module, detail: str) -> None:
    assert describe_layer(module, categorize(module), ("n", 4), ("n", 1500)) == detail


def test_the_widths_of_maps_are_their_channels() -> None:
    block, before, after = ConvBlock(32, 64, stride=2, activation_name="relu"), ("n", 32, 20, 16), ("n", 64, 10, 8)
    assert categorize(block) == "block"
    assert describe_layer(block, "block", before, after) == "32 → 64"
    assert describe_layer(block, "block", before, ("n", 32, 10, 8)) == ""


def test_shapes_are_written_as_in_python() -> None:
    assert [format_shape(shape) for shape in (("n",), ("n", 3), None)] == ["(n,)", "(n, 3)", ""]


def trace(network: nn.Module) -> Layer:
    return trace_network(find_subject(network))


def test_depth_counts_levels_of_layers() -> None:
    assert trace(nn.Linear(2, 1)).depth == 0
    assert trace(build("mlpnet")).depth == 1
    assert trace(build("resnet")).depth == 4


def test_layers_are_listed_once_and_unused_ones_last() -> None:
    linear = nn.Linear(3, 3)
    assert [layer.path for layer in trace(nn.Sequential(linear, nn.ReLU(), linear)).layers] == ["0", "1"]
    assert [layer.path for layer in trace(Residual()).layers] == ["linear", "same", "activation", "unused"]
