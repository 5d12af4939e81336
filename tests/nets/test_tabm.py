from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from autonet import AutoNetClassification, AutoNetRegression, register_network
from autonet.core.task import Task, TaskKind
from autonet.nets.activations import ACTIVATIONS, Mish
from autonet.nets.batch_ensemble import EnsembleMean
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.registry import NETWORKS
from autonet.nets.tabm import TABM, build_tabm, tabm_space
from autonet.training.batches import BATCH_LOSSES, EncodedRows
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS, group_parameters
from tests.nets.unstacking import unstack

N_OUT = {"classification": 3, "multilabel": 2, "regression": 2}
VALUES: dict[str, Any] = {"num_layers": 2, "width": 8, "dropout": 0.0, "activation": "gelu", "pooling": "softmax"}


def network(variant: str, n_in: int = 5, n_out: int = 3, n_members: int = 4, **values: Any) -> nn.Sequential:
    return build_tabm(n_in=n_in, n_out=n_out, variant=variant, n_members=n_members, **{**VALUES, **values})


def trained(net: nn.Sequential) -> nn.Sequential:
    """Move every parameter, so that members differ wherever they can."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return net


both = pytest.mark.parametrize("variant", ["mini", "full"])


def test_the_mini_variant_is_its_formula() -> None:
    net = trained(network("mini"))
    x, p = torch.randn(6, 5), dict(net.named_parameters())
    members = []
    for i in range(4):
        h = functional.gelu((x * p["0.input_scales"][i]) @ p["0.linear.weight"].T + p["0.linear.bias"])
        h = functional.gelu(h @ p["2.weight"].T + p["2.bias"])
        members.append(h @ p["4.weight"][i].T + p["4.bias"][i])
    torch.testing.assert_close(net.train()(x), torch.stack(members, dim=1))
    mean = torch.stack(members).softmax(dim=2).mean(dim=0)
    torch.testing.assert_close(net.eval()(x), mean.log())


def test_the_full_variant_is_its_formula() -> None:
    net = trained(network("full"))
    x, p = torch.randn(6, 5), dict(net.named_parameters())
    members = []
    for i in range(4):
        h = x
        for layer in ("0", "2"):
            r, s, b = (p[f"{layer}.{name}"][i] for name in ("input_scales", "output_scales", "biases"))
            h = functional.gelu(((h * r) @ p[f"{layer}.linear.weight"].T) * s + b)
        members.append(h @ p["4.weight"][i].T + p["4.bias"][i])
    torch.testing.assert_close(net.train()(x), torch.stack(members, dim=1))


@pytest.mark.parametrize(("variant", "of_members"), [("mini", 0), ("full", 4 * (3 * 8 + 8))])
def test_numbers_of_parameters(variant: str, of_members: int) -> None:
    """Beside matrices, heads and the first r: two biases are shared, or r of the second layer, two s and b are not."""
    shared = 5 * 8 + 8 * 8 + (2 * 8 if variant == "mini" else 0)
    heads = 4 * (8 * 3 + 3)
    extra = 0 if variant == "mini" else 4 * (8 + 2 * 8 + 2 * 8)
    assert sum(p.numel() for p in network(variant).parameters()) == shared + heads + 4 * 5 + extra


@both
def test_members_begin_different_by_the_first_scales_and_the_heads_only(variant: str) -> None:
    net = network(variant).train()
    first, *others = unstack(net)
    signs = net[0].input_scales.detach()
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    for i, member in enumerate(others, start=1):
        ours, theirs = first.state_dict(), member.state_dict()
        assert torch.equal(ours["0.weight"] * signs[0], theirs["0.weight"] * signs[i])
        assert all(torch.equal(ours[name], theirs[name]) for name in ("0.bias", "2.weight", "2.bias"))
        assert not torch.isclose(ours["4.weight"], theirs["4.weight"]).any()
        assert not torch.isclose(ours["4.bias"], theirs["4.bias"]).any()


PREDICTIONS: dict[str, Any] = {"softmax": lambda z: z.softmax(-1), "sigmoid": torch.sigmoid, "identity": lambda z: z}


@settings(max_examples=30)
@given(
    variant=st.sampled_from(["mini", "full"]),
    activation=st.sampled_from(list(ACTIVATIONS)),
    pooling=st.sampled_from(list(PREDICTIONS)),
    sizes=st.tuples(*[st.integers(1, 6)] * 5),
    dropout=st.sampled_from([0.0, 0.3]),
)
def test_unstacked_members_are_plain_and_predict_the_same_on_average(
    variant: str, activation: str, pooling: str, sizes: tuple[int, ...], dropout: float
) -> None:
    n_in, n_out, n_members, num_layers, width = sizes
    values = {"num_layers": num_layers, "width": width, "dropout": dropout, "activation": activation}
    net = trained(network(variant, n_in, n_out, n_members, pooling=pooling, **values)).eval()
    members = unstack(net)
    assert len(members) == n_members
    plain = {type(m) for member in members for m in member.modules()} - {Mish}
    assert all(kind.__module__.startswith("torch.nn") for kind in plain)
    x, prediction = torch.randn(9, n_in), PREDICTIONS[pooling]
    mean = torch.stack([prediction(member(x)) for member in members]).mean(dim=0)
    torch.testing.assert_close(prediction(net(x)), mean, rtol=1e-6, atol=1e-6)
    single = prediction(torch.cat([net(row) for row in x.split(1)]))
    torch.testing.assert_close(single, prediction(net(x)), rtol=1e-5, atol=1e-6)


@both
def test_unstacked_members_have_the_same_gradients(variant: str) -> None:
    net = trained(network(variant)).double().train()
    x, y = torch.randn(7, 5).double(), torch.randint(3, (7,))
    functional.cross_entropy(net(x).flatten(0, 1), y.repeat_interleave(4)).backward()
    members = unstack(net)
    for member in members:
        (functional.cross_entropy(member(x), y) / 4).backward()
    torch.testing.assert_close(net[4].weight.grad, torch.stack([m[4].weight.grad for m in members]))
    first, r = net[0].linear.weight, net[0].input_scales  # W_i = s_i W r_i
    s = net[0].output_scales if variant == "full" else torch.ones(4, 8).double()
    of_members = [m[0].weight.grad for m in members]
    torch.testing.assert_close(first.grad, sum(s[i][:, None] * g * r[i] for i, g in enumerate(of_members)))
    expected = [(s[i][:, None] * first * g).sum(dim=0) for i, g in enumerate(of_members)]
    torch.testing.assert_close(r.grad, torch.stack(expected))


@both
def test_an_embedding_before_it_comes_into_every_member(variant: str) -> None:
    embedding = CategoryEmbedding(4, [3, 5], 2)
    net = prepend_embeddings([embedding], trained(network(variant, n_in=embedding.out_features))).eval()
    x = torch.cat([torch.randn(8, 2), torch.randint(3, (8, 2)).float()], dim=1)
    mean = torch.stack([member(x).softmax(-1) for member in unstack(net)]).mean(dim=0)
    torch.testing.assert_close(net(x).softmax(-1), mean, rtol=1e-6, atol=1e-6)


def losses_of(kind: TaskKind) -> list[str]:
    return LOSSES.names(Task(kind))


CASES: Any = [(kind, name) for kind in N_OUT for name in losses_of(kind)]  # type: ignore[arg-type]


def targets(kind: str, n: int) -> Tensor:
    if kind == "classification":
        return torch.arange(n) % 3
    return torch.randint(2, (n, 2)).float() if kind == "multilabel" else torch.randn(n, 2)


def loss_of(kind: TaskKind, name: str, y: Tensor, weights: Tensor | None) -> nn.Module:
    space = LOSSES.components[name].space
    values = {} if space is None else dict(space(Task(kind)).get_default_configuration())
    return LOSSES.components[name].build(y=y, weights=weights, task=Task(kind, n_outputs=N_OUT[kind]), **values)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_the_loss_is_the_mean_of_the_losses_of_the_members(kind: TaskKind, name: str, weighted: bool) -> None:
    y, outputs = targets(kind, 8), 3 * torch.randn(8, 4, N_OUT[kind])
    weights = torch.rand(8) if weighted else None
    loss = loss_of(kind, name, y, weights)
    given_weights = [] if weights is None else [weights]
    of_members = torch.stack([loss(outputs[:, i], y, *given_weights) for i in range(4)])
    torch.testing.assert_close(loss(outputs, y, *given_weights), of_members.mean())
    pooling = {"classification": "softmax", "multilabel": "sigmoid", "regression": "identity"}[kind]
    of_the_mean = loss(EnsembleMean(pooling).eval()(outputs), y, *given_weights)
    assert of_members.mean() > of_the_mean + 0.01  # Jensen: members are judged by themselves


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", list(N_OUT))
def test_mixup_is_the_mean_over_the_members_too(kind: TaskKind, weighted: bool) -> None:
    net = trained(network("full", n_out=N_OUT[kind])).train()
    y, weights = targets(kind, 8), torch.rand(8) if weighted else None
    rows, loss = EncodedRows(torch.randn(8, 5), y, weights), loss_of(kind, losses_of(kind)[0], y, weights)
    mixup = BATCH_LOSSES.components["mixup"].build(alpha=0.4)
    torch.manual_seed(1)
    value = mixup(net, loss, rows)
    of_members = []
    for member in unstack(net):
        torch.manual_seed(1)
        of_members.append(mixup(member, loss, rows))
    torch.testing.assert_close(value, torch.stack(of_members).mean())


@both
def test_scales_and_biases_lose_no_weight_and_matrices_do(variant: str) -> None:
    net = network(variant)
    groups = (
        OPTIMIZERS.components["adamw"]
        .build(network=net, learning_rate=1e-3, weight_decay=0.3, beta1=0.9, beta2=0.99)
        .param_groups
    )
    names = {id(p): name for name, p in net.named_parameters()}
    decayed = {names[id(p)] for group in groups if group["weight_decay"] > 0 for p in group["params"]}
    matrices = {"0.linear.weight", "4.weight", "2.weight" if variant == "mini" else "2.linear.weight"}
    assert decayed == matrices
    assert sum(len(group["params"]) for group in groups) == len(names)


def test_a_factor_of_zero_spares_a_parameter_of_any_shape() -> None:
    layer = nn.Linear(2, 2)
    layer.weight.weight_decay_factor = 0.0  # type: ignore[assignment]
    assert [group["weight_decay"] for group in group_parameters(layer, 1.0, 0.3)] == [0.0]


@both
def test_state_and_copies_keep_what_is_learned(variant: str) -> None:
    net, other = trained(network(variant)).eval(), network(variant).eval()
    x = torch.randn(3, 5)
    assert not torch.allclose(other(x), net(x))
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(x), net(x))
    assert torch.equal(deepcopy(net)(x), net(x))


@both
def test_every_parameter_learns_from_a_single_row(variant: str) -> None:
    net = trained(network(variant)).train()
    output = net(torch.randn(1, 5))
    assert output.shape == (1, 4, 3)
    functional.cross_entropy(output.flatten(0, 1), torch.zeros(4, dtype=torch.int64)).backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


@pytest.mark.parametrize("kind", list(N_OUT))
def test_the_task_decides_what_is_averaged(kind: TaskKind) -> None:
    net = NETWORKS.choose("tabm", **tabm_space(Task(kind)).get_default_configuration()).build(n_in=3, n_out=2)
    assert net[-1].pooling == {"classification": "softmax", "multilabel": "sigmoid", "regression": "identity"}[kind]


def test_it_passes_what_registered_networks_must() -> None:
    try:
        register_network("mine", build_tabm, tabm_space)
        assert NETWORKS.components["mine"].build is TABM.build
    finally:
        NETWORKS.components.pop("mine", None)


def test_a_classification_by_members(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    auto = AutoNetClassification(
        "medium_cs", networks=["tabm"], **{**quick, "min_budget": 60, "max_budget": 60, "max_trials": 2}
    )
    auto.fit(X, y)
    assert {t.config["NetworkSelector:network"] for t in auto.history_} == {"tabm"}
    model = auto.get_pytorch_model()
    assert isinstance(model[-1], EnsembleMean)
    assert not model.training
    assert auto.score(X, y) > 0.9
    torch.testing.assert_close(torch.from_numpy(auto.predict_proba(X).sum(axis=1)), torch.ones(150).double())


def test_several_labels_by_members(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    labels = (y[:, None] == [0, 1]).astype(int)
    auto = AutoNetClassification("medium_cs", networks=["tabm"], **{**quick, "max_trials": 1, "max_budget": 27})
    auto.fit(X, labels)
    assert auto.get_pytorch_model()[-1].pooling == "sigmoid"
    assert (auto.predict(X)[:, 0] == labels[:, 0]).mean() > 0.9


def test_a_regression_by_members(diabetes: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetRegression("medium_cs", networks=["tabm"], **{**quick, "max_budget": 27}).fit(*diabetes)
    assert auto.get_pytorch_model()[-1].pooling == "identity"
    assert auto.score(*diabetes) > 0.35
