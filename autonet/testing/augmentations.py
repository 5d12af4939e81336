"""Conformance suite for augmentations of images.

With pytest, each check of each configuration is a test of its own::

    @pytest.mark.parametrize("check", augmentation_checks(Component("mine", build_mine, mine_space)), ids=str)
    def test_my_augmentation(check):
        check()

Elsewhere, `check_augmentation` runs all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autonet.core.component import Component
from autonet.nets.images.layers import Shape
from autonet.testing.assertions import expect, expect_no_error, run_checks
from autonet.testing.checks import ComponentCheck, list_configurations
from autonet.testing.networks import IMAGE_SHAPES
from autonet.training.augmentation_registry import CustomAugmentation
from autonet.training.batches import EncodedRows

__all__ = ["CHECKS", "ToyAugmentation", "augmentation_checks", "check_augmentation"]

# Images of a batch for checks that do not depend on it.
N_IMAGES = 6

# Seeds of the checks whose outcome depends on the draws.
SEEDS = range(4)

Change = Callable[[Tensor, int], Any]
"""Maps images and a seed to augmented images."""


@dataclass(frozen=True)
class ToyAugmentation:
    """Augmentation in one configuration, and images for it.

    Attributes
    ----------
    component : Component
    config : mapping
        Hyperparameters of the component.
    shapes : sequence of tuple of int
        Channels, height and width of images.
    """

    component: Component[Any]
    config: Mapping[str, Any]
    shapes: Sequence[Shape]

    def build(self) -> Change:
        """Build the augmentation, as a fit does."""
        augment = CustomAugmentation(self.component.build)(**self.config)

        def change(images: Tensor, seed: int) -> Any:
            batch = EncodedRows(images, torch.arange(len(images)))
            return augment(batch, torch.Generator().manual_seed(seed)).x

        return change

    def images(self, n: int = N_IMAGES, shape: Shape | None = None) -> Tensor:
        """Draw standard normal images (n, *shape), with the channels last in memory, as in a fit."""
        return torch.randn(n, *(shape or self.shapes[0])).to(memory_format=torch.channels_last)


def augmentation_checks(
    component: Component[Any],
    *,
    shapes: Sequence[Shape] = IMAGE_SHAPES,
    identity: Mapping[str, Any] | None = None,
) -> list[ComponentCheck]:
    """List the checks of an augmentation: in its default configuration, and in two sampled ones.

    Parameters
    ----------
    component : Component
        A builder ``build(**hyperparameters)`` of a function of images, as `autonet.register_augmentation` takes it, and
        the space of its hyperparameters.
    shapes : sequence of tuple of int
        Channels, height and width of the images that it is checked on.  Default: 1, 3 and 4 channels, even and odd
        sides from 24 to 47 pixels.
    identity : mapping, optional
        Hyperparameters with which it shall change nothing, such as a strength of zero; others have their defaults.

    Returns
    -------
    list of ComponentCheck

    Examples
    --------
    >>> import torch
    >>> from autonet.core.component import Component
    >>> noise = Component("noise", lambda: lambda images: images + 0.1 * torch.randn_like(images))
    >>> print(augmentation_checks(noise)[0])
    images_keep_shape_and_type in its only configuration
    """
    configs = list_configurations(component)
    checks = [
        ComponentCheck(component, check, ToyAugmentation(component, config, shapes), "augmentation", where)
        for where, config in configs.items()
        for check in CHECKS
    ]
    if identity is None:
        return checks
    toy = ToyAugmentation(component, {**next(iter(configs.values())), **identity}, shapes)
    where = ", ".join(f"{name}={value!r}" for name, value in identity.items())
    return [*checks, ComponentCheck(component, the_identity_changes_nothing, toy, "augmentation", where)]


def check_augmentation(
    component: Component[Any],
    *,
    shapes: Sequence[Shape] = IMAGE_SHAPES,
    identity: Mapping[str, Any] | None = None,
) -> None:
    """Run all checks of an augmentation; see `augmentation_checks`.

    Raises
    ------
    AssertionError
        From the first check that fails.

    Examples
    --------
    >>> import torch
    >>> from autonet.core.component import Component
    >>> def noise(strength=0.1):
    ...     return lambda images: images + strength * torch.randn_like(images)
    >>> check_augmentation(Component("noise", noise), identity={"strength": 0.0})
    """
    run_checks(augmentation_checks(component, shapes=shapes, identity=identity))


# --- the checks


def images_keep_shape_and_type(toy: ToyAugmentation) -> None:
    """Take images of any shape, number and layout in memory, and return as many, finite."""
    for shape in toy.shapes:
        batch = toy.images(shape=shape)
        for images in (batch, batch[:1], batch.contiguous(), torch.zeros_like(batch)):
            where = f"For {len(images)} images of shape {shape}"
            with expect_no_error(f"{where}, the augmentation"):
                changed = toy.build()(images.clone(), 0)
            is_tensor = isinstance(changed, Tensor)
            found = f"{tuple(changed.shape)} {changed.dtype}" if is_tensor else f"a {type(changed).__name__}"
            expected = f"{tuple(images.shape)} {images.dtype}"
            expect(found == expected, f"{where}, it must return {expected}; got {found}.")
            kind = "one color" if not images.any() else "standard normal values"
            expect(bool(torch.isfinite(changed).all()), f"For images of {kind}, it returns values that are not finite.")


def the_input_stays_as_it_is(toy: ToyAugmentation) -> None:
    """Expect the images that were passed to have their values."""
    for seed in SEEDS:
        images = toy.images()
        before = images.clone()
        toy.build()(images, seed)
        expect(torch.equal(images, before), "It changes its input in place; return new images.")


def a_seed_repeats_the_images(toy: ToyAugmentation) -> None:
    """Expect all that is random to come from torch's generator, and no memory of earlier calls."""
    images, change = toy.images(), toy.build()
    for seed in SEEDS:
        first, again = (change(images.clone(), seed) for _ in range(2))
        remedy = "draw with functions of torch, without a generator of your own, and keep nothing between calls."
        expect(torch.equal(first, again), f"Called twice with one seed, it returns different images; {remedy}")
        built_anew = toy.build()(images.clone(), seed)
        expect(torch.equal(first, built_anew), f"Built twice, it returns different images for one seed; {remedy}")


def images_stay_beside_their_labels(toy: ToyAugmentation) -> None:
    """Expect what becomes of an image to depend on no other image of the batch."""
    for seed in SEEDS:
        images = toy.images()
        other = images.clone()
        other[0] = toy.images(1)[0]
        one, two = (toy.build()(x, seed)[1:] for x in (images.clone(), other))
        expect(
            torch.allclose(one, two, rtol=1e-3, atol=1e-4),
            "When an image of the batch is another one, other images come out different; labels stay where they are, "
            "so that images must neither be mixed nor reordered: register_batch_technique is for that.",
        )


def the_identity_changes_nothing(toy: ToyAugmentation) -> None:
    """Expect the images themselves at a strength that is declared to change nothing."""
    for seed in SEEDS:
        images = toy.images()
        same = torch.allclose(toy.build()(images.clone(), seed), images, rtol=1e-4, atol=1e-5)
        expect(same, f"With {dict(toy.config)}, which is declared to change nothing, the images change.")


CHECKS: tuple[Callable[[ToyAugmentation], None], ...] = (
    images_keep_shape_and_type,
    the_input_stays_as_it_is,
    a_seed_repeats_the_images,
    images_stay_beside_their_labels,
)
