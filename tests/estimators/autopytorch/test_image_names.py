"""Names in the search space of Auto-PyTorch 0.0.2 for images."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetImageClassification, HyperparameterSearchSpaceUpdates
from autonet.core.errors import InvalidOption


def space_of(*update: Any, **options: Any) -> Any:
    updates = HyperparameterSearchSpaceUpdates()
    if update:
        updates.append(*update)
    auto = AutoNetImageClassification("full_cs", hyperparameter_search_space_updates=updates, **options)
    return auto.get_hyperparameter_search_space()


@pytest.mark.parametrize(
    ("node", "name", "values", "here"),
    [
        ("NetworkSelectorDatasetInfo", "resnet:nr_main_blocks", [2, 4], "NetworkSelector:resnet:num_groups"),
        ("NetworkSelector", "mobilenet:nr_main_blocks", [3, 7], "NetworkSelector:mobilenet:num_groups"),
        ("NetworkSelectorDatasetInfo", "resnet:initial_filters", [8, 32], "NetworkSelector:resnet:initial_filters"),
        ("NetworkSelectorDatasetInfo", "resnet:death_rate", [0.0, 0.9], "NetworkSelector:resnet:death_rate"),
        ("NetworkSelector", "densenet:growth_rate", [12, 40], "NetworkSelector:densenet:growth_rate"),
        ("NetworkSelector", "densenet:layer_in_block_3", [12, 64], "NetworkSelector:densenet:layer_in_block_3"),
        (
            "NetworkSelector",
            "densenet_flexible:channel_reduction",
            [0.1, 0.9],
            "NetworkSelector:densenet_flexible:channel_reduction",
        ),
        ("CreateImageDataLoader", "batch_size", [32, 160], "CreateDataLoader:batch_size"),
    ],
)
def test_updates_with_old_names_are_understood(node: str, name: str, values: list[float], here: str) -> None:
    hyperparameter = space_of(node, name, values)[here]
    assert [hyperparameter.lower, hyperparameter.upper] == values


@pytest.mark.parametrize("name", ["resnet", "densenet", "mobilenet", "densenet_flexible"])
def test_the_networks_have_their_names(name: str) -> None:
    assert space_of("NetworkSelectorDatasetInfo", "network", [name])["NetworkSelector:network"].value == name


@pytest.mark.parametrize(
    ("node", "name", "replacement"),
    [
        ("NetworkSelectorDatasetInfo", "resnet:widen_factor_1", "resnet:widen_factor, the ratio of each group"),
        ("NetworkSelector", "resnet:nr_residual_blocks_2", "resnet:blocks_per_group, one number for all groups"),
        ("NetworkSelector", "resnet:res_branches_1", "resnet:use_shake_shake, one or two branches"),
        ("NetworkSelector", "mobilenet:se_ratio_7", "mobilenet:use_squeeze, one number"),
        ("NetworkSelector", "densenet_flexible:last_image_size", "densenet_flexible:resolution, in pixels"),
        ("NetworkSelector", "densenet_flexible:conv_init", "the option initialization_methods"),
        ("ImageAugmentation", "autoaugment", "the option augmentations, 'randaugment'"),
        ("ImageAugmentation", "length", "standard:cutout, the side of a square"),
    ],
)
def test_other_names_are_refused_with_what_replaces_them(node: str, name: str, replacement: str) -> None:
    with pytest.raises(
        InvalidOption, match=f"{name}: autonet does not have this .*; in its place there is {replacement}"
    ):
        space_of(node, name, [1, 2])


@pytest.mark.parametrize("options", [{"networks": ["resnet152"]}, {"include": {"networks": ["resnet", "resnet152"]}}])
def test_a_network_that_there_is_not_is_refused_with_what_replaces_it(options: Any) -> None:
    why = "There is no network 'resnet152', which Auto-PyTorch has; use 'resnet' with resnet:block='bottleneck'"
    with pytest.raises(InvalidOption, match=why):
        space_of(**options)
    with pytest.raises(InvalidOption, match="There is no network 'darts', which Auto-PyTorch has; use 'resnet', 'mob"):
        space_of("NetworkSelector", "network", ["darts"])


def test_configurations_with_old_names_are_understood_or_refused() -> None:
    X, y = np.random.default_rng(0).integers(256, size=(40, 6, 6), dtype=np.uint8), np.arange(40) % 2
    resnet = {"NetworkSelectorDatasetInfo:network": "resnet", "NetworkSelectorDatasetInfo:resnet:nr_main_blocks": 2}
    first = {**resnet, "CreateImageDataLoader:batch_size": 32}
    options: Any = {"max_trials": 1, "budget_type": "epochs", "max_budget": 1, "baseline": False, "ensemble_size": 1}
    auto = AutoNetImageClassification("full_cs", initial_configs=[first], n_jobs=1, **options)
    found = auto.fit(X, y, cross_validator="none").best_config_
    assert [found[f"NetworkSelector:{name}"] for name in ("network", "resnet:num_groups")] == ["resnet", 2]
    assert found["CreateDataLoader:batch_size"] == 32
    why = "Configuration with NetworkSelector:resnet:widen_factor_1: autonet does not have this hyperparameter"
    with pytest.raises(InvalidOption, match=why):
        auto.fit(X, y, initial_configs=[{"NetworkSelectorDatasetInfo:resnet:widen_factor_1": 2}])
    with pytest.raises(InvalidOption, match="There is no network 'resnet152', which Auto-PyTorch has; use 'resnet'"):
        auto.refit(X, y, {"NetworkSelectorDatasetInfo:network": "resnet152"})
