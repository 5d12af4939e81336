import pytest
import torch
from torch import nn

from autonet.core.task import Task
from autonet.training.optimizers import OPTIMIZERS

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
