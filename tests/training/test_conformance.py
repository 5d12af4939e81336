"""All augmentations and batch techniques pass their conformance suites."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from autonet.core.component import Component
from autonet.testing.augmentations import augmentation_checks
from autonet.testing.batch_techniques import batch_technique_checks
from autonet.testing.networks import IMAGE_SHAPES
from autonet.training.augmentation import AUGMENTATIONS
from autonet.training.batches import BATCH_LOSSES, IMAGE_BATCH_LOSSES, EncodedRows

SMALL_SHAPES = ((1, 1, 1), (3, 1, 17), (13, 9, 7))

IDENTITIES: Mapping[str, Mapping[str, Any]] = {
    "standard": {"shift": 0.0, "flip": "none", "rotation": 0.0, "scale": 0.0, "cutout": 0.0, "color": 0.0},
    "randaugment": {"magnitude": 0.0, "flip": "none"},
}


def on_images(component: Component[Any]) -> Component[Any]:
    """An augmentation of ours, which takes batches and a generator, as those of users."""

    def build(**params: Any) -> Callable[[Tensor], Tensor]:
        augment = component.build(**params)
        return lambda images: augment(EncodedRows(images, torch.arange(len(images)))).x

    return Component(component.name, build, component.space)


AUGMENTATION_CHECKS = [
    check
    for name, identity in IDENTITIES.items()
    for check in augmentation_checks(
        on_images(AUGMENTATIONS.components[name]), shapes=IMAGE_SHAPES + SMALL_SHAPES, identity=identity
    )
]
TECHNIQUE_CHECKS = [
    *(check for component in BATCH_LOSSES.components.values() for check in batch_technique_checks(component)),
    *(
        check
        for component in IMAGE_BATCH_LOSSES.components.values()
        for check in batch_technique_checks(component, modality="images")
    ),
]


@pytest.mark.parametrize("check", AUGMENTATION_CHECKS, ids=lambda c: f"{c.component.name}: {c}")
def test_our_augmentations_conform(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize("check", TECHNIQUE_CHECKS, ids=lambda c: f"{c.component.name}, {len(c.toy.shape)}: {c}")
def test_our_batch_techniques_conform(check: Callable[[], None]) -> None:
    check()


def test_all_augmentations_are_checked() -> None:
    assert {"none", *IDENTITIES} == set(AUGMENTATIONS.components)
