"""Networks of every family, networks of users, and a fitted estimator, to look at."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from autonet import AutoNetClassification
from autonet.core.component import Component
from autonet.core.task import Task
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.numeric import PBLDEmbedding
from autonet.nets.registry import NETWORKS
from tests.conftest import QUICK

FAMILIES = ("mlpnet", "shapedmlpnet", "resnet", "shapedresnet", "realmlp", "tabm", "modernnca")


def build(family: str, *, n_in: int = 5, n_out: int = 3, **values: Any) -> nn.Module:
    """Build a network of a family, of its default configuration but for some values."""
    component: Component[nn.Module] = NETWORKS.components[family]
    assert component.space is not None
    defaults = dict(component.space(Task("classification")).get_default_configuration())
    return component.build(n_in=n_in, n_out=n_out, **defaults | values)


def embed(family: str) -> nn.Module:
    """Build a network behind embeddings: two numbers and two categories."""
    numbers = PBLDEmbedding(4, 2, n_frequencies=4, dimension=3, sigma=0.1)
    categories = CategoryEmbedding(numbers.out_features, [3, 5], 2)
    return prepend_embeddings([numbers, categories], build(family, n_in=categories.out_features))


@cache
def fitted() -> AutoNetClassification:
    """Fit a network with embedded categories, which is better than a linear one."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=200), "town": rng.choice([f"town {i}" for i in range(12)], 200)})
    options = QUICK | {"max_trials": 1, "max_budget": 40, "min_budget": 40}
    auto = AutoNetClassification("full_cs", embeddings=["learned"], networks=["mlpnet"], **options)
    return auto.fit(table, (table["size"] > 0) ^ (table["town"] < "town 2"))


class Skips(nn.Module):
    """Joins its input, and what a layer makes of it, to the outputs of later layers: no nested branches."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(3, 3), nn.Linear(6, 3), nn.Linear(9, 2)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x).relu()
        second = self.second(torch.cat([first, x], 1))
        return self.last(torch.cat([second, first, x], 1))


class Residual(nn.Module):
    """Adds its input, in place, to what a layer makes of it; has a layer that it does not use."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.linear, self.activation = nn.Linear(width, width), nn.ReLU(inplace=True)
        self.unused, self.same = nn.Linear(width, 7), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = self.linear(x)
        out += self.same(x)
        activated: Tensor = self.activation(out)
        return activated


class Counting(nn.Module):
    """Counts its calls, and draws random numbers, in evaluation too."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        output: Tensor = self.norm(self.linear(x)) + torch.rand(1)
        return output


def transformer() -> nn.Module:
    """Build two equal layers with attention, for inputs (n, 5, 8)."""
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
