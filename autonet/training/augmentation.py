"""Augmentation of images: random transforms of batches of tensors, on the training device.

Every transform has one number per image, zero for no change, so that a batch is transformed by a few operations.
RandAugment: Cubuk et al. (2020), arXiv 1909.13719.  Cutout: DeVries and Taylor (2017), arXiv 1708.04552.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from autonet.core.component import Component, Node
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Augmentation
from autonet.core.task import Task
from autonet.training.batches import EncodedRows

__all__ = ["AUGMENTATIONS", "RandAugment", "StandardAugmentation", "Transforms", "transform"]

FLIPS = ("none", "horizontal", "both")
# Strengths of RandAugment's transforms at magnitude 1: shares of a side, radians, logarithms and shares.
FULL_STRENGTH = {
    "shift_x": 0.3,
    "shift_y": 0.3,
    "angle": math.radians(30),
    "log_scale": 0.3,
    "shear_x": 0.3,
    "shear_y": 0.3,
    "brightness": 1.0,
    "contrast": 0.7,
    "saturation": 0.9,
    "cutout": 0.5,
}


@dataclass(frozen=True)
class Transforms:
    """One number per image for each transform, shape (n,); zero, the default, for no change.

    Attributes
    ----------
    shift_x, shift_y : float or Tensor
        To the right and down, in shares of width and height; what enters repeats the edge.
    angle : float or Tensor
        In radians, counterclockwise.
    log_scale : float or Tensor
        Natural logarithm of the magnification.
    shear_x, shear_y : float or Tensor
        Tangents.
    flip_x, flip_y : float or Tensor
        1 to mirror left and right, or top and bottom.
    brightness : float or Tensor
        Added to the values, which are standardized.
    contrast : float or Tensor
        Values are multiplied by 1 + contrast around the mean of the image.
    saturation : float or Tensor
        Colours are multiplied by 1 + saturation around their mean; images of one channel do not change.
    cutout : float or Tensor
        Side of the square that is set to zero, the mean of standardized values, as a share of the sides.
    center_x, center_y : float or Tensor
        Its center, from 0 to 1.
    """

    shift_x: float | Tensor = 0.0
    shift_y: float | Tensor = 0.0
    angle: float | Tensor = 0.0
    log_scale: float | Tensor = 0.0
    shear_x: float | Tensor = 0.0
    shear_y: float | Tensor = 0.0
    flip_x: float | Tensor = 0.0
    flip_y: float | Tensor = 0.0
    brightness: float | Tensor = 0.0
    contrast: float | Tensor = 0.0
    saturation: float | Tensor = 0.0
    cutout: float | Tensor = 0.0
    center_x: float | Tensor = 0.0
    center_y: float | Tensor = 0.0

    def has(self, *names: str) -> bool:
        """Return whether any of these transforms changes an image."""
        return any(isinstance(getattr(self, name), Tensor) for name in names)

    def get(self, name: str, like: Tensor) -> Tensor:
        """Return the numbers of a transform, shape (n,), for a batch of images."""
        value = getattr(self, name)
        return value.to(like.device, like.dtype) if isinstance(value, Tensor) else like.new_full((len(like),), value)


GEOMETRY = ("shift_x", "shift_y", "angle", "log_scale", "shear_x", "shear_y", "flip_x", "flip_y")


def transform(images: Tensor, transforms: Transforms) -> Tensor:
    """Transform images: geometry, then colours, then cutout.

    Parameters
    ----------
    images : Tensor of shape (n, channels, h, w), float
        Standardized.
    transforms : Transforms

    Returns
    -------
    Tensor of shape (n, channels, h, w)
        The images themselves if nothing changes them.
    """
    if transforms.has(*GEOMETRY):
        images = _move(images, transforms)
    if transforms.has("brightness", "contrast", "saturation"):
        images = _recolor(images, transforms)
    return _erase(images, transforms) if transforms.has("cutout") else images


def _move(images: Tensor, transforms: Transforms) -> Tensor:
    """Resample images on moved grids, bilinearly; a grid says where each pixel comes from."""
    shift_x, shift_y, angle, log_scale, shear_x, shear_y, flip_x, flip_y = (
        transforms.get(name, images) for name in GEOMETRY
    )
    cos, sin, shrink = angle.cos(), angle.sin(), (-log_scale).exp()
    ratio = images.shape[2] / images.shape[3]  # coordinates run from -1 to 1 along both sides
    mirror_x, mirror_y = 1 - 2 * flip_x, 1 - 2 * flip_y
    rows = [
        torch.stack(
            [mirror_x * shrink * (cos - shear_x * sin), -mirror_x * shrink * (sin + shear_x * cos) * ratio], -1
        ),
        torch.stack([mirror_y * shrink * (sin + shear_y * cos) / ratio, mirror_y * shrink * (cos - shear_y * sin)], -1),
    ]
    linear = torch.stack(rows, 1)
    offset = -(linear @ torch.stack([2 * shift_x, 2 * shift_y], -1).unsqueeze(-1))
    grid = functional.affine_grid(torch.cat([linear, offset], -1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _recolor(images: Tensor, transforms: Transforms) -> Tensor:
    names = ("brightness", "contrast", "saturation")
    brightness, contrast, saturation = (transforms.get(name, images).view(-1, 1, 1, 1) for name in names)
    if images.shape[1] > 1 and transforms.has("saturation"):
        gray = images.mean(1, keepdim=True)
        images = gray + (images - gray) * (1 + saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1 + contrast) + brightness


def _erase(images: Tensor, transforms: Transforms) -> Tensor:
    """Set a square around a center to zero; it may reach beyond the image."""
    side, center_x, center_y = (transforms.get(name, images) for name in ("cutout", "center_x", "center_y"))
    height, width = images.shape[2:]
    y = (torch.arange(height, device=images.device) + 0.5) / height
    x = (torch.arange(width, device=images.device) + 0.5) / width
    in_rows = (y - center_y[:, None]).abs() < side[:, None] / 2
    in_columns = (x - center_x[:, None]).abs() < side[:, None] / 2
    return images.masked_fill((in_rows[:, :, None] & in_columns[:, None, :])[:, None], 0.0)


@dataclass(frozen=True)
class StandardAugmentation:
    """Shift, flip, rotate, scale, recolor and erase every training image at random.

    Attributes
    ----------
    shift : float
        Largest shift, as a share of each side.
    flip : {"none", "horizontal", "both"}
        Along which axes images are mirrored, with probability one half.
    rotation : float
        Largest angle, in degrees.
    scale : float
        Largest logarithm of the magnification.
    cutout : float
        Side of the erased square, as a share of the sides.
    color : float
        Largest change of brightness, in standard deviations, and of contrast and saturation, as shares.
    """

    shift: float = 0.0
    flip: str = "none"
    rotation: float = 0.0
    scale: float = 0.0
    cutout: float = 0.0
    color: float = 0.0

    def __call__(self, batch: EncodedRows, generator: torch.Generator | None = None) -> EncodedRows:
        """Return a batch of transformed images (n, channels, h, w), with the same targets and weights."""
        draw = _Draws(len(batch), generator)
        numbers: dict[str, Tensor] = {}
        for strength, names in (
            (self.shift, ("shift_x", "shift_y")),
            (math.radians(self.rotation), ("angle",)),
            (self.scale, ("log_scale",)),
            (self.color, ("brightness", "contrast", "saturation")),
        ):
            numbers |= {name: draw.signed() * strength for name in names} if strength else {}
        numbers |= _draw_flips(self.flip, draw)
        if self.cutout:
            numbers |= {"cutout": draw.constant(self.cutout), "center_x": draw.uniform(), "center_y": draw.uniform()}
        return _apply(batch, Transforms(**numbers))


@dataclass(frozen=True)
class RandAugment:
    """Apply some random transforms to every training image, all with one magnitude.

    Attributes
    ----------
    num_ops : int
        Number of transforms of an image, out of ten; drawn with repetition.
    magnitude : float
        From 0, no change, to 1.
    flip : {"none", "horizontal", "both"}
        Along which axes images are mirrored, with probability one half.
    """

    num_ops: int
    magnitude: float
    flip: str = "none"

    def __call__(self, batch: EncodedRows, generator: torch.Generator | None = None) -> EncodedRows:
        """Return a batch of transformed images (n, channels, h, w), with the same targets and weights."""
        draw = _Draws(len(batch), generator)
        numbers = _draw_flips(self.flip, draw)
        if self.magnitude:
            chosen = torch.zeros(len(batch), len(FULL_STRENGTH), dtype=torch.bool)
            for _ in range(self.num_ops):
                chosen.scatter_(1, draw.integers(len(FULL_STRENGTH))[:, None], value=True)
            for i, (name, strength) in enumerate(FULL_STRENGTH.items()):
                sign = draw.constant(1.0) if name == "cutout" else draw.signed().sign()
                numbers[name] = chosen[:, i] * sign * strength * self.magnitude
            numbers |= {"center_x": draw.uniform(), "center_y": draw.uniform()}
        return _apply(batch, Transforms(**numbers))


@dataclass(frozen=True)
class _Draws:
    """Draws of one number per image; on the CPU, so that all devices get the same ones."""

    n: int
    generator: torch.Generator | None

    def uniform(self) -> Tensor:
        return torch.rand(self.n, generator=self.generator)

    def signed(self) -> Tensor:
        return 2 * self.uniform() - 1

    def integers(self, high: int) -> Tensor:
        return torch.randint(high, (self.n,), generator=self.generator)

    def constant(self, value: float) -> Tensor:
        return torch.full((self.n,), value)


def _draw_flips(flip: str, draw: _Draws) -> dict[str, Tensor]:
    names = {"none": (), "horizontal": ("flip_x",), "both": ("flip_x", "flip_y")}[flip]
    return {name: (draw.uniform() < 0.5).float() for name in names}


def _apply(batch: EncodedRows, transforms: Transforms) -> EncodedRows:
    return replace(batch, x=transform(batch.x[:], transforms))


def _standard_space(task: Task) -> cs.ConfigurationSpace:
    space = cs.ConfigurationSpace()
    space.add(
        cs.Float("shift", (0.0, 0.2), default=0.1, meta={"limits": (0.0, 1.0)}),
        cs.Categorical("flip", list(FLIPS), default="none"),
        cs.Float("rotation", (0.0, 30.0), default=10.0, meta={"limits": (0.0, 180.0)}),
        cs.Float("scale", (0.0, 0.3), default=0.1, meta={"limits": (0.0, 1.0)}),
        cs.Float("cutout", (0.0, 0.5), default=0.0, meta={"limits": (0.0, 1.0)}),
        cs.Float("color", (0.0, 0.5), default=0.0, meta={"limits": (0.0, 1.0)}),
    )
    return space


def _randaugment_space(task: Task) -> cs.ConfigurationSpace:
    space = cs.ConfigurationSpace()
    space.add(
        cs.Integer("num_ops", (1, 4), default=2, meta={"limits": (1, len(FULL_STRENGTH))}),
        cs.Float("magnitude", (0.0, 1.0), default=0.3, meta={"limits": (0.0, 1.0)}),
        cs.Categorical("flip", list(FLIPS), default="none"),
    )
    return space


def _no_augmentation() -> Augmentation | None:
    return None


AUGMENTATIONS: Node[Augmentation | None] = Node.from_components(
    "ImageAugmentation",
    [
        Component("none", _no_augmentation),
        Component("standard", StandardAugmentation, _standard_space),
        Component("randaugment", RandAugment, _randaugment_space),
    ],
    selector="augmentation",
    option="augmentations",
)
