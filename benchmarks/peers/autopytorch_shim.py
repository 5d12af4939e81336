"""Lets Auto-PyTorch 0.0.2, of 2019, run on Python 3.11: stand-ins for what has been removed or renamed since.

Import it before autoPyTorch.  What Auto-PyTorch computes is not touched.
"""

import inspect
import sys
from typing import Any
from unittest.mock import MagicMock

import ConfigSpace
import ConfigSpace.hyperparameters as hyperparameters
import sklearn.metrics
import sklearn.metrics._classification
import sklearn.preprocessing
from sklearn.utils.multiclass import type_of_target

# Only for images and for TensorBoard.
for name in (
    "torchvision",
    "torchvision.datasets",
    "torchvision.models",
    "torchvision.transforms",
    "tensorboard_logger",
):
    sys.modules[name] = MagicMock(name=name)

# sklearn.metrics.classification became private.
sklearn.metrics._classification.type_of_target = type_of_target
sys.modules["sklearn.metrics.classification"] = sklearn.metrics._classification

inspect.getargspec = inspect.getfullargspec  # type: ignore[attr-defined]


def one_hot_encoder(*, sparse: bool = True, encoder: type = sklearn.preprocessing.OneHotEncoder, **options: Any) -> Any:
    """With the argument `sparse` of before 1.4."""
    return encoder(sparse_output=sparse, **options)


sklearn.preprocessing.OneHotEncoder = one_hot_encoder


class CategoricalHyperparameter(hyperparameters.CategoricalHyperparameter):  # type: ignore[misc]
    """Takes sets as well, whose order is not the same in every process."""

    def __init__(self, name: str, choices: Any, **options: Any) -> None:
        super().__init__(name, sorted(choices, key=str) if isinstance(choices, set) else choices, **options)


ConfigSpace.CategoricalHyperparameter = CategoricalHyperparameter
hyperparameters.CategoricalHyperparameter = CategoricalHyperparameter
