"""Augmentations of the user's own; fits with them are in tests/estimators/test_own_image_components.py."""

from typing import Any

import pytest
import torch

from autonet import AutoNetImageClassification, register_augmentation, unregister_component
from autonet.core.errors import InvalidOption
from autonet.training.augmentation import AUGMENTATIONS
from autonet.training.augmentation_registry import make_custom_augmentation
from autonet.training.batches import EncodedRows
from autonet.training.random import seed_gpu

pytestmark = pytest.mark.usefixtures("custom_components")


def noise() -> Any:
    return lambda images: images + torch.randn_like(images)


def test_a_registered_augmentation_is_offered_and_removed() -> None:
    register_augmentation("noise", noise)
    space = AutoNetImageClassification("full_cs").get_hyperparameter_search_space()
    assert "noise" in space["ImageAugmentation:augmentation"].choices
    unregister_component("augmentations", "noise")
    assert "noise" not in AUGMENTATIONS.components


def test_draws_come_from_the_generator() -> None:
    augment: Any = make_custom_augmentation("noise", noise).build()
    batch, before = EncodedRows(torch.zeros(3, 1, 2, 2), torch.arange(3)), torch.get_rng_state()
    first, second = (augment(batch, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.x, torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(first.y, batch.y)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_draws_on_a_gpu_come_from_its_seed() -> None:
    def some_noise() -> Any:  # some of it drawn on the CPU
        return lambda images: images + torch.randn_like(images) + torch.rand(()).item()

    augment: Any = make_custom_augmentation("noise", some_noise).build()
    batch, drawn = EncodedRows(torch.zeros(3, 1, 2, 2).cuda(), torch.arange(3).cuda()), list[torch.Tensor]()
    for _ in range(2):
        with seed_gpu(1, torch.device("cuda")):
            drawn.append(augment(batch, torch.Generator().manual_seed(1)).x)
    assert torch.equal(*drawn)


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (lambda: lambda images: images[:, :1], r"it returns \(4, 1, 16, 16\) torch.float32, not \(4, 3, 16, 16\)"),
        (lambda: lambda images: images.double(), r"it returns \(4, 3, 16, 16\) torch.float64"),
        (lambda: lambda images: images / 0, "it returns values that are not finite"),
        (lambda: lambda images: None, "it returns NoneType"),
        (lambda: None, "'NoneType' object is not callable"),
    ],
    ids=["shape", "type", "infinite", "nothing", "no function"],
)
def test_what_is_no_augmentation_is_refused(builder: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=rf"Augmentation 'mine' fails on toy images of shape .*: {why}"):
        register_augmentation("mine", builder)


def test_names_of_autonet_are_taken() -> None:
    with pytest.raises(InvalidOption, match="'standard' is a built-in augmentation; use another name"):
        register_augmentation("standard", noise)
