"""
Edit the search space
=====================

Change ranges, choices and components of a preset. Names are those of Auto-PyTorch: the node, the component, and its
hyperparameter.
"""

from ConfigSpace import ConfigurationSpace
from sklearn.datasets import load_breast_cancer

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates

X, y = load_breast_cancer(return_X_y=True)


def print_searched(space: ConfigurationSpace) -> None:
    """Print the hyperparameters that have more than one value."""
    for hyperparameter in space.values():
        if hyperparameter.size > 1:
            print(hyperparameter)


# %%
# What ``tiny_cs`` searches:
print_searched(AutoNetClassification("tiny_cs").get_hyperparameter_search_space(X, y))

# %%
# Options such as ``networks`` choose the components. Updates change the hyperparameters of one: a list of two numbers
# is a range, with ``True`` for a logarithmic one, any other list are choices, and one value is a constant.
updates = HyperparameterSearchSpaceUpdates()
updates.append("OptimizerSelector", "sgd:learning_rate", [1e-2, 1e-1], True)
updates.append("OptimizerSelector", "sgd:momentum", [0.9])
updates.append("NetworkSelector", "shapedresnet:activation", ["relu", "gelu"])
updates.append("NetworkSelector", "shapedresnet:use_dropout", [True, False])

auto = AutoNetClassification(
    "tiny_cs",
    networks=["shapedresnet", "shapedmlpnet"],
    hyperparameter_search_space_updates=updates,
    max_trials=6,
    budget_type="epochs",
    max_budget=9,
    random_state=0,
)
print_searched(auto.get_hyperparameter_search_space(X, y))

# %%
# A dropout rate is searched only where dropout is used, and the hyperparameters of a network only where it is chosen.
auto.fit(X, y)
print(f"Validation accuracy {auto.best_score_:.3f} with")
for name, value in auto.best_config_.items():
    if auto.search_space_[name].size > 1:
        print(f"  {name} = {value}")

# sphinx_gallery_thumbnail_path = "_static/thumbnails/ranges.png"
