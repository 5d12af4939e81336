import subprocess
import sys

import pytest
import torch
from torch import nn

from autonet.core.task import Task
from autonet.nets.optimizer_factors import set_optimizer_factors
from autonet.training.optimizers import OPTIMIZERS, group_parameters

TASK = Task("classification")
REFERENCE = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def values(name: str) -> dict[str, object]:
    space = OPTIMIZERS.components[name].space
    assert space is not None
    config = dict(space(TASK).get_default_configuration())
    return {**config, "learning_rate": 0.05, "weight_decay": 0.3}


def translated(config: dict[str, object]) -> dict[str, object]:
    config = {**config, "lr": config["learning_rate"]}
    if "beta1" in config:
        config["betas"] = (config.pop("beta1"), config.pop("beta2"))
    return {k: v for k, v in config.items() if k != "learning_rate"}


@pytest.mark.parametrize("name", list(OPTIMIZERS.components))
def test_every_hyperparameter_reaches_torch_and_steps_are_those_of_plain_torch(name: str) -> None:
    config = values(name)
    # In double precision and without the norm: the gradient of a bias before it is nothing but rounding.
    ours, theirs = (nn.Sequential(net[0], net[2], net[3]).double() for net in (network(), network()))
    optimizer = OPTIMIZERS.components[name].build(network=ours, **config)
    plain = translated(config)
    decay = plain.pop("weight_decay")
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in theirs.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    reference = REFERENCE[name](groups, **plain, foreach=False)
    for key, value in plain.items():
        assert all(group[key] == value for group in optimizer.param_groups)
    x, y = torch.randn(16, 4).double(), torch.randint(3, (16,))
    for _ in range(4):
        for model, o in ((ours, optimizer), (theirs, reference)):
            o.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            o.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", list(OPTIMIZERS.components))
def test_biases_and_norms_lose_no_weight(name: str) -> None:
    optimizer = OPTIMIZERS.components[name].build(network=network(), **values(name))
    decay = {p.ndim: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decay == {2: 0.3, 1: 0.0}


def test_nesterov_is_a_choice_and_needs_momentum() -> None:
    def build(**changes: object):
        return OPTIMIZERS.components["sgd"].build(network=network(), **{**values("sgd"), **changes})

    assert build(nesterov=True).param_groups[0]["nesterov"]
    assert not build(nesterov=False).param_groups[0]["nesterov"]
    assert not build(nesterov=True, momentum=0.0).param_groups[0]["nesterov"]


def test_parameters_are_grouped_by_the_factors_that_a_network_notes() -> None:
    net = network()
    (first, bias), (norm, _), (last, _) = (list(net[i].parameters()) for i in (0, 1, 3))
    set_optimizer_factors(first, learning_rate=0.5, weight_decay=2.0)
    set_optimizer_factors(bias, learning_rate=0.1)
    set_optimizer_factors(norm, learning_rate=6.0, weight_decay=1.0)
    groups = group_parameters(net, 0.01, 0.3)
    noted = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    expected = [(first, 0.005, 0.6), (bias, 0.001, 0.0), (norm, 0.06, 0.3), (last, 0.01, 0.3), (net[3].bias, 0.01, 0.0)]
    for parameter, rate, decay in expected:
        assert noted[id(parameter)] == pytest.approx((rate, decay))
    assert len(noted) == sum(len(g["params"]) for g in groups) == len(list(net.parameters()))


def test_without_factors_there_are_two_groups_and_embeddings_lose_no_weight() -> None:
    net = nn.Sequential(nn.Embedding(4, 3), *network())
    decayed, others = group_parameters(net, 0.01, 0.3)
    assert (decayed["lr"], decayed["weight_decay"]) == (others["lr"], 0.3) == (0.01, 0.3)
    assert others["weight_decay"] == 0.0
    assert [id(p) for p in decayed["params"]] == [id(net[1].weight), id(net[4].weight)]
    assert id(net[0].weight) in [id(p) for p in others["params"]]


@pytest.mark.parametrize("name", list(OPTIMIZERS.components))
def test_every_optimizer_honours_factors(name: str) -> None:
    net = network()
    set_optimizer_factors(net[0].weight, learning_rate=0.5, weight_decay=2.0)
    optimizer = OPTIMIZERS.components[name].build(network=net, **values(name))
    (group,) = [g for g in optimizer.param_groups if g["params"][0] is net[0].weight]
    assert (group["lr"], group["weight_decay"]) == pytest.approx((0.025, 0.6))


def test_a_first_fit_never_imports_the_compiler_of_torch() -> None:
    """`torch._dynamo` brings 800 modules, which take longer than the shortest fits may."""
    program = """
import sys
from sklearn.datasets import load_iris
from autonet import AutoNetClassification
names = ["adam", "adamw", "sgd", "rmsprop"]
for optimizer in names:
    auto = AutoNetClassification(
        "tiny_cs", budget_type="epochs", min_budget=1, max_budget=3, max_trials=2, optimizer=[optimizer]
    )
    auto.fit(*load_iris(return_X_y=True), refit_on_all_rows=True)
    assert any(trial.usable for trial in auto.history_)
print([name for name in ("torch._dynamo", "sympy", "torch._inductor") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
