"""Fits of networks that begin with the weights of a checkpoint."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import autonet
from autonet import AutoNetImageClassification
from autonet.core.errors import DataWarning, InvalidOption, RunMismatch
from tests.conftest import QUICK

OPTIONS: dict[str, Any] = {
    **{name: value for name, value in QUICK.items() if name != "tree_ensembles"},
    "max_trials": 1,
    "min_budget": 1,
    "max_budget": 1,
    "baseline": False,
    "networks": ["convnet"],
    "augmentations": ["none"],
    # Nothing is learned, so that the weights are still those of the beginning.
    "search_space": {"OptimizerSelector:adamw:learning_rate": (1e-12,), "OptimizerSelector:adamw:weight_decay": (0.0,)},
}


@pytest.fixture(scope="module")
def images() -> tuple[Any, Any]:
    return np.random.default_rng(0).integers(256, size=(60, 6, 6), dtype=np.uint8), np.arange(60) % 3


def build(**options: Any) -> Any:
    return AutoNetImageClassification("tiny_cs", **{**OPTIONS, **options})


@pytest.fixture(scope="module")
def trained(images: Any) -> Any:
    auto = build(random_state=3)
    return auto.fit(*images)


@pytest.fixture(scope="module")
def checkpoint(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict as Auto-PyTorch writes it, whose last layer has other outputs."""
    state = {name: tensor + 1 if tensor.is_floating_point() else tensor for name, tensor in weights_of(trained).items()}
    *_, name = (name for name in state if name.endswith(".weight"))
    state[name], state[name.replace("weight", "bias")] = torch.zeros(7, state[name].shape[1]), torch.zeros(7)
    path = tmp_path_factory.mktemp("weights") / "state.pt"
    torch.save({"state": state}, path)
    return path


def weights_of(auto: Any) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = auto.get_pytorch_model().state_dict()
    return found


def test_networks_begin_with_the_tensors_that_match(images: Any, checkpoint: Path, caplog: Any) -> None:
    with caplog.at_level(logging.INFO, logger="autonet"):
        begun = weights_of(build(initial_weights=str(checkpoint)).fit(*images))
    state = torch.load(checkpoint, weights_only=True)["state"]
    *shared, weight, bias = state
    for name in shared:
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(begun[name], state[name], atol=1e-5, rtol=0)
    assert len(begun[bias]) == 3
    text = f"initial weights: {len(shared)} of {len(state)} tensors match a convnet; others are not used: {weight} (7, "
    assert any(record.getMessage().startswith(text) for record in caplog.records)


class Own(nn.Module):
    """No sequence of layers."""

    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(shape[0], 4, 3), nn.Linear(4, n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.head(self.stem(x).mean((2, 3)))
        return output


@pytest.mark.parametrize("averages", [[False, True], [True, False]])
def test_a_network_of_ones_own_has_its_weights_with_and_without_flips(
    images: Any, averages: list[bool], tmp_path: Path
) -> None:
    first, second = (
        build(networks=[Own], search_space={**OPTIONS["search_space"], "NetworkSelector:average_flips": (average,)})
        for average in averages
    )
    path = tmp_path / "first.autonet"
    first.fit(*images).save(path)
    begun = weights_of(second.set_params(initial_weights=str(path)).fit(*images))
    torch.testing.assert_close(list(begun.values()), list(weights_of(first).values()), atol=1e-5, rtol=0)
    built = second.initialize_from_checkpoint(second.best_config_, path, (1, 6, 6), 3)
    torch.testing.assert_close(list(built.parameters()), list(weights_of(first).values()))


class Graded(Own):
    """Computes with values while it is built, and draws them."""

    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        super().__init__(shape, n_out)
        self.rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
        nn.init.normal_(self.head.weight, std=torch.rand(()).item())


def test_a_network_of_ones_own_may_compute_while_it_is_built(images: Any, tmp_path: Path) -> None:
    path, auto = str(tmp_path / "first.autonet"), build(networks=[Graded])
    auto.fit(*images).save(path)
    before = torch.get_rng_state()
    begun = weights_of(auto.set_params(initial_weights=path).fit(*images))
    assert torch.equal(torch.get_rng_state(), before)
    torch.testing.assert_close(
        begun["stem.weight"], autonet.load(path, components=[Graded]).get_pytorch_model().stem.weight
    )


def test_a_model_file_is_a_checkpoint_and_a_run_remembers_its_weights(
    images: Any, trained: Any, tmp_path: Path
) -> None:
    path, run_dir = str(tmp_path / "first.autonet"), str(tmp_path / "run")
    trained.save(path)
    auto = build(initial_weights=path, run_dir=run_dir).fit(*images)
    for name, tensor in weights_of(trained).items():
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(weights_of(auto)[name], tensor, atol=1e-5, rtol=0)
    auto.fit(*images, max_trials=2)
    torch.save({name: 2 * tensor for name, tensor in weights_of(trained).items()}, path)
    with pytest.raises(RunMismatch, match="initial_weights"):
        auto.fit(*images, max_trials=3)


def test_weights_of_which_most_do_not_match_are_warned_of(images: Any, trained: Any, tmp_path: Path) -> None:
    *_, bias = (name for name in weights_of(trained) if name.endswith(".bias"))
    others = {f"block{i}.weight": torch.zeros(3) for i in range(9)}
    torch.save({bias: weights_of(trained)[bias], **others}, tmp_path / "other.pt")
    said = r"initial_weights: only 1 of 10 tensors match a convnet; others are not used: block0.weight .* Restrict the"
    with pytest.warns(DataWarning, match=said):
        build(initial_weights=tmp_path / "other.pt").fit(*images)


def test_weights_of_another_network_are_refused_before_any_training(images: Any, tmp_path: Path) -> None:
    torch.save({"0.weight": torch.zeros(5, 1, 3, 3)}, tmp_path / "weights.pt")
    why = (
        r"no tensor has the name and shape of one of the networks to search; the file has 0.weight \(5, 1, 3, 3\), and "
        r"a 'convnet' 0.weight \(32, 1, 3, 3\)"
    )
    with pytest.raises(InvalidOption, match=why):
        build(initial_weights=tmp_path / "weights.pt", search_space={"NetworkSelector:convnet:filters_0": (32,)}).fit(
            *images
        )
