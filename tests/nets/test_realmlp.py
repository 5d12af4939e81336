"""RealMLP against plain torch: its formula, its parametrization, its initialization, its numbers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own habit

from autonet.core.task import Task, TaskKind
from autonet.nets.activations import Mish
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.initialization import INITIALIZATION, initialize, initialize_from_rows
from autonet.nets.mlp import make_mlp
from autonet.nets.realmlp import REALMLP, DataInitializedLinear, FrontScale, ParametricActivation, build_realmlp
from autonet.training.optimizers import OPTIMIZERS

SIZES = {"n_in": 6, "n_out": 3, "num_layers": 2, "num_units": 16}
RECIPE = {"learning_rate_factor": 1.0, "front_scale_factor": 6.0, "zero_head": False}


def network(**changes: object) -> nn.Sequential:
    torch.manual_seed(0)
    given = {
        **SIZES,
        **RECIPE,
        "activation": "selu",
        "parametric_activation": True,
        "use_dropout": True,
        "dropout": 0.0,
        **changes,
    }
    return build_realmlp(**given)  # type: ignore[arg-type]


def linear_layers(net: nn.Sequential) -> list[DataInitializedLinear]:
    return [layer for layer in net if isinstance(layer, DataInitializedLinear)]


def shaken(net: nn.Sequential) -> nn.Sequential:
    """Move scales, biases and alphas from their zeros and ones."""
    for parameter in net.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter)
    return net


@pytest.mark.parametrize("training", [True, False])
def test_it_is_its_formula(training: bool) -> None:
    net, x = shaken(network(dropout=0.3)).train(training), torch.randn(10, 6)
    first, second, head = linear_layers(net)
    alphas = [layer.alpha for layer in net if isinstance(layer, ParametricActivation)]
    torch.manual_seed(1)
    h = x * net[0].weight
    for layer, alpha in zip((first, second), alphas, strict=True):
        z = h @ layer.weight.T + layer.bias
        h = F.dropout(z + alpha * (F.selu(z) - z), 0.3, training)
    expected = h @ head.weight.T + head.bias
    torch.manual_seed(1)
    torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize("factor", [1.0, 10.0])
def test_training_it_is_training_the_neural_tangent_parametrization(factor: float) -> None:
    """Fifty steps of AdamW on y = x W / sqrt(n_in) + b, written out, with the learning rates of the paper."""
    rate, decay = 0.04, 0.2
    net = shaken(network(learning_rate_factor=factor)).double()
    layers = linear_layers(net)
    scale = net[0].weight.detach().clone()
    weights = [layer.weight.detach().T * math.sqrt(layer.in_features) for layer in layers]
    biases = [layer.bias.detach().clone() for layer in layers]
    alphas = [layer.alpha.detach().clone() for layer in net if isinstance(layer, ParametricActivation)]
    for tensor in (scale, *weights, *biases, *alphas):
        tensor.requires_grad_()

    def explicit(x: Tensor) -> Tensor:
        h = x * scale
        for W, b, alpha in zip(weights, biases, alphas, strict=False):
            z = h @ W / math.sqrt(len(W)) + b
            h = z + alpha * (F.selu(z) - z)
        return h @ weights[-1] / math.sqrt(len(weights[-1])) + biases[-1]

    groups = [
        {"params": weights, "lr": rate, "weight_decay": decay},
        {"params": biases, "lr": 0.1 * rate, "weight_decay": 0.0},
        {"params": [scale], "lr": 6 * rate, "weight_decay": 0.0},
        {"params": alphas, "lr": 0.1 * rate, "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    ours = OPTIMIZERS.components["adamw"].build(
        network=net, learning_rate=rate / factor, weight_decay=decay, beta1=0.9, beta2=0.95
    )
    for group in (*ours.param_groups, *reference.param_groups):
        group["eps"] = 1e-20  # the one number that the scale of a gradient is compared with
    x, y = torch.randn(32, 6).double(), torch.randint(3, (32,))
    before = net(x).detach()
    for _ in range(50):
        for outputs, optimizer in ((net(x), ours), (explicit(x), reference)):
            optimizer.zero_grad()
            F.cross_entropy(outputs, y).backward()
            optimizer.step()
    torch.testing.assert_close(net(x), explicit(x))
    assert not torch.allclose(net(x), before, atol=0.1)


def test_it_has_as_many_parameters_as_the_paper_says() -> None:
    n, outputs = 40, 7
    net = network(n_in=n, n_out=outputs, num_layers=3, num_units=256, dropout=0.15)
    expected = n + n * 256 + 256 + 2 * (256 * 256 + 256) + 3 * 256 + 256 * outputs + outputs
    assert sum(p.numel() for p in net.parameters()) == expected


def test_it_is_made_of_its_hyperparameters() -> None:
    given = {"num_layers": 2, "num_units": 20, "activation": "mish", "use_dropout": True, "dropout": 0.3, **RECIPE}
    net = REALMLP.build(n_in=7, n_out=2, parametric_activation=False, **given)
    assert [type(m) for m in net] == [
        FrontScale,
        *[DataInitializedLinear, Mish, nn.Dropout] * 2,
        DataInitializedLinear,
    ]
    assert [(m.in_features, m.out_features) for m in linear_layers(net)] == [(7, 20), (20, 20), (20, 2)]
    assert (net[0].in_features, net[3].p) == (7, 0.3)
    del given["dropout"]
    bare = REALMLP.build(n_in=7, n_out=2, parametric_activation=True, **{**given, "use_dropout": False})
    assert [type(m) for m in bare] == [
        FrontScale,
        *[DataInitializedLinear, ParametricActivation] * 2,
        DataInitializedLinear,
    ]


@pytest.mark.parametrize(
    ("kind", "activation"), [("classification", "selu"), ("multilabel", "selu"), ("regression", "mish")]
)
def test_the_default_activation_is_that_of_the_task(kind: TaskKind, activation: str) -> None:
    assert REALMLP.space is not None
    assert REALMLP.space(Task(kind)).get_default_configuration()["activation"] == activation


# --- initialization from data


def inputs_of_layers(net: nn.Sequential, x: Tensor) -> list[tuple[DataInitializedLinear, Tensor]]:
    found = []
    net.eval()
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, DataInitializedLinear):
                found.append((layer, x))
            x = layer(x)
    return found


@settings(max_examples=25)
@given(
    seed=st.integers(0, 99),
    n_in=st.integers(1, 9),
    n_rows=st.integers(20, 300),
    scale=st.floats(0.1, 100.0),
    method=st.sampled_from(["default", "kaiming", "xavier", "orthogonal"]),
    bias=st.sampled_from(["Yes", "No", "Zero"]),
)
def test_units_have_unit_variance_and_their_hinges_lie_in_the_data(
    seed: int, n_in: int, n_rows: int, scale: float, method: str, bias: str
) -> None:
    net = network(n_in=n_in, dropout=0.2)
    torch.manual_seed(seed)
    x = scale * torch.randn(n_rows, n_in) + 1
    initialize(net, INITIALIZATION.components[method].build(), bias)
    drawn = [layer.weight.detach().clone() for layer in linear_layers(net)]
    initialize_from_rows(net, x)
    for (layer, seen), weight in zip(inputs_of_layers(net, x), drawn, strict=True):
        outputs, direction = seen @ layer.weight.T, F.normalize(weight)
        before = (seen @ weight.T).std(0, correction=0)
        expected = torch.where(before > 1e-3, 1.0, before)  # units that hardly vary keep their scale
        torch.testing.assert_close(outputs.std(0, correction=0), expected, rtol=1e-3, atol=1e-6)
        hinge = -layer.bias
        slack = 1e-3 * outputs.abs().max()
        assert bool(((outputs.min(0).values - slack <= hinge) & (hinge <= outputs.max(0).values + slack)).all())
        torch.testing.assert_close(F.normalize(layer.weight.detach()), direction)


def test_hinges_are_spread_like_means_of_a_few_rows() -> None:
    """Five rows, weighted by a point drawn uniformly from the simplex: variance 1 / 3 of that of a row."""
    net, x = network(num_layers=1, num_units=4000), torch.randn(1000, 6)
    initialize_from_rows(net, x)
    assert float(linear_layers(net)[0].bias.detach().var()) == pytest.approx(1 / 3, rel=0.1)


def test_weights_are_drawn_from_a_normal_distribution_of_unit_output() -> None:
    weight = network(n_in=50, num_layers=1, num_units=2000).get_submodule("1").weight.detach()
    assert float(weight.std()) == pytest.approx(1 / math.sqrt(50), rel=0.02)
    assert float((weight.abs() > weight.std()).float().mean()) == pytest.approx(0.317, abs=0.01)


def test_a_head_of_zeros_stays_one() -> None:
    net, x = network(zero_head=True), torch.randn(50, 6)
    assert torch.equal(net.eval()(x), torch.zeros(50, 3))
    initialize(net, INITIALIZATION.components["kaiming"].build(), "Yes")
    initialize_from_rows(net, x)
    assert torch.equal(net.eval()(x), torch.zeros(50, 3))
    assert bool((linear_layers(net)[0].weight != 0).all())


@pytest.mark.parametrize("x", [torch.randn(1, 6), torch.zeros(20, 6), torch.ones(20, 6)], ids=["row", "zeros", "ones"])
def test_rows_that_do_not_vary_leave_the_scale_alone(x: Tensor) -> None:
    net = network()
    before = net[1].weight.detach().clone()
    initialize_from_rows(net, x)
    assert torch.equal(net[1].weight, before)
    assert bool(torch.isfinite(net(x)).all())


def test_layers_behind_an_embedding_see_what_it_makes_of_the_rows() -> None:
    embedding = CategoryEmbedding(3, [4, 6], 2)
    net = prepend_embeddings([embedding], network(n_in=embedding.out_features))
    x = torch.cat([torch.randn(200, 1), torch.randint(4, (200, 2)).float()], dim=1)
    vectors = embedding.vectors.weight.detach().clone()
    initialize_from_rows(net, x)
    for layer, seen in inputs_of_layers(net, x):
        torch.testing.assert_close((seen @ layer.weight.T).std(0, correction=0), torch.ones(layer.out_features))
    assert torch.equal(embedding.vectors.weight, vectors)


def test_a_thousand_rows_are_enough() -> None:
    seen: list[int] = []

    class Counting(nn.Identity):
        def initialize_from(self, x: Tensor) -> None:
            seen.append(len(x))

    initialize_from_rows(nn.Sequential(nn.Sequential(Counting())), torch.randn(5000, 2))
    assert seen == [1000]


def test_other_networks_are_left_alone_and_nothing_is_drawn_for_them() -> None:
    net = make_mlp(n_in=6, n_out=3, widths=[8], dropouts=[0.1], activation_name="relu")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    initialize_from_rows(net, torch.randn(0, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
