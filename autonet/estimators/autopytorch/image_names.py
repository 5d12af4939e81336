"""Names in the search space of Auto-PyTorch 0.0.2 for images: those that are understood, and what replaces others."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["check_networks", "translate_config", "translate_update"]

NODES = {
    "NetworkSelectorDatasetInfo": "NetworkSelector",
    "SimpleLearningrateSchedulerSelector": "LearningrateSchedulerSelector",
    "LossModuleSelectorIndices": "LossModuleSelector",
    "CreateImageDataLoader": "CreateDataLoader",
    "SimpleTrainNode": "TrainNode",
}
RENAMED = {
    "NetworkSelector:resnet:nr_main_blocks": "resnet:num_groups",
    "NetworkSelector:mobilenet:nr_main_blocks": "mobilenet:num_groups",
}
NETWORKS = {
    "resnet152": "'resnet' with resnet:block='bottleneck' and more resnet:blocks_per_group",
    "darts": "'resnet', 'mobilenet' or 'convnext'",
}
GROUPS = ", one number for all groups"
# Names that end in the number of a block, or several names, are patterns.
REPLACED = {
    r"NetworkSelector:resnet:nr_residual_blocks_\d+": f"resnet:blocks_per_group{GROUPS}",
    r"NetworkSelector:resnet:widen_factor_\d+": "resnet:widen_factor, the ratio of each group to the previous one",
    r"NetworkSelector:resnet:res_branches_\d+": "resnet:use_shake_shake, one or two branches",
    r"NetworkSelector:mobilenet:nr_sub_blocks_\d+": f"mobilenet:blocks_per_group{GROUPS}",
    r"NetworkSelector:mobilenet:op_type_\d+": "the network, 'mobilenet' or 'convnext'",
    r"NetworkSelector:mobilenet:kernel_size_\d+": f"mobilenet:kernel_size{GROUPS}",
    r"NetworkSelector:mobilenet:stride_\d+": "mobilenet:num_groups, each of which but the first halves the maps",
    r"NetworkSelector:mobilenet:out_filters_\d+": "mobilenet:initial_filters and mobilenet:widen_factor",
    r"NetworkSelector:mobilenet:se_ratio_\d+": f"mobilenet:use_squeeze{GROUPS}",
    r"NetworkSelector:mobilenet:skip_con_\d+": "nothing: blocks that keep the shape have a shortcut",
    r"NetworkSelector:densenet_flexible:(first_(conv|pool)_kernel|pool_kernel_\d+|last_image_size)": (
        "densenet_flexible:resolution, in pixels"
    ),
    r"NetworkSelector:densenet_flexible:conv_kernel_\d+": "nothing: kernels have three pixels",
    r"NetworkSelector:densenet_flexible:(first_activation|activation_\d+)": "densenet_flexible:activation",
    r"NetworkSelector:densenet_flexible:dropout_\d+": "densenet_flexible:dropout",
    r"NetworkSelector:densenet_flexible:(conv|batchnorm_weight|batchnorm_bias|linear_bias)_init": (
        "the option initialization_methods"
    ),
    r"ImageAugmentation:augment": "the option augmentations, 'none' or 'standard'",
    r"ImageAugmentation:(autoaugment|fastautoaugment)": "the option augmentations, 'randaugment'",
    r"ImageAugmentation:(cutout|length|cutout_holes)": "standard:cutout, the side of a square as a share of the sides",
}


def check_networks(names: Iterable[Any], known: Container[str]) -> None:
    """Raise for a network of Auto-PyTorch that autonet does not have.

    Parameters
    ----------
    names : iterable of str or callable
    known : container of str
        Names of the networks to choose from.

    Raises
    ------
    InvalidOption
    """
    for name in names:
        if isinstance(name, str) and name in NETWORKS and name not in known:
            raise InvalidOption(f"There is no network {name!r}, which Auto-PyTorch has; use {NETWORKS[name]}.")


def translate_update(update: HyperparameterSearchSpaceUpdate) -> HyperparameterSearchSpaceUpdate:
    """Translate the names of an update that Auto-PyTorch has and autonet has otherwise.

    Raises
    ------
    InvalidOption
        If there is no hyperparameter of this meaning; the sentence names what replaces it.
    """
    node, hyperparameter = _translate(update.node_name, update.hyperparameter, "Update of")
    update = replace(update, node_name=node, hyperparameter=hyperparameter)
    if update.name == IMAGE_NETWORKS.key:
        check_networks(update.value_range, IMAGE_NETWORKS.components)
    return update


def translate_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the names in a configuration that Auto-PyTorch has and autonet has otherwise.

    Raises
    ------
    InvalidOption
        If there is no hyperparameter of this meaning; the sentence names what replaces it.
    """
    translated: dict[str, Any] = {}
    for name, value in config.items():
        node, colon, hyperparameter = str(name).partition(":")
        translated[":".join(_translate(node, hyperparameter, "Configuration with")) if colon else name] = value
    check_networks([translated.get(IMAGE_NETWORKS.key)], IMAGE_NETWORKS.components)
    return translated


def _translate(node: str, hyperparameter: str, where: str) -> tuple[str, str]:
    """Return the names of a node and a hyperparameter of it in autonet."""
    node = NODES.get(node, node)
    name = f"{node}:{hyperparameter}"
    for pattern, replacement in REPLACED.items():
        if re.fullmatch(pattern, name):
            raise InvalidOption(
                f"{where} {name}: autonet does not have this hyperparameter of Auto-PyTorch; in its place there is "
                f"{replacement}."
            )
    return node, RENAMED.get(name, hyperparameter)
