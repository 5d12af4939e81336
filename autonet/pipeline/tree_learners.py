"""Tree ensembles that are fitted beside the networks: their parameters, and their shares of the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["LEARNERS", "MIN_SHARE", "TREE_LEARNER", "TreeLearner", "allowed_share"]

# Name of the entry of a job's configuration that names a learner, beside the number of the fold.
TREE_LEARNER = "tree_learner"

# Shares of the time of all cores: of trees that are in no ensemble, and of trees that are all of it.
MIN_SHARE = 0.12
MAX_SHARE = 0.4


@dataclass(frozen=True)
class TreeLearner:
    """Tree ensemble with its parameters.

    Attributes
    ----------
    kind : {"boosting", "forest"}
    share : float
        Largest share of the time of all cores.
    parameters : mapping
        Of scikit-learn's estimator.
    """

    kind: Literal["boosting", "forest"]
    share: float
    parameters: Mapping[str, Any] = field(default_factory=dict)


LEARNERS: dict[str, TreeLearner] = {
    "hist_gradient_boosting": TreeLearner("boosting", 0.08, {"learning_rate": 0.06}),
    "extra_trees": TreeLearner("forest", 0.04, {"min_samples_leaf": 1}),
    "hist_gradient_boosting_shallow": TreeLearner(
        "boosting", 0.06, {"learning_rate": 0.06, "max_leaf_nodes": 6, "min_samples_leaf": 5, "max_features": 0.5}
    ),
    "extra_trees_smooth": TreeLearner("forest", 0.04, {"min_samples_leaf": 5, "max_features": 0.5}),
    "hist_gradient_boosting_slow": TreeLearner(
        "boosting", 0.1, {"learning_rate": 0.03, "max_leaf_nodes": 63, "min_samples_leaf": 10, "max_features": 0.5}
    ),
}
"""By name, in the order in which they are fitted."""


def allowed_share(weight: float) -> float:
    """Return the share of the time so far, of all cores, that tree ensembles may take.

    Parameters
    ----------
    weight : float
        Weight of trees in the best ensemble so far, from 0 to 1.

    Returns
    -------
    float

    Examples
    --------
    >>> [round(allowed_share(weight), 2) for weight in (0.0, 0.5, 1.0)]
    [0.12, 0.26, 0.4]
    """
    return MIN_SHARE + weight * (MAX_SHARE - MIN_SHARE)
