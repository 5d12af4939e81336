"""AutoML for tables and images with PyTorch: a scikit-learn estimator that finds a network within a time limit."""

from typing import TYPE_CHECKING

from autonet import errors as errors
from autonet.core.lazy import make_lazy_attributes
from autonet.core.task import Task as Task

if TYPE_CHECKING:
    from autonet.data.encoding.transformers import register_normalization as register_normalization
    from autonet.data.encoding.transformers import register_preprocessor as register_preprocessor
    from autonet.data.images.listing import list_images as list_images
    from autonet.estimators.autopytorch.ensemble import AutoNetEnsemble as AutoNetEnsemble
    from autonet.estimators.callbacks import Callback as Callback
    from autonet.estimators.classification import AutoNetClassification as AutoNetClassification
    from autonet.estimators.classification import AutoNetMultilabel as AutoNetMultilabel
    from autonet.estimators.files import load as load
    from autonet.estimators.images import AutoNetImageClassification as AutoNetImageClassification
    from autonet.estimators.images import AutoNetImageRegression as AutoNetImageRegression
    from autonet.estimators.regression import AutoNetRegression as AutoNetRegression
    from autonet.estimators.saved_run import open_run as open_run
    from autonet.metrics.registry import register_metric as register_metric
    from autonet.models.embedding_registry import register_embedding as register_embedding
    from autonet.nets.registry import register_initialization as register_initialization
    from autonet.nets.registry import register_network as register_network
    from autonet.nets.registry import unregister_network as unregister_network
    from autonet.pipeline.components import unregister_component as unregister_component
    from autonet.space.presets import list_presets as list_presets
    from autonet.space.updates import HyperparameterSearchSpaceUpdate as HyperparameterSearchSpaceUpdate
    from autonet.space.updates import HyperparameterSearchSpaceUpdates as HyperparameterSearchSpaceUpdates
    from autonet.space.updates import (
        parse_hyperparameter_search_space_updates as parse_hyperparameter_search_space_updates,
    )
    from autonet.training.augmentation_registry import register_augmentation as register_augmentation
    from autonet.training.loss_registry import register_batch_technique as register_batch_technique
    from autonet.training.loss_registry import register_loss as register_loss
    from autonet.training.registry import register_lr_scheduler as register_lr_scheduler
    from autonet.training.registry import register_optimizer as register_optimizer

__version__ = "0.1.0"

# Imported when first used, so that `autonet.search` and its worker processes do without torch.
__getattr__, __dir__ = make_lazy_attributes(
    __name__,
    {
        "AutoNetClassification": "autonet.estimators.classification",
        "AutoNetEnsemble": "autonet.estimators.autopytorch.ensemble",
        "AutoNetImageClassification": "autonet.estimators.images",
        "AutoNetImageRegression": "autonet.estimators.images",
        "AutoNetMultilabel": "autonet.estimators.classification",
        "AutoNetRegression": "autonet.estimators.regression",
        "Callback": "autonet.estimators.callbacks",
        "HyperparameterSearchSpaceUpdate": "autonet.space.updates",
        "HyperparameterSearchSpaceUpdates": "autonet.space.updates",
        "list_images": "autonet.data.images.listing",
        "list_presets": "autonet.space.presets",
        "load": "autonet.estimators.files",
        "open_run": "autonet.estimators.saved_run",
        "parse_hyperparameter_search_space_updates": "autonet.space.updates",
        "register_augmentation": "autonet.training.augmentation_registry",
        "register_batch_technique": "autonet.training.loss_registry",
        "register_embedding": "autonet.models.embedding_registry",
        "register_initialization": "autonet.nets.registry",
        "register_loss": "autonet.training.loss_registry",
        "register_lr_scheduler": "autonet.training.registry",
        "register_metric": "autonet.metrics.registry",
        "register_network": "autonet.nets.registry",
        "register_normalization": "autonet.data.encoding.transformers",
        "register_optimizer": "autonet.training.registry",
        "register_preprocessor": "autonet.data.encoding.transformers",
        "unregister_component": "autonet.pipeline.components",
        "unregister_network": "autonet.nets.registry",
    },
)

__all__ = [
    "AutoNetClassification",
    "AutoNetEnsemble",
    "AutoNetImageClassification",
    "AutoNetImageRegression",
    "AutoNetMultilabel",
    "AutoNetRegression",
    "Callback",
    "HyperparameterSearchSpaceUpdate",
    "HyperparameterSearchSpaceUpdates",
    "Task",
    "errors",
    "list_images",
    "list_presets",
    "load",
    "open_run",
    "parse_hyperparameter_search_space_updates",
    "register_augmentation",
    "register_batch_technique",
    "register_embedding",
    "register_initialization",
    "register_loss",
    "register_lr_scheduler",
    "register_metric",
    "register_network",
    "register_normalization",
    "register_optimizer",
    "register_preprocessor",
    "unregister_component",
    "unregister_network",
]
