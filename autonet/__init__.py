"""Give autonet a table and a time limit; it finds a neural network and hands it back as a scikit-learn estimator."""

from typing import TYPE_CHECKING

from autonet.core import errors as errors
from autonet.core.lazy import make_lazy_attributes
from autonet.core.task import Task as Task

if TYPE_CHECKING:
    from autonet.estimators.callbacks import Callback as Callback
    from autonet.estimators.classification import AutoNetClassification as AutoNetClassification
    from autonet.estimators.classification import AutoNetMultilabel as AutoNetMultilabel
    from autonet.estimators.ensemble import AutoNetEnsemble as AutoNetEnsemble
    from autonet.estimators.files import load as load
    from autonet.estimators.regression import AutoNetRegression as AutoNetRegression
    from autonet.estimators.saved_run import open_run as open_run
    from autonet.nets.registry import register_network as register_network
    from autonet.nets.registry import unregister_network as unregister_network
    from autonet.space.presets import list_presets as list_presets
    from autonet.space.updates import HyperparameterSearchSpaceUpdate as HyperparameterSearchSpaceUpdate
    from autonet.space.updates import HyperparameterSearchSpaceUpdates as HyperparameterSearchSpaceUpdates
    from autonet.space.updates import (
        parse_hyperparameter_search_space_updates as parse_hyperparameter_search_space_updates,
    )

__version__ = "0.1.0"

# Imported when first used, so that `autonet.search` and its worker processes do without torch.
__getattr__, __dir__ = make_lazy_attributes(
    __name__,
    {
        "AutoNetClassification": "autonet.estimators.classification",
        "AutoNetEnsemble": "autonet.estimators.ensemble",
        "AutoNetMultilabel": "autonet.estimators.classification",
        "AutoNetRegression": "autonet.estimators.regression",
        "Callback": "autonet.estimators.callbacks",
        "HyperparameterSearchSpaceUpdate": "autonet.space.updates",
        "HyperparameterSearchSpaceUpdates": "autonet.space.updates",
        "list_presets": "autonet.space.presets",
        "load": "autonet.estimators.files",
        "open_run": "autonet.estimators.saved_run",
        "parse_hyperparameter_search_space_updates": "autonet.space.updates",
        "register_network": "autonet.nets.registry",
        "unregister_network": "autonet.nets.registry",
    },
)

__all__ = [
    "AutoNetClassification",
    "AutoNetEnsemble",
    "AutoNetMultilabel",
    "AutoNetRegression",
    "Callback",
    "HyperparameterSearchSpaceUpdate",
    "HyperparameterSearchSpaceUpdates",
    "Task",
    "errors",
    "list_presets",
    "load",
    "open_run",
    "parse_hyperparameter_search_space_updates",
    "register_network",
    "unregister_network",
]
