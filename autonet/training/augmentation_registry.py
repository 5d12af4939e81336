"""Registration of custom augmentations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from autonet.core.component import Component
from autonet.core.modality import Augmentation
from autonet.core.registration import Space, check_name, default_params, find_space, register, trying
from autonet.core.task import Task
from autonet.training.augmentation import AUGMENTATIONS
from autonet.training.batches import EncodedRows
from autonet.training.random import draw_from

__all__ = ["make_custom_augmentation", "register_augmentation"]

TOY_SHAPE = (4, 3, 16, 16)  # of a batch


@dataclass(frozen=True)
class CustomAugmentation:
    """Builds an augmentation of the user's, a function of a batch of images."""

    builder: Callable[..., Callable[[Tensor], Tensor]]

    def __call__(self, **params: Any) -> Augmentation:
        """Build the augmentation."""
        change = self.builder(**params)

        def augment(batch: EncodedRows, generator: torch.Generator | None = None) -> EncodedRows:
            images = batch.x[:]
            if generator is None:
                return replace(batch, x=change(images))
            with draw_from(generator):
                return replace(batch, x=change(images))

        return augment


def register_augmentation(
    name: str,
    builder: Callable[..., Callable[[Tensor], Tensor]],
    space: Space | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Add an augmentation to those that estimators of images can choose (``augmentations=[name]``, preset ``full_cs``).

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a function that maps a batch of training images (n, channels, height,
        width), float32 and standardized, on the device of training, to new images of the same shape, in the same order.
        What it draws with torch is repeated by a seed.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    overwrite : bool, default=False
        Whether to replace a registered augmentation of this name.

    Raises
    ------
    InvalidOption
        If it does not return finite images of the same shape and type for toy images, or if the name is taken or
        invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.
    autonet.testing.augmentations.check_augmentation : Check what an augmentation promises.

    Examples
    --------
    >>> import torch
    >>> from autonet import unregister_component
    >>> register_augmentation("noise", lambda: lambda images: images + 0.1 * torch.randn_like(images))
    >>> unregister_component("augmentations", "noise")
    """
    register(AUGMENTATIONS, make_custom_augmentation(name, builder, space), what="augmentation", overwrite=overwrite)


def make_custom_augmentation(name: str, builder: Any, space: Space | None = None) -> Component[Augmentation | None]:
    """Make a component of an augmentation, after a try on toy images; see `register_augmentation`."""
    check_name(AUGMENTATIONS, name, "augmentation")
    space, build = find_space(builder, space), CustomAugmentation(builder)
    with trying("augmentation", name, f"toy images of shape {TOY_SHAPE}") as expect:
        generator = torch.Generator().manual_seed(0)
        batch = EncodedRows(torch.randn(TOY_SHAPE, generator=generator), torch.arange(TOY_SHAPE[0]))
        changed: Any = build(**default_params(space, Task("classification")))(batch, generator).x
        fits = isinstance(changed, Tensor) and (tuple(changed.shape), changed.dtype) == (TOY_SHAPE, torch.float32)
        found = f"{tuple(changed.shape)} {changed.dtype}" if isinstance(changed, Tensor) else type(changed).__name__
        expect(fits, f"it returns {found}, not {TOY_SHAPE} {torch.float32}")
        expect(bool(torch.isfinite(changed).all()), "it returns values that are not finite")
    return Component(name, build, space)
