"""The conformance suite of augmentations catches broken ones."""

from typing import Any

import pytest
import torch
from ConfigSpace import ConfigurationSpace, Float
from torch import Tensor

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.testing.augmentations import CHECKS, augmentation_checks, check_augmentation


def noise(strength: float = 0.1) -> Any:
    return lambda images: images + strength * torch.randn_like(images)


def noise_space(task: Task) -> ConfigurationSpace:
    return ConfigurationSpace({"strength": Float("strength", (0.0, 0.5), default=0.2)})


def cropped() -> Any:
    return lambda images: images[..., 1:]


def in_place() -> Any:
    return lambda images: images.add_(torch.randn(len(images), 1, 1, 1))


def own_generator() -> Any:
    generator = torch.Generator()
    return lambda images: images + torch.randn(len(images), 1, 1, 1, generator=generator)


def mirrored_neighbours() -> Any:
    return lambda images: (images + images.roll(1, 0)) / 2


BROKEN = {
    "images_keep_shape_and_type": cropped,
    "the_input_stays_as_it_is": in_place,
    "a_seed_repeats_the_images": own_generator,
    "images_stay_beside_their_labels": mirrored_neighbours,
}


def shuffled() -> Any:
    return lambda images: images[torch.randperm(len(images))]


def normalized() -> Any:
    return lambda images: images / images.std((1, 2, 3), keepdim=True)


def counting() -> Any:
    calls = [0]

    def augment(images: Tensor) -> Tensor:
        calls[0] += 1
        return images + calls[0]

    return augment


def built_differently() -> Any:
    BUILT.append(len(BUILT))
    shade = len(BUILT)
    return lambda images: images + shade


BUILT: list[int] = []


def test_a_sound_augmentation_conforms_with_and_without_a_space() -> None:
    check_augmentation(Component("noise", noise))
    check_augmentation(Component("noise", noise, noise_space), identity={"strength": 0.0})


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_every_check_catches_an_augmentation_that_breaks_it(check: Any) -> None:
    component = Component("broken", BROKEN[check.__name__])
    (one,) = [c for c in augmentation_checks(component) if c.check is check]
    with pytest.raises(AssertionError):
        one()


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (
            cropped,
            r"For 6 images of shape \(3, 32, 24\), it must return \(6, 3, 32, 24\) torch.float32; got \(6, 3, 32, 23\)",
        ),
        (lambda: lambda images: images.half(), r"it must return .* torch.float32; got \(6, 3, 32, 24\) torch.float16"),
        (lambda: lambda images: None, "got a NoneType"),
        (
            lambda: lambda images: images.view(-1),
            r"For 6 images of shape .*, the augmentation raises RuntimeError: view",
        ),
        (normalized, "For images of one color, it returns values that are not finite"),
        (in_place, "It changes its input in place; return new images"),
        (own_generator, "Called twice with one seed, it returns different images; draw with functions of torch"),
        (built_differently, "Built twice, it returns different images for one seed"),
        (counting, "Called twice with one seed, it returns different images"),
        (mirrored_neighbours, "When an image of the batch is another one, other images come out different"),
        (shuffled, "labels stay where they are, so that images must neither be mixed nor reordered"),
    ],
    ids=[
        "shape",
        "type",
        "nothing",
        "view",
        "one color",
        "in place",
        "generator",
        "builds",
        "memory",
        "mixed",
        "reordered",
    ],
)
def test_a_broken_promise_is_a_sentence(builder: Any, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_augmentation(Component("broken", builder))


def test_a_declared_identity_is_held_to() -> None:
    with pytest.raises(AssertionError, match=r"With {'strength': 0.01}, which is declared to change nothing") as caught:
        check_augmentation(Component("noise", noise, noise_space), identity={"strength": 0.01})
    assert caught.value.__notes__ == ["in the check: the_identity_changes_nothing in strength=0.01"]


def test_images_have_the_shapes_of_the_user() -> None:
    gray = Component("gray", lambda: lambda images: images[:, :1].expand_as(images) if len(images[0]) == 3 else None)
    check_augmentation(gray, shapes=[(3, 8, 8)])
    with pytest.raises(AssertionError, match=r"For 6 images of shape \(1, 28, 28\)"):
        check_augmentation(gray)
