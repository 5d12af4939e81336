"""Check of initial weights against the networks of a search space of images, before any training."""

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch

from autonet.core.component import Components
from autonet.core.errors import DataWarning, InvalidOption
from autonet.core.warn import join_first, warn
from autonet.data.images.encoder import ImageLayout
from autonet.models.image_network import build_image_network
from autonet.models.initial_weights import name_matching
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.nets.initialization import UNINITIALIZED
from autonet.pipeline.context import TrialContext
from autonet.training.random import SkipValues, draw_from

__all__ = ["check_initial_weights"]

MIN_MATCHING = 0.5  # share of the tensors, without a warning: another head has few


def check_initial_weights(context: TrialContext, configs: Iterable[Mapping[str, Any]]) -> None:
    """Raise unless some of the initial weights match the network of a configuration; log which do not.

    Warn where most do not: the file may be of another network.

    Parameters
    ----------
    context : TrialContext
        Of images.
    configs : iterable of mapping
        Configurations to try, in order, up to the first that all weights match.

    Raises
    ------
    InvalidOption
    """
    weights, names, family = context.initial_weights or {}, list[str](), ""
    best, best_family = dict[str, str](), ""
    for config in configs:
        components = context.resolve(config)
        network = _build(context, components)
        parameters = {name for name, _ in network.named_parameters()}
        matching = name_matching(network, weights)
        if parameters.intersection(matching.values()) and len(matching) > len(best):
            best, best_family = matching, components[IMAGE_NETWORKS].name
        if len(best) == len(weights):
            break
        if not names:
            names, family = _describe(dict(network.named_parameters())), components[IMAGE_NETWORKS].name
    if best:
        _report(best_family, weights, best)
        return
    raise InvalidOption(
        f"initial_weights: no tensor has the name and shape of one of the networks to search; the file has "
        f"{join_first(_describe(weights))}, and a {family!r} {join_first(names)}. Restrict the search to the network "
        "that the file is of."
    )


def _build(context: TrialContext, components: Components) -> torch.nn.Module:
    """Build the network of a configuration, without memory for its weights if it is none of the user's own."""
    data: Any = context.data  # of images
    shape = tuple(map(int, data.values.shape[1:]))
    layout = ImageLayout(context.data.n_columns, shape=shape)
    uninitialized = components.replace([UNINITIALIZED])
    if components[IMAGE_NETWORKS].name in context.nodes[IMAGE_NETWORKS.name].custom:
        # Custom networks may compute with values, such as rates of layers by torch.linspace, which meta tensors lack.
        with torch.random.fork_rng(devices=[]), draw_from(torch.Generator()):
            return build_image_network(context.task, uninitialized, layout)
    with torch.device("meta"), SkipValues():  # type: ignore[no-untyped-call]
        return build_image_network(context.task, uninitialized, layout)


def _describe(tensors: Mapping[str, torch.Tensor]) -> list[str]:
    return [f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items()]


def _report(network: str, weights: Mapping[str, torch.Tensor], matching: Collection[str]) -> None:
    left = _describe({name: tensor for name, tensor in weights.items() if name not in matching})
    said = f"{len(matching)} of {len(weights)} tensors match a {network}"
    others = f"; others are not used: {join_first(left)}" if left else ""
    logging.getLogger("autonet").info("initial weights: %s%s", said, others)
    if len(matching) < MIN_MATCHING * len(weights):
        warn(
            f"initial_weights: only {said}{others}. Restrict the search to the network that the file is of.",
            DataWarning,
        )
