"""Weights of checkpoints; fits that begin with them are in tests/pipeline/test_initial_weights.py."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autonet.core.errors import InvalidOption
from autonet.models.initial_weights import load_matching, name_matching, read_weights


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


@pytest.mark.parametrize("key", [None, "state", "state_dict", "model"])
def test_state_dicts_are_read_alone_or_in_a_dictionary(key: str | None, tmp_path: Path) -> None:
    state = network().state_dict()
    torch.save(state if key is None else {key: state, "epoch": 3}, tmp_path / "weights.pt")
    weights = read_weights(tmp_path / "weights.pt", "initial_weights")
    assert list(weights) == list(state)
    assert all(torch.equal(weights[name], tensor) for name, tensor in state.items())


def test_names_of_a_parallel_network_lose_their_prefix(tmp_path: Path) -> None:
    torch.save({f"module.{name}": tensor for name, tensor in network().state_dict().items()}, tmp_path / "weights.pt")
    assert list(read_weights(tmp_path / "weights.pt", "initial_weights")) == list(network().state_dict())


def test_tensors_of_the_same_name_and_shape_are_copied() -> None:
    weights = {**network().state_dict(), "3.weight": torch.zeros(5, 4), "4.weight": torch.zeros(1)}
    target = network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    last = target[3].weight.detach().clone()
    assert list(name_matching(target, weights)) == [*list(network().state_dict())[:-2], "3.bias"]
    load_matching(target, weights)
    assert torch.equal(target[0].weight, weights["0.weight"])
    assert target[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(target[3].weight, last)


def test_a_network_that_is_the_only_layer_of_another_has_the_same_weights() -> None:
    alone, layer = network(), nn.Sequential(network())
    for source, target in ((alone, layer), (layer, alone)):
        weights = {name: torch.rand_like(tensor.float()) for name, tensor in source.state_dict().items()}
        assert len(name_matching(target, weights)) == len(weights)
        load_matching(target, weights)
        torch.testing.assert_close(list(target.parameters()), [weights[n] for n, _ in source.named_parameters()])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, r"initial_weights='.*weights.pt' cannot be read \(FileNotFoundError"),
        (
            b"PK broken",
            "cannot be read .*; pass the path of a state dict, as torch.save.* writes, or of a model file",
        ),
        (b"text", r"cannot be read \(InvalidModelFile: it is not a model file of autonet"),
        ([1, 2], "cannot be read .TypeError: it holds a list"),
        ({"epoch": 3}, "has no tensors; pass the path of a state dict"),
        (
            nn.Linear(2, 2),
            r"cannot be read \(it holds objects\); pass the path of a state dict",
        ),
    ],
    ids=["missing", "broken", "text", "list", "empty", "module"],
)
def test_what_is_no_checkpoint_is_refused(content: Any, why: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(InvalidOption, match=why):
        read_weights(path, "initial_weights")
