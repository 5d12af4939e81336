"""Networks from a configuration and a checkpoint."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autonet import AutoNetImageClassification
from autonet.core.errors import InvalidOption
from autonet.nets.images.registry import IMAGE_NETWORKS

PREFIX = "NetworkSelector:convnet:"


@pytest.fixture
def config() -> dict[str, Any]:
    auto = AutoNetImageClassification(networks=["convnet"])
    return dict(auto.get_hyperparameter_search_space().get_default_configuration())


@pytest.fixture
def checkpoint(config: dict[str, Any], tmp_path: Path) -> Path:
    network = IMAGE_NETWORKS.resolve(config).build(shape=(1, 6, 6), n_out=7)
    torch.save({"state": network.state_dict()}, tmp_path / "state.pt")
    return tmp_path / "state.pt"


def test_a_network_has_the_weights_of_a_checkpoint(config: Any, checkpoint: Path, tmp_path: Path) -> None:
    auto, file = AutoNetImageClassification(), tmp_path / "config.json"
    file.write_text(json.dumps([[0, 0, 0], config, {}]))
    state, x = torch.load(checkpoint, weights_only=True)["state"], torch.randn(2, 1, 6, 6)
    for given in (config, file):
        network = auto.initialize_from_checkpoint(given, checkpoint, (1, 6, 6), 7)
        assert isinstance(network, nn.Sequential)
        assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in state.items())
        activated = auto.initialize_from_checkpoint(given, checkpoint, (1, 6, 6), 7, nn.Softmax(1))
        torch.testing.assert_close(activated(x), network(x).softmax(1))
    other = auto.initialize_from_checkpoint(config, checkpoint, [1, 6, 6], 3)
    assert other(x).shape == (2, 3)
    assert torch.equal(other[0].weight, state["0.weight"])


def test_what_cannot_be_built_is_refused(config: Any, checkpoint: Path, tmp_path: Path) -> None:
    build = AutoNetImageClassification().initialize_from_checkpoint
    with pytest.raises(InvalidOption, match="in_features must be the channels, height and width of an image, such as"):
        build(config, checkpoint, 3, 7)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match=r"hyperparameter_config must have 'NetworkSelector:network'; got \{\}"):
        build({}, checkpoint, (1, 6, 6), 7)
    with pytest.raises(InvalidOption, match=r"hyperparameter_config '.*' cannot be read"):
        build(checkpoint, checkpoint, (1, 6, 6), 7)
    torch.save({"other": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(InvalidOption, match=r"No tensor of checkpoint='.*other.pt' matches the network in name and sh"):
        build(config, tmp_path / "other.pt", (1, 6, 6), 7)
