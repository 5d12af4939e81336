"""Edit the search space
=====================

Change ranges, choices and components, and add a network of your own.
"""

from ConfigSpace import ConfigurationSpace, Integer
from sklearn.datasets import load_wine
from torch import nn

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates, Task, register_network


def bottleneck(*, n_in: int, n_out: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, width), nn.BatchNorm1d(width), nn.SiLU(), nn.Linear(width, n_out))


def bottleneck_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Integer("width", (4, 64), log=True, default=16))
    return space


def main(max_runtime: float = 10) -> float:
    X, y = load_wine(return_X_y=True)

    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:learning_rate", [1e-2, 1e-1], True)
    updates.append("NetworkSelector", "shapedresnet:activation", ["relu", "gelu"])
    updates.append("NetworkSelector", "shapedresnet:use_dropout", [True, False])

    register_network("bottleneck", bottleneck, bottleneck_space)
    auto = AutoNetClassification(
        "tiny_cs",
        max_runtime=max_runtime,
        networks=["shapedresnet", "bottleneck"],
        hyperparameter_search_space_updates=updates,
        random_state=0,
    )
    print(auto.get_hyperparameter_search_space(X, y))
    auto.fit(X, y)
    print(auto)
    return auto.fit_result["info"]["val_accuracy"]


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/network.png"
