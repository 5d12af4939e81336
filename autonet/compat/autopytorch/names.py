"""Names of nodes, components and hyperparameters of Auto-PyTorch 0.2.1, and those of autonet that they stand for."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from autonet.core.component import SEPARATOR
from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice
from autonet.pipeline.tabular import NODES

__all__ = ["CHOICE", "choose_components", "log_ignored", "translate_component", "translate_name", "translate_node"]

CHOICE = "__choice__"  # Auto-PyTorch's hyperparameter of a node that chooses a component

NODE_NAMES = {
    "data_loader": "CreateDataLoader",
    "encoder": "EmbeddingSelector",
    "feature_preprocessor": "PreprocessorSelector",
    "imputer": "Imputation",
    "lr_scheduler": "LearningrateSchedulerSelector",
    "network_backbone": "NetworkSelector",
    "network_embedding": "EmbeddingSelector",
    "network_init": "InitializationSelector",
    "optimizer": "OptimizerSelector",
    "scaler": "NormalizationStrategySelector",
    "trainer": "TrainNode",
}
# Steps that have no counterpart, and why nothing is lost.
IGNORED_NODES = {
    "coalescer": "rare categories always share a level",
    "column_splitter": "columns are encoded by their number of levels",
    "network": "it has no choices",
    "network_head": "networks end with a linear layer, unless an update names their hyperparameter head",
    "preprocessing": "it has no choices",
    "tabular_transformer": "it has no choices",
    "variance_threshold": "constant columns are never used",
}
COMPONENT_NAMES = {
    "EmbeddingSelector": {
        "LearnedEntityEmbedding": "learned",
        "NoEmbedding": "none",
        "NoEncoder": "learned",
        "OneHotEncoder": "none",
    },
    "InitializationSelector": {
        "KaimingInit": "kaiming",
        "NoInit": "default",
        "OrthogonalInit": "orthogonal",
        "SparseInit": "sparse",
        "XavierInit": "xavier",
    },
    "LearningrateSchedulerSelector": {
        "CosineAnnealingLR": "cosine_annealing",
        "CosineAnnealingWarmRestarts": "cosine_annealing",
        "CyclicLR": "cyclic",
        "ExponentialLR": "exponential",
        "NoScheduler": "none",
        "ReduceLROnPlateau": "plateau",
        "StepLR": "step",
    },
    "NetworkSelector": {
        "MLPBackbone": "mlpnet",
        "ResNetBackbone": "resnet",
        "ShapedMLPBackbone": "shapedmlpnet",
        "ShapedResNetBackbone": "shapedresnet",
    },
    "NormalizationStrategySelector": {
        "MinMaxScaler": "minmax",
        "NoScaler": "none",
        "QuantileTransformer": "quantile",
        "RobustScaler": "robust",
        "StandardScaler": "standardize",
    },
    "OptimizerSelector": {
        "AdamOptimizer": "adam",
        "AdamWOptimizer": "adamw",
        "RMSpropOptimizer": "rmsprop",
        "SGDOptimizer": "sgd",
    },
    "PreprocessorSelector": {
        "FastICA": "fast_ica",
        "KernelPCA": "kernel_pca",
        "NoFeaturePreprocessor": "none",
        "Nystroem": "nystroem",
        "PolynomialFeatures": "polynomial_features",
        "RandomKitchenSinks": "kitchen_sinks",
        "TruncatedSVD": "truncated_svd",
    },
    "TrainNode": {"MixUpTrainer": "mixup", "StandardTrainer": "standard"},
}
HYPERPARAMETER_NAMES = {
    "Imputation": {"numerical_strategy": "strategy"},
    "InitializationSelector": {"bias_strategy": "initializer:initialize_bias"},
    "OptimizerSelector": {"lr": "learning_rate"},
}


def log_ignored(name: str, why: str) -> None:
    """Log that something of Auto-PyTorch is ignored."""
    logging.getLogger("autonet").info("%s of Auto-PyTorch is ignored: %s", name, why)


def translate_node(name: str) -> str | None:
    """Return the name of a node, which may be autonet's own; None, with a note in the log, if nothing is lost.

    Raises
    ------
    UnknownName
    """
    if name in IGNORED_NODES:
        log_ignored(f"the node {name}", IGNORED_NODES[name])
        return None
    if name in NODES:
        return name
    return NODE_NAMES[check_choice("node", name, [*NODE_NAMES, *IGNORED_NODES])]


def translate_component(node: str, name: str) -> str:
    """Return the name of a component of one of autonet's nodes, which may be autonet's own.

    Raises
    ------
    UnknownName
    """
    own, known = NODES[node].components, COMPONENT_NAMES.get(node, {})
    translated = known.get(name, name)
    if translated not in own:
        check_choice(f"component of {node}", name, [*(k for k, v in known.items() if v in own), *own])
    return translated


def translate_name(node: str, hyperparameter: str) -> str:
    """Return the name of a hyperparameter of one of autonet's nodes, with its component if it has one.

    Raises
    ------
    UnknownName
        If there is no such component.
    """
    if hyperparameter == CHOICE:
        return NODES[node].selector
    component, separator, name = hyperparameter.rpartition(SEPARATOR)
    name = HYPERPARAMETER_NAMES.get(node, {}).get(name, name)
    if not separator or component == "initializer":
        return name if not separator else hyperparameter
    return f"{translate_component(node, component)}{SEPARATOR}{name}"


def choose_components(
    include: Mapping[str, Iterable[str]] | None,
    exclude: Mapping[str, Iterable[str]] | None,
    named: Iterable[tuple[str, str]],
    preset: Mapping[str, Iterable[str]],
) -> dict[str, list[str]]:
    """Return the options that choose components.

    Parameters
    ----------
    include, exclude : mapping of str to iterable of str, optional
        Components of nodes; without those that are included, all may be chosen of a node of `exclude`.
    named : iterable of (str, str)
        Nodes and components that updates name, in autonet's names: they are added to the components of the preset.
    preset : mapping of str to iterable of str
        Components of autonet's nodes in the preset.

    Raises
    ------
    InvalidOption
        If no component of a node is left.
    UnknownName
    """
    chosen = _translate(include)
    for node, names in _translate(exclude).items():
        candidates = chosen.get(
            node, [name for name in COMPONENT_NAMES[node].values() if name in NODES[node].components]
        )
        chosen[node] = [name for name in dict.fromkeys(candidates) if name not in names]
        if not chosen[node]:
            raise InvalidOption(f"exclude_components leaves no component of {node}; keep one of {', '.join(names)}.")
    for node, component in named:
        chosen.setdefault(node, list(preset.get(node, NODES[node].components)))
        if component not in chosen[node] and node not in _nodes_of(include, exclude):
            chosen[node].append(component)
    return {NODES[node].option: names for node, names in chosen.items() if NODES[node].option}


def _translate(given: Mapping[str, Iterable[str]] | None) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for name, components in (given or {}).items():
        node = translate_node(name)
        if node is not None:
            translated = [translate_component(node, component) for component in components]
            found[node] = list(dict.fromkeys([*found.get(node, ()), *translated]))
    return found


def _nodes_of(*given: Mapping[str, Any] | None) -> set[str | None]:
    return {NODE_NAMES.get(name, name) for mapping in given for name in (mapping or {})}
