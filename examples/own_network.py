"""
A custom network
=====================

Search the hyperparameters of your own network together with those of the optimizer. What it needs: a builder with
keyword-only arguments, and the space of those that are searched.
"""

from ConfigSpace import ConfigurationSpace, Integer
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from autonet import AutoNetRegression, Task, register_network
from autonet.inspection import SliceDisplay
from autonet.inspection.architecture import summary


class GatedLayer(nn.Module):
    """A hidden layer, scaled by a gate that sees the same input."""

    def __init__(self, n_in: int, width: int) -> None:
        super().__init__()
        self.value, self.gate = nn.Linear(n_in, width), nn.Linear(n_in, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * self.gate(x).sigmoid()


def gated(*, n_in: int, n_out: int, width: int, depth: int) -> nn.Module:
    layers = [GatedLayer(n_in if i == 0 else width, width) for i in range(depth)]
    return nn.Sequential(*layers, nn.BatchNorm1d(width), nn.Linear(width, n_out))


def gated_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Integer("width", (4, 128), log=True, default=32), Integer("depth", (1, 3)))
    return space


# %%
# A default configuration is built and trained on a few rows at once: a network that cannot work fails here.
register_network("gated", gated, gated_space)

# %%
# It is searched like the built-in ones. With two names in ``networks``, the search chooses between them.
X, y = make_friedman1(500, noise=1.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
options = {"budget_type": "epochs", "min_budget": 27, "max_budget": 27, "random_state": 0}
auto = AutoNetRegression("tiny_cs", networks=["gated"], max_trials=10, **options)
auto.fit(X_train, y_train)
print(f"Test R2 {auto.score(X_test, y_test):.3f}\n")
print(summary(auto))

# %%
# What the search has seen of its hyperparameters:
SliceDisplay.from_estimator(auto, [f"NetworkSelector:gated:{name}" for name in ("width", "depth")])

# sphinx_gallery_thumbnail_path = "_static/thumbnails/network.png"
